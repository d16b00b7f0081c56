"""What the battery does not know of the stores: what they are asked, and what goes with a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from pipeline.records import Author, Channel, Feedback, Rating
from tests.checks import errors_of, items_of, samples
from tests.fixtures.http_services import app_store_rss, basalam
from tests.fixtures.services import Service, as_json, recorded
from tests.http_checks import HttpCase, last_bookmark, read_until_error

(BASALAM,) = basalam.CASES
(FEED,) = app_store_rss.CASES
NO_ENTRY = {"feed": {}}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


class Answers(Service):
    """Answers with one document after the other, and then with the last."""

    def __init__(self, *documents: Any) -> None:
        super().__init__([])
        self.documents = [*documents]

    def answer(self, request: httpx.Request) -> httpx.Response:
        return as_json(self.documents.pop(0) if len(self.documents) > 1 else self.documents[0])


def read(case: HttpCase, *documents: object) -> list[Feedback]:
    return items_of(list(case.build(Answers(*documents)).fetch(None)))


def paths(service: Service) -> list[str]:
    return [request.url.raw_path.decode() for request in service.requests]


def test_a_review_of_basalam_has_product_stars_and_how_often_it_was_answered() -> None:
    first, second = read(BASALAM, recorded("basalam_reviews"))

    assert first == Feedback(
        source="shop",
        native_id="70801",
        text="درِ شیشه شکسته بود و همه‌اش ریخته بود",
        created_at=datetime(2026, 3, 8, 6, 30, tzinfo=UTC),
        channel=Channel.REVIEW,
        author=Author(native_id="88123"),
        product="عسل آویشن یک کیلویی",
        rating=Rating(2.0, 1.0, 5.0),
        attributes={"product_id": "40511", "vendor": "1200345", "n_answers": "1"},
    )
    assert (second.text, second.rating, second.attributes["n_answers"]) == ("", Rating(5.0, 1.0, 5.0), "0")
    assert second.created_at == datetime(2026, 3, 7, 21, 30, tzinfo=UTC)


def test_each_vendor_of_basalam_is_asked_for_until_there_is_no_next() -> None:
    service = BASALAM.service(samples(12))

    list(BASALAM.build(service, vendors=[7, 8]).fetch(None))

    assert paths(service) == [
        "/web/v1/review/vendor/7/reviews?offset=0&limit=20",
        "/web/v1/review/vendor/7/reviews?offset=10&limit=20",
        "/web/v1/review/vendor/8/reviews?offset=0&limit=20",
        "/web/v1/review/vendor/8/reviews?offset=10&limit=20",
    ]


def test_a_second_run_over_basalam_asks_for_two_pages() -> None:
    service = BASALAM.service(samples(60))
    connector = BASALAM.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    service.requests.clear()

    list(connector.fetch(bookmark))

    assert len(service.requests) == 2


def test_an_entry_of_the_feed_has_title_stars_country_and_version() -> None:
    (review,) = read(FEED, recorded("app_store_rss_reviews"), NO_ENTRY)

    assert review == Feedback(
        source="shop",
        native_id="11890453321",
        text="بعد از به‌روزرسانی\nصفحهٔ پرداخت باز نمی‌شود",
        created_at=datetime(2026, 3, 8, 8, 0, tzinfo=UTC),
        channel=Channel.REVIEW,
        author=Author(native_id="https://itunes.example/us/reviews/id700100200"),
        product="1200340056",
        rating=Rating(2.0, 1.0, 5.0),
        attributes={"version": "5.4.1", "n_votes": "4", "country": "us"},
    )


def test_the_feed_is_asked_for_each_app_and_country() -> None:
    service = FEED.service([])

    list(FEED.build(service, apps=[7, 8], countries=["us", "de"]).fetch(None))

    assert paths(service) == [
        "/us/rss/customerreviews/page=1/id=7/sortby=mostrecent/json",
        "/de/rss/customerreviews/page=1/id=7/sortby=mostrecent/json",
        "/us/rss/customerreviews/page=1/id=8/sortby=mostrecent/json",
        "/de/rss/customerreviews/page=1/id=8/sortby=mostrecent/json",
    ]


def test_the_feed_is_asked_for_ten_pages_and_no_eleventh() -> None:
    service = FEED.service(samples(130))

    pages = list(FEED.build(service).fetch(None))

    assert len(items_of(pages)) == 100
    assert [path.split("/")[4] for path in paths(service)] == [f"page={number}" for number in range(1, 11)]


@pytest.mark.parametrize("feed", [{}, {"entry": []}, {"entry": {"im:name": {"label": "نیک‌سبد"}}}])
def test_a_feed_without_reviews_is_empty(feed: object) -> None:
    pages = list(FEED.build(Answers({"feed": feed})).fetch(None))

    assert (items_of(pages), errors_of(pages)) == ([], [])


def test_stars_that_are_none_cost_one_review() -> None:
    document = recorded("app_store_rss_reviews")
    review = document["feed"]["entry"][1]
    document["feed"]["entry"].append(review | {"id": {"label": "12"}, "im:rating": {"label": "many"}})

    pages = list(FEED.build(Answers(document, NO_ENTRY)).fetch(None))

    assert [item.native_id for item in items_of(pages)] == ["11890453321"]
    assert errors_of(pages) == [("review 12", "12")]


def test_a_feed_that_names_stars_anew_stops() -> None:
    document = recorded("app_store_rss_reviews")
    review = document["feed"]["entry"][1]
    review["im:stars"] = review.pop("im:rating")

    _, complaint = read_until_error(FEED.build(Answers(document)))

    assert "no review of a whole page has the field im:rating.label" in complaint


def test_what_undocumented_stores_are_asked_stays_a_second_apart() -> None:
    for case in (BASALAM, FEED):
        naps: list[float] = []
        polite = replace(
            case, arguments={key: value for key, value in case.arguments.items() if key != "delay_s"}
        )

        list(polite.build(case.service(samples(12)), naps=naps).fetch(None))

        assert naps[:1] == [1.0]
