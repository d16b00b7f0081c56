"""Messages a second of a backfill with each engine, and what a million costs on a machine whose price you name.

The archive is the inbox over and over, each time with other ids, as Parquet files. A run is the command as anybody
starts it: start, loading of the models and writing of the Parquet are in its seconds. The cost of a million is that of
the processor's time: price an hour / 3,600 / (messages a second and core x cores of the machine) x 1,000,000. It
holds for a machine whose cores are as fast as these, with as many processes as it has cores.

Run: make bench-backfill   (needs ../shared/data and a quiet machine); MESSAGES=100000
     python -m bench.backfill --price c5.4xlarge:16:0.68   (name, cores, dollars an hour)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
from rich.console import Console
from rich.table import Table

from config.settings import read_toml
from pipeline.connectors import build_connectors
from pipeline.run import utc_now

REPOSITORY = Path(__file__).parent.parent
FILE_ROWS = 5_000
Row = dict[str, object]


def main() -> None:
    """Print the figures; with --json also write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="folder with inbox/")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--price", action="append", default=[], metavar="NAME:CORES:DOLLARS")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    chosen = parser.parse_args()
    if not (chosen.data / "inbox").is_dir():
        sys.exit(f"{chosen.data / 'inbox'} is missing; name the data folder with --data")
    with tempfile.TemporaryDirectory(prefix="bazkhord-bench-") as folder:
        figures = measure(Path(folder), chosen.data / "inbox", chosen.messages, chosen.processes)
    figures |= costs(figures["local: messages/s and process"], chosen.price)
    show(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, inbox: Path, n_messages: int, n_processes: int) -> dict[str, float]:
    """Return messages a second by engine."""
    n_written = write_archive(folder / "in", inbox, n_messages)
    figures: dict[str, float] = {"messages": n_written, "processes": n_processes}
    for name, engine, n in (
        ("one process", "local", 1),
        ("local", "local", n_processes),
        ("ray", "ray", n_processes),
    ):
        figures[f"{name}: messages/s"] = n_written / run(folder, name, engine, n)
    figures["local: messages/s and process"] = figures["local: messages/s"] / n_processes
    return figures


def write_archive(folder: Path, inbox: Path, n_messages: int) -> int:
    """So many messages of the inbox are Parquet files, over and over where it has fewer; return how many."""
    folder.mkdir()
    rows = islice(endless(inbox), n_messages)
    n_written = 0
    while part := list(islice(rows, FILE_ROWS)):
        pa.parquet.write_table(pa.Table.from_pylist(part), folder / f"{n_written:09d}.parquet")
        n_written += len(part)
    return n_written


def endless(inbox: Path) -> Iterator[Row]:
    """Yield the rows of the inbox again and again."""
    config = read_toml(REPOSITORY / "config" / "sources.inbox.toml") | {"root": str(inbox)}
    connectors = build_connectors(config, now=utc_now, root=inbox).values()
    found = [
        {"text": item.text, "created_at": item.created_at, "brand": item.brand}
        for connector in connectors
        for page in connector.fetch(None)
        for item in page.items
    ]
    n_row = 0
    while found:
        for row in found:
            n_row += 1
            yield row | {"id": str(n_row)}


def run(folder: Path, name: str, engine: str, n_processes: int) -> float:
    """Return the seconds of a backfill of the archive.

    Raises:
        SystemExit: It failed.
    """
    out = folder / f"out {name}"
    command = ["backfill", "--input", str(folder / "in" / "*.parquet"), "--out", str(out), "--engine", engine]
    environment = os.environ | {"BAZKHORD_DATA_DIR": str(folder / "var")}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *command, "--processes", str(n_processes)],
        cwd=REPOSITORY,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit("the backfill failed; the figures mean nothing")
    return time.perf_counter() - started


def costs(per_process: float, prices: list[str]) -> dict[str, float]:
    """Return the dollars for a million messages on each machine that is named."""
    found: dict[str, float] = {}
    for price in prices:
        name, cores, dollars = price.split(":")
        hours = 1_000_000 / (per_process * int(cores)) / 3600
        found[f"dollars a million on {name}"] = hours * float(dollars)
        found[f"hours for 50 million on {name}"] = 50 * hours
    return found


def show(figures: dict[str, float]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}" if "million" in name else f"{value:,.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
