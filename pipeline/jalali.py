"""Days, weeks and months of the business time zone, in the Gregorian and the Jalali calendar.

Calendar arithmetic is jdatetime's, which the field uses; what is here is the cutting of time into buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import jdatetime

BucketName = Literal["hour", "day", "week", "month"]
CalendarName = Literal["gregorian", "jalali"]
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """One stretch of an answer: ``start`` inclusive, ``end`` exclusive, both aware UTC.

    ``label`` is an ISO-like date (``2026-11``, ``1405-08-30``, ``2026-11-21T14:00``) in the calendar that was
    asked for; ``local_date`` the first day in the business zone.
    """

    start: datetime
    end: datetime
    label: str
    local_date: date


@lru_cache(maxsize=65_536)
def to_jalali(day: date) -> tuple[int, int, int]:
    """Return year, month and day in the Jalali calendar.

    >>> to_jalali(date(2024, 3, 20))
    (1403, 1, 1)
    """
    jalali = jdatetime.date.fromgregorian(date=day)
    return jalali.year, jalali.month, jalali.day


def from_jalali(year: int, month: int, day: int) -> date:
    """Return the Gregorian date.

    Raises:
        ValueError: There is no such day.

    >>> from_jalali(1403, 1, 1)
    datetime.date(2024, 3, 20)
    """
    gregorian: date = jdatetime.date(year, month, day).togregorian()
    return gregorian


def month_start(day: date) -> date:
    """Return the first day of the Gregorian month."""
    return day.replace(day=1)


@lru_cache(maxsize=65_536)
def jalali_month_start(day: date) -> date:
    """Return the first day of the Jalali month.

    >>> jalali_month_start(date(2024, 4, 19))
    datetime.date(2024, 3, 20)
    """
    return day - timedelta(days=to_jalali(day)[2] - 1)


def week_start(day: date) -> date:
    """Return the Saturday on or before a day.

    >>> week_start(date(2026, 11, 20))
    datetime.date(2026, 11, 14)
    """
    return day - timedelta(days=(day.weekday() + 2) % 7)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of the business zone that an aware time falls on."""
    return moment.astimezone(zone).date()


def format_jalali(day: date, *, persian_digits: bool = False) -> str:
    """Return the day as ``1403-01-01``.

    >>> format_jalali(date(2024, 3, 20), persian_digits=True)
    '۱۴۰۳-۰۱-۰۱'
    """
    year, month, day_of_month = to_jalali(day)
    text = f"{year:04d}-{month:02d}-{day_of_month:02d}"
    return text.translate(PERSIAN_DIGITS) if persian_digits else text


def format_jalali_words(day: date) -> str:
    """Return the day as people write it.

    >>> format_jalali_words(date(2023, 9, 14))
    '۲۳ شهریور ۱۴۰۲'
    """
    year, month, day_of_month = to_jalali(day)
    return f"{day_of_month} {MONTHS[month - 1]} {year}".translate(PERSIAN_DIGITS)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which a day begins.

    A midnight that a change of the clocks leaves out (Tehran until 2022) is the moment of the change.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def buckets(
    start: datetime, end: datetime, bucket: BucketName, calendar: CalendarName, zone: ZoneInfo
) -> list[Bucket]:
    """Return the whole buckets that cover the time from ``start`` to ``end``, in order and without a gap.

    Args:
        start: Aware; the bucket that holds it is the first.
        end: Aware, exclusive.
        bucket: Hours are counted on from midnight, so that a day of 23 or 25 hours has as many; weeks
            begin on Saturday in both calendars.
    """
    if start >= end:
        return []
    if bucket == "hour":
        return _hours(start, end, calendar, zone)
    cut: list[Bucket] = []
    first = _first_day(local_day(start, zone), bucket, calendar)
    while (begins := day_start(first, zone)) < end:
        following = _next(first, bucket, calendar)
        cut.append(Bucket(begins, day_start(following, zone), _label(first, bucket, calendar), first))
        first = following
    return cut


def _hours(start: datetime, end: datetime, calendar: CalendarName, zone: ZoneInfo) -> list[Bucket]:
    cut: list[Bucket] = []
    day = local_day(start, zone)
    hour = timedelta(hours=1)
    while (moment := day_start(day, zone)) < end:
        midnight = day_start(day + timedelta(days=1), zone)
        while moment < midnight:
            following = min(moment + hour, midnight)
            if following > start and moment < end:
                label = f"{_label(day, 'day', calendar)}T{moment.astimezone(zone):%H:%M}"
                cut.append(Bucket(moment, following, label, day))
            moment = following
        day += timedelta(days=1)
    return cut


def _first_day(day: date, bucket: BucketName, calendar: CalendarName) -> date:
    if bucket == "week":
        return week_start(day)
    if bucket == "month":
        return jalali_month_start(day) if calendar == "jalali" else month_start(day)
    return day


def _next(day: date, bucket: BucketName, calendar: CalendarName) -> date:
    if bucket == "month":
        return _first_day(day + timedelta(days=32), bucket, calendar)
    return day + timedelta(days=7 if bucket == "week" else 1)


def _label(day: date, bucket: BucketName, calendar: CalendarName) -> str:
    text = format_jalali(day) if calendar == "jalali" else day.isoformat()
    return text[:7] if bucket == "month" else text
