"""What a message is when it reaches the store."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.identity import customer_key, known_as
from pipeline.prepare import group_key, prepare
from pipeline.records import Author, Channel, CleanFeedback, Feedback, Rating, Reply, Role, TextFormat

KEY = bytes(range(32))
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
LONG = "بسته‌ی من سه روز است که در راه مانده و هیچ کس پاسخ تلفن را نمی‌دهد"


def feedback(text: str = "خوب بود", **more: object) -> Feedback:
    return Feedback(
        source="shop",
        native_id="17",
        text=text,
        created_at=AT,
        channel=Channel.CHAT,
        **more,  # type: ignore[arg-type]
    )


def test_everything_personal_is_gone_and_the_rest_as_it_was() -> None:
    given = feedback(
        "<p>شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷ است</p>",
        text_format=TextFormat.HTML,
        author=Author(phone="09121234567"),
        edited_at=AT,
        conversation_id="c-9",
        brand="نیک‌سبد",
        product="1234567891",
        touchpoint="تحویل @ali",
        segment="طلایی",
        queue="support@shop.ir",
        status="open\x00",
        rating=Rating(4, 1, 5),
        nps=9,
        permalink="https://shop.ir/c/17",
        replies=(Reply(Role.AGENT, AT),),
        attributes={"یادداشت": "کد ملی 0012345679", "شهر": " تهران "},
    )

    assert prepare(given, identity_key=KEY) == CleanFeedback(
        source="shop",
        native_id="17",
        text="شماره‌ام <phone> است",
        created_at=AT,
        channel=Channel.CHAT,
        customer_key=customer_key(Author(phone="+989121234567"), source="x", key=KEY),
        group_key=None,
        edited_at=AT,
        conversation_id="c-9",
        brand="نیک‌سبد",
        product="1234567891",
        touchpoint="تحویل <user>",
        segment="طلایی",
        queue="<email>",
        status="open\ufffd",
        rating=Rating(4, 1, 5),
        nps=9,
        csat=None,
        ces=None,
        permalink="https://shop.ir/c/17",
        replies=(Reply(Role.AGENT, AT),),
        attributes={"یادداشت": "کد ملی <national_id>", "شهر": "تهران"},
        known_as=known_as(Author(phone="+989121234567"), source="x", key=KEY),
    )


def test_identifiers_with_a_phone_stay_apart_but_do_not_tell_it() -> None:
    one = prepare(feedback(conversation_id="989121234567"), identity_key=KEY).conversation_id
    same = prepare(feedback(conversation_id="989121234567"), identity_key=KEY).conversation_id
    other = prepare(feedback(conversation_id="989121234568"), identity_key=KEY).conversation_id

    assert one is not None
    assert len(one) == 64
    assert one == same
    assert one != other


@pytest.mark.parametrize("link", ["https://x.com/ali_reza/status/1", "https://t.me/ali_reza/5"])
def test_a_link_to_a_profile_is_left_out(link: str) -> None:
    assert prepare(feedback(permalink=link), identity_key=KEY).permalink is None


def test_a_text_that_was_cut_says_so() -> None:
    cut = prepare(feedback("خ" * 100_001), identity_key=KEY)

    assert len(cut.text) == 100_000
    assert cut.attributes == {"truncated": "true"}


def test_a_rating_without_words_is_kept() -> None:
    empty = prepare(feedback("  "), identity_key=KEY)

    assert (empty.text, empty.group_key, empty.customer_key) == ("", None, None)


@pytest.mark.parametrize(
    "copy",
    [
        f"RT @ali: {LONG}",
        f"RT <user>: {LONG}",
        f"rt @a: RT @b: {LONG} https://t.co/x1",
        f"Forwarded from کانال\n{LONG}",
        f"فوروارد شده از کانال\n{LONG} 😡😡",
        f"---------- Forwarded message ----------\n{LONG}",
        LONG.replace("ی", "ي").replace("ک", "ك").replace(" ", "  ").replace("\u200c", " ") + "!!!",
    ],
)
def test_copies_of_one_text_share_a_group(copy: str) -> None:
    assert group_key(copy) == group_key(LONG)
    assert group_key(LONG) is not None


def test_another_text_has_another_group() -> None:
    assert group_key(LONG) != group_key(LONG + " اصلا")


@pytest.mark.parametrize("text", ["عالی بود", "", "😀" * 100, "آ" * 39, f"RT @x: {'آ' * 39}"])
def test_short_texts_of_many_customers_are_many_voices(text: str) -> None:
    assert group_key(text) is None


def test_forty_letters_make_a_group() -> None:
    assert group_key("آ" * 40) == group_key("ا" * 40)
    assert group_key("آ" * 40) is not None
