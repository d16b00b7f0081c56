"""A key that asks too often is told when it may ask again; others, and this machine without a key, go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.rate_limits import Allowance, Kind, RateLimits
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from tests.api_feedback import TEHRAN
from tests.service import serving, settings_of

LIMITS = {
    "rate_limit_per_minute": 2,
    "rate_limit_analyze_per_minute": 1,
    "rate_limit_push_per_minute": 0,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        yield opened


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with serving(settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path, **LIMITS)) as opened:
        yield opened


def bearer(store: Store, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {add_key(store, name, 'write')}"}


def test_a_key_that_asks_too_often_is_told_when_to_come_again(client: TestClient, store: Store) -> None:
    key = bearer(store, "page")

    answers = [client.get("/v1/trend", headers=key) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["ratelimit"] for one in answers] == [
        '"answers";r=1;t=60',
        '"answers";r=0;t=60',
        '"answers";r=0;t=60',
    ]
    assert answers[0].headers["ratelimit-policy"] == '"answers";q=2;w=60'
    assert answers[2].headers["retry-after"] == "60"
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert answers[2].json()["detail"] == "this key may ask 2 times a minute here; try again in 60 s"


def test_what_one_key_asks_takes_nothing_from_another(client: TestClient, store: Store) -> None:
    first, second = bearer(store, "first"), bearer(store, "second")
    for _ in range(3):
        client.get("/v1/trend", headers=first)

    assert client.get("/v1/trend", headers=second).status_code == 200


def test_answers_texts_to_analyze_and_what_is_pushed_are_counted_apart(
    client: TestClient, store: Store
) -> None:
    key = bearer(store, "shop")
    text, message = {"text": "دیر رسید"}, {"id": "1", "text": "دیر رسید"}

    analysed = [client.post("/v1/analyze", json=text, headers=key).status_code for _ in range(2)]
    pushed = [client.post("/v1/feedback", json=message, headers=key).status_code for _ in range(4)]

    assert analysed == [200, 429]
    assert pushed == [202] * 4
    assert client.get("/v1/trend", headers=key).status_code == 200


def test_this_machine_is_not_limited_while_there_is_no_key(client: TestClient) -> None:
    answers = [client.get("/v1/trend") for _ in range(4)]

    assert [one.status_code for one in answers] == [200] * 4
    assert "ratelimit" not in answers[0].headers


def test_a_wrong_question_counts_as_one(client: TestClient, store: Store) -> None:
    key = bearer(store, "page")

    answers = [client.get("/v1/trend?bucket=year", headers=key).status_code for _ in range(3)]

    assert answers == [422, 422, 429]


def test_no_limit_is_no_allowance() -> None:
    limits = RateLimits({Kind.ANSWERS: 1, Kind.PUSH: 0})

    assert limits.take(Kind.PUSH, 1) is None
    assert limits.take(Kind.ANSWERS, 1) == Allowance(
        Kind.ANSWERS, limit=1, allowed=True, n_left=0, reset_s=60
    )
