from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from pipeline.errors import SettingsError
from pipeline.records import Author, Channel, Feedback
from tests.checks import items_of, samples
from tests.fixtures.http_services.reddit import AGENT, CASES, TOKENS, RedditService
from tests.fixtures.services import as_json, recorded
from tests.http_checks import HttpCase, answering, read_until_error

LISTED, SEARCH = CASES


class Recorded(RedditService):
    """The recorded listings, each of whose messages is given some more fields."""

    def __init__(self, **more: object) -> None:
        super().__init__([])
        self.more = more

    def answer(self, request: httpx.Request) -> httpx.Response:
        kind = request.url.path.split("/")[-1]
        listing: dict[str, Any] = recorded("reddit_comments" if kind == "comments" else "reddit_posts")
        for one in listing["data"]["children"]:
            one["data"] |= self.more
        return as_json(listing)


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def read(case: HttpCase, service: RedditService) -> list[Feedback]:
    return items_of(list(case.build(service).fetch(None)))


def asked(case: HttpCase, **arguments: object) -> list[tuple[str, dict[str, str]]]:
    service = case.service([])
    list(case.build(service, **arguments).fetch(None))
    return [(one.url.path, dict(one.url.params)) for one in service.requests]


def test_posts_and_comments_are_read_in_their_writers_own_words() -> None:
    post, comment = read(LISTED, Recorded())

    assert post == Feedback(
        source="shop",
        native_id="t3_1lqx7a",
        text="بسته‌بندی نیک‌سبد\nبرای بار دوم جعبه له شده رسید",
        created_at=at(8, 10),
        edited_at=at(8, 15),
        channel=Channel.SOCIAL,
        author=Author(native_id="t2_9ab"),
        conversation_id="t3_1lqx7a",
        permalink="https://www.reddit.com/r/niksabad/comments/1lqx7a/post/",
        attributes={"subreddit": "niksabad", "score": "12"},
    )
    assert comment == Feedback(
        source="shop",
        native_id="t1_n0d2zz",
        text="\nمال من سالم بود ولی یک هفته دیر رسید",
        created_at=at(8, 30),
        channel=Channel.SOCIAL,
        author=Author(native_id="t2_9ac"),
        conversation_id="t3_1lqx7a",
        permalink="https://www.reddit.com/r/niksabad/comments/1lqx7a/post/n0d2zz/",
        attributes={"subreddit": "niksabad", "score": "4"},
    )


@pytest.mark.parametrize(
    "more",
    [
        {"author": "AutoModerator"},
        {"author": "[deleted]"},
        {"distinguished": "moderator"},
        {"distinguished": "admin"},
        {"selftext": "[removed]", "body": "[removed]"},
    ],
)
def test_what_is_no_customers_or_is_gone_is_left_out(more: dict[str, object]) -> None:
    assert read(LISTED, Recorded(**more)) == []


def test_lines_that_quote_others_are_left_out_and_hidden_ones_are_not() -> None:
    service = Recorded(title="", selftext=">او گفت\nمن نگفتم\n>!پایان فیلم!<", body="> همه\n>از او")

    post, *_, comment = read(LISTED, service)

    assert (post.text, comment.text) == ("من نگفتم\n>!پایان فیلم!<", "")


def test_new_posts_and_comments_of_each_subreddit_are_asked_for() -> None:
    plain = {"limit": "100", "raw_json": "1"}

    assert asked(LISTED, subreddits=["niksabad", "iran"]) == [
        ("/r/niksabad/new", plain),
        ("/r/niksabad/comments", plain),
        ("/r/iran/new", plain),
        ("/r/iran/comments", plain),
    ]


def test_a_search_is_asked_in_its_subreddits_or_everywhere() -> None:
    wanted = {"limit": "100", "raw_json": "1", "q": "نیک‌سبد", "sort": "new", "type": "link"}

    assert asked(SEARCH) == [("/search", wanted)]
    assert asked(SEARCH, subreddits=["iran"]) == [("/r/iran/search", wanted | {"restrict_sr": "true"})]


def test_a_page_goes_on_after_the_last_message_of_the_one_before() -> None:
    service = SEARCH.service(samples(12))

    list(SEARCH.build(service).fetch(None))

    assert [one.url.params.get("after") for one in service.requests] == [None, "t3_0003"]


def test_one_token_is_asked_for_by_a_program_that_says_who_answers_for_it() -> None:
    questions: list[httpx.Request] = []

    class Watched(RedditService):
        def handle(self, request: httpx.Request) -> httpx.Response:
            questions.append(request)
            return super().handle(request)

    read(LISTED, Watched(samples()))

    assert [str(one.url) == TOKENS for one in questions] == [True, False, False, False, False]
    assert {one.headers["user-agent"] for one in questions} == {AGENT}


def test_an_application_that_is_refused_is_told_where_its_secret_is() -> None:
    class Refusing(RedditService):
        def handle(self, request: httpx.Request) -> httpx.Response:
            return answering(401)()  # type: ignore[return-value]

    _, complaint = read_until_error(LISTED.build(Refusing([])))

    assert (
        "no token from www.reddit.com (HTTP 401): check token_url, and the client's id, secret" in complaint
    )


def test_subreddits_or_a_query_have_to_be_named() -> None:
    case = replace(LISTED, arguments={**LISTED.arguments, "subreddits": []})

    with pytest.raises(SettingsError, match="expected subreddits, a query or both"):
        case.build(case.service([]))
