"""Messages are cut into clauses that are exact pieces of the text, and never inside what belongs together."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.clauses import MAX_WORDS, split_clauses
from models.normalize import has_content


def clauses(text: str) -> list[str]:
    return [text[start:end] for start, end in split_clauses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("غذا عالی بود ولی پیک دیر رسید", ["غذا عالی بود", "ولی پیک دیر رسید"]),
        ("خوب بود. ممنون!", ["خوب بود.", "ممنون!"]),
        ("بوش خوبه\nماندگاری نداره", ["بوش خوبه", "ماندگاری نداره"]),
        ("خوبه فقط گرونه", ["خوبه", "فقط گرونه"]),
        ("این فقط مخصوص شماست", ["این فقط مخصوص شماست"]),
        ("سلام، سفارشم نرسید", ["سلام", "سفارشم نرسید"]),
        ("کمپین خوبی بود 👏👏 کاش تکرار بشه", ["کمپین خوبی بود 👏👏", "کاش تکرار بشه"]),
        ("سرد بود، کم بود، دیر رسید", ["سرد بود، کم بود، دیر رسید"]),
        (
            "پیتزا وقتی رسید کاملا سرد و له شده بود، دیگه سفارش نمیدم",
            ["پیتزا وقتی رسید کاملا سرد و له شده بود", "دیگه سفارش نمیدم"],
        ),
        ("بهترین برنامه (البته از آخر)", ["بهترین برنامه", "البته از آخر)"]),
        ("...!!!", []),
        ("<phone>", []),
        ("", []),
        ("😍", ["😍"]),
        ("khoob bood vali gerun", ["khoob bood", "vali gerun"]),
    ],
)
def test_a_message_is_cut_where_a_new_thing_is_said(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "ali.rezaei@mail.example.com",
        "https://example.com/a.b?c=d.e",
        "example.ir",
        "12.5",
        "۱۲٬۰۰۰",
        "1402/12/09",
        "1,250,000",
        "@shop.support",
        "<national_id>",
    ],
)
def test_nothing_is_cut_inside_what_belongs_together(whole: str) -> None:
    found = clauses(f"لطفا برای من {whole} را ببینید")

    assert found == [f"لطفا برای من {whole} را ببینید"]


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("سلام ولی،.!؟\n1.2@<phone>😍 "), st.characters()), max_size=200
    )
)
@settings(max_examples=150, deadline=None)
def test_clauses_are_trimmed_ordered_and_apart(text: str) -> None:
    spans = split_clauses(text)

    assert all(has_content(text[start:end]) for start, end in spans)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


def test_a_long_text_without_punctuation_is_cut_by_length() -> None:
    text = "این محصول را خریدم و دو روز استفاده کردم " * 30

    found = clauses(text)

    assert max(len(clause.split()) for clause in found) <= MAX_WORDS
    assert " ".join(found).split() == text.split()


@pytest.mark.parametrize("unit", ["1", "1.", "a.b", "سلام،", "فقط ", "http://", " ", "a@"])
def test_a_hostile_text_takes_no_longer_than_its_length(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    before = time.process_time()

    split_clauses(text)

    assert time.process_time() - before < 5.0
