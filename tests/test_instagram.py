from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina

from pipeline.records import Author, Channel, Feedback, Reply, Role
from tests.checks import NOW, Sample, items_of, samples
from tests.fixtures.http_services.instagram import CASES, InstagramService
from tests.fixtures.services import as_json, recorded
from tests.http_checks import answering, last_bookmark, read_until_error

(INSTAGRAM,) = CASES


class Recorded(InstagramService):
    """The recorded post and comments, of which the second page has more replies."""

    more_replies = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        last = request.url.path.split("/")[-1]
        if last == "media":
            return as_json(recorded("instagram_media"))
        page: dict[str, Any] = recorded("instagram_comments")
        replies: dict[str, Any] = page["data"][0]["replies"]
        if last == "replies":
            return as_json(self.page([replies["data"][0]]) | {"data": replies["data"]})
        if self.more_replies:
            page["data"][0]["replies"] = {
                "data": replies["data"][:1],
                "paging": {"next": "https://x.example"},
            }
        return as_json(page)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def read(service: InstagramService) -> list[Feedback]:
    return items_of(list(INSTAGRAM.build(service).fetch(None)))


def test_comments_and_replies_are_read_without_the_accounts_own() -> None:
    comment, reply = read(Recorded([]))

    known = {
        "source": "shop",
        "channel": Channel.SOCIAL,
        "author": Author(native_id="918273645"),
        "conversation_id": "17870913679156914",
        "permalink": "https://www.instagram.com/p/DNik0000001/",
    }
    assert comment == Feedback(
        **known,
        native_id="17870913679156914",
        text="رنگ واقعی‌اش با عکس فرق دارد",
        created_at=at(8, 10),
        status="hidden",
        replies=(Reply(Role.AGENT, at(9, 0)),),
        attributes={"post": "17895695668004550", "likes": "3"},
    )
    assert reply == Feedback(
        **known,
        native_id="17870913679156917",
        text="ممنون، پس فرستادم",
        created_at=at(9, 30),
        attributes={"post": "17895695668004550", "likes": "0"},
    )


def test_posts_and_comments_are_asked_for_with_what_is_read_of_them() -> None:
    service = Recorded([])

    read(service)

    fields = "id,text,timestamp,username,from,hidden,like_count"
    proof = {"access_token": "geheim-XYZ-777"}
    assert [(one.url.path, dict(one.url.params)) for one in service.requests] == [
        ("/me/media", {"fields": "id,permalink,timestamp,username,comments_count", "limit": "25", **proof}),
        (
            "/17895695668004550/comments",
            {"fields": f"{fields},replies{{{fields}}}", "limit": "50", **proof},
        ),
    ]


def test_replies_that_did_not_come_with_their_comment_are_asked_for() -> None:
    service = Recorded([])
    service.more_replies = True

    read_texts = [item.text for item in read(service)]

    assert read_texts == ["رنگ واقعی‌اش با عکس فرق دارد", "ممنون، پس فرستادم"]
    assert service.requests[-1].url.path == "/17870913679156914/replies"


def test_the_address_of_the_next_page_which_holds_the_token_is_not_followed() -> None:
    service = INSTAGRAM.service(samples(12))

    list(INSTAGRAM.build(service).fetch(None))

    lists = [one.url for one in service.requests if one.url.path == "/me/media"]
    assert [url.params.get("after") for url in lists] == [None, "3"]


def test_a_post_without_comments_costs_no_request() -> None:
    class Silent(InstagramService):
        def post(self, number: int) -> dict[str, Any]:
            return super().post(number) | {"comments_count": 0}

    service = Silent(samples(3))

    assert read(service) == []
    assert [one.url.path for one in service.requests] == ["/me/media"]


def test_posts_of_the_last_days_are_looked_at_again_and_older_ones_are_not() -> None:
    service = INSTAGRAM.service(samples(3))
    posted = datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    bookmark = last_bookmark(list(INSTAGRAM.build(service, now=posted + timedelta(hours=1)).fetch(None)))
    service.add(Sample(1, "هنوز هم دیر می‌رسد", 1_700_000_060))
    service.requests.clear()

    later = INSTAGRAM.build(service, now=posted + timedelta(days=7, seconds=-10), watch_days=7)
    texts = [item.text for item in items_of(list(later.fetch(bookmark)))]

    assert texts == ["پیام شمارهٔ 3", "پیام شمارهٔ 2"]
    assert [one.url.path for one in service.requests] == ["/me/media", "/3/comments", "/2/comments"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (80002, "it answered HTTP 429; run again later, nothing is lost"),
        (190, r"HTTP 401, the credentials are refused: check the secret in SHOP_TOKEN (token_env)"),
        (10, "HTTP 403, this is not permitted: the token needs the permission to manage comments"),
        (100, "HTTP 400, the request is refused"),
    ],
)
def test_the_code_of_an_error_tells_what_to_mend(code: int, told: str) -> None:
    service = INSTAGRAM.service([])
    body = f'{{"error": {{"message": "…", "type": "OAuthException", "code": {code}}}}}'.encode()
    service.fail_from = (1, answering(400, body=body))

    with stamina.set_testing(True, attempts=2):
        _, complaint = read_until_error(INSTAGRAM.build(service, now=NOW))

    assert told in complaint
