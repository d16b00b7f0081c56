"""Every spelling of a text meets in one form, and each character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.normalize import has_content, letters_key, normalize

MESSY = st.text(
    alphabet=st.one_of(
        st.sampled_from("سلاممیيكکهةآأؤئ آ\u200c\u200d\u202eـ😍👍🏽<>@&;.,،؟!?0123۴٥aBZ\n\t\ud800"),
        st.characters(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("كتاب‌هاي عربي", "کتابهای عربی"),
        ("می خوام", "میخوام"),
        ("می‌خوام", "میخوام"),
        ("عالیییییی", "عالی"),
        ("مرسیییی!!!!!", "مرسی!!"),
        ("خـــوب", "خوب"),
        ("\u202bسلام\u202c\u0000", "سلام"),
        ("سلام\ud83d", "سلام"),
        ("123 ٤٥", "۱۲۳ ۴۵"),
        ("خوب&nbsp;بود &amp; ارزان", "خوب بود & ارزان"),
        ("عالی😍😍", "عالی 😍 😍"),
        ("Kheili KHOOB bood", "kheili khoob bood"),
        ("مَحصولِ خوب", "محصول خوب"),
        ("خانهٔ ما", "خانه ما"),
        ("", ""),
    ],
)
def test_spellings_meet_in_one_form(raw: str, expected: str) -> None:
    assert normalize(raw).text == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("زنگ بزنید <phone>", "زنگ بزنید <phone>"),
        ("کد <national_id>را بگیرید", "کد <national_id>را بگیرید"),
        ("به ali.r@example.com نوشتم", "به <email> نوشتم"),
        ("ببینید https://example.com/a?b=1", "ببینید <url>"),
        ("سایت digikala.com", "سایت <url>"),
        ("@snappfood_support جواب بدید", "<user> جواب بدید"),
        ("قیمت 1,250,000 تومن", "قیمت <num> تومن"),
        ("قیمت 12.5 تومن", "قیمت ۱۲.۵ تومن"),
    ],
)
def test_links_handles_and_long_numbers_become_placeholders(raw: str, expected: str) -> None:
    assert normalize(raw).text == expected


@given(MESSY)
@settings(max_examples=150, deadline=None)
def test_every_character_comes_from_an_earlier_or_the_same_place_as_the_next(text: str) -> None:
    normalized = normalize(text)

    assert len(normalized.origin) == len(normalized.text)
    assert normalized.origin == sorted(normalized.origin)
    assert all(0 <= place < len(text) for place in normalized.origin)


@given(MESSY)
@settings(max_examples=100, deadline=None)
def test_nothing_invisible_is_left(text: str) -> None:
    result = normalize(text).text

    assert "  " not in result
    assert result == result.strip()
    assert not any(char in "\u200c\u200d\u202eـ\n\t" or "\ud800" <= char <= "\udfff" for char in result)


def test_an_unchanged_word_keeps_its_offsets() -> None:
    assert normalize("پیک  دیر رسید").origin == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_a_stretched_word_does_not_shift_the_next() -> None:
    normalized = normalize("عالیییی بود")

    assert normalized.text == "عالی بود"
    assert normalized.origin[normalized.text.index("بود")] == 8


def test_texts_that_differ_in_spelling_alone_have_one_key() -> None:
    assert letters_key("خيلي  خوب، بود!!") == letters_key("خیلی خوب بود")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("سلام", True), ("👍", True), ("a", True), ("۱۲۳", False), ("<phone> ...", False), ("\ud800", False)],
)
def test_only_letters_and_emoji_are_content(text: str, *, expected: bool) -> None:
    assert has_content(text) is expected
