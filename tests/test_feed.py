"""What the battery does not know of feeds: which fields mean what in RSS and Atom, and what feeds get wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from pipeline.checking import check_source
from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.feed_document import parse_feed
from pipeline.connectors.http_answers import TryAgain
from pipeline.connectors.http_client import Network
from pipeline.errors import RetryLater
from pipeline.records import Author, Channel, Feedback, TextFormat
from tests.checks import NOW, errors_of, items_of
from tests.fixtures.services import PAGES, Service

RSS = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'


class Sent(Service):
    """Answers with one document."""

    def __init__(self, document: str) -> None:
        super().__init__([])
        self.document = document

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/xml"}, content=self.document.encode())


def connect(service: Service, **arguments: object) -> Connector:
    network = Network(httpx.MockTransport(service.handle), lambda _: None, {})
    given = {"base_url": "https://blog.example.com", **arguments}
    return build_connector("shop", "feed", given, now=lambda: NOW, network=network)


def read(document: str, **arguments: object) -> list[Feedback]:
    pages = list(connect(Sent(document), **arguments).fetch(None))
    assert errors_of(pages) == []
    return items_of(pages)


def recorded(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def test_an_item_of_rss_brings_its_whole_content_and_what_is_known_of_it() -> None:
    comment, answer = read(recorded("feed_comments.rss"), with_title=False, constants={"brand": "نیک‌سبد"})

    assert comment == Feedback(
        source="shop",
        native_id="https://blog.example.com/?p=7#comment-42",
        text="<p>کاش رنگ‌بندی &amp; بسته‌بندی <b>بهتری</b> داشت.</p>",
        text_format=TextFormat.HTML,
        created_at=datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        channel=Channel.SOCIAL,
        author=Author(native_id="مریم"),
        brand="نیک‌سبد",
        permalink="https://blog.example.com/tea/#comment-42",
        attributes={"tags": "چای, ارسال"},
    )
    assert answer.author == Author(native_id="نیک‌سبد")


def test_the_companys_own_entries_are_left_out() -> None:
    items = read(recorded("feed_comments.rss"), own_authors=["نیک‌سبد"])

    assert [item.author for item in items] == [Author(native_id="مریم")]


def test_an_entry_of_atom_brings_title_author_and_the_time_of_its_edit() -> None:
    (post,) = read(recorded("feed_posts.atom"), channel="review")

    assert post == Feedback(
        source="shop",
        native_id="tag:forum.example.com,2026:post-9",
        text="بسته &lt;باز&gt; رسید<br><p>درش چسب نداشت</p>",
        text_format=TextFormat.HTML,
        created_at=datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        edited_at=datetime(2026, 3, 2, 8, 15, tzinfo=UTC),
        channel=Channel.REVIEW,
        author=Author(native_id="https://forum.example.com/u/reza", email="reza@example.com"),
        permalink="https://forum.example.com/t/9",
    )


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<title>دیر رسید</title>", "دیر رسید"),
        ("<title>دیر رسید</title><description>دیر رسید</description>", "دیر رسید"),
        ("<title>دیر</title><description>سه روز</description>", "دیر<br>سه روز"),
        ("<title></title><description>سه روز</description>", "سه روز"),
    ],
)
def test_title_and_content_are_one_text(item: str, text: str) -> None:
    (entry,) = read(RSS.format(f"<item><guid>1</guid>{item}</item>"))

    assert (entry.text, entry.created_at, entry.permalink) == (text, None, None)


def test_an_item_without_a_guid_is_known_by_its_link_and_one_without_both_is_a_dead_letter() -> None:
    document = RSS.format(
        "<item><link>https://a.example/1</link><title>خوب</title></item><item><title>بد</title></item>"
    )

    pages = list(connect(Sent(document)).fetch(None))

    assert [(item.native_id, item.permalink) for item in items_of(pages)] == [
        ("https://a.example/1", "https://a.example/1")
    ]
    assert errors_of(pages) == [("entry without id", None)]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 02 Mar 2026 11:40:00 +0330", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 08:10 GMT", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 03:10:00 EST", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("02 Mar 2026 11:40", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("2026-03-02T08:10Z", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("2026-03-02T11:40:00+03:30", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
        ("۱۴۰۴/۱۲/۱۱ ۱۱:۴۰", datetime(2026, 3, 2, 8, 10, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_feeds_write_them(written: str, moment: datetime) -> None:
    item = f"<item><guid>1</guid><title>خوب</title><pubDate>{written}</pubDate></item>"

    (entry,) = read(RSS.format(item), zone="Asia/Tehran")

    assert entry.created_at == moment


def test_a_date_that_does_not_exist_is_a_dead_letter() -> None:
    item = "<item><guid>1</guid><title>خوب</title><pubDate>Mon, 32 Mar 2026 11:40:00 +0330</pubDate></item>"

    pages = list(connect(Sent(RSS.format(item))).fetch(None))

    assert errors_of(pages) == [("entry 1", "1")]
    assert "published: a date of the shape" in pages[0].dead_letters[0].error


def test_a_feed_with_an_unknown_entity_is_read_all_the_same() -> None:
    (entry,) = read(RSS.format("<item><guid>1</guid><title>A &nbsp; B & C</title></item>"))

    assert entry.native_id == "1"


def test_the_address_is_asked_as_it_is_written() -> None:
    service = Sent(RSS.format(""))

    for arguments in (
        {"base_url": "https://a.example/feed.xml"},
        {"path": "/comments/feed/"},
        {"path": "/videos.xml", "parameters": {"channel_id": "UC1"}},
    ):
        list(connect(service, **arguments).fetch(None))

    assert [str(request.url) for request in service.requests] == [
        "https://a.example/feed.xml",
        "https://blog.example.com/comments/feed/",
        "https://blog.example.com/videos.xml?channel_id=UC1",
    ]
    assert service.requests[0].headers["accept"].startswith("application/atom+xml, application/rss+xml")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html><body>x</body></html>", b"/etc/passwd", b"\x00\xff" * 99]
)
def test_what_is_no_feed_is_told_from_one(body: bytes) -> None:
    with pytest.raises(TryAgain, match="no whole feed"):
        parse_feed(body)


def test_a_feed_that_is_cut_off_is_not_taken_for_a_short_one() -> None:
    document = recorded("feed_comments.rss")

    with pytest.raises(RetryLater, match="no whole feed"):
        list(connect(Sent(document[: document.rindex("</item>") + 7])).fetch(None))


def test_entities_that_grow_without_bound_are_not_unfolded() -> None:
    lines = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    document = f'<!DOCTYPE rss [<!ENTITY a0 "xxxxxxxxxx">{"".join(lines)}]>' + RSS.format(
        "<item><guid>1</guid><title>&a11;</title></item>"
    )

    assert sum(len(item.text) for item in read(document)) < 1000


def test_a_check_says_what_a_feed_answers() -> None:
    checked = check_source(connect(Sent(recorded("feed_comments.rss"))))

    assert (checked.can_be_read, checked.found) == (
        True,
        "it answers; its first page holds 2 messages, the newest of 2026-03-02 09:00 UTC",
    )
