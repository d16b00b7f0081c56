from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import jdatetime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource

TEHRAN = ZoneInfo("Asia/Tehran")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-02-28T13:05:22+03:30", "2024-02-28T09:35:22+00:00"),
        ("2024-02-28T13:05:22.5Z", "2024-02-28T13:05:22.500000+00:00"),
        ("2024-02-28T13:05Z", "2024-02-28T13:05:00+00:00"),
        ("20240228T130522Z", "2024-02-28T13:05:22+00:00"),
        ("2024-02-28 13:05:22", "2024-02-28T09:35:22+00:00"),
        ("2024/02/28", "2024-02-27T20:30:00+00:00"),
        ("20240228", "2024-02-27T20:30:00+00:00"),
        ("1709112922", "2024-02-28T09:35:22+00:00"),
        (1709112922, "2024-02-28T09:35:22+00:00"),
        (1709112922.25, "2024-02-28T09:35:22.250000+00:00"),
        ("1709112922000", "2024-02-28T09:35:22+00:00"),
        (1709112922000, "2024-02-28T09:35:22+00:00"),
        ("۱۴۰۲/۱۲/۰۹", "2024-02-27T20:30:00+00:00"),
        ("١٤٠٢/١٢/٠٩", "2024-02-27T20:30:00+00:00"),
        ("14030222", "2024-05-10T20:30:00+00:00"),
        ("1402-12-09 13:05:22", "2024-02-28T09:35:22+00:00"),
        ("۱۴۰۲/۱۲/۹ - ۱۳:۰۵", "2024-02-28T09:35:00+00:00"),
        ("13:05 1402/12/09", "2024-02-28T09:35:00+00:00"),
        ("1403/12/30", "2025-03-19T20:30:00+00:00"),
        ("23 شهریور 1402", "2023-09-13T20:30:00+00:00"),
        ("سه‌شنبه ۲۳ شهریور ۱۴۰۲ ساعت ۱۴:۰۵", "2023-09-14T10:35:00+00:00"),
        ("۲۳ شهريور ماه ۱۴۰۲", "2023-09-13T20:30:00+00:00"),
        ("5 مارس 2024", "2024-03-04T20:30:00+00:00"),
        (datetime(2024, 2, 28, 13, 5), "2024-02-28T09:35:00+00:00"),  # noqa: DTZ001 - as Excel has them
        (date(2024, 2, 28), "2024-02-27T20:30:00+00:00"),
    ],
)
def test_a_date_is_read_as_it_comes(value: object, expected: str) -> None:
    assert parse_date(value, zone=TEHRAN, now=NOW).isoformat() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2022-03-22 00:00", "2022-03-21T20:30:00+00:00"),
        ("1401/01/02", "2022-03-21T20:30:00+00:00"),
        ("2022-03-22 01:00", "2022-03-21T20:30:00+00:00"),
        ("2022-03-21", "2022-03-20T20:30:00+00:00"),
        ("2022-03-23", "2022-03-22T19:30:00+00:00"),
        ("2022-09-21 23:30", "2022-09-21T19:00:00+00:00"),
        ("2022-09-22", "2022-09-21T20:30:00+00:00"),
        ("2023-03-22", "2023-03-21T20:30:00+00:00"),
    ],
)
def test_a_midnight_that_daylight_saving_skips_is_the_first_moment_after_it(
    value: str, expected: str
) -> None:
    assert parse_date(value, zone=TEHRAN, now=NOW).isoformat() == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("شهریور ۱۴۰۲", "shape 'x 9999'"),
        ("28/02/2024", "shape '99/99/9999'"),
        ("02/12/09", "known formats"),
        ("به‌زودی", "shape"),
        ("170911292", "known formats"),
        ("", "known formats"),
        ("1402/12/30", "'1402/12/30' does not exist"),
        ("2023-02-29", "does not exist"),
        ("1402/13/01", "does not exist"),
        ("1250/01/01", "Jalali years 1300 to 1499"),
        ("31 مهر 1402", "does not exist"),
        ("5 مارس 1402", "different calendars"),
        ("2024-02-28 25:00", "expected 00:00:00 to 23:59:59"),
        ("2024-02-28T13:05+99:99", "time of"),
        (None, "NoneType"),
        (True, "bool"),
        (float("nan"), "known formats"),
        (10**40, "known formats"),
    ],
)
def test_a_date_that_cannot_be_is_refused_with_words(value: object, words: str) -> None:
    with pytest.raises(SkipRecord) as refused:
        parse_date(value, zone=TEHRAN, now=NOW)

    assert words in str(refused.value)


def test_what_stands_in_place_of_a_date_is_not_repeated() -> None:
    with pytest.raises(SkipRecord) as refused:
        parse_date("شمارهٔ من 09121234567 است", zone=TEHRAN, now=NOW)

    assert "09121234567" not in str(refused.value)
    assert "است" not in str(refused.value)


def test_a_date_without_a_zone_names_the_setting() -> None:
    with pytest.raises(StopSource, match="set zone"):
        parse_date("2024-02-28", zone=None, now=NOW)


def test_a_date_with_its_own_zone_needs_no_setting() -> None:
    moment = parse_date("2024-02-28T00:00:00+00:00", zone=None, now=NOW)

    assert moment == datetime(2024, 2, 28, tzinfo=UTC)


def test_five_minutes_of_a_wrong_clock_are_no_future() -> None:
    at_the_edge = NOW + timedelta(minutes=5)

    assert parse_date(at_the_edge, zone=None, now=NOW) == at_the_edge
    with pytest.raises(SkipRecord, match="2026-11-21 12:05 UTC lies in the future"):
        parse_date(at_the_edge + timedelta(seconds=1), zone=None, now=NOW)


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(1925, 1, 1), date(2026, 11, 20)),
    st.sampled_from(["{}/{:02}/{:02}", "{}{:02}{:02}", "{}-{}-{}"]),
)
def test_a_day_is_the_same_in_both_calendars(day: date, pattern: str) -> None:
    jalali = jdatetime.date.fromgregorian(date=day)

    read = {
        parse_date(pattern.format(*parts), zone=TEHRAN, now=NOW)
        for parts in ((day.year, day.month, day.day), (jalali.year, jalali.month, jalali.day))
    }

    assert len(read) == 1
    assert read.pop().astimezone(TEHRAN).date() == day


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"[0-9/:\- .T+]{1,30}", fullmatch=True))
)
def test_any_value_is_a_moment_or_a_refusal(value: object) -> None:
    try:
        moment = parse_date(value, zone=TEHRAN, now=NOW)
    except SkipRecord:
        return

    assert moment.tzinfo is UTC
    assert moment <= NOW + timedelta(minutes=5)
