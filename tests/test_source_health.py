"""How sources are judged, over real stores: fine, failing, silent, never run, switched off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from pipeline.connectors import CONNECTORS
from pipeline.connectors.http_source import HttpConnector
from pipeline.records import DeadLetter, SaveCounts
from pipeline.silence import expect_hours, is_silent
from pipeline.source_health import Health, judge
from pipeline.source_log import FILE_KINDS
from pipeline.store import Store
from tests.builders import NOON, clean_feedback

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# a Monday
START = datetime.fromisoformat("2026-09-28T00:00:00+00:00")


def office_hours(n_weeks: int) -> list[datetime]:
    """Monday to Friday, nine to five."""
    return [
        START + week * 7 * DAY + day * DAY + hour * HOUR
        for week in range(n_weeks)
        for day in range(5)
        for hour in range(9, 17)
    ]


def store_messages(store: Store, moments: Iterable[datetime], *, connector: str = "zendesk") -> None:
    items = [clean_feedback(str(number), created_at=moment) for number, moment in enumerate(moments)]
    store.note_start("shop", connector, now=NOON)
    store.save_page("shop", connector, items, [], None, now=NOON)
    store.note_success("shop", connector, now=NOON)


def health(store: Store, now: datetime) -> Health:
    (state,) = store.sources()
    return judge(state, now=now).health


@pytest.mark.parametrize(
    ("hours", "passed", "silent"),
    [
        (office_hours(6), 3 * DAY, False),
        (office_hours(6), 3 * DAY + 15 * HOUR, False),
        (office_hours(6), 3 * DAY + 25 * HOUR, True),
        (office_hours(6)[:-12], 30 * HOUR, True),
        ([START + n * HOUR for n in range(21 * 24)], 24 * HOUR, False),
        ([START + n * HOUR for n in range(21 * 24)], 25 * HOUR, True),
        ([START + n * 7 * DAY for n in range(9)], 63 * DAY, False),
        ([START + n * 7 * DAY for n in range(9)], 71 * DAY, True),
        ([START + n * DAY for n in range(7)], 300 * DAY, False),
        ([START + n * HOUR for n in range(9)], 300 * DAY, False),
        ([], DAY, False),
    ],
    ids=[
        "weekend",
        "a Monday off after a weekend",
        "a Monday and a Tuesday",
        "an afternoon and a Friday",
        "round the clock: 24 hours since the newest hour began",
        "round the clock: 25 hours",
        "weekly: nine weeks",
        "weekly: ten weeks",
        "too few hours to judge",
        "an import of one day",
        "nothing ever",
    ],
)
def test_a_source_is_silent_when_its_own_rhythm_says_that_something_is_missing(
    hours: list[datetime], passed: timedelta, silent: bool
) -> None:
    newest = hours[-1] if hours else START

    assert is_silent(hours, now=newest + passed) == silent


def test_expected_hours_are_those_of_the_week_counted_by_hand() -> None:
    hours = office_hours(6)
    monday_noon = hours[-1] + 3 * DAY - 4 * HOUR

    assert expect_hours(hours, now=monday_noon) == 3.0
    assert expect_hours(hours, now=monday_noon + 7 * DAY) == 43.0


@pytest.mark.parametrize(
    ("after", "expected"), [(DAY, Health.OK), (3 * DAY, Health.OK), (8 * DAY, Health.SILENT)]
)
def test_a_source_that_used_to_bring_messages_and_stops_is_silent(
    store: Store, after: timedelta, expected: Health
) -> None:
    moments = office_hours(6)
    store_messages(store, moments)

    assert health(store, moments[-1] + after) == expected


def test_silence_is_told_in_words(store: Store) -> None:
    moments = office_hours(6)
    store_messages(store, moments)

    (state,) = store.sources()
    judged = judge(state, now=moments[-1] + 14 * DAY)

    assert judged.reason.startswith("nothing new since 2026-11-06 16:00 UTC, while")
    assert "79 hours should have brought something" in judged.reason
    assert judged.lag == 14 * DAY


def test_an_old_file_that_was_imported_once_is_not_called_silent(store: Store) -> None:
    store_messages(store, office_hours(6), connector="table_file")

    assert health(store, NOON + 90 * DAY) == Health.OK


def test_a_file_that_grew_daily_and_stops_growing_is_silent(store: Store) -> None:
    for number in range(20):
        written = clean_feedback(str(number), created_at=START)
        store.save_page("shop", "table_file", [written], [], None, now=NOON + number * DAY)

    assert [health(store, NOON + n * DAY) for n in (20, 25, 32)] == [Health.OK, Health.OK, Health.SILENT]


def test_messages_that_were_read_before_do_not_end_a_silence(store: Store) -> None:
    moments = office_hours(6)
    store_messages(store, moments)
    store_messages(store, moments)

    assert health(store, moments[-1] + 8 * DAY) == Health.SILENT


def test_a_new_message_ends_a_silence(store: Store) -> None:
    moments = office_hours(6)
    store_messages(store, moments)
    late = moments[-1] + 8 * DAY
    store.save_page("shop", "zendesk", [clean_feedback("new", created_at=late)], [], None, now=late)

    assert health(store, late + HOUR) == Health.OK


def test_connectors_that_read_files_are_known_by_their_names() -> None:
    reading_files = {
        kind
        for kind, connector in CONNECTORS.items()
        if "path" in connector.model_fields and not issubclass(connector, HttpConnector)
    }

    assert {kind for kind in CONNECTORS if kind.endswith(FILE_KINDS)} == reading_files


def test_a_source_that_is_only_described_never_ran(store: Store) -> None:
    store.register_source("shop", "zendesk")

    (state,) = store.sources()
    judged = judge(state, now=NOON)

    assert (judged.health, judged.lag, judged.since_success) == (Health.NEVER_RAN, None, None)
    assert "bazkhord run" in judged.reason


def test_a_source_that_is_switched_off_says_so_and_nothing_else(store: Store) -> None:
    store.note_error("shop", "zendesk", "HTTP 401", now=NOON)
    store.register_source("shop", "zendesk", enabled=False)

    assert health(store, NOON) == Health.DISABLED

    store.register_source("shop", "zendesk", enabled=True)
    assert health(store, NOON) == Health.FAILING


def test_a_failing_source_says_why_and_when_it_is_tried_next(store: Store) -> None:
    store.note_error("shop", "zendesk", "HTTP 401; check the token", now=NOON, next_run_at=NOON + HOUR)

    (state,) = store.sources()
    judged = judge(state, now=NOON)

    assert judged.health == Health.FAILING
    assert judged.reason == "HTTP 401; check the token; next try at 2026-11-21 13:00 UTC"


def test_failures_in_a_row_are_counted_until_one_run_succeeds(store: Store) -> None:
    counted = []
    for failed in (True, True, False, True):
        note = store.note_error if failed else store.note_success
        note("shop", "zendesk", *(["away"] if failed else []), now=NOON)  # type: ignore[call-arg]
        counted.append(store.next_run("shop")[1])

    assert counted == [1, 2, 0, 1]


def test_the_last_run_is_counted_apart_from_all(store: Store) -> None:
    letter = DeadLetter("shop", "row 3", None, "no date; give one", "a" * 64)
    for _ in range(2):
        store.note_start("shop", "zendesk", now=NOON)
        store.save_page("shop", "zendesk", [clean_feedback("1")], [letter], None, now=NOON)
        store.save_page("shop", "zendesk", [clean_feedback("1"), clean_feedback("2")], [], None, now=NOON)

    (state,) = store.sources()

    assert state.last_run == SaveCounts(n_duplicate=3, n_dead=1)
    assert (state.n_new, state.n_duplicate, state.n_dead_letters) == (2, 4, 1)


def test_the_lag_is_the_age_of_the_newest_message(store: Store) -> None:
    store_messages(store, [NOON - 3 * HOUR, NOON - 5 * HOUR])

    (state,) = store.sources()
    judged = judge(state, now=NOON + HOUR)

    assert (judged.lag, judged.since_success) == (4 * HOUR, HOUR)


def test_a_planned_run_is_on_record_and_a_later_note_without_one_leaves_it(store: Store) -> None:
    store.register_source("shop", "zendesk")
    store.plan_run("shop", NOON + HOUR)
    store.note_start("shop", "zendesk", now=NOON)

    assert store.next_run("shop") == (NOON + HOUR, 0)
    assert store.next_run("unknown") == (None, 0)
