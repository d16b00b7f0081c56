"""Chats that WhatsApp exported: every layout that phones write, and who said what when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.connectors import build_connector
from pipeline.errors import SettingsError, StopSource
from pipeline.records import Author, Channel, Feedback, Page, Reply, Role
from tests.checks import NOW, errors_of, items_of

ANDROID = """\
۲۸/۲/۲۴، ۱۳:۰۴ - پیام‌ها و تماس‌ها رمزگذاری سرتاسری شده‌اند.
۲۸/۲/۲۴، ۱۳:۰۵ - \u202a+98 912 123 4567\u202c: سفارشم دیر رسید: دو ساعت
و سرد بود
۲۸/۲/۲۴، ۱۳:۰۶ - \u202a+98 912 123 4567\u202c: <Media omitted>
۲۸/۲/۲۴، ۱۳:۰۹ - پشتیبانی نیک‌سبد: پیگیری می‌کنیم
۲۸/۲/۲۴، ۱۳:۱۰ - پشتیبانی نیک‌سبد: فردا خبر می‌دهیم
۲۹/۲/۲۴، ۰۹:۰۰ - \u202a+98 912 123 4567\u202c: IMG-20240229-WA0001.jpg (file attached)
این هم عکسش
۲۹/۲/۲۴، ۰۹:۰۱ - \u202a+98 912 123 4567\u202c: This message was deleted
"""


def read(folder: Path, text: str, **arguments: object) -> list[Page]:
    (folder / "chat.txt").write_bytes(text.encode())
    given = {"path": "chat.txt", "agents": ["پشتیبانی نیک‌سبد"], "zone": "Asia/Tehran", **arguments}
    return list(build_connector("shop", "whatsapp_export", given, now=lambda: NOW, root=folder).fetch(None))


def test_a_chat_gives_the_customers_words_and_the_times_of_the_companys_answers(tmp_path: Path) -> None:
    pages = read(tmp_path, ANDROID)

    complaint, picture, caption = items_of(pages)
    answered = (
        Reply(Role.AGENT, datetime(2024, 2, 28, 9, 39, tzinfo=UTC)),
        Reply(Role.AGENT, datetime(2024, 2, 28, 9, 40, tzinfo=UTC)),
    )
    assert complaint == Feedback(
        source="shop",
        native_id=complaint.native_id,
        text="سفارشم دیر رسید: دو ساعت\nو سرد بود",
        created_at=datetime(2024, 2, 28, 9, 35, tzinfo=UTC),
        channel=Channel.CHAT,
        author=Author(phone="+98 912 123 4567"),
        conversation_id=complaint.conversation_id,
        replies=answered,
    )
    assert (picture.text, picture.replies) == ("", answered)
    assert (caption.text, caption.replies) == ("این هم عکسش", ())
    assert {item.conversation_id for item in items_of(pages)} == {complaint.conversation_id}
    assert errors_of(pages) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("31/10/19, 16:16 - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("31/10/2019 16:16 - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("10/31/19, 4:16\u202fPM - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("10/31/19, 12:16 AM - Ali: ok", datetime(2019, 10, 30, 20, 46, tzinfo=UTC)),
        ("31.10.19, 16:16 - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("2019-10-31, 4:16 p. m. - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("31/10/2019 à 16:16 - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("[31/10/19, 16:16:05] Ali: ok", datetime(2019, 10, 31, 12, 46, 5, tzinfo=UTC)),
        ("\u200e[31/10/2019, 4:16:05 PM] Ali: ok\r", datetime(2019, 10, 31, 12, 46, 5, tzinfo=UTC)),
        ("[31.10.2019 klo 16.16.05] Ali: ok", datetime(2019, 10, 31, 12, 46, 5, tzinfo=UTC)),
        ("\u200f[٣١\u200f/١٠\u200f/٢٠١٩، ٤:١٦:٠٥ م] Ali: ok", datetime(2019, 10, 31, 12, 46, 5, tzinfo=UTC)),
        ("۱۳۹۸/۸/۹،\u200f ۴:۱۶ ب.ظ. - Ali: ok", datetime(2019, 10, 31, 12, 46, tzinfo=UTC)),
        ("[۱۳۹۸/۸/۹، ۴:۱۶:۰۵ بعدازظهر] Ali: ok", datetime(2019, 10, 31, 12, 46, 5, tzinfo=UTC)),
        ("\ufeff۳۱/۱۰/۲۰۱۹, ۱۲:۱۶ ق.ظ - Ali: ok", datetime(2019, 10, 30, 20, 46, tzinfo=UTC)),
    ],
)
def test_every_layout_of_a_phone_gives_the_same_moment(line: str, expected: datetime, tmp_path: Path) -> None:
    pages = read(tmp_path, line + "\n")

    read_back = [(item.created_at, item.author, item.text) for item in items_of(pages)]
    assert read_back == [(expected, Author(native_id="Ali"), "ok")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u200eimage omitted", [""]),
        ("\u200e<attached: 00000012-PHOTO-2024-02-28.jpg>", [""]),
        ("بسته پاره بود \u200e<attached: 00000012-PHOTO-2024-02-28.jpg>", ["بسته پاره بود"]),
        ("<تم استبعاد الوسائط>", [""]),
        ("\u200eتصویر حذف شد", []),
        ("فاکتور ۱۲.pdf (فایل پیوست)", [""]),
        ("خوب بود <This message was edited>", ["خوب بود"]),
        ("\u200eThis message was deleted.", []),
        ("Missed voice call", []),
        ("رفتم shop.ir (خیلی کند بود)", ["رفتم shop.ir (خیلی کند بود)"]),
        ("", [""]),
    ],
)
def test_what_is_no_text_carries_none(text: str, expected: list[str], tmp_path: Path) -> None:
    pages = read(tmp_path, f"[28/2/2024, 13:05:00] Ali: {text}\n")

    assert [item.text for item in items_of(pages)] == expected


def test_a_mark_that_somebody_typed_on_android_costs_nothing(tmp_path: Path) -> None:
    items = items_of(read(tmp_path, "28/2/2024, 13:05 - Ali: \u200eسفارش\u200f نرسید\n"))

    assert [item.text for item in items] == ["\u200eسفارش\u200f نرسید"]


def test_lines_of_whatsapp_itself_are_left_out(tmp_path: Path) -> None:
    text = (
        '28/2/24, 13:05 - Ali changed the group name from "a: b" to "c: d"\n'
        "28/2/24, 13:06 - ~ Sara: سلام\n"
        "28/2/24, 13:07 - Ali left\n"
    )

    (item,) = items_of(read(tmp_path, text))

    assert (item.text, item.author) == ("سلام", Author(native_id="Sara"))


def test_a_line_in_the_other_layout_belongs_to_the_message_before(tmp_path: Path) -> None:
    text = "28/2/24, 13:05 - Ali: نوشتید:\n[27/2/24, 10:00:00] Shop: فردا\n28/2/24, 13:06 - Ali: نیامد\n"

    items = items_of(read(tmp_path, text))

    assert [item.text for item in items] == ["نوشتید:\n[27/2/24, 10:00:00] Shop: فردا", "نیامد"]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("1/2/24", "13/2/24"), [(1, 2), (13, 2)]),
        (("1/2/24", "1/13/24"), [(2, 1), (13, 1)]),
        (("1/2/24", "2/2/24", "1/3/24"), [(1, 2), (2, 2), (1, 3)]),
        (("2/1/24", "2/2/24", "3/1/24"), [(1, 2), (2, 2), (1, 3)]),
        (("11/12/26", "11/12/26"), [(12, 11), (12, 11)]),
    ],
    ids=["a day above 12", "a second number above 12", "days go up", "months go up", "not in the future"],
)
def test_the_whole_file_says_what_is_the_month(
    dates: tuple[str, ...], expected: list[tuple[int, int]], tmp_path: Path
) -> None:
    text = "".join(f"{date}, 13:05 - Ali: {number}\n" for number, date in enumerate(dates))

    moments = [item.created_at for item in items_of(read(tmp_path, text))]

    assert [(moment.day, moment.month) for moment in moments if moment] == expected


def test_a_file_that_leaves_the_month_open_asks_for_day_first(tmp_path: Path) -> None:
    text = "1/2/24, 13:05 - Ali: سلام\n1/2/24, 13:06 - Ali: کجاست؟\n"

    with pytest.raises(
        StopSource, match="leaves open whether its dates begin with the day or the month: set day_first"
    ):
        read(tmp_path, text)
    told = {order: items_of(read(tmp_path, text, day_first=order))[0].created_at for order in (True, False)}

    assert told == {
        True: datetime(2024, 2, 1, 9, 35, tzinfo=UTC),
        False: datetime(2024, 1, 2, 9, 35, tzinfo=UTC),
    }


def test_a_file_with_proofs_of_both_orders_asks_for_day_first(tmp_path: Path) -> None:
    text = "1/13/24, 13:05 - Ali: یک\n13/1/24, 13:05 - Ali: دو\n"

    with pytest.raises(StopSource, match="leaves open"):
        read(tmp_path, text)
    pages = read(tmp_path, text, day_first=True)

    assert [item.text for item in items_of(pages)] == ["دو"]
    assert [position for position, _ in errors_of(pages)] == ["line 1"]


def test_a_longer_export_of_the_same_chat_gives_the_same_ids(tmp_path: Path) -> None:
    twice = "۲۸/۲/۲۴، ۱۳:۱۱ - Ali: الو؟\n" * 2
    before = [item.native_id for item in items_of(read(tmp_path, ANDROID + twice))]

    after = [item.native_id for item in items_of(read(tmp_path, ANDROID + twice + twice[: len(twice) // 2]))]

    assert after[: len(before)] == before
    assert len(set(after)) == len(after) == len(before) + 1


def test_a_name_in_the_name_of_the_file_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "WhatsApp Chat with Ali.txt").write_text("28/2/24, 13:05 - Ali: سلام\n", encoding="utf-8")
    arguments = {"path": "*.txt", "agents": [], "zone": "Asia/Tehran"}

    connector = build_connector("shop", "whatsapp_export", arguments, now=lambda: NOW, root=tmp_path)

    (item,) = items_of(list(connector.fetch(None)))
    assert item.conversation_id is not None
    assert "Ali" not in item.conversation_id


def test_text_before_the_first_message_is_a_dead_letter(tmp_path: Path) -> None:
    pages = read(tmp_path, "نصفهٔ یک پیام\n28/2/24, 13:05 - Ali: سلام\n")

    assert [item.text for item in items_of(pages)] == ["سلام"]
    assert errors_of(pages) == [("line 1", None)]


def test_a_file_of_something_else_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(StopSource, match="holds no messages of WhatsApp: export the chat there"):
        read(tmp_path, "id,text\n1,سلام\n")


def test_without_agents_or_zone_nothing_is_guessed() -> None:
    with pytest.raises(SettingsError, match=r"agents: is missing; zone: is missing"):
        build_connector("shop", "whatsapp_export", {"path": "x"}, now=lambda: NOW)
