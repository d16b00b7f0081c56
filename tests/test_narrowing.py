"""Filters that only messages have find what the other answers counted, on both data bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from models.labels import Sentiment, Stage
from pipeline.aggregate_feedback import FeedbackPage, find_feedback
from pipeline.asked import asked_and_unasked
from pipeline.case_kinds import CaseKind, Opening
from pipeline.database import connect
from pipeline.hours import hours
from pipeline.keeping_columns import keep_columns
from pipeline.narrowing import Narrowing, Scored
from pipeline.records import Rating
from pipeline.response_times import CaseCut, response_times
from pipeline.scores import Measure
from pipeline.selection import Selection, Unit
from pipeline.store import Store
from tests.api_feedback import ASKED, KIND, LATE, NOW, TEHRAN, fill, random_said
from tests.builders import prediction
from tests.content_feedback import Clause, message
from tests.content_feedback import tell as tell_clauses
from tests.told import Told, answered, november, tell, told

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
FRIDAY, SATURDAY = 6, 0


def find(store: Store, narrowing: Narrowing, selection: Selection = NOVEMBER) -> FeedbackPage:
    return find_feedback(store.engine, selection, zone=TEHRAN, narrowing=narrowing, limit=200)


def native_ids(page: FeedbackPage) -> list[str]:
    return [item.native_id for item in page.items]


def n_matching(page: FeedbackPage) -> int:
    return sum(mention.matches for item in page.items for mention in item.mentions)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(from_=date(2026, 10, 1), to=date(2026, 12, 1)),
        Selection(
            from_=date(2026, 10, 1), to=date(2026, 12, 1), sentiment=(Sentiment.NEGATIVE,), brand=("",)
        ),
        Selection(from_=date(2026, 10, 1), to=date(2026, 12, 1), stage=(Stage.AWARENESS,), product=("کیف",)),
    ],
)
def test_each_hour_of_the_week_leads_to_what_it_counts(store: Store, selection: Selection) -> None:
    fill(store, random_said(160, seed=11))

    cells = hours(store.engine, selection, zone=TEHRAN).cells

    assert sum(cell.counts.n for cell in cells) > 10
    for cell in cells:
        page = find(store, Narrowing(hour=(cell.hour,), weekday=(cell.weekday,)), selection)
        assert (page.n, n_matching(page)) == (cell.n_messages, cell.counts.n)


def test_messages_of_an_hour_are_counted_alike_with_columns_and_without(store: Store, store_url: str) -> None:
    fill(store, random_said(160, seed=11))
    quick = connect(store_url)
    keep_columns(quick)
    asked = replace(NOVEMBER, from_=date(2026, 10, 1))
    evening = Narrowing(hour=(18, 19, 20), weekday=(SATURDAY, FRIDAY))

    found = [
        (
            hours(engine, asked, zone=TEHRAN).cells,
            first := find_feedback(engine, asked, zone=TEHRAN, narrowing=evening, limit=3),
            find_feedback(engine, asked, zone=TEHRAN, narrowing=evening, after=first.next),
        )
        for engine in (quick, store.engine)
    ]
    quick.dispose()

    assert found[0] == found[1]
    assert (len(found[0][1].items), len(found[0][2].items) > 0) == (3, True)


def test_the_hour_is_that_of_the_clock_of_its_day(store: Store) -> None:
    noon_in_winter = datetime(2021, 1, 15, 8, 30, tzinfo=UTC)
    noon_in_summer = datetime(2021, 7, 16, 7, 30, 0, 250_000, tzinfo=UTC)
    tell_clauses(store, [message("الف", at=noon_in_winter), message("ب", at=noon_in_summer)])
    year = Selection(from_=date(2021, 1, 1), to=date(2022, 1, 1))

    page = find(store, Narrowing(hour=(12,), weekday=(FRIDAY,)), year)

    assert native_ids(page) == ["1", "0"]
    assert find(store, Narrowing(hour=(11, 13)), year).n == 0


def test_hours_alone_are_those_of_any_day_and_days_alone_have_all_hours(store: Store) -> None:
    friday, saturday = november(20, 9), november(21, 9)
    said = [
        message("الف", at=friday),
        message("ب", at=saturday),
        message("پ", at=saturday + timedelta(hours=2)),
    ]
    tell_clauses(store, said)

    assert native_ids(find(store, Narrowing(hour=(9,)))) == ["1", "0"]
    assert native_ids(find(store, Narrowing(weekday=(SATURDAY,)))) == ["2", "1"]
    assert native_ids(find(store, Narrowing(hour=(9, 11), weekday=(SATURDAY, FRIDAY)))) == ["2", "1", "0"]


def test_what_came_without_a_time_is_of_no_hour(store: Store) -> None:
    midnight = november(20, 0)
    tell_clauses(store, [message("الف", at=midnight), message("ب", at_arrival=True)])
    asked = replace(NOVEMBER, to=NOW + timedelta(days=1))

    assert find(store, Narrowing(), asked).n == 2
    assert find(store, Narrowing(hour=tuple(range(24))), asked).n == 0


def test_the_matching_clauses_of_an_hour_are_marked(store: Store) -> None:
    late = Clause("دیر رسید", Stage.DELIVERY, sentiment=Sentiment.NEGATIVE)
    tell_clauses(
        store, [message("خوب بود", late, at=november(20, 9)), message("خوب بود", at=november(20, 9))]
    )

    page = find(store, Narrowing(hour=(9,)), replace(NOVEMBER, stage=(Stage.DELIVERY,)))

    assert [[one.matches for one in item.mentions] for item in page.items] == [[False, True]]


@pytest.mark.parametrize(
    ("queue", "found"),
    [(("ارسال",), ["2", "1"]), (("ارسال", ""), ["4", "2", "1"]), (("",), ["4"]), (("فروش", "مالی"), ["3"])],
)
def test_messages_are_found_by_their_queue(store: Store, queue: Sequence[str], found: list[str]) -> None:
    queues = {"1": "ارسال", "2": "ارسال", "3": "مالی", "4": None}
    days = range(2, 6)
    tell(
        store,
        [
            told(number, november(day), prediction(LATE, ASKED, KIND), queue=name)
            for (number, name), day in zip(queues.items(), days, strict=True)
        ],
    )

    page = find(store, Narrowing(queue=tuple(queue)))

    assert native_ids(page) == found
    assert page.n == len(found)


@pytest.fixture
def surveyed(store: Store) -> Store:
    answers = [(10, 5.0), (9, None), (8, 2.0), (6, None), (0, 1.0), (None, 4.0)]
    tell(
        store,
        [
            *(
                told(str(number), november(number), prediction(LATE), nps=nps, csat=csat)
                for number, (nps, csat) in enumerate(answers, start=1)
            ),
            told("7", november(7), prediction(LATE), rating=Rating(2, 1, 5)),
            told("8", november(8), prediction(LATE)),
        ],
    )
    return store


@pytest.mark.parametrize(
    ("scored", "found"),
    [
        (Scored(measure=Measure.NPS), ["5", "4", "3", "2", "1"]),
        (Scored(measure=Measure.NPS, lowest=9), ["2", "1"]),
        (Scored(measure=Measure.NPS, highest=6), ["5", "4"]),
        (Scored(measure=Measure.NPS, lowest=7, highest=8), ["3"]),
        (Scored(measure=Measure.CSAT, lowest=4), ["6", "1"]),
        (Scored(measure=Measure.CES), []),
        (Scored(measure=Measure.RATING), ["7"]),
        (Scored(measure=Measure.RATING, lowest=3), []),
    ],
)
def test_messages_are_found_by_what_was_answered(surveyed: Store, scored: Scored, found: list[str]) -> None:
    assert native_ids(find(surveyed, Narrowing(scored=scored))) == found


def test_each_score_leads_to_as_many_messages_as_it_counts(surveyed: Store) -> None:
    measures = asked_and_unasked(surveyed.engine, NOVEMBER, zone=TEHRAN).asked

    assert [one.measure.value for one in measures] == ["nps", "csat", "rating"]
    for one in measures:
        asked = replace(NOVEMBER, source=one.sources)
        top = Scored(measure=one.measure, lowest=one.scale.top_from)
        assert find(surveyed, Narrowing(scored=Scored(measure=one.measure)), asked).n == one.figures.n
        assert find(surveyed, Narrowing(scored=top), asked).n == one.figures.n_top


def ticket(number: int) -> Told:
    """Return a message that was answered after as many hours as its number, but each fifth; each third is solved."""
    at = november(2, 8, 15) + timedelta(minutes=number)
    solved = number % 3 == 0
    return told(
        f"t{number}", at, prediction(LATE), queue="ارسال" if number % 2 else None, conversation_id=f"c{number}",
        status="solved" if solved else "open", replies=answered(at + timedelta(hours=number)) if number % 5 else (),
        attributes={"solved_at": (at + timedelta(days=number)).isoformat()} if solved else {},
    )  # fmt: skip


@pytest.fixture
def desk(store: Store) -> Store:
    """Twenty cases, one of which has a second message, and a comment of a source that answers nobody."""
    later = told(
        "again", november(9, 8, 15), prediction(KIND), conversation_id="c3", status="open", queue="ارسال"
    )
    comment = told("k", november(9, 8, 15), prediction(LATE), source="comments")
    tell(store, [*(ticket(number) for number in range(1, 21)), later, comment])
    return store


def of_cases(store: Store, kind: CaseKind, *, at_least_h: float = 0, **values: Any) -> FeedbackPage:
    opening = Opening(kind=kind, at_least_h=at_least_h, now=NOW)
    return find(store, Narrowing(opening=opening, **values))


@pytest.mark.parametrize("queue", [(), ("ارسال",), ("",)])
def test_each_figure_of_cases_leads_to_the_messages_that_opened_them(
    desk: Store, queue: tuple[str, ...]
) -> None:
    total = response_times(desk.engine, NOVEMBER, by=CaseCut.QUEUE, zone=TEHRAN, now=NOW, queue=queue).total

    found = {kind.value: of_cases(desk, kind, queue=queue).n for kind in CaseKind}

    assert found == {
        "any": total.n,
        "first_response": total.answer.n,
        "resolution": total.solution.n,
        "ended": total.n_ended,
        "first_contact": total.n_first_contact,
        "open": total.n_open,
    }
    assert total.n == (10 if queue else 20)


def test_the_longest_waits_are_those_of_so_many_hours_and_of_nobody_answered_yet(desk: Store) -> None:
    page = of_cases(desk, CaseKind.FIRST_RESPONSE, at_least_h=17)

    assert native_ids(page) == ["t20", "t19", "t18", "t17", "t15", "t10", "t5"]
    assert page.n == 7


def test_what_opened_a_case_is_found_page_by_page(desk: Store) -> None:
    longest = Narrowing(opening=Opening(kind=CaseKind.FIRST_RESPONSE, at_least_h=17, now=NOW))
    asked = partial(find_feedback, desk.engine, NOVEMBER, zone=TEHRAN, narrowing=longest, limit=4)

    first = asked()
    second = asked(after=first.next)

    assert (native_ids(first), native_ids(second)) == (["t20", "t19", "t18", "t17"], ["t15", "t10", "t5"])


def test_other_filters_narrow_the_cases_of_a_kind(desk: Store) -> None:
    late = Opening(kind=CaseKind.ANY, now=NOW)

    page = find(desk, Narrowing(opening=late, unresolved=True, queue=("ارسال",), hour=(8,)))

    assert native_ids(page) == ["t19", "t17", "t13", "t11", "t7", "t5", "t1"]


def test_cases_of_whole_messages_are_those_of_any_sentiment(desk: Store) -> None:
    any_case = Narrowing(opening=Opening(kind=CaseKind.ANY, now=NOW))
    mixed = replace(NOVEMBER, sentiment=(Sentiment.MIXED,))

    page = find_feedback(desk.engine, mixed, zone=TEHRAN, unit=Unit.MESSAGES, narrowing=any_case)

    assert page.n == 0
