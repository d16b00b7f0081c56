"""Names of brands in a text: as sources write them, part by part, and in the other script."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.brand_names import BrandNames, brand_names, consonants
from pipeline.phrases import Against, phrases
from pipeline.selection import Selection
from pipeline.store import Store
from tests.api_feedback import TEHRAN
from tests.content_feedback import message, tell

NAMES = BrandNames.of(["نیک‌سبد", "Tejarat Mobile Bank", "snappfood", "دیجی كالا", "آپ"])
NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))


@pytest.mark.parametrize(
    "words",
    [
        ["نیک"],
        ["نیک", "سبد"],
        ["نیکسبد"],
        ["پیک", "نیکسبد"],
        ["کالا"],
        ["دیجیکالا"],
        ["اپ"],
        ["تجارت"],
        ["بانک"],
        ["اسنپ", "فود"],
        ["snappfood"],
    ],
)
def test_a_name_is_known_whole_and_in_parts_in_both_scripts(words: list[str]) -> None:
    assert NAMES.hold(words)


@pytest.mark.parametrize("words", [["پیک"], ["سبز"], ["رمز", "عبور"], ["سرد"], ["تخفیف"], ["app"], ["اپدیت"]])
def test_what_is_no_name_is_none(words: list[str]) -> None:
    assert not NAMES.hold(words)


@pytest.mark.parametrize(
    ("latin", "persian"),
    [
        ("digikala", "دیجیکالا"),
        ("tejarat", "تجارت"),
        ("saderat", "صادرات"),
        ("mellat", "ملت"),
        ("resalat", "رسالت"),
        ("alopeyk", "الوپیک"),
        ("sheypoor", "شیپور"),
        ("khanoumi", "خانومی"),
    ],
)
def test_both_scripts_have_the_same_consonants(latin: str, persian: str) -> None:
    assert consonants(latin) == consonants(persian)


def test_names_are_those_of_all_messages(store: Store) -> None:
    tell(store, [message("طعم خوبی داشت", brand=brand) for brand in ("نیک‌سبد", "الف", None)])

    assert brand_names(store.engine).words == {"نیک", "سبد", "نیکسبد", "الف"}


def test_a_brand_is_told_from_the_rest_without_its_name(store: Store) -> None:
    ours = [message("پیک نیک‌سبد دیر آمد", brand="نیک‌سبد")] * 12
    tell(store, [*ours, *[message("طعم خوبی داشت", brand="الف")] * 12])
    brand = replace(NOVEMBER, brand=("نیک‌سبد",))

    found = phrases(store.engine, brand, within=NOVEMBER, zone=TEHRAN, min_z=0)
    before = phrases(store.engine, brand, within=NOVEMBER, zone=TEHRAN, min_z=0, against=Against.BEFORE)

    assert [(one.text, one.n, one.n_other) for one in found.more] == [("دیر", 12, 0), ("پیک", 12, 0)]
    assert before.more == ()


def test_a_name_that_a_text_writes_as_two_words_is_left_out_with_both(store: Store) -> None:
    ours = [message("دیجی کالا عالی", brand="digikala"), message("کالا عالی دیجی", brand="digikala")] * 6
    tell(store, [*ours, *[message("طعم خوبی داشت", brand="الف")] * 12])

    found = phrases(
        store.engine, replace(NOVEMBER, brand=("digikala",)), within=NOVEMBER, zone=TEHRAN, min_z=0
    )

    assert [(one.text, one.n) for one in found.more] == [("عالی", 12)]


def test_in_other_selections_a_brand_is_a_word_like_any_other(store: Store) -> None:
    tell(store, [*[message("نیک‌سبد گران")] * 12, *[message("طعم خوبی", brand="نیک‌سبد")] * 12])

    found = phrases(store.engine, replace(NOVEMBER, q="گران"), within=NOVEMBER, zone=TEHRAN, min_z=0)

    assert [one.text for one in found.more] == ["نیک‌سبد گران"]
