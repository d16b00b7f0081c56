"""How long answers take under a constant 200 requests a second, while a backlog is classified on the same machine.

The service, the classifier and this measuring program are processes of their own on the same cores. Requests come
at their own moments (see open_loop.py), as a mix of what the page and a program ask: trends, breakdowns, the journey,
messages, options, health, and texts to analyze. A third of the answers that a reader already has are asked for with
their ETag. Data is a copy of the folder given; its messages are judged again and again, so that the backlog
does not end.

Run: make bench-service DATA=FOLDER MINUTES=10   (a data folder filled by
`bazkhord run --once --sources config/sources.inbox.toml`; DATABASE=postgres for the other data base)
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread

import httpx
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from bench.open_loop import Request, Waited, ask_at_rate
from bench.postgres_copy import postgres_with
from config.settings import load_settings
from pipeline.console import sparkline
from pipeline.database import writing
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from tests.started import BAZKHORD, free_port, serving_at

MIX = {
    "trend": 44,
    "breakdown": 44,
    "journey": 24,
    "feedback": 24,
    "pains": 8,
    "compare": 8,
    "options": 16,
    "analyze": 10,
    "sources": 4,
    "healthz": 10,
    "readyz": 8,
}
DAYS = (7, 30, 90, 365)
N_READERS = 60
WANTED_P99_S = 0.25
BACKLOG, BACKLOG_LEAST = 20_000, 8_192
LINES = (
    "غذا عالی بود ولی پیک دیر رسید",
    "برنامه موقع پرداخت هنگ می‌کند، پولم هم برگشت داده نشد",
    "پشتیبانی خیلی مودب و سریع جواب داد، ممنون",
    "کد تخفیف کار نمی‌کند، لطفا پیگیری کنید",
)


@dataclass
class Watched:
    """Memory (MiB) and share of one core (%) of a process, a figure each second."""

    name: str
    process: psutil.Process
    mib: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def main() -> int:
    """Print the waits by kind, failures, and what the processes took."""
    chosen = read_arguments()
    with tempfile.TemporaryDirectory(prefix="bazkhord-bench-") as folder, ExitStack() as opened:
        for name in ("bazkhord.db", "identity.key"):
            shutil.copy(chosen.data / name, folder)
        sqlite_url = f"sqlite:///{folder}/bazkhord.db"
        url = opened.enter_context(postgres_with(sqlite_url)) if chosen.postgres else sqlite_url
        figures = measure(url, Path(folder), chosen)
    return show(figures)


def measure(url: str, folder: Path, chosen: argparse.Namespace) -> dict[str, object]:
    """Return what was measured with the service and, where wanted, a classifier running."""
    zone = load_settings().zone
    environment = {
        **os.environ,
        "BAZKHORD_DATA_DIR": str(folder),
        "BAZKHORD_DATABASE_URL": url,
        "BAZKHORD_RATE_LIMIT_PER_MINUTE": "0",
        "BAZKHORD_RATE_LIMIT_ANALYZE_PER_MINUTE": "0",
        "BAZKHORD_LOG_LEVEL": "warning",
    }
    port, n = free_port(), int(chosen.minutes * 60 * chosen.rate)
    with open_store(url, zone=zone) as store, ExitStack() as running:
        key = add_key(store, f"bench {time.time_ns()}", "read")
        address = running.enter_context(serving_at(port, environment))
        service = child_named("serve")
        watched = [Watched("service", service)]
        backlog = Backlog(store)
        if chosen.classify:
            running.enter_context(backlog.kept())
            worker = running.enter_context(classifying(environment, folder, chosen))
            watched.append(Watched("classifier", worker))
        headers = {"Authorization": f"Bearer {key}", "Host": f"127.0.0.1:{port}"}
        requests = list(itertools.islice(mixed(address, headers, seed=chosen.seed), n))
        time.sleep(chosen.settle_s)
        running.enter_context(watching(watched))
        n_before = backlog.n_judged
        waits = ask_at_rate("127.0.0.1", port, requests, rate=chosen.rate, headers=headers)
        n_judged = backlog.n_judged - n_before
    return {"waits": waits, "watched": watched, "n_judged": n_judged, "seconds": n / chosen.rate}


def mixed(address: str, headers: dict[str, str], *, seed: int) -> Iterator[Request]:
    """Yield requests without end, of the kinds of ``MIX`` in their proportions, popular selections first."""
    options = httpx.get(f"{address}/v1/options", headers=headers).raise_for_status().json()
    last = date.fromisoformat(options["data_to"][:10])
    draw = random.Random(seed)
    selections = list(_selections(last, options["brands"][:6], draw))
    weights = [1 / (rank + 1) for rank in range(len(selections))]
    kinds, shares = list(MIX), list(MIX.values())
    while True:
        (kind,) = draw.choices(kinds, shares)
        (selection,) = draw.choices(selections, weights)
        yield _request(kind, selection, draw)


def _selections(last: date, brands: Sequence[str], draw: random.Random) -> Iterator[str]:
    filters = ["", "&stage=delivery", *(f"&brand={brand}" for brand in brands[:2])]
    periods = [(days, last - timedelta(days=back)) for days in DAYS for back in (0, 30)]
    draw.shuffle(periods)
    seen = set()
    for (days, end), narrowed in itertools.product(periods, filters):
        selection = f"from={end - timedelta(days=days)}&to={end + timedelta(days=1)}{narrowed}"
        if selection not in seen:
            seen.add(selection)
            yield selection


def _request(kind: str, selection: str, draw: random.Random) -> Request:
    reader = draw.randrange(N_READERS)
    if kind in {"healthz", "readyz"}:
        return Request(kind, f"/{kind}", reader)
    if kind in {"options", "sources"}:
        return Request(kind, f"/v1/{kind}", reader)
    if kind == "analyze":
        texts = draw.sample(LINES, draw.randint(1, 3))
        return Request(kind, "/v1/analyze", reader, json.dumps({"texts": texts}).encode())
    more = {
        "trend": "&bucket=day",
        "breakdown": f"&by={draw.choice(('stage', 'intent', 'aspect', 'stage,intent', 'channel'))}",
        "feedback": f"&limit=25&sentiment={draw.choice(('negative', 'positive'))}",
        "compare": "&by=aspect",
        "pains": "&rank=unusual",
    }
    path = f"/v1/{kind}?{selection}{more.get(kind, '')}"
    return Request(kind, httpx.URL(path).raw_path.decode(), reader)


@contextmanager
def classifying(
    environment: dict[str, str], folder: Path, chosen: argparse.Namespace
) -> Iterator[psutil.Process]:
    """Meanwhile a process classifies what waits, as `bazkhord run` without any source does."""
    (folder / "none.toml").write_text("")
    threads = {
        "BAZKHORD_N_THREADS": str(chosen.threads),
        "BAZKHORD_CLASSIFY_BATCH_MESSAGES": str(chosen.batch),
        "BAZKHORD_SOURCES_FILE": str(folder / "none.toml"),
    }
    command = ["nice", "-n", str(chosen.nice), str(BAZKHORD), "run"]
    with Path(folder / "classifier.log").open("wb") as said:
        process = subprocess.Popen(
            command, env=environment | threads, cwd=folder, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            yield psutil.Process(process.pid)
            if process.poll() is not None:
                raise SystemExit((folder / "classifier.log").read_text()[-2000:])
        finally:
            process.kill()  # nothing is lost by it, and its copy of the data is thrown away
            process.wait()


class Backlog:
    """Messages that wait: as fast as they are judged, those judged longest ago wait again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._n_added = 0

    @property
    def n_judged(self) -> int:
        """Messages judged since the beginning."""
        return self._n_added - self._store.n_pending()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Meanwhile there are always some that wait."""
        stop = Event()

        def keep() -> None:
            while not stop.is_set():
                if self._store.n_pending() < BACKLOG_LEAST:
                    self._add()
                stop.wait(0.5)

        self._add()
        thread = Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _add(self) -> None:
        oldest = "SELECT id FROM feedback WHERE state = 'classified' ORDER BY classified_at, id LIMIT :n"
        waiting = text(f"UPDATE feedback SET state = 'pending' WHERE id IN ({oldest})")
        with writing(self._store.engine, seen=False) as connection:
            self._n_added += connection.execute(waiting, {"n": BACKLOG}).rowcount


@contextmanager
def watching(watched: Sequence[Watched]) -> Iterator[None]:
    """Meanwhile memory and time of processes are on record, each second."""
    stop = Event()

    def watch() -> None:
        for one in watched:
            one.process.cpu_percent()
        while not stop.wait(1.0):
            for one in watched:
                one.mib.append(one.process.memory_info().rss / 2**20)
                one.cpu.append(one.process.cpu_percent())

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def child_named(word: str) -> psutil.Process:
    """Return the process that this one started with a word in its command.

    Raises:
        SystemExit: There is none.
    """
    for child in psutil.Process().children(recursive=True):
        if word in child.cmdline():
            return child
    raise SystemExit(f"no process {word} was started")


def show(figures: dict[str, object]) -> int:
    """Print the figures; return 1 where they are not those wanted."""
    waits: list[Waited] = figures["waits"]  # type: ignore[assignment]
    watched: list[Watched] = figures["watched"]  # type: ignore[assignment]
    out = Console(width=110)
    by_kind: dict[str, list[Waited]] = defaultdict(list)
    for one in waits:
        by_kind[one.kind].append(one)
    table = Table("asked", "requests", "304", "p50 ms", "p95 ms", "p99 ms", "slowest ms")
    for kind, some in [*sorted(by_kind.items()), ("all", waits)]:
        times = [1000 * one.seconds for one in some]
        n_304 = sum(one.status == 304 for one in some)
        shown = (percentile(times, 50), percentile(times, 95), percentile(times, 99), max(times))
        table.add_row(kind, f"{len(some):,}", f"{n_304:,}", *(f"{one:,.0f}" for one in shown))
    out.print(table)
    failures = Counter(one.status for one in waits if one.status not in {200, 304})
    seconds = float(figures["seconds"])  # type: ignore[arg-type]
    out.print(f"{len(waits):,} requests in {seconds:,.0f} s, {len(waits) / seconds:,.0f} a second")
    out.print(f"failures: {dict(failures) or 'none'} (0: no answer)")
    out.print(f"classified meanwhile: {figures['n_judged']:,}, {figures['n_judged'] / seconds:,.0f} a second")  # type: ignore[operator]
    for one in watched:
        tell_process(out, one)
    return int(bool(failures) or percentile([one.seconds for one in waits], 99) > WANTED_P99_S)


def tell_process(out: Console, one: Watched) -> None:
    """Print what a process took: memory at the beginning, in the middle and at the end, and its share of a core."""
    tenth = max(1, len(one.mib) // 10)
    first, last = statistics.median(one.mib[:tenth]), statistics.median(one.mib[-tenth:])
    step = max(1, len(one.mib) // 60)
    line = sparkline(list(one.mib[::step]), lowest=0.0, highest=max(one.mib))
    out.print(
        f"{one.name}: {first:,.0f} MiB at first, {last:,.0f} at last, {max(one.mib):,.0f} at most; "
        f"{statistics.mean(one.cpu):.0f} % of a core {line}",
        highlight=False,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what is to be measured.

    Args:
        given: Words of the command line; ``None``: those of this process.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "data", type=Path, help="data folder of the loaded inbox; it is copied, not written to"
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL in the place of SQLite")
    parser.add_argument("--no-classify", dest="classify", action="store_false", help="only answer")
    parser.add_argument("--threads", type=int, default=2, help="of the classifier")
    parser.add_argument("--batch", type=int, default=512, help="messages that it judges in one transaction")
    parser.add_argument("--nice", type=int, default=10, help="how much the classifier stands back")
    parser.add_argument("--settle-s", type=float, default=20.0, help="before the first request")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
