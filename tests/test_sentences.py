"""Numbers, days and names as people of both languages read them."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.selection import Unit
from pipeline.sentences import (
    Words,
    join_words,
    write_count,
    write_day,
    write_label,
    write_number,
    write_percent,
)

NAMES = {"stages": {"delivery": Words("ارسال و تحویل", "Delivery")}}


@pytest.mark.parametrize(
    ("value", "digits", "fa", "en"),
    [
        (2113, 0, "۲٬۱۱۳", "2,113"),
        (-12.4, 0, "\u200e−۱۲", "−12"),
        (-0.04, 1, "۰٫۰", "0.0"),
        (1234567.891, 2, "۱٬۲۳۴٬۵۶۷٫۸۹", "1,234,567.89"),
    ],
)
def test_a_number_has_its_own_digits_signs_and_separators(
    value: float, digits: int, fa: str, en: str
) -> None:
    assert write_number(value, digits=digits) == Words(fa, en)


def test_a_change_has_its_sign() -> None:
    assert write_number(5.25, digits=1, signed=True) == Words("\u200e+۵٫۲", "+5.2")
    assert write_number(0, signed=True) == Words("۰", "0")


def test_shares_and_counts_are_written_with_what_they_are_of() -> None:
    assert write_percent(0.125) == Words("۱۲٫۵٪", "12.5%")
    assert write_count(1, Unit.MESSAGES) == Words("۱ پیام", "1 message")
    assert write_count(2113) == Words("۲٬۱۱۳ نظر", "2,113 mentions")


def test_a_day_is_jalali_in_persian_only() -> None:
    assert write_day(date(2026, 11, 8)) == Words("۱۷ آبان ۱۴۰۵", "8 November 2026")


@pytest.mark.parametrize(
    ("dimension", "value", "fa", "en"),
    [
        ("stage", "delivery", "ارسال و تحویل", "Delivery"),
        ("brand", "نیک‌سبد", "نیک‌سبد", "نیک‌سبد"),
        ("brand", None, "بدون برند", "Without brand"),
        ("attribute:plan", None, "بدون plan", "Without plan"),
    ],
)
def test_a_value_has_its_display_name(dimension: str, value: str | None, fa: str, en: str) -> None:
    assert write_label(NAMES, dimension, value) == Words(fa, en)


def test_several_are_joined_as_people_say_it() -> None:
    three = [Words("یک", "one"), Words("دو", "two"), Words("سه", "three")]

    assert join_words(three) == Words("یک، دو و سه", "one, two and three")
    assert join_words(three[:1]) == Words("یک", "one")
    assert join_words([]) == Words("", "")
