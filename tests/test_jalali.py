"""Days, months and buckets of the business zone, checked against the calendar and the clocks of Tehran."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from pipeline.jalali import (
    BucketName,
    CalendarName,
    buckets,
    day_start,
    format_jalali,
    format_jalali_words,
    from_jalali,
    jalali_month_start,
    local_day,
    month_start,
    to_jalali,
    week_start,
)

TEHRAN = ZoneInfo("Asia/Tehran")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2024, 3, 19), (1402, 12, 29)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2026, 11, 21), (1405, 8, 30)),
        (date(1979, 2, 11), (1357, 11, 22)),
    ],
)
def test_a_day_has_its_jalali_date(day: date, expected: tuple[int, int, int]) -> None:
    assert to_jalali(day) == expected
    assert from_jalali(*expected) == day


@settings(max_examples=300)
@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_two_independent_calendars_agree(day: date) -> None:
    other = JalaliDate(day)

    assert to_jalali(day) == (other.year, other.month, other.day)
    assert jalali_month_start(day) == JalaliDate(other.year, other.month, 1).to_gregorian()
    assert week_start(day).strftime("%A") == "Saturday"
    assert timedelta(0) <= day - week_start(day) < timedelta(days=7)


def test_the_thirtieth_of_esfand_is_only_in_leap_years() -> None:
    with pytest.raises(ValueError, match="day"):
        from_jalali(1402, 12, 30)


def test_days_are_written_as_people_do() -> None:
    day = date(2023, 9, 14)

    assert format_jalali(day) == "1402-06-23"
    assert format_jalali(day, persian_digits=True) == "۱۴۰۲-۰۶-۲۳"
    assert format_jalali_words(day) == "۲۳ شهریور ۱۴۰۲"
    assert month_start(day) == date(2023, 9, 1)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (utc(2024, 3, 19, 20, 29, 59), date(2024, 3, 19)),
        (utc(2024, 3, 19, 20, 30), date(2024, 3, 20)),
        (utc(2021, 3, 21, 20, 29, 59), date(2021, 3, 21)),
        (utc(2021, 3, 21, 20, 30), date(2021, 3, 22)),
        (utc(2021, 9, 21, 20, 29, 59), date(2021, 9, 21)),
        (utc(2021, 9, 21, 20, 30), date(2021, 9, 22)),
    ],
)
def test_a_moment_belongs_to_a_day_of_tehran(moment: datetime, expected: date) -> None:
    assert local_day(moment, TEHRAN) == expected


@pytest.mark.parametrize(
    ("day", "begins", "n_hours"),
    [
        (date(2021, 3, 21), utc(2021, 3, 20, 20, 30), 24),
        (date(2021, 3, 22), utc(2021, 3, 21, 20, 30), 23),
        (date(2021, 9, 21), utc(2021, 9, 20, 19, 30), 25),
        (date(2021, 9, 22), utc(2021, 9, 21, 20, 30), 24),
        (date(2024, 3, 20), utc(2024, 3, 19, 20, 30), 24),
    ],
)
def test_days_of_the_clock_change_have_their_own_length(day: date, begins: datetime, n_hours: int) -> None:
    end = begins + timedelta(hours=n_hours)

    assert day_start(day, TEHRAN) == begins
    assert day_start(day + timedelta(days=1), TEHRAN) == end
    assert len(buckets(begins, end, "hour", "gregorian", TEHRAN)) == n_hours


def test_the_day_without_midnight_begins_at_one() -> None:
    first, *_ = buckets(utc(2021, 3, 21, 20, 30), utc(2021, 3, 21, 23), "hour", "gregorian", TEHRAN)

    assert (first.label, first.start) == ("2021-03-22T01:00", utc(2021, 3, 21, 20, 30))


def test_months_begin_on_the_first_of_their_calendar() -> None:
    start, end = utc(2024, 3, 1), utc(2024, 4, 25)

    jalali = buckets(start, end, "month", "jalali", TEHRAN)
    gregorian = buckets(start, end, "month", "gregorian", TEHRAN)

    assert [(one.label, one.local_date) for one in jalali] == [
        ("1402-12", date(2024, 2, 20)),
        ("1403-01", date(2024, 3, 20)),
        ("1403-02", date(2024, 4, 20)),
    ]
    assert [(one.label, one.local_date) for one in gregorian] == [
        ("2024-03", date(2024, 3, 1)),
        ("2024-04", date(2024, 4, 1)),
    ]


@pytest.mark.parametrize(("calendar", "label"), [("gregorian", "2026-11-14"), ("jalali", "1405-08-23")])
def test_a_week_is_named_by_its_saturday(calendar: CalendarName, label: str) -> None:
    (week,) = buckets(utc(2026, 11, 17), utc(2026, 11, 18), "week", calendar, TEHRAN)

    assert (week.label, week.start, week.end) == (label, utc(2026, 11, 13, 20, 30), utc(2026, 11, 20, 20, 30))


def test_the_end_is_exclusive() -> None:
    days = buckets(utc(2024, 3, 18, 20, 30), utc(2024, 3, 19, 20, 30), "day", "gregorian", TEHRAN)

    assert [day.label for day in days] == ["2024-03-19"]
    assert buckets(utc(2024, 3, 19), utc(2024, 3, 19), "day", "gregorian", TEHRAN) == []


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001
    st.integers(1, 24 * 40),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(["gregorian", "jalali"]),
)
def test_buckets_cover_the_time_without_gap_or_overlap(
    naive: datetime, n_hours: int, bucket: BucketName, calendar: CalendarName
) -> None:
    start = naive.replace(tzinfo=UTC)
    end = start + timedelta(hours=n_hours)

    cut = buckets(start, end, bucket, calendar, TEHRAN)

    assert cut[0].start <= start < cut[0].end
    assert cut[-1].start < end <= cut[-1].end
    assert all(one.end == following.start for one, following in pairwise(cut))
