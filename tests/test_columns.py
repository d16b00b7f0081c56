"""What is counted in columns is what the data base counts, on both data bases, also while the store changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from threading import Event
from threading import enumerate as threads

import pytest
from hypothesis import given
from sqlalchemy import Engine

from api.cx_schemas import CxOut
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregate_counts import count
from pipeline.aggregate_feedback import find_feedback
from pipeline.aggregate_trend import BucketLength
from pipeline.asked import asked_and_unasked
from pipeline.brands import brands
from pipeline.database import connect, reading
from pipeline.feelings import feelings
from pipeline.hours import hours
from pipeline.keeping_columns import columns_of, keep_columns, keeping_columns, read_columns
from pipeline.pains import Rank, pains
from pipeline.phrases import Against, new_phrases, phrases, read_selection
from pipeline.records import Rating
from pipeline.selection import Dimension, Selection, span_of
from pipeline.store import Store
from pipeline.terms import TermMemory
from tests import told
from tests.api_feedback import KIND, LATE, NOW, SMALL, TEHRAN, fill, november
from tests.builders import prediction
from tests.content_feedback import Clause, Message, message, tell
from tests.relabelled import relabel
from tests.test_aggregates import DIMENSIONS, RANDOM, SEVERAL, selections

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
BY_POINT = (Dimension.STAGE, Dimension.INTENT, Dimension.ASPECT)
WORDS = ("پیک دیر رسید", "طعم غذا عالی بود", "برنامه کند است", "پول برنگشت هنوز", "قیمت خیلی گران شد")


@pytest.fixture
def quick(store_url: str, store: Store) -> Iterator[Engine]:
    """The same data base, reached by an engine that may have columns while that of ``store`` has none."""
    engine = connect(store_url)
    yield engine
    engine.dispose()


def has_columns(engine: Engine) -> bool:
    with reading(engine) as connection:
        return columns_of(connection) is not None


def chat(n: int) -> list[Message]:
    """Return messages of two days and of all kinds, some of the same customers, some without a time."""
    dice = random.Random(3)
    return [
        message(
            *(
                Clause(
                    dice.choice(WORDS),
                    stage=dice.choice(list(Stage)[:3]),
                    intent=dice.choice(list(Intent)[:2]),
                    aspect=dice.choice(list(Aspect)[:3]),
                    sentiment=dice.choice(list(Sentiment)[:3]),
                )
                for _ in range(dice.randrange(1, 4))
            ),
            at=november(dice.choice([12, 18]), dice.choice([0, 9, 23])),
            customer=dice.choice([None, *"abcdefgh"]),
            brand=dice.choice([None, "الف", "ب"]),
            emotion=dice.choice(list(Emotion)[:3]),
            at_arrival=dice.random() < 0.1,
        )
        for _ in range(n)
    ]


def scored(n: int) -> list[told.Told]:
    """Return messages of two sources with all kinds of scores, some without words, a customer or a score."""
    dice = random.Random(4)
    says = prediction(KIND), prediction(LATE, LATE), prediction(LATE, flags=(Flag.SPAM,)), None
    messages = []
    for number in range(n):
        judged = dice.choice(says)
        messages.append(
            told.told(
                str(number),
                told.november(dice.choice([12, 18]), dice.choice([0, 9, 23])),
                judged,
                text=dice.choice(WORDS) if judged else "",
                source=dice.choice(["shop", "poll"]),
                brand=dice.choice([None, "الف", "ب"]),
                customer_key=dice.choice([None, *"abcdefgh"]),
                nps=dice.choice([None, None, 3, 10]),
                csat=dice.choice([None, None, 2.0, 5.0]),
                ces=dice.choice([None, None, None, 7.0]),
                rating=dice.choice([None, Rating(4, 1, 5), Rating(2, 1, 5), Rating(9, 0, 10)]),
            )
        )
    return messages


@pytest.mark.parametrize(
    "selection",
    [
        NOVEMBER,
        replace(NOVEMBER, to=november(18, 9)),
        replace(NOVEMBER, source=("poll",), brand=("الف", "")),
        replace(NOVEMBER, flag=(Flag.SPAM,)),
        replace(NOVEMBER, stage=(Stage.SUPPORT,)),
        replace(NOVEMBER, from_=date(2026, 9, 1), to=date(2026, 9, 2)),
    ],
    ids=["all", "until a moment", "one source", "spam", "some clauses", "none"],
)
@pytest.mark.parametrize("bucket", [None, BucketLength.DAY])
def test_what_was_answered_is_the_same_with_columns_and_without(
    store: Store, quick: Engine, selection: Selection, bucket: BucketLength | None
) -> None:
    told.tell(store, scored(200))
    keep_columns(quick)

    fast, slow = (
        asked_and_unasked(one, selection, zone=TEHRAN, bucket=bucket) for one in (quick, store.engine)
    )

    assert has_columns(quick)
    assert CxOut.of(fast) == CxOut.of(slow)


def test_scores_of_messages_that_are_not_counted_are_in_the_columns(store: Store, quick: Engine) -> None:
    told.tell(
        store,
        [
            told.told("1", told.november(2), customer_key="sara", nps=9),
            told.told("2", told.november(3), nps=3),
            told.told("3", told.november(4), customer_key="reza", rating=Rating(4, 1, 5)),
            told.told("4", told.november(5), customer_key="mina"),
        ],
    )
    keep_columns(quick)

    found = asked_and_unasked(quick, NOVEMBER, zone=TEHRAN)

    assert has_columns(quick)
    assert found.n_customers == 3
    assert [(one.measure, one.figures.n, one.figures.n_customers) for one in found.asked] == [
        ("nps", 2, 1),
        ("rating", 1, 1),
    ]


@SEVERAL
@given(selection=selections(), by=DIMENSIONS)
def test_columns_and_the_data_base_count_the_same(
    store: Store, quick: Engine, selection: Selection, by: tuple[Dimension, ...]
) -> None:
    if not has_columns(quick):
        fill(store, RANDOM)
        keep_columns(quick)

    with reading(quick) as connection:
        span = span_of(selection, TEHRAN)
        cut = tuple(one for one in by if one != Dimension.SENTIMENT)
        fast = count(connection, selection, span, cut)
        slow = count(connection, selection, span, cut, use_tallies=False)

    assert fast.cells == slow.cells


@pytest.mark.parametrize(
    "selection",
    [
        NOVEMBER,
        replace(NOVEMBER, to=november(18, 9)),
        replace(NOVEMBER, stage=(Stage.AWARENESS,), sentiment=(Sentiment.NEGATIVE,)),
        replace(NOVEMBER, brand=("الف", "")),
        replace(NOVEMBER, emotion=(Emotion.ANGER,), aspect=(Aspect.PRODUCT,)),
        replace(NOVEMBER, from_=date(2026, 9, 1), to=date(2026, 9, 2)),
    ],
    ids=["all", "until a moment", "some clauses", "some brands", "an emotion", "none"],
)
def test_every_answer_is_the_same_with_columns_and_without(
    store: Store, quick: Engine, selection: Selection
) -> None:
    tell(store, chat(300))
    keep_columns(quick)

    for rank in Rank:
        whole = replace(selection, sentiment=())
        assert pains(quick, whole, zone=TEHRAN, rank=rank) == pains(
            store.engine, whole, zone=TEHRAN, rank=rank
        )
    assert feelings(quick, selection, zone=TEHRAN) == feelings(store.engine, selection, zone=TEHRAN)
    assert hours(quick, selection, zone=TEHRAN) == hours(store.engine, selection, zone=TEHRAN)
    assert new_phrases(quick, selection, zone=TEHRAN) == new_phrases(store.engine, selection, zone=TEHRAN)
    fast, slow = (brands(one, selection, zone=TEHRAN, min_z=0) for one in (quick, store.engine))
    assert asdict(fast) == asdict(slow)
    for against in Against:
        asked = replace(selection, brand=selection.brand or ("ب",))
        fast_phrases, slow_phrases = (
            phrases(one, asked, within=NOVEMBER, zone=TEHRAN, against=against, min_z=0)
            for one in (quick, store.engine)
        )
        assert fast_phrases == slow_phrases
    assert has_columns(quick)
    assert not has_columns(store.engine)


def test_the_same_sample_of_many_messages_is_read_with_columns_and_without(
    store: Store, quick: Engine
) -> None:
    tell(store, chat(300))
    keep_columns(quick)

    groups, memory = [], TermMemory()
    for engine in (quick, store.engine):
        with reading(engine) as connection:
            span = span_of(NOVEMBER, TEHRAN)
            groups.append(read_selection(connection, memory, NOVEMBER, span, max_read=40))

    fast, slow = groups
    assert (fast.n, fast.n_read) == (slow.n, slow.n_read)
    assert 0 < fast.n_read < fast.n
    assert sorted(fast.places.tolist()) == sorted(slow.places.tolist())
    assert fast.places.min() >= 0


@SEVERAL
@given(selection=selections())
def test_the_same_pages_of_messages_are_found_with_columns_and_without(
    store: Store, quick: Engine, selection: Selection
) -> None:
    if not has_columns(quick):
        fill(store, [replace(one, at=one.at.replace(minute=0)) for one in RANDOM])
        keep_columns(quick)

    pages = []
    for engine in (quick, store.engine):
        first = find_feedback(engine, selection, zone=TEHRAN, limit=3)
        second = find_feedback(engine, selection, zone=TEHRAN, limit=3, after=first.next)
        third = find_feedback(engine, selection, zone=TEHRAN, limit=200, after=second.next)
        pages.append((first, second, third))

    assert pages[0] == pages[1]


def test_the_rest_is_of_whole_messages_whatever_clauses_the_widest_selection_asks_for(
    store: Store, quick: Engine
) -> None:
    tell(store, chat(100))
    keep_columns(quick)
    within = replace(NOVEMBER, stage=(Stage.AWARENESS,))
    asked = replace(within, aspect=(Aspect.PRODUCT,))

    fast, slow = (phrases(one, asked, within=within, zone=TEHRAN, min_z=0) for one in (quick, store.engine))

    assert fast == slow


def test_columns_of_another_state_of_the_store_are_not_used(store: Store, quick: Engine) -> None:
    fill(store, SMALL)
    keep_columns(quick)
    relabel(store, prediction(model_version="v2"))

    with reading(quick) as connection:
        found = count(connection, NOVEMBER, span_of(NOVEMBER, TEHRAN), BY_POINT)

    assert not has_columns(quick)
    assert found.cells == {}


def test_an_empty_store_has_columns_of_nothing(store: Store, quick: Engine) -> None:
    fill(store, SMALL[-1:])
    keep_columns(quick)

    with reading(quick) as connection:
        columns = columns_of(connection)
        found = count(connection, NOVEMBER, span_of(NOVEMBER, TEHRAN), BY_POINT)

    assert columns is not None
    assert len(columns.id) == 1
    assert found.cells == {}


def test_spam_is_in_the_columns_and_counted_where_it_is_asked_for(store: Store, quick: Engine) -> None:
    fill(store, SMALL)
    keep_columns(quick)

    with reading(quick) as connection:
        found = count(
            connection, replace(NOVEMBER, flag=(Flag.SPAM,)), span_of(NOVEMBER, TEHRAN), (Dimension.CHANNEL,)
        )

    assert {key: counts.n for key, counts in found.cells.items()} == {("chat",): 1}


def test_reading_stops_where_it_is_told_to(store: Store) -> None:
    fill(store, SMALL)
    stop = Event()
    stop.set()

    assert read_columns(store.engine, stop) is None


def test_a_thread_keeps_the_columns_and_is_not_left_behind(store: Store, quick: Engine) -> None:
    fill(store, SMALL, now=NOW)
    seen = Event()

    with keeping_columns(quick):
        for _ in range(100):
            if has_columns(quick) or seen.wait(0.05):
                break
        during = has_columns(quick)

    assert during
    assert not has_columns(quick)
    assert "keeping-columns" not in [one.name for one in threads()]
