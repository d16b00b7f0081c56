"""Measures a weights folder on the labelled sets and writes the figures into it.

``python -m models.evaluate`` measures on the dev sets; ``--split test`` on the test sets, once per released
model, and with ``--card`` writes ``CARD.md`` and the manifest's figures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer

from models.calibration import gather, gather_flags
from models.card import write_card
from models.checkpoint import SHIPPED, load_checkpoint, save_manifest
from models.classifier import Probabilities
from models.clauses import split_clauses
from models.corpora import DEFAULT_DATA, Corpora, LabelledMessage
from models.examples import Example, encode_messages
from models.heads import EXCLUSIVE_HEADS, MENTION_HEADS, MESSAGE_HEADS
from models.inference import Floats, Scores, score_windows
from models.metrics import Figure, Labels, bootstrap, calibration_error, macro_f1
from models.onnx_engine import OnnxForward

_NEGATIVE, _NEUTRAL, _POSITIVE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled messages with the probabilities the model gave them."""

    examples: list[Example]
    scores: list[Scores]


class Judge:
    """The model of a weights folder, asked about gold spans."""

    def __init__(self, weights: Path, *, threads: int) -> None:
        checkpoint = load_checkpoint(weights)
        self.manifest = checkpoint.manifest
        self._threads = threads
        self._tokenizer = Tokenizer.from_file(str(checkpoint.tokenizer))
        self._forward = Probabilities(OnnxForward(checkpoint.model), checkpoint.manifest.temperatures)

    def judge(self, messages: Sequence[LabelledMessage]) -> Judged:
        """Returns the messages with their probabilities; only the first window of each is read."""
        examples = encode_messages(self._tokenizer, messages)
        windows = [example.window for example in examples]
        return Judged(examples, score_windows(self._forward, windows, threads=self._threads))


def two_class(probabilities: Floats) -> Labels:
    """Returns negative or positive, whichever is likelier. Shape: (messages, 4) to (messages,)."""
    return np.where(probabilities[:, _NEGATIVE] > probabilities[:, _POSITIVE], _NEGATIVE, _POSITIVE)


def three_class(probabilities: Floats) -> Labels:
    """Returns the likeliest of negative, neutral and positive. Shape: (messages, 4) to (messages,)."""
    guesses: Labels = probabilities[:, : _POSITIVE + 1].argmax(axis=1)
    return guesses


def measure(judge: Judge, corpora: Corpora, split: str) -> dict[str, Figure]:
    """Returns all figures of the model on the dev or the test sets.

    Args:
        judge: The model.
        corpora: The data.
        split: dev or test.

    Returns:
        Macro F1 where the name says nothing else, over labels with at least 20 cases, with 95 % intervals.
    """
    figures: dict[str, Figure] = {}
    for name, classes in (("snappfood", two_class), ("dksf", three_class), ("deepsentipers", three_class)):
        judged = judge.judge(corpora.sentiment(name, split))
        probabilities, truth = gather(judged.scores, judged.examples, "sentiment")
        guesses, places = classes(probabilities), range(len(truth))
        figures[name] = bootstrap(macro_f1, truth, guesses, places)
        figures[f"{name} accuracy"] = bootstrap(_accuracy, truth, guesses, places)
    messages = [*corpora.annotated(split), *corpora.authored(split)]
    judged = judge.judge(messages)
    for head in EXCLUSIVE_HEADS:
        probabilities, truth = gather(judged.scores, judged.examples, head)
        groups = _groups(judged.examples, head)
        figures[head] = bootstrap(macro_f1, truth, probabilities.argmax(axis=1), groups)
        error = calibration_error(probabilities, truth)
        figures[f"{head} calibration error"] = Figure(error, error, error, len(truth))
    figures |= _flag_figures(judged)
    figures["clause boundaries"] = boundary_figure(messages)
    return figures


def boundary_figure(messages: Sequence[LabelledMessage]) -> Figure:
    """Returns the F1 of the cuts between clauses.

    A cut is the number of letters and digits before it, so that punctuation at the seam does not matter.
    """
    counts = np.array([_boundary_counts(message) for message in messages if message.mentions])
    rng = np.random.default_rng(1)
    drawn = [_f1(counts[rng.integers(len(counts), size=len(counts))].sum(axis=0)) for _ in range(300)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    n_cuts = int(counts[:, 0].sum() + counts[:, 2].sum())
    return Figure(_f1(counts.sum(axis=0)), float(low), float(high), n_cuts)


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the corpora.")] = DEFAULT_DATA,
    weights: Annotated[Path, typer.Option(help="Weights folder to measure.")] = SHIPPED,
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    card: Annotated[bool, typer.Option(help="Write CARD.md and the manifest's figures.")] = False,
    threads: Annotated[int, typer.Option(help="Threads of the matrix work.")] = 2,
) -> None:
    """Measures the model and prints each figure with its 95 % interval."""
    if split not in ("dev", "test"):
        raise typer.BadParameter(f"--split is {split!r}, expected dev or test")
    judge = Judge(weights, threads=threads)
    figures = measure(judge, Corpora(data), split)
    for name, figure in figures.items():
        typer.echo(f"{name:36} {figure.value:.3f}  [{figure.low:.3f}, {figure.high:.3f}]  n {figure.n:,}")
    if out is not None:
        content = {name: asdict(figure) for name, figure in figures.items()}
        out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if card:
        rounded = {f"{split} {name}": round(figure.value, 4) for name, figure in figures.items()}
        manifest = replace(judge.manifest, figures={**judge.manifest.figures, **rounded})
        save_manifest(weights, manifest)
        write_card(weights, manifest.model_version, split, figures)


def _accuracy(truth: Labels, guesses: Labels) -> float:
    return float((truth == guesses).mean())


def _groups(examples: Sequence[Example], head: str) -> list[int]:
    if head in MENTION_HEADS:
        return [place for place, example in enumerate(examples) for _ in example.mentions]
    return list(range(len(examples)))


def _flag_figures(judged: Judged) -> dict[str, Figure]:
    probabilities, truth = gather_flags(judged.scores, judged.examples)
    figures: dict[str, Figure] = {}
    for column, flag in enumerate(MESSAGE_HEADS["flags"]):
        figures[f"{flag} average precision"] = _precision_figure(truth[:, column], probabilities[:, column])
    return figures


def _precision_figure(truth: Labels, probabilities: NDArray[np.float32]) -> Figure:
    rng = np.random.default_rng(1)
    values = []
    for _ in range(200):
        drawn = rng.integers(len(truth), size=len(truth))
        if truth[drawn].any():
            values.append(average_precision_score(truth[drawn], probabilities[drawn]))
    low, high = np.percentile(values, (2.5, 97.5)) if values else (0.0, 1.0)
    value = float(average_precision_score(truth, probabilities)) if truth.any() else 0.0
    return Figure(value, float(low), float(high), int(truth.sum()))


def _boundary_counts(message: LabelledMessage) -> tuple[int, int, int]:
    gold = _cuts(message.text, [mention.start for mention in message.mentions])
    found = _cuts(message.text, [start for start, _ in split_clauses(message.text)])
    return len(gold & found), len(found - gold), len(gold - found)


def _cuts(text: str, starts: Sequence[int]) -> set[int]:
    return {sum(char.isalnum() for char in text[:start]) for start in starts[1:]}


def _f1(counts: NDArray[np.int64]) -> float:
    right, wrong, missed = counts.tolist()
    return float(2 * right / max(1, 2 * right + wrong + missed))


if __name__ == "__main__":
    typer.run(main)
