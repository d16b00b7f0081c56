"""Messages a second from file to tallies on the inbox, against a ParsBERT-shaped encoder in the same run.

As in `bazkhord run --once` pulling, judging and writing run beside each other, so that the shares of their steps,
taken by the clock, come to more than the whole.

The peer has the shape of ParsBERT (BERT-base, vocabulary 100,000) and random weights: its speed does not
depend on what it learnt. Its WordPiece vocabulary is trained on the same texts, so that its sequences are as
short as they would be. Both sides have two threads and the same texts; each peer runs at its best batch size.

The whole way and the model alone take turns; the medians are told, of their ratio too.

Run: make bench   (needs ../shared/data and about eight minutes)
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import track
from rich.table import Table

from config.settings import read_toml
from models.labels import Prediction
from pipeline.analyze import Classifier, load_analyzer
from pipeline.apart import load_apart
from pipeline.collector import spare_collector
from pipeline.connectors import build_connectors
from pipeline.connectors.base import Connector
from pipeline.database import connect
from pipeline.records import Pending
from pipeline.run import Arrivals, classify_pending, prepare_page, utc_now
from pipeline.store import Store, open_store

N_THREADS, BATCH, N_RUNS = 2, 4096, 5
KEY = b"benchmark" * 4
BATCH_SIZES = (8, 32, 64)
REPOSITORY = Path(__file__).parent.parent


@dataclass
class Clock:
    """Seconds spent in each step."""

    seconds: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a step."""
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start


def main() -> None:
    """Print the figures; with --json also write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder with inbox/"
    )
    parser.add_argument("--n-peer-texts", type=int, default=768, help="texts for the peers, which are slow")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments = parser.parse_args()
    if not (arguments.data / "inbox").is_dir():
        sys.exit(f"{arguments.data / 'inbox'} is missing; name the data folder with --data")
    os.environ["OMP_NUM_THREADS"] = str(N_THREADS)
    spare_collector()  # as each command does that opens the store
    with tempfile.TemporaryDirectory() as folder:
        sources = read_toml(REPOSITORY / "config" / "sources.inbox.toml")["sources"]
        runs = [
            measure_pipeline(Path(folder) / str(turn), arguments.data / "inbox", sources)
            for turn in track(range(N_RUNS), "the whole way, and the model alone")
        ]
        texts = runs[0][1]
        figures = {
            name: first if "memory" in name else statistics.median(run[name] for run, _ in runs)
            for name, first in runs[0][0].items()
        }
        show(figures)
        sample = random.Random(0).sample(texts, min(arguments.n_peer_texts, len(texts)))
        peers = measure_peers(Path(folder), texts, sample)
    show(peers)
    figures |= peers
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure_pipeline(
    folder: Path, inbox: Path, sources: Mapping[str, Any]
) -> tuple[dict[str, float], list[str]]:
    """Return messages a second of the whole way, the share of each step and the peak memory; and the texts.

    Args:
        folder: For the data base.
        inbox: Where the sources' files are.
        sources: Their descriptions, as in sources.toml.
    """
    clock = Clock()
    with clock.step("load model"):
        classifier = load_apart(None, N_THREADS)
    connectors = build_connectors({"root": str(inbox), "sources": sources}, now=utc_now, root=inbox)
    url, zone = f"sqlite:///{folder}/bench.db", ZoneInfo("Asia/Tehran")
    folder.mkdir()
    open_store(url, zone=zone).close()
    store = ClockedStore(connect(url), zone)
    store.clock = clock
    loading_s = clock.seconds.pop("load model")
    texts: list[str] = []
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as puller:
        pulling = puller.submit(lambda: [pull_timed(one, store, clock) for one in connectors.values()])
        classify_pending(
            store,
            clocked(classifier, clock, texts),
            worker="bench",
            batch_messages=BATCH,
            lease_s=600,
            at_once=classifier.n_processes + 1,
            arrivals=Arrivals(after=0, more=lambda: not pulling.done()),
        )
        pulling.result()
    total_s = time.perf_counter() - began
    store.close()
    figures = {f"share of {step}": seconds / total_s for step, seconds in clock.seconds.most_common()}
    classifier.close()
    run_mib = peak_mib()
    alone = load_analyzer(None, N_THREADS).classifier
    alone_s = sum(
        timed(lambda: [alone.predict(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)], 1)
    )
    figures |= {
        "messages": len(texts),
        "messages/s end to end": len(texts) / total_s,
        "messages/s language model alone, in this process": len(texts) / alone_s,
        "end to end over language model alone": alone_s / total_s,
        "load model and hazm, s": loading_s,
        "peak memory of the run, MiB": run_mib,
        "peak memory of each process of the model, MiB": peak_mib(resource.RUSAGE_CHILDREN),
    }
    return figures, texts


class ClockedStore(Store):
    """A store whose claiming and writing are steps."""

    clock: Clock

    def claim_pending(self, worker: str, **options: Any) -> tuple[Pending, ...]:
        """As in Store."""
        with self.clock.step("claim"):
            return super().claim_pending(worker, **options)

    def save_predictions(self, results: Sequence[tuple[Pending, Prediction]], **options: Any) -> int:
        """As in Store."""
        with self.clock.step("mentions and tallies"):
            return super().save_predictions(results, **options)


def clocked(classifier: Classifier, clock: Clock, texts: list[str]) -> Classifier:
    """Return the classifier, whose work is a step; what it reads is added to the texts."""

    class Clocked:
        version, levels, confusion = classifier.version, classifier.levels, classifier.confusion

        def predict(self, some: Sequence[str]) -> list[Prediction]:
            texts.extend(some)
            with clock.step("language model"):
                return classifier.predict(some)

    return Clocked()


def pull_timed(connector: Connector, store: Store, clock: Clock) -> None:
    """Pull one source as run.pull does, with a clock on each step."""
    pages = connector.fetch(None)
    while True:
        with clock.step("read"):
            page = next(pages, None)
        if page is None:
            return
        with clock.step("clean and mask"):
            items, dead_letters = prepare_page(page, identity_key=KEY)
        with clock.step("store"):
            store.save_page(connector.name, connector.kind, items, dead_letters, page.bookmark, now=utc_now())


def measure_peers(folder: Path, texts: list[str], sample: list[str]) -> dict[str, float]:
    """Return messages a second of bazkhord and of both peers on one sample, each peer at its best batch size."""
    classifier = load_analyzer(None, N_THREADS).classifier
    tokens = tokenize(texts, sample)
    torch_run, onnx_run = build_peers(folder)
    ours = median_rate(lambda: classifier.predict(sample), len(sample), n_runs=5)
    figures = {"sample: messages": len(sample), "sample: bazkhord, messages/s": ours}
    for name, run in (("ParsBERT-shaped fp32", torch_run), ("ParsBERT-shaped ONNX int8", onnx_run)):
        best = max(BATCH_SIZES, key=partial(rate_of_batches, run, tokens[:192], n_runs=1))
        theirs = rate_of_batches(run, tokens, best, n_runs=3)
        figures |= {
            f"sample: {name}, messages/s": theirs,
            f"sample: {name}, best batch": best,
            f"sample: bazkhord over {name}": ours / theirs,
        }
    return figures


def tokenize(texts: list[str], sample: list[str]) -> list[list[int]]:
    """Return the sample as WordPiece ids, longest 512, by a vocabulary of up to 100,000 of the same texts."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer(strip_accents=False, lowercase=False)
    tokenizer.train_from_iterator(texts, vocab_size=100_000, min_frequency=1, show_progress=False)
    tokenizer.enable_truncation(512)
    return [encoding.ids for encoding in tokenizer.encode_batch(sample)]


