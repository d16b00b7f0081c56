"""Mails as customers and machines write them, read into feedback and then cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.clean import clean_text
from pipeline.connectors import build_connector
from pipeline.connectors.mail import MailReader, is_automatic, normalize_agents, parse_headers, parse_mail
from pipeline.connectors.mail_headers import decode_bytes
from pipeline.connectors.mapping import Constants
from pipeline.connectors.mbox import find_mails
from pipeline.errors import SettingsError, SkipRecord, StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat
from tests.checks import NOW, errors_of, items_of

MAILS = Path(__file__).parent / "fixtures" / "mails"
WRITTEN_AT = datetime(2024, 2, 28, 9, 35, 22, tzinfo=UTC)


def reader(**arguments: object) -> MailReader:
    given: dict[str, object] = {
        "source": "shop",
        "agents": normalize_agents(["@Shop.example"]),
        "recipients": frozenset(),
        "constants": Constants(),
        "now": lambda: NOW,
    }
    return MailReader(**(given | arguments))  # type: ignore[arg-type]


def read(name: str, answers: Mapping[str, list[Reply]] | None = None) -> Feedback | None:
    return reader().read(parse_mail((MAILS / f"{name}.eml").read_bytes()), answers or {})


def test_a_mail_that_begins_a_thread_gives_every_field() -> None:
    answered = Reply(Role.AGENT, datetime(2024, 2, 28, 10, 0, tzinfo=UTC))

    mail = read("quoted_printable", {"qp-1@example.com": [answered]})

    assert mail == Feedback(
        source="shop",
        native_id="qp-1@example.com",
        text="سفارش ۱۲ نرسید\nسه روز است منتظرم.\n\nبا تشکر\nسارا",
        created_at=WRITTEN_AT,
        channel=Channel.EMAIL,
        text_format=TextFormat.EMAIL,
        author=Author(email="sara@example.com"),
        conversation_id="qp-1@example.com",
        replies=(answered,),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quoted_printable", "سفارش ۱۲ نرسید\nسه روز است منتظرم."),
        ("base64_html", "هنوز نرسیده"),
        ("windows_1256", "شکايت\nغذا سرد بود"),
        ("no_charset", "غذا سرد بود"),
        ("alternative", "متن ساده"),
        ("blank_alternative", "فقط این‌جا"),
        ("forward_with_words", "این را ببینید، غلط است"),
        ("forward_only", ""),
        ("no_date", "بی‌تاریخ و بی‌شماره"),
        ("raw_headers", "نرسید =?utf-8?B?a?=\nکجاست؟"),
    ],
)
def test_after_cleaning_the_customers_own_words_are_left(name: str, expected: str) -> None:
    mail = read(name)

    assert mail is not None
    assert clean_text(mail.text, mail.text_format) == expected


def test_an_answer_in_a_thread_belongs_to_its_first_mail() -> None:
    mail = read("base64_html")

    assert mail is not None
    assert (mail.native_id, mail.conversation_id) == ("html-1@example.com", "first@example.com")


@pytest.mark.parametrize("name", ["auto_reply", "bounce"])
def test_what_a_machine_wrote_is_left_out(name: str) -> None:
    assert read(name) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Auto-Submitted: auto-generated", True),
        ("Auto-Submitted: no", False),
        ("Precedence: bulk", True),
        ("Precedence: list", False),
        ("X-Autoreply: yes", True),
        ("X-Autoreply: no", False),
        ("Return-Path: <>", True),
        ("Return-Path: <sara@example.com>", False),
        ("X-Failed-Recipients: a@example.com", True),
        ("From: Postmaster@example.com", True),
        ("Subject: Precedence: bulk", False),
    ],
)
def test_headers_tell_what_is_automatic(header: str, *, expected: bool) -> None:
    assert is_automatic(parse_headers(f"{header}\n\n".encode())) is expected


def test_a_mail_without_date_and_number_is_known_again_by_its_contents() -> None:
    mail, again = read("no_date"), read("no_date")
    moved = reader().read(parse_mail(b"X-Folder: Archive\n" + (MAILS / "no_date.eml").read_bytes()), {})

    assert mail is not None
    assert again is not None
    assert moved is not None
    assert mail.created_at is None
    assert mail.native_id == again.native_id == moved.native_id
    assert len(mail.native_id) == 32


def test_a_date_in_the_future_gives_way_to_the_last_servers() -> None:
    mail = read("wrong_date")

    assert mail is not None
    assert mail.created_at == datetime(2024, 2, 28, 9, 36, tzinfo=UTC)


def test_a_useless_date_gives_way_to_the_time_of_arrival() -> None:
    arrived = datetime(2024, 3, 1, tzinfo=UTC)
    message = parse_mail("Date: دیروز\nMessage-ID: <1@a>\n\nسلام".encode())

    mail = reader().read(message, {}, received_at=arrived)

    assert mail is not None
    assert mail.created_at == arrived
    with pytest.raises(SkipRecord, match="Date: no date that can be read; known formats"):
        reader().read(message, {})


@pytest.mark.parametrize("agent", ["Shop.example", "@shop.example", "HELP@shop.example"])
def test_the_companys_mail_is_no_feedback_and_counts_as_an_answer(agent: str) -> None:
    raw = (
        b"From: Help <help@SHOP.example>\nDate: Wed, 28 Feb 2024 13:05:22 +0330\n"
        b"In-Reply-To: <qp-1@example.com>\n\nok\n"
    )
    company = reader(agents=normalize_agents([agent]))

    assert company.read(parse_mail(raw), {}) is None
    assert company.read_answer(parse_headers(raw)) == ("qp-1@example.com", Reply(Role.AGENT, WRITTEN_AT))
    assert company.read_answer(parse_headers(b"Auto-Submitted: auto-replied\n" + raw)) == (
        "qp-1@example.com",
        Reply(Role.BOT, WRITTEN_AT),
    )


def test_a_domain_does_not_stand_for_what_ends_like_it() -> None:
    assert reader().is_company("a@notshop.example") is False
    assert reader().is_company("a@mail.shop.example") is False
    assert reader().is_company(None) is False


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("شکایت از پیک", "دیر رسید", "شکایت از پیک\nدیر رسید"),
        ("دیر رسید", "سفارشم دیر  رسید", "سفارشم دیر  رسید"),
        ("Re: شکایت", "دیر رسید", "دیر رسید"),
        ("پاسخ: Re: شکایت", "دیر رسید", "دیر رسید"),
        ("دیر رسید", "", "دیر رسید"),
        ("", "دیر رسید", "دیر رسید"),
    ],
)
def test_a_subject_counts_where_it_says_something_new(subject: str, body: str, expected: str) -> None:
    raw = f"Message-ID: <1@a>\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}\n"

    mail = reader().read(parse_mail(raw.encode()), {})

    assert mail is not None
    assert mail.text == expected


def test_bytes_of_a_wrong_charset_are_read_as_what_they_are() -> None:
    persian = "سلام، غذا سرد بود"

    assert decode_bytes(persian.encode(), "ascii") == persian
    assert decode_bytes(persian.encode(), "utf\x008") == persian
    assert decode_bytes(persian.encode(), "no-such") == persian
    assert decode_bytes(persian.encode("cp1256"), "utf-8") == "سلام، غذا سرد بود"
    assert decode_bytes((persian * 3).encode()[:-1], "utf-8") == (persian * 3)[:-1] + "\ufffd"


def test_parts_nested_without_end_are_a_dead_letter() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(3000)
    )

    with pytest.raises(SkipRecord, match="nested too deep"):
        parse_mail(deep)


def test_a_file_tells_mails_from_lines_that_begin_like_one() -> None:
    text = (
        b"From - Tue Nov 14 22:14:20 2023\nSubject: 1\n\nFrom here on 2024\n>From there 2023\n\n"
        b"From the shop\n\nFrom a@example.com Tue Nov 14 22:14:20 +0000 2023\r\nSubject: 2\n\nx\n\n"
    )

    mails = list(find_mails(BytesIO(text)))

    assert [(mail.number, mail.raw, mail.is_cut) for mail in mails] == [
        (1, b"Subject: 1\n\nFrom here on 2024\nFrom there 2023\n\nFrom the shop\n\n", False),
        (2, b"Subject: 2\n\nx\n\n", False),
    ]


def test_a_file_of_a_thread_gives_the_customers_mails_and_the_times_of_the_answers(tmp_path: Path) -> None:
    mails = (
        ("sara@example.com", "c1", "", "10:00:00", "نرسید"),
        ("help@shop.example", "a1", "c1", "10:30:00", "فردا می‌رسد"),
        ("sara@example.com", "c2", "a1", "11:00:00", "نیامد"),
        ("help@shop.example", "a2", "c1", "11:30:00", "پیگیریم"),
    )
    text = "".join(
        f"From - Tue Nov 14 22:14:20 2023\nFrom: {sender}\nTo: x@shop.example\nMessage-ID: <{number}>\n"
        f"References: {'<c1>' if parent else ''}\nIn-Reply-To: {f'<{parent}>' if parent else ''}\n"
        f"Date: Wed, 28 Feb 2024 {clock} +0000\nContent-Type: text/plain; charset=utf-8\n\n{body}\n\n"
        for sender, number, parent, clock, body in mails
    )
    (tmp_path / "inbox.mbox").write_text(text, encoding="utf-8")
    arguments = {"path": "inbox.mbox", "agents": ["shop.example"], "constants": {"brand": "نیک‌سبد"}}

    pages = list(build_connector("shop", "mbox_file", arguments, now=lambda: NOW, root=tmp_path).fetch(None))

    first, second = items_of(pages)
    assert (first.native_id, first.conversation_id, first.text, first.brand) == (
        "c1",
        "c1",
        "نرسید",
        "نیک‌سبد",
    )
    assert first.replies == (
        Reply(Role.AGENT, datetime(2024, 2, 28, 10, 30, tzinfo=UTC)),
        Reply(Role.AGENT, datetime(2024, 2, 28, 11, 30, tzinfo=UTC)),
    )
    assert (second.native_id, second.conversation_id, second.replies) == ("c2", "c1", ())
    assert errors_of(pages) == []


def test_recipients_choose_among_the_mails_of_a_file(tmp_path: Path) -> None:
    text = "".join(
        f"From - Tue Nov 14 22:14:20 2023\nMessage-ID: <{number}>\n{header}: {address}\n\nx\n\n"
        for number, (header, address) in enumerate(
            [
                ("To", "a@shop.example"),
                ("Cc", "X <HELP@shop.example>"),
                ("Delivered-To", "help@shop.example"),
                ("To", "nohelp@shop.example"),
            ]
        )
    )
    (tmp_path / "all.mbox").write_text(text, encoding="utf-8")
    arguments = {"path": "all.mbox", "recipients": ["help@shop.example"]}

    pages = list(build_connector("shop", "mbox_file", arguments, now=lambda: NOW, root=tmp_path).fetch(None))

    assert [item.native_id for item in items_of(pages)] == ["1", "2"]


def test_a_file_of_something_else_says_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "x.mbox").write_text("id,text\n", encoding="utf-8")

    connector = build_connector("shop", "mbox_file", {"path": "x.mbox"}, now=lambda: NOW, root=tmp_path)

    with pytest.raises(StopSource, match="holds no mails: expected an mbox file"):
        list(connector.fetch(None))


@pytest.mark.parametrize("host", ["mail.example.com", "192.168.1.5", "localhost.example.com"])
def test_a_password_never_goes_to_another_machine_unencrypted(host: str) -> None:
    arguments = {"host": host, "user": "u", "password_env": "P", "tls": "none"}

    with pytest.raises(SettingsError, match="tls: got 'none', expected implicit or starttls"):
        build_connector("mailbox", "imap", arguments, now=lambda: NOW)
