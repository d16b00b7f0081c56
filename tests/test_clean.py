"""What is left of a raw text: the customer's own words, in characters that every data base can hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clean import Cleaned, clean, clean_text
from pipeline.records import TextFormat

PLAIN = [
    ("  سلام \n", "سلام"),
    ("می\u200cخوام > 3 & <b>", "می\u200cخوام > 3 & <b>"),
    ("الف\r\nب\rپ", "الف\nب\nپ"),
    ("یک\x00دو", "یک\ufffdدو"),
    ("یک\ud800دو", "یک\ufffdدو"),
    ("\ud83d\ude00", "😀"),
    ("یک\x07\x1b\x7f\x9fدو\tسه", "یکدو\tسه"),
    ("\ufeffسلام\u202eدنیا\u202c\u2066!\u2069", "سلامدنیا!"),
    ("a\u200fb\u200dc", "a\u200fb\u200dc"),
    ("", ""),
]

HTML = [
    ("<p>سلام <b>بسته</b> نرسید</p><p>پیگیری کنید</p>", "سلام بسته نرسید\nپیگیری کنید"),
    ("خوب<br>بد<br/>زشت", "خوب\nبد\nزشت"),
    ("<style>p{}</style><script>alert(1)</script>متن", "متن"),
    ('<a href="https://x.ir/a">لینک من</a> و &amp; &nbsp;&lt;تمام&gt;', "لینک من و & \xa0<تمام>"),
    ("&#0;الف&#x202e;ب", "\ufffdالفب"),
    ("<p>حرف من</p><blockquote>حرف دیگری</blockquote>", "حرف من"),
    ('<div>جواب</div><div class="gmail_quote">قبلی</div>', "جواب"),
    ('<div>جواب</div><div id="appendonsend"></div><hr><div>قبلی</div>', "جواب"),
    ("<blockquote>همه‌اش نقل است</blockquote>", "همه‌اش نقل است"),
    ("<table><tr><td>الف</td><td>ب</td></tr></table>", "الف ب"),
    ("<p>بی‌پایان <b", "بی‌پایان"),
    ("<div>" * 100_000 + "عمیق" + "</div>" * 100_000, "عمیق"),
]

MAILS = [
    ("غذا سرد بود\n\nOn Wed, Dec 20, 2023 at 13:37, Ali <a@b.ir> wrote:\n> سلام", "غذا سرد بود"),
    ("غذا سرد بود\n\nدر تاریخ چهارشنبه ۲۰ دسامبر ۲۰۲۳، ۱۳:۳۷ نیک‌سبد <a@b.ir> نوشت:\n> سلام", "غذا سرد بود"),
    ("ممنون\nدر تاریخ ۱۴۰۲/۹/۲۹ پشتیبانی نوشته است:\nسفارش شما رسید", "ممنون"),
    ("نرسید\n\nاز: پشتیبانی\nتاریخ: ۱۴۰۲/۹/۲۹\nموضوع: سفارش\n\nسلام", "نرسید"),
    ("نرسید\n\n-----Original Message-----\nسلام", "نرسید"),
    ("نرسید\n\nارسال شده از آیفون من", "نرسید"),
    ("نرسید\n\nSent from my iPhone", "نرسید"),
    ("نرسید\n-- \nعلی رضایی\nمدیر فروش", "نرسید"),
    ("نرسید\nبا تشکر،\nعلی رضایی", "نرسید"),
    ("با تشکر از پیک خوبتون\nولی غذا سرد بود", "با تشکر از پیک خوبتون\nولی غذا سرد بود"),
    ("- غذا سرد\n- پیک دیر", "- غذا سرد\n- پیک دیر"),
    ("پشتیبان برای من نوشت:\nفردا می‌رسه", "پشتیبان برای من نوشت:\nفردا می‌رسه"),
    ("> سلام\n> خوبید؟\nنه خوب نیستم", "نه خوب نیستم"),
    ("<p>نرسید</p><blockquote>قبلی</blockquote>", "نرسید"),
    ("پاسخ خودکار: در مرخصی هستم", ""),
    ("سلام. این پیام خودکار است و به آن پاسخ ندهید.", ""),
    ("Automatic reply: away", ""),
    ("پاسخ خودکار می‌دهید و کسی نمی‌خواند", "پاسخ خودکار می‌دهید و کسی نمی‌خواند"),
]


@pytest.mark.parametrize(("raw", "expected"), PLAIN)
def test_plain_text_keeps_all_that_can_be_stored(raw: str, expected: str) -> None:
    assert clean_text(raw) == expected


@pytest.mark.parametrize(("raw", "expected"), HTML, ids=range(len(HTML)))
def test_html_becomes_its_visible_text(raw: str, expected: str) -> None:
    assert clean_text(raw, TextFormat.HTML) == expected


@pytest.mark.parametrize(("raw", "expected"), MAILS)
def test_a_mail_keeps_only_the_writers_own_words(raw: str, expected: str) -> None:
    assert clean_text(raw, TextFormat.EMAIL) == expected


def test_a_text_beyond_the_limit_is_cut_and_says_so() -> None:
    assert clean("خوب " * 3, limit_chars=8) == Cleaned("خوب خوب", truncated=True)
    assert clean("خوب", limit_chars=8) == Cleaned("خوب", truncated=False)
    assert len(clean("خ" * 1_000_000).text) == 100_000


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(), max_size=8),
            st.sampled_from(["<p>", "</div>", "&lt;", "\ud800", "\n> ", "\nOn 1 a wrote:\n", "\r\n", "--\n"]),
        ),
        max_size=10,
    ).map("".join),
    st.sampled_from(TextFormat),
)
def test_a_cleaned_text_is_clean(raw: str, text_format: TextFormat) -> None:
    once = clean_text(raw, text_format)

    assert clean_text(once) == once
    assert once.encode().decode() == once
    assert "\x00" not in once


@pytest.mark.parametrize("text_format", [TextFormat.HTML, TextFormat.EMAIL])
@pytest.mark.parametrize(
    "unit", ["<div>", "<p></p>", "<font a=1>", "<a ", "<!--", "<", "On ", "\n", "> ", "از:\n", "در تاریخ ۱ "]
)
def test_hostile_markup_of_a_hundred_thousand_characters_takes_no_time(
    unit: str, text_format: TextFormat
) -> None:
    began = time.process_time()

    clean_text(unit * (100_000 // len(unit)), text_format)

    assert time.process_time() - began < 3
