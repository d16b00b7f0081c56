"""What the battery does not know of the stores: what they are asked, and what goes with a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from pipeline.records import Author, Channel, Feedback, Rating, Reply, Role
from tests.checks import NOW, Sample, errors_of, items_of, samples
from tests.fixtures.http_services import app_store_connect, app_store_rss, basalam, google_play
from tests.fixtures.http_services.google_play import GooglePlayService
from tests.fixtures.services import Service, as_json, recorded
from tests.fixtures.signing import as_pem, elliptic_key
from tests.http_checks import HttpCase, last_bookmark, read_until_error

(BASALAM,) = basalam.CASES
(CONNECT,) = app_store_connect.CASES
(FEED,) = app_store_rss.CASES
(PLAY,) = google_play.CASES
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


class PlayAnswers(GooglePlayService):
    """Gives out tokens, and answers with one document."""

    def __init__(self, document: object) -> None:
        super().__init__([])
        self.document = document

    def answer(self, request: httpx.Request) -> httpx.Response:
        return as_json(self.document)


def read(case: HttpCase, *documents: object) -> list[Feedback]:
    return items_of(list(case.build(Answers(*documents)).fetch(None)))


def read_play(document: object) -> list[Feedback]:
    return items_of(list(PLAY.build(PlayAnswers(document)).fetch(None)))


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


def test_a_review_of_app_store_connect_has_territory_stars_and_when_it_was_answered() -> None:
    first, second = read(CONNECT, recorded("app_store_connect_reviews"))

    assert first == Feedback(
        source="shop",
        native_id="00000031-c2aa-0017-9d01-aa1200000000",
        text="پیگیری نمی‌کنند\nسفارشم یک هفته است در راه مانده",
        created_at=datetime(2026, 3, 8, 8, 0, tzinfo=UTC),
        channel=Channel.REVIEW,
        product="1200340056",
        rating=Rating(2.0, 1.0, 5.0),
        replies=(Reply(Role.AGENT, datetime(2026, 3, 8, 10, 20, tzinfo=UTC)),),
        attributes={"territory": "DEU"},
    )
    assert (second.rating, second.replies) == (Rating(5.0, 1.0, 5.0), ())


def test_app_store_connect_is_asked_for_answers_too_and_names_the_next_page_itself() -> None:
    service = CONNECT.service(samples(12))

    list(CONNECT.build(service).fetch(None))

    asked = "/v1/apps/1200340056/customerReviews"
    assert paths(service) == [
        f"{asked}?sort=-createdDate&limit=200&include=response",
        f"{asked}?cursor=10&limit=200",
    ]


def test_a_team_names_its_issuer_and_a_person_a_user() -> None:
    team, person = CONNECT.service([]), CONNECT.service([])

    list(CONNECT.build(team).fetch(None))
    list(CONNECT.build(person, issuer_id=None).fetch(None))

    times = {"iat": 1_795_262_400, "exp": 1_795_263_300}
    assert team.said == {"iss": "57246542-0000", "aud": "appstoreconnect-v1", **times}
    assert person.said == {"sub": "user", "aud": "appstoreconnect-v1", **times}
    assert team.header == {"alg": "ES256", "kid": "2X9R4HXF34", "typ": "JWT"}


def test_a_review_of_google_play_has_stars_version_language_and_when_it_was_answered() -> None:
    first, second = read_play(recorded("google_play_reviews"))

    assert first == Feedback(
        source="shop",
        native_id="gp:AOqpTOE7-rev-2",
        text="ناامیدکننده\tکد ورود نمی‌رسد",
        created_at=datetime(2026, 3, 8, 10, 0, tzinfo=UTC),
        channel=Channel.REVIEW,
        product="com.example.shop",
        rating=Rating(1.0, 1.0, 5.0),
        replies=(Reply(Role.AGENT, datetime(2026, 3, 8, 11, 40, tzinfo=UTC)),),
        attributes={
            "language": "fa",
            "version": "5.4.1",
            "android": "33",
            "device": "a52q",
            "likes": "6",
            "dislikes": "0",
        },
    )
    assert (second.text, second.replies, second.attributes) == ("عالی", (), {})


def test_google_play_is_asked_page_by_page_with_a_token_that_the_key_gets() -> None:
    service = PLAY.service(samples(12))

    list(PLAY.build(service).fetch(None))

    asked = "/androidpublisher/v3/applications/com.example.shop/reviews?maxResults=100"
    assert paths(service) == [asked, f"{asked}&token=10"]
    assert service.claims == {
        "iss": "reader@niksabad.iam.example.com",
        "scope": "https://www.googleapis.com/auth/androidpublisher",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1_795_262_400,
        "exp": 1_795_266_000,
    }
    assert service.n_tokens == 1


def test_an_edited_review_of_google_play_comes_again_with_the_time_of_the_edit() -> None:
    service = PLAY.service(samples(25))
    connector = PLAY.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    service.add(Sample(4, "ویرایش شد", 1_700_000_240))

    first, *_ = items_of(list(connector.fetch(bookmark)))

    assert (first.native_id, first.text) == ("gp:4", "ویرایش شد")
    assert first.created_at == datetime(2023, 11, 16, 2, 0, tzinfo=UTC)


def test_the_week_of_google_play_is_read_once_more_the_next_day() -> None:
    service = PLAY.service(samples(60))
    bookmark = last_bookmark(list(PLAY.build(service).fetch(None)))

    at_once = items_of(list(PLAY.build(service).fetch(bookmark)))
    next_day = items_of(list(PLAY.build(service, now=NOW + timedelta(days=1)).fetch(bookmark)))

    assert (len(at_once), len(next_day)) == (20, 60)


def test_google_play_without_reviews_is_empty_and_what_it_never_said_stops() -> None:
    for nothing in ({}, {"tokenPagination": {}}, {"reviews": []}):
        assert read_play(nothing) == []

    _, complaint = read_until_error(PLAY.build(PlayAnswers({"ratings": []})))

    assert "the answer has no list at reviews" in complaint


@pytest.mark.parametrize(
    "key", ["no json at all", "[]", '{"type": "authorized_user", "client_id": "geheim"}', '"geheim"']
)
def test_what_is_no_key_of_a_service_account_is_said_and_not_shown(key: str) -> None:
    connector = PLAY.build(PLAY.service([]), environment={"SHOP_TOKEN": key})

    _, complaint = read_until_error(connector)

    assert "SHOP_TOKEN (key_env) holds no key of a service account" in complaint
    assert "geheim" not in complaint


def test_a_file_with_the_key_is_named_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "AuthKey.p8"
    file.write_text(as_pem(elliptic_key()), encoding="utf-8")
    service = CONNECT.service(samples(2))

    pages = list(CONNECT.build(service, environment={"SHOP_TOKEN_FILE": str(file)}).fetch(None))

    assert len(items_of(pages)) == 2
