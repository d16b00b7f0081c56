"""What text search costs and gives: speed of storing, room on disk, and how long a page of messages takes.

Storing is measured with and without the index in turns, in one run. Then a data base of made-up feedback is filled
(``bench/generated.py``), and pages of fifty messages asked for: words from very frequent to absent, all time and ninety
days, found by the index and by reading all texts. Times are median and 95th percentile; of processor time on
SQLite, where nothing else is waited for, else by the clock.

Run: make bench-search MESSAGES=100000 [URL=postgresql+psycopg://user@host/name of an empty data base]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from bench.generated import END, clean_items, fill
from pipeline.aggregate_feedback import find_feedback
from pipeline.database import reading, writing
from pipeline.selection import Selection
from pipeline.store import Store, open_store
from pipeline.tables import FeedbackRow
from pipeline.text_search import text_holds

Clock = Callable[[], float]
TEHRAN = ZoneInfo("Asia/Tehran")
N_STORED = 10_000
TURNS = 3
# From very frequent to absent, by what they find in the demo's clauses; two words, a phrase, a part, two letters.
WORDS = (
    "سفارش",
    "سلام",
    "پشتیبانی",
    "گوشی",
    "پیک",
    "کارتن",
    "زعفران",
    "قزوینی‌ها",
    "سفارش دیر",
    '"خیلی دیر"',
    "اپ",
)


def main() -> None:
    """Print the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument(
        "--url", help="an empty data base; without: an SQLite file that is removed afterwards"
    )
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(chosen.url or f"sqlite:///{folder}/bazkhord.db", zone=TEHRAN) as store,
    ):
        clock = _clock(store.engine)
        _tell_storing(store, clock)
        began = clock()
        n_mentions = fill(store.engine, chosen.messages, first=1_000_000_000)
        print(f"filled with {chosen.messages:,} messages, {n_mentions:,} mentions in {clock() - began:.0f} s")
        _tell_room(store.engine, chosen.messages + TURNS * N_STORED)
        _tell_pages(store.engine, clock)


def _clock(engine: Engine) -> Clock:
    """Processor time, which a busy machine does not stretch, where the data base is in this process."""
    return time.process_time if engine.dialect.name == "sqlite" else time.perf_counter


def _tell_storing(store: Store, clock: Clock) -> None:
    speeds: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * TURNS):
        indexed = turn % 2 == 0
        with _without_index(store) if not indexed else nullcontext(store) as target:
            items = list(clean_items(N_STORED, first=turn * N_STORED + 1))
            began = clock()
            for start in range(0, N_STORED, 500):
                target.save_page("bench", "x", items[start : start + 500], [], None, now=END)
            speeds[indexed].append(N_STORED / (clock() - began))
    with_, without = (statistics.median(speeds[one]) for one in (True, False))
    print(
        f"stored a second: {with_:,.0f} with the index, {without:,.0f} without ({with_ / without:.2f} times)"
    )


@contextmanager
def _without_index(store: Store) -> Iterator[Store]:
    """The store with its trigger asleep on PostgreSQL; on SQLite a copy whose index is gone."""
    if store.engine.dialect.name == "postgresql":
        with writing(store.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE feedback DISABLE TRIGGER search_text_arrives")
        yield store
        with writing(store.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE feedback ENABLE TRIGGER search_text_arrives")
        return
    with tempfile.TemporaryDirectory() as folder:
        with store.engine.connect() as connection:
            connection.connection.cursor().execute(f"VACUUM INTO '{folder}/copy.db'")
        with open_store(f"sqlite:///{folder}/copy.db", zone=TEHRAN) as copy:
            with writing(copy.engine) as connection:
                for name in (
                    "TRIGGER search_text_leaves",
                    "TRIGGER search_text_changes",
                    "TABLE search_index",
                ):
                    connection.exec_driver_sql(f"DROP {name}")
            yield copy


def _tell_room(engine: Engine, n: int) -> None:
    with reading(engine) as connection:
        if connection.dialect.name == "sqlite":
            sizes = "SELECT sum(pgsize) FILTER (WHERE name LIKE 'search_%'), sum(pgsize) FROM dbstat"
        else:
            sizes = (
                "SELECT pg_total_relation_size('search_texts'), pg_database_size(current_database()) "
                "- pg_database_size('template1')"
            )
        index, all_of_it = map(int, connection.exec_driver_sql(sizes).one())
    print(f"on disk a message: index {index / n:,.0f} bytes of {all_of_it / n:,.0f}")


def _tell_pages(engine: Engine, clock: Clock) -> None:
    for days in (3 * 365, 90):
        selection = Selection(from_=END - timedelta(days=days), to=END)
        all_found, all_read = [], []
        for word in WORDS:
            found = _times(partial(_page, engine, selection, word), clock)
            read = _times(partial(_read, engine, selection, word), clock, n=3)
            all_found += found
            all_read += read
            print(f"{days:5} days {word:14} found {_told(found)}   read {_told(read)}")
        print(f"{days:5} days {'all':14} found {_told(all_found)}   read {_told(all_read)}")


def _page(engine: Engine, selection: Selection, word: str) -> None:
    asked = Selection(from_=selection.from_, to=selection.to, q=word)
    find_feedback(engine, asked, zone=TEHRAN, limit=50)


def _read(engine: Engine, selection: Selection, word: str) -> None:
    """What a page takes without an index: a count, and the newest."""
    wanted = (
        FeedbackRow.created_at >= selection.from_,
        FeedbackRow.created_at < selection.to,
        FeedbackRow.counted.expression,
        FeedbackRow.flags.bitwise_and(8) == 0,
        text_holds(FeedbackRow.text, word),
    )
    newest = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
    with reading(engine) as connection:
        connection.scalar(select(func.count()).select_from(FeedbackRow).where(*wanted))
        connection.execute(select(FeedbackRow.id).where(*wanted).order_by(*newest).limit(50)).all()


def _times(ask: Callable[[], None], clock: Clock, n: int = 9) -> list[float]:
    times = []
    for _ in range(n):
        began = clock()
        ask()
        times.append(1000 * (clock() - began))
    return times


def _told(times: list[float]) -> str:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return f"{statistics.median(times):7.1f} / {p95:7.1f} ms"


if __name__ == "__main__":
    main()
