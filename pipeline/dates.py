"""Reads the dates that sources give: ISO 8601, epoch, Gregorian or Jalali, in digits or in words.

Jalali days are converted by jdatetime: it agrees with persiantools on every year from 1200 to 1502, and
its lower speed (65,000 days a second against 177,000) does not matter behind a cache.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import jdatetime

from pipeline.errors import SkipRecord, StopSource

JALALI_YEARS = range(1300, 1500)
GREGORIAN_YEARS = range(1900, 2200)
TOLERATED_CLOCK_ERROR = timedelta(minutes=5)
FORMATS = (
    "2024-02-28T13:05:22+03:30, 2024/02/28 13:05, ۱۴۰۲/۱۲/۰۹, 14021209, 23 شهریور 1402, "
    "1709112922 (epoch seconds, or milliseconds)"
)

_JALALI_MONTHS = [
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
]  # fmt: skip
_GREGORIAN_MONTHS = {
    "ژانویه": 1, "فوریه": 2, "مارس": 3, "آوریل": 4, "مه": 5, "می": 5, "ژوئن": 6, "ژوئیه": 7, "جولای": 7,
    "اوت": 8, "آگوست": 8, "سپتامبر": 9, "اکتبر": 10, "نوامبر": 11, "دسامبر": 12,
}  # fmt: skip
_MONTHS = {name: number for number, name in enumerate(_JALALI_MONTHS, 1)} | _GREGORIAN_MONTHS
_ASCII = str.maketrans(
    "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩يك", "01234567890123456789یک", "\u200e\u200f\u202a\u202b\u202c\ufeff"
)

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_OFFSET = r"(?:\s?(?P<offset>Z|UTC|[+-]\d{2}:?\d{2}))?"
_IN_DIGITS = re.compile(
    rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})"
    rf"(?:(?:T|[\s,،]\s*|\s*ساعت\s*|\s*[-–]\s*){_TIME}{_OFFSET})?"
)
_CLOCK_FIRST = re.compile(
    rf"{_TIME}(?:\s*[-–,،]\s*|\s+)(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\6(?P<day>\d{{1,2}})"
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    rf"(?:T?(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}}){_OFFSET})?"
)
_IN_WORDS = re.compile(
    r"(?:(?:شنبه|(?:یک|دو|سه|چهار|پنج)[\s\u200c]?شنبه|جمعه)[،,]?\s+)?"
    rf"(?P<day>\d{{1,2}})\s+(?:ام\s+)?(?P<name>{'|'.join(_MONTHS)})(?:\s+ماه)?[،,]?\s+(?P<year>\d{{4}})"
    rf"(?:(?:[،,]\s*|\s*[-–]\s*|\s+)(?:ساعت\s*)?{_TIME})?"
)
_USUAL = re.compile(r"(?:19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_EPOCH = re.compile(r"\d{10}(?:\.\d{1,9})?|\d{13}")


def parse_date(value: object, *, zone: ZoneInfo | None, now: datetime) -> datetime:
    """The moment that ``value`` means, as aware UTC.

    Jalali and Gregorian years are told apart by their range (1300 to 1499, 1900 to 2199). A moment that
    a clock change skips (midnight of 1 Farvardin in Tehran until 2022) becomes the first one after it;
    one that a clock change repeats is taken as the earlier.

    >>> tehran = ZoneInfo("Asia/Tehran")
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> parse_date("23 شهریور 1402", zone=tehran, now=now).isoformat()
    '2023-09-13T20:30:00+00:00'
    >>> parse_date("۱۴۰۲/۱۲/۰۹ ۱۳:۰۵", zone=tehran, now=now).isoformat()
    '2024-02-28T09:35:00+00:00'

    Args:
        value: Text, an epoch number (seconds or milliseconds), a ``datetime`` or a ``date``.
        zone: Zone of values that name none; ``None``: every value has to name its own.
        now: The present, aware; a value more than 5 minutes after it is refused.

    Raises:
        SkipRecord: The value is in no known format, does not exist in its calendar or lies in the future.
        StopSource: The value has no zone and the configuration names none.
    """
    moment = _read(value)
    if moment.tzinfo is None:
        if zone is None:
            raise StopSource(
                'a date has no time zone of its own: set zone in the source\'s settings (zone = "Asia/Tehran")'
            )
        moment = moment.replace(tzinfo=zone)
    moment = moment.astimezone(UTC)
    if moment > now + TOLERATED_CLOCK_ERROR:
        raise SkipRecord(
            f"the date {moment:%Y-%m-%d %H:%M} UTC lies in the future: "
            "correct it at the source, or the zone and the clock here"
        )
    return moment


def _read(value: object) -> datetime:
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = repr(value) if isinstance(value, int) else f"{value:.6f}".rstrip("0").removesuffix(".")
        return _read_text(text)
    raise SkipRecord(f"a date is {type(value).__name__}, not text or a number; known formats: {FORMATS}")


def _read_text(value: str) -> datetime:
    if _USUAL.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # what does not exist is told below
    text = value.strip() if value.isascii() else value.translate(_ASCII).strip()
    if len(text) <= 64:
        for pattern in (_IN_DIGITS, _COMPACT, _IN_WORDS, _CLOCK_FIRST):
            if match := pattern.fullmatch(text):
                return _from_parts(match.groupdict(), text)
        if _EPOCH.fullmatch(text):
            seconds = float(text) if len(text.partition(".")[0]) <= 10 else int(text) / 1000
            return datetime.fromtimestamp(seconds, UTC)
    raise SkipRecord(f"a date of the shape {_shape(text)!r} is not known; known formats: {FORMATS}")


def _from_parts(parts: dict[str, str | None], text: str) -> datetime:
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    name = parts.get("name")
    month = _MONTHS[name] if name else int(parts["month"] or 0)
    if name and (name in _GREGORIAN_MONTHS) != (year in GREGORIAN_YEARS):
        raise SkipRecord(f"the date {text!r} joins a month and a year of different calendars")
    moment = _midnight(year, month, day)
    if moment is None:
        raise SkipRecord(
            f"the date {text!r} does not exist: expected a day of the Jalali years 1300 to 1499 "
            "or of the Gregorian years 1900 to 2199"
        )
    if not parts["hour"]:
        return moment
    try:
        return _with_clock(moment, parts)
    except ValueError as error:
        raise SkipRecord(f"the time of {text!r} does not exist: expected 00:00:00 to 23:59:59") from error


def _with_clock(midnight: datetime, parts: dict[str, str | None]) -> datetime:
    moment = midnight.replace(
        hour=int(parts["hour"] or 0),
        minute=int(parts["minute"] or 0),
        second=int(parts["second"] or 0),
        microsecond=int((parts.get("fraction") or "").ljust(6, "0")[:6]),
    )
    offset = parts.get("offset")
    if not offset:
        return moment
    if offset in ("Z", "UTC"):
        return moment.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{moment.isoformat()}{offset}")


@lru_cache(maxsize=16_384)
def _midnight(year: int, month: int, day: int) -> datetime | None:
    """Midnight of that day without a zone; ``None`` where no calendar has it. Cached: days repeat."""
    try:
        if year in JALALI_YEARS:
            return datetime.combine(jdatetime.date(year, month, day).togregorian(), time())
        return datetime.combine(date(year, month, day), time()) if year in GREGORIAN_YEARS else None
    except ValueError:
        return None


def _shape(text: str) -> str:
    """The look of a value without its contents: digits as 9, words as x, at most 40 characters."""
    words_hidden = re.sub(r"[^\W\d_]+", "x", text[:200])
    return re.sub(r"\d", "9", words_hidden)[:40]
