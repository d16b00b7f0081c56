from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import stamina

from pipeline.connectors.ahead import in_order
from pipeline.records import Author, Channel, Feedback, Rating, Reply, Role, TextFormat
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import Sample, errors_of, items_of, samples
from tests.fixtures.http_cases import (
    BLUESKY,
    CAFE_BAZAAR,
    CHATWOOT,
    DIGIKALA,
    HTTP_CASES,
    MASTODON,
    MENTIONS,
    WOOCOMMERCE,
    WORDPRESS,
    WORDPRESS_EDITOR,
    YOUTUBE,
    ZAMMAD,
    ZENDESK,
)
from tests.fixtures.services import COMPANY, Service, ZendeskService, as_json, recorded
from tests.http_checks import (
    HTTP_CHECKS,
    HttpCase,
    answering,
    check_a_pull_that_breaks_off_anywhere_loses_nothing,
    last_bookmark,
    read_until_error,
)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


@pytest.mark.parametrize("case", HTTP_CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("check", HTTP_CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_http_battery(
    check: Callable[..., None], case: HttpCase, caplog: pytest.LogCaptureFixture
) -> None:
    check(*([case, caplog] if "caplog" in inspect.signature(check).parameters else [case]))


class Recording(Service):
    """Answers with the recorded pages as they stand."""

    def __init__(self, pages: dict[str, str]) -> None:
        super().__init__([])
        self.pages = pages

    def answer(self, request: httpx.Request) -> httpx.Response:
        name = next(name for part, name in self.pages.items() if part in request.url.path)
        page = recorded(name)
        given = request.url.params
        first = given.get("page", "1") == "1" and given.get("min_id", given.get("after", "0")) == "0"
        beyond = {"payload": [], "data": {"payload": []}} if isinstance(page, dict) else []
        return httpx.Response(200, json=page if first else beyond)


def read(case: HttpCase, pages: dict[str, str], **arguments: object) -> list[Feedback]:
    found = list(case.build(Recording(pages), **arguments).fetch(None))
    assert errors_of(found) == []
    return items_of(found)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_zendesk_ticket_becomes_its_customers_words() -> None:
    pages = {"/comments.json": "zendesk_comments", "/cursor.json": "zendesk_tickets"}

    first, second, rating = read(ZENDESK, pages)

    known = {
        "source": "shop",
        "author": Author(native_id="20978392"),
        "conversation_id": "35436",
        "queue": "98738",
        "status": "open",
        "permalink": "https://shop.example/agent/tickets/35436",
        "attributes": {"priority": "high", "via": "web", "satisfaction": "bad"},
    }
    assert first == Feedback(
        **known,
        native_id="501",
        text='<p>بسته نرسید</p><div class="zd-comment" dir="auto">سلام، سه روز است بسته‌ام نرسیده.</div>',
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        channel=Channel.TICKET,
        replies=(Reply(Role.AGENT, at(9, 0)),),
    )
    assert second == Feedback(
        **known,
        native_id="504",
        text='<div class="zd-comment">هنوز خبری نشده</div>',
        text_format=TextFormat.HTML,
        created_at=at(11, 0),
        channel=Channel.TICKET,
    )
    assert rating == Feedback(
        **known,
        native_id="35436/satisfaction",
        text="پاسخ دیر آمد",
        created_at=at(11, 0),
        channel=Channel.SURVEY,
    )


def test_a_zammad_ticket_becomes_its_customers_words() -> None:
    first, second = read(ZAMMAD, {"/by_ticket/": "zammad_articles", "/tickets": "zammad_tickets"})

    known = {
        "source": "shop",
        "author": Author(native_id="6"),
        "conversation_id": "3",
        "queue": "پشتیبانی",
        "status": "open",
        "permalink": "https://shop.example/#ticket/zoom/3",
        "attributes": {"priority": "2 normal", "via": "email"},
        "channel": Channel.TICKET,
    }
    assert first == Feedback(
        **known,
        native_id="11",
        text="لغو سفارش<br>لطفاً سفارشم را <b>لغو</b> کنید",
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        replies=(Reply(Role.SYSTEM, at(8, 11)), Reply(Role.AGENT, at(9, 0))),
    )
    assert second == Feedback(**known, native_id="15", text="ممنون", created_at=at(10, 0))


def test_a_post_with_a_hashtag_brings_all_that_is_known_of_it() -> None:
    (post,) = read(MASTODON, {"/timelines/tag/": "mastodon_tag"})

    assert post == Feedback(
        source="shop",
        native_id="103254962155278888",
        text='<p>ارسال <a href="https://mastodon.example/tags/x">#نیک_سبد</a> عالی بود</p>',
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        edited_at=at(8, 15),
        channel=Channel.SOCIAL,
        author=Author(native_id="23634"),
        conversation_id="103254962155278888",
        permalink="https://mastodon.example/@maryam/103254962155278888",
        attributes={
            "language": "fa",
            "visibility": "public",
            "favourites_count": "4",
            "reblogs_count": "1",
            "replies_count": "0",
        },
    )


def test_a_mention_is_read_out_of_its_notification() -> None:
    (post,) = read(MENTIONS, {"/notifications": "mastodon_mentions"})

    assert (post.native_id, post.text, post.conversation_id, post.edited_at) == (
        "103254962155278999",
        "<p>@niksabad چرا کسی جواب نمی‌دهد؟</p>",
        "103254962155270000",
        None,
    )


def test_wordpress_gives_visitors_comments_only() -> None:
    (comment,) = read(WORDPRESS, {"/comments": "wordpress_comments"})

    assert comment == Feedback(
        source="shop",
        native_id="42",
        text="<p>کاش رنگ‌بندی بیشتری داشت.</p>\n",
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        channel=Channel.SOCIAL,
        author=Author(email="maryam@example.com"),
        conversation_id="40",
        status="approved",
        permalink="https://blog.example.com/tea/#comment-42",
        attributes={"post": "7"},
    )


def test_wordpress_asks_for_addresses_only_as_an_editor() -> None:
    service = WORDPRESS_EDITOR.service([])

    list(WORDPRESS_EDITOR.build(service).fetch(None))

    assert [request.url.params["context"] for request in service.requests] == ["edit"]


def test_wordpress_with_plain_permalinks_is_asked_by_route() -> None:
    service = WORDPRESS.service([])

    list(WORDPRESS.build(service, plain_permalinks=True).fetch(None))

    assert [(str(one.url.path), one.url.params["rest_route"]) for one in service.requests] == [
        ("/", "/wp/v2/comments")
    ]


def test_only_the_channel_itself_answers_for_the_company_on_youtube() -> None:
    comment, reply = read(YOUTUBE, {"/commentThreads": "youtube_threads"})

    known = {
        "source": "shop",
        "channel": Channel.SOCIAL,
        "conversation_id": "UgzA1b2C3d4E5f6G7h8J4AaABAg",
    }
    page = "https://www.youtube.com/watch?v=dQw4-chai_1&lc=UgzA1b2C3d4E5f6G7h8J4AaABAg"
    assert comment == Feedback(
        **known,
        native_id="UgzA1b2C3d4E5f6G7h8J4AaABAg",
        text="چرا ارسال به مشهد این‌قدر طول می‌کشد؟",
        created_at=at(8, 10),
        edited_at=at(8, 15),
        author=Author(native_id="UCmaryam---------------1"),
        permalink=page,
        replies=(Reply(Role.AGENT, at(9, 0)),),
        attributes={"videoId": "dQw4-chai_1", "likeCount": "3"},
    )
    assert reply == Feedback(
        **known,
        native_id="UgzA1b2C3d4E5f6G7h8J4AaABAg.9b",
        text="برای من هم دیر رسید",
        created_at=at(9, 30),
        author=Author(native_id="UCreza-----------------2"),
        permalink=f"{page}.9b",
        attributes={"videoId": "dQw4-chai_1", "likeCount": "0"},
    )


def test_youtube_is_asked_for_all_threads_of_the_channel_as_plain_text() -> None:
    service = YOUTUBE.service([])

    list(YOUTUBE.build(service).fetch(None))

    assert [dict(request.url.params) for request in service.requests] == [
        {
            "part": "snippet,replies",
            "order": "time",
            "textFormat": "plainText",
            "allThreadsRelatedToChannelId": "UCniksabad-------------0",
            "maxResults": "100",
            "key": "geheim-XYZ-777",
        }
    ]


@pytest.mark.parametrize("case", [ZENDESK, ZAMMAD], ids=lambda case: case.name)
def test_an_answer_whose_time_cannot_be_read_costs_no_customers_words(case: HttpCase) -> None:
    class WithoutTime(case.service):  # type: ignore[misc, name-defined]
        def answer(self, request: httpx.Request) -> httpx.Response:
            content = super().answer(request).json()
            listed = content.get("comments", []) if isinstance(content, dict) else content
            for one in listed:
                if COMPANY in (one.get("html_body"), one.get("body")):
                    one["created_at"] = "چند روز پیش"
            return as_json(content)

    pages = list(case.build(WithoutTime(samples(2))).fetch(None))

    assert errors_of(pages) == []
    assert [item.replies for item in items_of(pages)] == [(), ()]


def test_bluesky_gives_posts_of_others_than_the_company() -> None:
    (post,) = read(BLUESKY, {"/xrpc/app.bsky.feed.searchPosts": "bluesky_posts"})

    assert post == Feedback(
        source="shop",
        native_id="at://did:plc:maryam/app.bsky.feed.post/3lg2",
        text="نیک‌سبد سفارشم را دو روز دیر آورد",
        created_at=at(8, 10),
        channel=Channel.SOCIAL,
        author=Author(native_id="did:plc:maryam"),
        attributes={"likeCount": "4", "replyCount": "1"},
    )


def test_bluesky_is_asked_for_the_newest_posts_that_the_query_finds() -> None:
    service = BLUESKY.service(samples(10))

    list(BLUESKY.build(service).fetch(None))

    wanted = {"q": "نیک‌سبد", "sort": "latest", "limit": "100"}
    asked = [dict(request.url.params) for request in service.requests]
    assert asked == [wanted, wanted | {"cursor": "10"}]


def test_digikala_gives_comments_of_each_product() -> None:
    first, second = read(DIGIKALA, {"/comments": "digikala_comments"}, products=[31, 32])

    assert first == Feedback(
        source="shop",
        native_id="90210",
        text="راضی‌ام\nرنگش با عکس فرق دارد ولی کیفیتش خوب است",
        created_at=datetime(2026, 3, 1, 20, 30, tzinfo=UTC),
        channel=Channel.REVIEW,
        product="31",
        rating=Rating(4.0, 1.0, 5.0),
        attributes={"likes": "3", "dislikes": "1", "is_buyer": "true"},
    )
    assert second == replace(first, product="32")


def test_a_product_that_joins_later_is_read_and_the_others_are_not_read_again() -> None:
    service = DIGIKALA.service(samples(5))
    bookmark = last_bookmark(list(DIGIKALA.build(service).fetch(None)))
    service.requests.clear()

    pages = list(DIGIKALA.build(service, products=[31, 32]).fetch(bookmark))

    assert {item.product for item in items_of(pages) if item.product == "32"} == {"32"}
    assert [request.url.path for request in service.requests] == [
        "/v1/product/31/comments/",
        "/v1/product/32/comments/",
    ]


def test_a_review_of_cafe_bazaar_has_a_jalali_date() -> None:
    (review,) = read(CAFE_BAZAAR, {"/ReviewRequest": "cafe_bazaar_reviews"})

    assert review == Feedback(
        source="shop",
        native_id="123456",
        text="بعد از به‌روزرسانی باز نمی‌شود",
        created_at=datetime(2026, 3, 1, 20, 30, tzinfo=UTC),
        channel=Channel.REVIEW,
        author=Author(native_id="a-17"),
        product="com.example.shop",
        rating=Rating(1.0, 1.0, 5.0),
        attributes={"version": "210", "likes": "2", "edited": "false"},
    )


@pytest.mark.parametrize(
    ("status", "words"), [(429, "run again later, nothing is lost"), (404, "check packages")]
)
def test_an_error_inside_an_answer_of_cafe_bazaar_is_told(status: int, words: str) -> None:
    service = CAFE_BAZAAR.service([])
    body = f'{{"properties": {{"statusCode": {status}}}}}'.encode()
    service.fail_from = (1, answering(200, body=body))

    _, complaint = read_until_error(CAFE_BAZAAR.build(service))

    assert f"status {status} inside: {words}" in complaint


def test_a_chatwoot_conversation_becomes_its_customers_words() -> None:
    pages = {"/messages": "chatwoot_messages", "/conversations": "chatwoot_conversations"}

    first, second = read(CHATWOOT, pages)

    assert first == Feedback(
        source="shop",
        native_id="61",
        text="سلام، کد تخفیفم کار نمی‌کند",
        created_at=at(8, 10),
        channel=Channel.CHAT,
        author=Author(native_id="77"),
        conversation_id="8",
        queue="2",
        status="open",
        replies=(Reply(Role.BOT, at(8, 11)), Reply(Role.AGENT, at(8, 20))),
    )
    assert (second.native_id, second.text, second.replies) == ("66", "", ())


def test_an_error_inside_an_answer_stops_digikala() -> None:
    service = DIGIKALA.service([])
    service.fail_from = (1, answering(200, body=b'{"status": 404, "data": {}}'))

    _, complaint = read_until_error(DIGIKALA.build(service))

    assert "status 404 inside: check products" in complaint


def test_woocommerce_gives_reviews_with_their_stars() -> None:
    first, second = read(WOOCOMMERCE, {"/reviews": "woocommerce_reviews"})

    assert first == Feedback(
        source="shop",
        native_id="22",
        text="<p>بسته‌بندی‌اش خراب بود</p>\n",
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        channel=Channel.REVIEW,
        author=Author(email="maryam@example.com"),
        product="31",
        status="approved",
        rating=Rating(2.0, 1.0, 5.0),
        attributes={"verified": "true"},
    )
    assert (second.native_id, second.rating, second.attributes) == ("21", None, {"verified": "false"})


class SlowestFirst(ZendeskService):
    """Answers the comments of a ticket the later, the earlier the ticket stands among four."""

    at_once = 0
    most_at_once = 0

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if request.url.path.endswith("/comments.json"):
            time.sleep(0.002 * (4 - int(request.url.path.split("/")[4]) % 4))
        self.at_once -= 1
        return super().handle(request)


def test_tickets_that_are_asked_for_at_once_come_in_their_order() -> None:
    service = SlowestFirst(samples())

    pages = list(ZENDESK.build(service, at_once=4).fetch(None))

    assert pages == list(ZENDESK.build(ZENDESK.service(samples())).fetch(None))
    assert service.most_at_once == 4


def test_a_pull_of_tickets_at_once_that_breaks_off_anywhere_loses_nothing() -> None:
    check_a_pull_that_breaks_off_anywhere_loses_nothing(
        replace(ZENDESK, arguments={**ZENDESK.arguments, "at_once": 4})
    )


def test_requests_at_once_are_a_polite_delay_apart() -> None:
    naps: list[float] = []
    service = ZENDESK.service(samples(5))

    list(ZENDESK.build(service, naps=naps, at_once=4, delay_s=1.5).fetch(None))

    assert naps == [1.5] * (len(service.requests) - 1)


def test_a_caller_that_stops_early_begins_no_more_than_is_under_way() -> None:
    begun: list[int] = []

    first = next(in_order(lambda number: begun.append(number) or number, range(100), at_once=2))

    assert first == 0
    assert len(begun) <= 4


def test_an_edited_message_is_stored_once(tmp_path: Path) -> None:
    service = ZENDESK.service(samples())
    connector = ZENDESK.build(service)

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(connector, store, identity_key=b"k" * 32)
        service.add(Sample(4, "ویرایش شد", 1_700_000_240))
        service.add(Sample(26, "پیام تازه", 1_700_090_000))
        second = pull(connector, store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, first.n_updated, first.n_duplicate) == (25, 0, 0)
    assert (second.n_new, second.n_updated, second.n_duplicate) == (1, 1, 0)
    assert state.n_stored == 26