def build_peers(folder: Path) -> tuple[Callable[..., object], Callable[..., object]]:
    """Return BERT-base with a vocabulary of 100,000: in torch float32, and as ONNX with int8 weights."""
    import onnxruntime
    import torch
    from onnxruntime.quantization import quantize_dynamic
    from transformers import BertConfig, BertModel

    torch.set_num_threads(N_THREADS)
    model = BertModel(BertConfig(vocab_size=100_000), add_pooling_layer=False).eval()

    class States(torch.nn.Module):
        """What of BERT is exported: token numbers and mask in, states out."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.bert(input_ids=input_ids, attention_mask=attention_mask)[0]
            return states

    example = (torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long))
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        States().eval(),
        example,
        str(folder / "peer.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["states"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "states": axes},
        dynamo=False,
    )
    quantize_dynamic(folder / "peer.onnx", folder / "peer.int8.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = N_THREADS
    session = onnxruntime.InferenceSession(
        folder / "peer.int8.onnx", options, providers=["CPUExecutionProvider"]
    )

    def run_torch(ids: list[list[int]], mask: list[list[int]]) -> object:
        with torch.inference_mode():
            return model(torch.tensor(ids), attention_mask=torch.tensor(mask))

    def run_onnx(ids: list[list[int]], mask: list[list[int]]) -> object:
        import numpy as np

        return session.run(None, {"input_ids": np.array(ids), "attention_mask": np.array(mask)})

    return run_torch, run_onnx


def rate_of_batches(run: Callable[..., object], tokens: list[list[int]], size: int, *, n_runs: int) -> float:
    """Return messages a second at one batch size."""
    return median_rate(partial(run_batches, run, tokens, size), len(tokens), n_runs=n_runs)


def run_batches(run: Callable[..., object], tokens: list[list[int]], size: int) -> None:
    """Every text runs once, in batches of texts of like length."""
    ordered = sorted(tokens, key=len)
    for start in range(0, len(ordered), size):
        batch = ordered[start : start + size]
        longest = max(map(len, batch))
        run(
            [ids + [0] * (longest - len(ids)) for ids in batch],
            [[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch],
        )


def median_rate(work: Callable[[], object], n_messages: int, *, n_runs: int) -> float:
    """Return messages a second, the median of some runs."""
    return statistics.median(n_messages / seconds for seconds in timed(work, n_runs))


def timed(work: Callable[[], object], n_runs: int) -> Iterable[float]:
    """Yield the seconds of each run."""
    for _ in range(n_runs):
        start = time.perf_counter()
        work()
        yield time.perf_counter() - start


def peak_mib(who: int = resource.RUSAGE_SELF) -> float:
    """Return the most memory that this process, or one of those it started, has held, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def show(figures: dict[str, float]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:.1%}" if name.startswith("share") else f"{value:,.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
