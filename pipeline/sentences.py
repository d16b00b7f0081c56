"""Figures and names as people read them, in Persian and in English.

Persian numbers have Persian digits, ``٬`` between thousands, ``٫`` before decimals and, as the Unicode
CLDR writes it for ``fa``, a left-to-right mark before the minus sign: without it the sign of ``−۱۲`` jumps
to the other side of the number in a line that runs from right to left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.jalali import PERSIAN_DIGITS, format_jalali_words
from pipeline.selection import ATTRIBUTE, Unit

MINUS = "−"
LEFT_TO_RIGHT_MARK = "\u200e"
FROM_LATIN = PERSIAN_DIGITS | {ord(","): "٬", ord("."): "٫"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in Persian and in English."""

    fa: str
    en: str


Names = Mapping[str, Mapping[str, Words]]
TABLES = {
    "stage": "stages",
    "intent": "intents",
    "aspect": "aspects",
    "sentiment": "sentiments",
    "emotion": "emotions",
    "channel": "channels",
}
DIMENSIONS = {
    "stage": Words("مرحله", "stage"),
    "intent": Words("قصد", "intent"),
    "aspect": Words("جنبه", "aspect"),
    "sentiment": Words("احساس", "sentiment"),
    "emotion": Words("هیجان", "emotion"),
    "channel": Words("کانال", "channel"),
    "brand": Words("برند", "brand"),
    "source": Words("منبع", "source"),
    "product": Words("محصول", "product"),
    "segment": Words("گروه مشتری", "segment"),
    "queue": Words("صف", "queue"),
}
COUNTED = {Unit.MENTIONS: Words("نظر", "mention"), Unit.MESSAGES: Words("پیام", "message")}
EVERYTHING = Words("روی هم", "Overall")


def write_number(value: float, *, digits: int = 0, signed: bool = False) -> Words:
    """Return a number with its thousands parted.

    Args:
        digits: Decimals.
        signed: Whether a number above zero gets a plus.

    >>> write_number(2113).fa, write_number(2113).en
    ('۲٬۱۱۳', '2,113')
    >>> write_number(-12.34, digits=1).fa == "\u200e−۱۲٫۳"
    True
    >>> write_number(-0.2).en, write_number(5, signed=True).en
    ('0', '+5')
    """
    size = f"{abs(round(value, digits)):,.{digits}f}"
    is_zero = round(value, digits) == 0
    sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
    mark = LEFT_TO_RIGHT_MARK if sign else ""
    return Words(f"{mark}{sign}{size.translate(FROM_LATIN)}", f"{sign}{size}")


def write_percent(share: float, *, digits: int = 1) -> Words:
    """Return a share between 0 and 1 as a percentage.

    >>> write_percent(0.125).fa, write_percent(0.125).en
    ('۱۲٫۵٪', '12.5%')
    """
    number = write_number(100 * share, digits=digits)
    return Words(f"{number.fa}٪", f"{number.en}%")


def write_count(n: int, unit: Unit = Unit.MENTIONS) -> Words:
    """Return how many mentions or messages there are.

    >>> write_count(2113).fa, write_count(1, Unit.MESSAGES).en
    ('۲٬۱۱۳ نظر', '1 message')
    """
    number, counted = write_number(n), COUNTED[unit]
    return Words(f"{number.fa} {counted.fa}", f"{number.en} {counted.en}{'' if n == 1 else 's'}")


def write_day(day: date) -> Words:
    """Return a day as people say it: Jalali in Persian, Gregorian in English.

    >>> write_day(date(2023, 9, 14)).fa, write_day(date(2023, 9, 14)).en
    ('۲۳ شهریور ۱۴۰۲', '14 September 2023')
    """
    return Words(format_jalali_words(day), f"{day.day} {MONTHS[day.month - 1]} {day.year}")


def write_label(names: Names, dimension: str, value: str | None) -> Words:
    """Return how a value of a dimension is shown to people; ``None``: the source gave none.

    Args:
        names: Display names by table (``stages`` …) and label; what is not in it is shown as it is.

    >>> write_label({}, "brand", "نیک‌سبد").fa, write_label({}, "brand", None).en
    ('نیک‌سبد', 'Without brand')
    """
    if value is None:
        name = dimension.removeprefix(ATTRIBUTE)
        kind = DIMENSIONS.get(dimension, Words(name, name))
        return Words(f"بدون {kind.fa}", f"Without {kind.en}")
    table = TABLES.get(dimension, "")
    return names.get(table, {}).get(value, Words(value, value))


def join_words(parts: list[Words]) -> Words:
    """Return several as one list of them.

    >>> join_words([Words("ارسال", "Delivery"), Words("مصرف", "Use")]).fa
    'ارسال و مصرف'
    """
    return Words(
        _join([one.fa for one in parts], "، ", " و "), _join([one.en for one in parts], ", ", " and ")
    )


def _join(parts: list[str], between: str, last: str) -> str:
    return between.join(parts[:-1]) + last + parts[-1] if len(parts) > 1 else "".join(parts)
