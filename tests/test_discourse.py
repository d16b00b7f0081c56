from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from pipeline.clean import clean_text
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, TextFormat
from tests.checks import items_of, samples
from tests.fixtures.http_services.discourse import CASES, DiscourseService
from tests.fixtures.services import as_json, recorded

FORUM, OLDER = CASES


class Recorded(DiscourseService):
    """The recorded page, each of whose posts is given some more fields."""

    def __init__(self, **more: object) -> None:
        super().__init__([])
        self.more = more

    def answer(self, request: httpx.Request) -> httpx.Response:
        page: dict[str, Any] = recorded("discourse_posts")
        posts = [] if "before" in request.url.params else page["latest_posts"]
        return as_json({"latest_posts": [post | self.more for post in posts]})


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def read(service: DiscourseService, **arguments: object) -> list[Feedback]:
    return items_of(list(FORUM.build(service, **arguments).fetch(None)))


def test_posts_are_read_without_those_of_moderators() -> None:
    answer, question = read(Recorded())

    assert answer == Feedback(
        source="shop",
        native_id="731",
        text=recorded("discourse_posts")["latest_posts"][0]["cooked"],
        text_format=TextFormat.HTML,
        created_at=at(8, 10),
        edited_at=at(8, 15),
        channel=Channel.SOCIAL,
        author=Author(native_id="88"),
        conversation_id="44",
        permalink="https://shop.example/t/44/3",
        attributes={"topic": "پولم کی برمی‌گردد؟", "category": "5", "replies": "1"},
    )
    assert (question.native_id, question.edited_at, question.permalink) == (
        "729",
        None,
        "https://shop.example/t/44/1",
    )


def test_the_title_is_part_of_the_post_that_opens_a_topic() -> None:
    _, question = read(Recorded())

    assert question.text == "پولم کی برمی‌گردد؟ &lt;فوری&gt;<br><p>پول من برنگشت</p>"
    assert clean_text(question.text, question.text_format) == "پولم کی برمی‌گردد؟ <فوری>\nپول من برنگشت"


def test_what_somebody_else_said_is_cleaned_away_with_their_name() -> None:
    answer, _ = read(Recorded())

    assert clean_text(answer.text, answer.text_format) == "برای من هم همین‌طور بود، دو هفته طول کشید"


@pytest.mark.parametrize(
    "more",
    [
        {"moderator": True},
        {"admin": True},
        {"staff": True},
        {"username": "niksabad"},
        {"hidden": True},
        {"user_deleted": True},
        {"category_id": 6},
    ],
)
def test_what_is_no_customers_or_no_longer_shown_is_left_out(more: dict[str, object]) -> None:
    assert read(Recorded(**more), staff=["niksabad"], categories=[5]) == []


def test_a_forum_that_no_longer_says_who_is_staff_stops() -> None:
    class Silent(Recorded):
        def answer(self, request: httpx.Request) -> httpx.Response:
            posts = super().answer(request).json()["latest_posts"]
            return as_json(
                {"latest_posts": [{k: v for k, v in one.items() if k != "staff"} for one in posts]}
            )

    with pytest.raises(StopSource, match="no post of a whole page has the field staff"):
        read(Silent())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_page_begins_below_the_lowest_post_of_the_one_before(case: Any) -> None:
    service = case.service(samples(12))

    items = items_of(list(case.build(service).fetch(None)))

    assert [int(item.native_id) for item in items] == list(range(120, 0, -10))
    assert [dict(one.url.params) for one in service.requests][:2] == [{}, {"before": "30"}]


def test_a_forum_that_heeds_no_before_stops() -> None:
    class Deaf(DiscourseService):
        def is_below(self, number: int, before: int) -> bool:
            return True

    with pytest.raises(StopSource, match="the same page again whatever before says"):
        read(Deaf(samples(12)))
