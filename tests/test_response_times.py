"""Waits, solutions and contacts of cases, counted by hand; figures on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from models.labels import Stage
from pipeline.cases import Case, LeftOut, Message, Outcome, count_contacts, is_bare_date, read_case
from pipeline.records import Channel, Role
from pipeline.response_times import CaseCut, CaseFigures, ResponseTimes, response_times
from pipeline.selection import Selection
from pipeline.store import Store
from pipeline.waiting import Quantile, Wait
from tests.api_feedback import ASKED, KIND, LATE, NOW, TEHRAN
from tests.builders import prediction
from tests.told import answered, november, tell, told

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
START = november(2, 10, 15)


def message(at: datetime = START, *answers: datetime, **values: object) -> Message:
    fields: dict[str, object] = {
        "id": 1,
        "is_arrival": False,
        "channel": Channel.TICKET,
        "status": None,
        "attributes": {},
    }
    return Message(at=at, answers=answers, **(fields | values))  # type: ignore[arg-type]


def case_of(*messages: Message) -> Case:
    return read_case(messages, known_until=november(12, 10, 15), now=NOW, zone=TEHRAN)


def after(**past: float) -> datetime:
    return START + timedelta(**past)


def test_the_first_answer_is_the_earliest_of_all_messages() -> None:
    case = case_of(message(after(hours=1), after(hours=5), id=2), message(START, after(hours=3)))

    assert case.answer == Wait(3.0, is_over=True)


def test_who_was_not_answered_waits_until_the_source_is_known() -> None:
    assert case_of(message()).answer == Wait(240.0, is_over=False)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (message(START, november(3, 0)), LeftOut.DATE_ONLY),
        (message(START, november(2, 0)), LeftOut.DATE_ONLY),
        (message(START, datetime(2026, 11, 3, tzinfo=TEHRAN) + timedelta(hours=3, minutes=30)), LeftOut.DATE_ONLY),
        (message(november(2, 0), november(2, 4)), LeftOut.DATE_ONLY),
        (message(START, after(hours=-2)), LeftOut.BEFORE),
        (message(after(seconds=7), after(seconds=7)), LeftOut.BEFORE),
        (message(START, after(hours=2), is_arrival=True), LeftOut.NOT_TOLD),
    ],
)  # fmt: skip
def test_times_that_tell_no_hours_are_left_out_with_the_reason(one: Message, why: LeftOut) -> None:
    assert case_of(one).answer == why


def test_an_answer_of_the_same_minute_is_half_a_minute_later() -> None:
    assert case_of(message(START, START)).answer == Wait(30 / 3600, is_over=True)


def test_a_midnight_that_a_change_of_the_clocks_leaves_out_is_a_bare_date() -> None:
    first_of_day = datetime(2022, 3, 22, 1, 0, tzinfo=TEHRAN)

    assert is_bare_date(first_of_day, TEHRAN)
    assert not is_bare_date(first_of_day + timedelta(minutes=1), TEHRAN)


def test_a_solution_has_its_time_in_an_attribute_also_in_jalali() -> None:
    case = case_of(
        message(status="open"),
        message(after(hours=1), id=2, status="solved", attributes={"resolved_at": "۱۴۰۵/۰۸/۱۲ ۱۰:۱۵"}),
    )

    assert (case.solution, case.outcome) == (Wait(24.0, is_over=True), Outcome.SOLVED)


@pytest.mark.parametrize(
    ("status", "attributes", "solution", "outcome"),
    [
        ("closed", {}, LeftOut.NOT_TOLD, Outcome.SOLVED),
        ("closed", {"closed_at": "قدیم"}, LeftOut.NOT_TOLD, Outcome.SOLVED),
        ("closed", {"closed_at": "1405/08/12"}, LeftOut.DATE_ONLY, Outcome.SOLVED),
        (None, {"solved_at": "2026-11-02T11:15:00+03:30"}, Wait(1.0, is_over=True), Outcome.SOLVED),
        ("Open", {"solved_at": "2026-11-02T11:15:00+03:30"}, Wait(240.0, is_over=False), Outcome.OPEN),
        ("unsolved", {}, Wait(240.0, is_over=False), Outcome.GIVEN_UP),
        ("approved", {}, LeftOut.NOT_TOLD, Outcome.UNKNOWN),
    ],
)
def test_a_case_is_solved_as_its_source_says(
    status: str | None, attributes: dict[str, str], solution: object, outcome: Outcome
) -> None:
    case = case_of(message(status=status, attributes=attributes))

    assert (case.solution, case.outcome) == (solution, outcome)


@pytest.mark.parametrize(
    ("channel", "minutes", "answers", "n"),
    [
        (Channel.TICKET, [0], [60], 1),
        (Channel.TICKET, [0, 30], [60], 1),
        (Channel.TICKET, [0, 90], [60], 2),
        (Channel.TICKET, [0, 90, 95], [60], 2),
        (Channel.TICKET, [0, 90, 300], [60, 200], 3),
        (Channel.CHAT, [0, 5, 10], [4, 8], 1),
        (Channel.CHAT, [0, 100], [50], 1),
        (Channel.CHAT, [0, 100], [30], 2),
    ],
)
def test_a_customer_who_comes_back_is_another_contact(
    channel: Channel, minutes: list[int], answers: list[int], n: int
) -> None:
    said = [message(after(minutes=one), channel=channel) for one in minutes]

    assert count_contacts(said, [after(minutes=one) for one in answers]) == n


# t1: answered after 2 h, solved after 5 h, one contact. t2: answered after 4 h, came back, closed without a time.
# t3: not answered, open. c1: a chat, answered after a minute, given up. r1: a review of a source without answers.
# d1: answered on a bare date. t0 began in October.
SAID = [
    told("1", november(2, 10), prediction(LATE), conversation_id="t1", queue="ارسال", status="solved",
         replies=answered(november(2, 12)), attributes={"solved_at": "2026-11-02T15:00:00+03:30"}),
    told("2", november(3, 10), prediction(LATE, KIND), conversation_id="t2", queue="مالی", status="open",
         replies=answered(november(3, 14))),
    told("3", november(4, 10), prediction(KIND), conversation_id="t2", queue="مالی", status="closed"),
    told("4", november(5, 10), prediction(ASKED), conversation_id="t3", queue="ارسال", status="open"),
    told("5", november(6, 10), prediction(LATE), conversation_id="c1", channel=Channel.CHAT, status="abandoned",
         replies=(*answered(november(6, 10), role=Role.BOT), *answered(november(6, 10, 1)))),
    told("6", november(7, 10), prediction(LATE), source="reviews"),
    told("7", november(8, 10), prediction(KIND), conversation_id="d1", replies=answered(november(9, 0))),
    told("8", datetime(2026, 10, 31, 20, tzinfo=TEHRAN), prediction(LATE), conversation_id="t0"),
    told("9", november(1, 10), prediction(LATE), conversation_id="t0", replies=answered(november(1, 11))),
]  # fmt: skip


@pytest.fixture
def desk(store: Store) -> Store:
    tell(store, SAID)
    return store


def found(
    store: Store, by: CaseCut = CaseCut.QUEUE, selection: Selection = NOVEMBER, **asked: object
) -> ResponseTimes:
    return response_times(store.engine, selection, by=by, zone=TEHRAN, now=NOW, **asked)  # type: ignore[arg-type]


def shown(figures: CaseFigures) -> tuple[object, ...]:
    return figures.value, figures.n, figures.answer.n, figures.answer.n_waiting, figures.answer.median.value


def test_cases_count_where_their_first_message_is_and_other_sources_are_told_apart(desk: Store) -> None:
    answer = found(desk)

    assert (answer.total.n, answer.basis.n, answer.n_without_answers) == (5, 5, 1)
    assert answer.total.answer.n_left_out == {LeftOut.DATE_ONLY: 1}
    assert shown(answer.total) == (None, 5, 4, 1, 2.0)


def test_cases_are_told_apart_by_queue(desk: Store) -> None:
    assert [shown(one) for one in found(desk).groups] == [
        (None, 2, 1, 0, 1 / 60),
        ("ارسال", 2, 2, 1, 2.0),
        ("مالی", 1, 1, 0, 4.0),
    ]


def test_a_case_is_in_each_stage_of_its_first_message(desk: Store) -> None:
    assert [(one.value, one.n) for one in found(desk, CaseCut.STAGE).groups] == [
        ("delivery", 4),
        ("support", 2),
    ]


def test_solutions_and_first_contacts_are_counted_of_cases_that_ended(desk: Store) -> None:
    total = found(desk).total

    assert (total.n_ended, total.n_open, total.n_first_contact) == (3, 1, 1)
    assert total.first_contact is not None
    assert total.first_contact.value == pytest.approx(1 / 3)
    assert (total.solution.n, total.solution.n_waiting) == (3, 2)
    assert total.solution.median == Quantile(None, 5.0, None)
    assert total.solution.n_left_out == {LeftOut.NOT_TOLD: 2}


def test_filters_speak_of_the_first_message(desk: Store) -> None:
    support = found(desk, CaseCut.SOURCE, replace(NOVEMBER, stage=(Stage.SUPPORT,)))

    assert [(one.value, one.n) for one in support.groups] == [("shop", 2)]
    assert found(desk, queue=("مالی",)).total.n == 1
    assert found(desk, queue=("",)).total.n == 2


def test_where_nobody_answers_there_are_no_cases(store: Store) -> None:
    tell(store, SAID[5:6])

    answer = found(store)

    assert (answer.total.n, answer.groups, answer.n_without_answers) == (0, (), 1)
    assert answer.total.answer.median == Quantile(None, None, None)


def test_a_source_that_tells_dates_only_gives_no_hours(store: Store) -> None:
    comments = [
        told(str(day), november(day, 18, 7), prediction(LATE), replies=answered(november(day + shift, 0)))
        for day, shift in ((3, 0), (4, 1), (5, 2))
    ]
    tell(store, [*comments, told("6", november(6, 18, 7), prediction(LATE))])

    total = found(store).total

    assert (total.n, total.answer.n, total.answer.n_left_out) == (4, 0, {LeftOut.DATE_ONLY: 4})


def test_a_source_that_does_not_tell_when_it_solved_gives_no_times_of_solutions(store: Store) -> None:
    chats = [
        told(str(day), november(day, 10), prediction(LATE), conversation_id=f"c{day}", status=status,
             replies=answered(november(day, 11)))
        for day, status in ((3, "solved"), (4, "solved"), (5, "unsolved"), (6, "open"))
    ]  # fmt: skip
    tell(store, chats)

    total = found(store).total

    assert (total.solution.n, total.solution.n_left_out) == (0, {LeftOut.NOT_TOLD: 4})
    assert (total.n_ended, total.n_first_contact, total.answer.median.value) == (3, 2, 1.0)
