from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from pipeline.errors import SettingsError
from pipeline.records import Author, Channel, Feedback
from tests.checks import Sample, items_of, samples
from tests.fixtures.http_services.x import CASES, XService
from tests.fixtures.services import as_json, recorded
from tests.http_checks import answering, last_bookmark, read_until_error

SEARCH, MENTIONS = CASES


class Recorded(XService):
    def answer(self, request: httpx.Request) -> httpx.Response:
        return as_json(recorded("x_posts"))


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_posts_are_read_whole_in_both_spellings_without_reposts_and_the_companys_own() -> None:
    edited, other = items_of(list(SEARCH.build(Recorded([])).fetch(None)))

    assert edited == Feedback(
        source="shop",
        native_id="2031000000000000290",
        text=(
            "@niksabad بسته‌ام را پس فرستادم و سه هفته است که منتظر پولم هستم، "
            "هر بار می‌گویند فردا می‌آید ولی نمی‌آید"
        ),
        created_at=at(8, 10),
        edited_at=at(8, 10),
        channel=Channel.SOCIAL,
        author=Author(native_id="700111"),
        conversation_id="2031000000000000100",
        permalink="https://x.com/i/web/status/2031000000000000300",
        attributes={"lang": "fa", "likes": "7", "replies": "2"},
    )
    assert other == Feedback(
        source="shop",
        native_id="2031000000000000200",
        text="نیک‌سبد این بار زود رسید و همه چیز سالم بود",
        created_at=at(8, 0),
        channel=Channel.SOCIAL,
        author=Author(native_id="700222"),
        conversation_id="2031000000000000200",
        permalink="https://x.com/i/web/status/2031000000000000200",
    )


def test_what_the_account_itself_writes_among_its_mentions_is_left_out() -> None:
    read = items_of(list(MENTIONS.build(Recorded([])).fetch(None)))

    assert [item.author for item in read] == [Author(native_id="700111"), Author(native_id="700222")]


def test_a_search_asks_by_the_names_of_the_guides() -> None:
    service = SEARCH.service([])

    list(SEARCH.build(service).fetch(None))

    assert [(one.url.path, dict(one.url.params)) for one in service.requests] == [
        (
            "/2/tweets/search/recent",
            {
                "query": "نیک‌سبد -is:retweet",
                "max_results": "100",
                "tweet.fields": (
                    "created_at,author_id,conversation_id,lang,public_metrics,note_tweet,referenced_tweets"
                ),
            },
        )
    ]


def test_mentions_ask_by_the_names_of_the_specification_if_told_so() -> None:
    service = MENTIONS.service([])

    list(MENTIONS.build(service).fetch(None))

    assert [(one.url.path, dict(one.url.params)) for one in service.requests] == [
        (
            "/2/users/2244994945/mentions",
            {
                "max_results": "100",
                "post.fields": "created_at,conversation_id,lang,public_metrics,note_post",
                "expansions": "author_id",
            },
        )
    ]


def test_no_post_is_paid_for_twice() -> None:
    service = SEARCH.service(samples())
    connector = SEARCH.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    service.add(Sample(26, "پیام تازه", 1_700_090_000))
    service.requests.clear()

    again = list(connector.fetch(bookmark))
    quiet = list(connector.fetch(last_bookmark(again)))

    assert [item.text for item in items_of(again)] == ["پیام تازه"]
    assert items_of(quiet) == []
    assert [one.url.params["since_id"] for one in service.requests] == ["250", "260"]


def test_other_names_of_fields_or_own_accounts_do_not_pay_for_all_again() -> None:
    service = SEARCH.service(samples(3))
    bookmark = last_bookmark(list(SEARCH.build(service).fetch(None)))

    changed = SEARCH.build(service, fields="post.fields", own_ids=["1", "2"])

    assert items_of(list(changed.fetch(bookmark))) == []


def test_a_reading_that_breaks_off_goes_on_at_its_page_and_leaves_no_gap() -> None:
    service = SEARCH.service(samples(5))
    connector = SEARCH.build(service, attempts=1)
    bookmark = last_bookmark(list(connector.fetch(None)))
    for number in range(6, 31):
        service.add(Sample(number, f"پیام {number}", 1_700_000_000 + 60 * number))
    service.requests.clear()
    service.fail_from = (2, answering(500))
    before, _ = read_until_error(connector, bookmark)
    service.fail_from = None

    after = list(connector.fetch(last_bookmark(before)))

    found = [int(item.native_id) // 10 for item in items_of([*before, *after])]
    assert found == list(range(30, 5, -1))
    asked = [(one.url.params["since_id"], one.url.params.get("next_token")) for one in service.requests]
    assert asked == [("50", None), ("50", "b210"), ("50", "b210"), ("50", "b110")]
    assert '"since":"300"' in (last_bookmark(after) or "")


def test_a_post_that_x_finds_too_old_to_go_on_from_is_left_out() -> None:
    service = SEARCH.service(samples(2))
    connector = SEARCH.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    service.faults[2] = answering(400)

    read = items_of(list(connector.fetch(bookmark)))

    assert [item.native_id for item in read] == ["20", "10"]
    assert [one.url.params.get("since_id") for one in service.requests] == [None, "20", None]


def test_credits_that_are_used_up_are_named() -> None:
    service = SEARCH.service([])
    service.fail_from = (1, answering(402))

    _, complaint = read_until_error(SEARCH.build(service))

    assert "HTTP 402, it wants to be paid first: the app needs credits that are left" in complaint


@pytest.mark.parametrize("arguments", [{}, {"query": "چای", "user_id": "17"}])
def test_either_a_query_or_an_account_is_asked_for(arguments: dict[str, object]) -> None:
    case = replace(SEARCH, arguments={"token_env": "SHOP_TOKEN", **arguments})

    with pytest.raises(SettingsError, match="expected either query or user_id"):
        case.build(case.service([]))
