"""Every statement that is asked often finds its rows through an index, and every index is there for one of them.

The statements are those of the code: they are caught on their way to a data base of some thousand messages, and the
data base tells how it goes about them. SQLite is as the migrations leave it; PostgreSQL has statistics, as its
autovacuum sees to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from bench.generated import END, fill
from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.aggregate_breakdown import breakdown
from pipeline.aggregate_feedback import find_feedback
from pipeline.aggregate_trend import BucketLength, Calendar, trend
from pipeline.alerts import Wanted as Alerts
from pipeline.alerts import count_alerts
from pipeline.asked import asked_and_unasked
from pipeline.correction_answers import Wanted, find_corrections
from pipeline.corrections import Address, Verdict, correct, find_mention
from pipeline.customers import find_customers
from pipeline.database import reading, writing
from pipeline.events import list_events
from pipeline.narrowing import Narrowing
from pipeline.removing import remove_messages
from pipeline.response_times import CaseCut, response_times
from pipeline.selection import Dimension, Selection
from pipeline.store import Store, open_store
from pipeline.tables import FeedbackRow, MentionRow, Row
from pipeline.tallies import promote
from pipeline.team_tables import AlertRow, CorrectionRow, EventRow
from pipeline.ways import customer_way
from tests.builders import clean_feedback
from tests.conftest import TEHRAN, create_database

MONTH = Selection(from_=date(2026, 9, 1), to=date(2026, 10, 1))
YEARS = replace(MONTH, from_=date(2023, 12, 1))
CLAUSE = Address(20, 0, 10)
# They are on PostgreSQL alone.
OF_POSTGRES = {"ix_mentions_stage_intent_sentiment", "ix_mentions_aspect_sentiment"}
# A whole index may be read where it holds only what is looked for.
SMALL = "ix_feedback_waiting|ix_feedback_surveyed|uq_feedback_counted_copy"
READS_ALL = re.compile(
    rf"SCAN (feedback|mentions)\b(?! USING (COVERING )?INDEX ({SMALL}))|Seq Scan on (feedback|mentions)\b"
)

# The newest of a source is read from the end of the index.
STOPS_EARLY = re.compile(r"LIMIT \?.*\nSCAN feedback USING COVERING INDEX ix_feedback_in_time$")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of three thousand messages of three years, thirty of which wait."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/bazkhord.db"
    if request.param == "postgres":
        url = create_database(request.getfixturevalue("postgres"), "plans")
    with open_store(url, zone=TEHRAN) as store:
        fill(store.engine, 3_000, analyzed=request.param == "postgres")
        store.rebuild_tallies()
        with writing(store.engine) as connection:
            connection.execute(update(FeedbackRow).where(FeedbackRow.id % 100 == 7).values(state="pending"))
        yield store


@contextmanager
def told_plans(engine: Engine) -> Iterator[list[str]]:
    """Meanwhile the plan of each statement is put down, after the statement itself."""
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, _: Any, many: bool) -> None:
        cursor = connection.connection.cursor()
        if engine.dialect.name == "postgresql":
            # Some thousand rows are read soonest as a whole; what is told is how millions are.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", values[0] if many else values)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values[0] if many else values)
        plans.append("\n".join([statement, *(str(row[-1]) for row in cursor.fetchall())]))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def plans_of(store: Store, asks: Iterator[Callable[[Store], object]]) -> list[str]:
    with told_plans(store.engine) as plans:
        for ask in asks:
            ask(store)
    return plans


def by_day(store: Store, selection: Selection) -> None:
    trend(store.engine, selection, bucket=BucketLength.DAY, calendar=Calendar.JALALI, zone=TEHRAN)


def promote_copies(store: Store) -> None:
    with writing(store.engine) as connection:
        promote(connection, ["g1", "g2"])


def remove(store: Store) -> None:
    with writing(store.engine) as connection:
        remove_messages(connection, [11, 12])


def remove_old(store: Store) -> None:
    old = select(FeedbackRow.id).where(
        FeedbackRow.source == "source1", FeedbackRow.created_at < END - timedelta(days=900)
    )
    with reading(store.engine) as connection:
        connection.execute(old.order_by(FeedbackRow.created_at).limit(1_000)).all()


def judge(store: Store) -> None:
    seen = find_mention(store.engine, CLAUSE)
    correct(store.engine, CLAUSE, Verdict(), seen=[seen.etag], by="sara", now=END)


HOT: dict[str, Callable[[Store], object]] = {
    "a batch is claimed": lambda store: store.claim_pending("w", limit=50, lease_s=60, now=END),
    "what waits is counted": lambda store: store.n_pending(),
    "a page comes again": lambda store: store.save_page(
        "source1", "x", [clean_feedback("5", source="source1")], [], None, now=END
    ),
    "a copy counts instead": promote_copies,
    "messages are removed": remove,
    "what is too old is found": remove_old,
    "a trend": lambda store: by_day(store, MONTH),
    "a trend of a product": lambda store: by_day(store, replace(MONTH, product=("p1",))),
    "a breakdown of a segment": lambda store: breakdown(
        store.engine, replace(MONTH, segment=("vip",)), by=(Dimension.STAGE,), zone=TEHRAN
    ),
    "messages": lambda store: find_feedback(store.engine, replace(MONTH, brand=("مارکت",)), zone=TEHRAN),
    "messages of a source": lambda store: find_feedback(
        store.engine, replace(MONTH, source=("source1",)), zone=TEHRAN
    ),
    "messages of a stage": lambda store: find_feedback(
        store.engine,
        replace(YEARS, stage=(Stage.LOYALTY,), intent=(Intent.PRAISE,), sentiment=(Sentiment.NEGATIVE,)),
        zone=TEHRAN,
    ),
    "messages of an aspect": lambda store: find_feedback(
        store.engine, replace(YEARS, aspect=(Aspect.GENERAL,)), zone=TEHRAN
    ),
    "messages with words": lambda store: find_feedback(store.engine, replace(YEARS, q="زعفران"), zone=TEHRAN),
    "unresolved messages": lambda store: find_feedback(
        store.engine, MONTH, zone=TEHRAN, narrowing=Narrowing(unresolved=True), with_copies=True
    ),
    "a customer's way": lambda store: customer_way(store.engine, f"{20:064x}", zone=TEHRAN),
    "customers": lambda store: find_customers(store.engine, MONTH, zone=TEHRAN),
    "cases": lambda store: response_times(store.engine, MONTH, by=CaseCut.STAGE, zone=TEHRAN, now=END),
    "surveys": lambda store: asked_and_unasked(store.engine, MONTH, zone=TEHRAN),
    "a clause is judged": judge,
    "corrections": lambda store: find_corrections(store.engine, Wanted(), zone=TEHRAN),
    "events": lambda store: list_events(store.engine, MONTH, start=END - timedelta(days=30), end=END),
    "alerts": lambda store: count_alerts(store.engine, Alerts(from_=END - timedelta(days=7))),
}


@pytest.mark.parametrize("name", HOT)
def test_no_statement_reads_all_messages_or_mentions(filled: Store, name: str) -> None:
    plans = plans_of(filled, iter([HOT[name]]))

    assert [plan for plan in plans if READS_ALL.search(plan) and not STOPS_EARLY.search(plan)] == []


def test_every_index_is_used(filled: Store) -> None:
    plans = "\n".join(plans_of(filled, iter(HOT.values())))

    indexes = {
        str(index.name)
        for table in (FeedbackRow, MentionRow, CorrectionRow, EventRow, AlertRow)
        for index in Row.metadata.tables[table.__tablename__].indexes
    }
    absent = OF_POSTGRES if filled.engine.dialect.name == "sqlite" else set()
    assert {name for name in indexes if name not in plans} == absent
