"""An answer is asked for again at no cost while it holds, and never holds longer than it is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from config.settings import Settings
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import clean_feedback
from tests.service import SaysLate, serving, settings_of

TREND = "/v1/trend?from=2026-11-01&to=2026-12-01"


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def settings(store: Store, store_url: str, tmp_path: Path) -> Settings:
    fill(store, SMALL)
    return settings_of(store_url, tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(settings: Settings, clock: Clock) -> Iterator[TestClient]:
    with TestClient(create_app(settings, analyzer=Analyzer(SaysLate()), clock=clock)) as opened:
        yield opened


def again(client: TestClient, address: str, tag: str, **headers: str) -> int:
    return client.get(address, headers={"If-None-Match": tag, **headers}).status_code


@pytest.mark.parametrize(
    "address", [TREND, "/v1/journey", "/v1/feedback?format=csv", "/v1/breakdown?by=stage"]
)
def test_an_answer_that_still_holds_is_not_sent_again(client: TestClient, address: str) -> None:
    first = client.get(address)

    second = client.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Authorization, X-API-Key, Cookie, Accept-Language"
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]


def test_a_tag_is_known_again_among_others_and_without_its_mark_of_weakness(client: TestClient) -> None:
    tag = client.get(TREND).headers["etag"]

    assert tag.startswith('W/"')
    assert again(client, TREND, f'"other", {tag}') == 304
    assert again(client, TREND, tag.removeprefix("W/")) == 304
    assert again(client, TREND, '"other"') == 200


def test_a_new_message_a_deletion_and_new_labels_end_an_answer(client: TestClient, store: Store) -> None:
    changes = [
        lambda: store.save_page("shop", "x", [clean_feedback("99")], [], None, now=NOW),
        lambda: store.delete("shop", "1"),
        store.rebuild_tallies,
    ]

    for change in changes:
        tag = client.get(TREND).headers["etag"]
        change()
        assert again(client, TREND, tag) == 200


def test_the_runs_of_a_source_do_not_end_an_answer(client: TestClient, store: Store) -> None:
    tag = client.get(TREND).headers["etag"]

    store.note_start("shop", "x", now=NOW)
    store.note_success("shop", "x", now=NOW)

    assert again(client, TREND, tag) == 304


def test_each_question_and_each_language_has_its_own_tag(client: TestClient) -> None:
    addresses = ["/v1/trend", TREND, f"{TREND}&bucket=week", f"{TREND}&format=xlsx", f"{TREND}&format=csv"]

    tags = {client.get(address).headers["etag"] for address in addresses}
    english = client.get(TREND, headers={"Accept-Language": "en"}).headers["etag"]

    assert len(tags | {english}) == 6


def test_what_today_means_ends_an_answer(client: TestClient, clock: Clock) -> None:
    tag = client.get("/v1/trend").headers["etag"]

    clock.now = NOW + timedelta(minutes=29)
    within = again(client, "/v1/trend", tag)
    clock.now = NOW + timedelta(days=1)

    assert (within, again(client, "/v1/trend", tag)) == (304, 200)


def test_keys_of_other_brands_do_not_share_tags(client: TestClient, store: Store) -> None:
    keys = [
        add_key(store, str(place), "read", brands=brands) for place, brands in enumerate([["الف"], ["ب"], []])
    ]

    tags = {client.get(TREND, headers={"X-API-Key": key}).headers["etag"] for key in keys}

    assert len(tags) == 3


def test_another_model_ends_an_answer(client: TestClient, settings: Settings) -> None:
    tag = client.get(TREND).headers["etag"]

    with serving(settings, version="v2") as other:
        assert again(other, TREND, tag) == 200


def test_problems_and_what_changes_by_the_second_have_no_tag(client: TestClient) -> None:
    answers = [client.get("/v1/trend?bucket=year"), client.get("/v1/sources"), client.get("/v1/nothing")]

    assert [one.status_code for one in answers] == [422, 200, 404]
    assert [one.headers.get("etag") for one in answers] == [None, None, None]
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


def test_without_a_key_that_opens_nothing_holds(client: TestClient, store: Store) -> None:
    tag = client.get(TREND).headers["etag"]
    add_key(store, "page", "read")

    assert again(client, TREND, tag) == 401
