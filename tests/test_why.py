"""Why a mention has its label: which words carried it, as the shipped model has it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.problems import ProblemOut
from models.occlusion import words_around
from pipeline.analyze import Analyzer, load_analyzer
from pipeline.keys import Scope, add_key
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN
from tests.builders import clean_feedback
from tests.service import SaysLate, settings_of

FOOD = "غذا عالی بود ولی پشتیبانی‌تون افتضاح بود"
EMOJI = "😡👨‍👩‍👧 پیک خیلی دیر رسید"
LONG = "سفارش من رسید ولی مشکلات بسیاری داشت که حل نشد. " * 200
HUGE = "ب" * 10_000
TEXTS = (FOOD, EMOJI, LONG, HUGE)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return load_analyzer(None, 2)


@pytest.fixture
def store(tmp_path: Path, analyzer: Analyzer) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        items = [clean_feedback(str(n), text=text, brand=f"b{n}") for n, text in enumerate(TEXTS, 1)]
        opened.save_page("shop", "table_file", items, [], None, now=NOW)
        claimed = opened.claim_pending("w", limit=9, lease_s=60, now=NOW)
        said = analyzer.classifier.predict([one.text for one in claimed])
        opened.save_predictions(
            list(zip(claimed, said, strict=True)), worker="w", touchpoint_stages={}, now=NOW
        )
        yield opened


@pytest.fixture
def client(tmp_path: Path, store: Store, analyzer: Analyzer) -> Iterator[TestClient]:
    settings = settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path)
    app = create_app(settings, analyzer=analyzer, clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as opened:
        yield opened


def mentions(client: TestClient, id_: int) -> list[dict[str, Any]]:
    params = {"from": "2026-11-01", "to": "2026-12-01"}
    items = client.get("/v1/feedback", params=params).json()["items"]
    return list(next(item for item in items if item["id"] == id_)["mentions"])


def address(client: TestClient, id_: int, number: int = -1) -> str:
    return f"/v1/feedback/{id_}/mentions/{mentions(client, id_)[number]['mention_id']}"


def why(client: TestClient, id_: int, number: int = -1, **params: str) -> dict[str, Any]:
    answer = client.get(f"{address(client, id_, number)}/why", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def heaviest(told: dict[str, Any]) -> str:
    return str(max(told["words"], key=lambda word: word["weight"])["text"])


@pytest.mark.parametrize(
    ("head", "label", "word"),
    [
        ("sentiment", "negative", "افتضاح"),
        ("intent", "complaint", "افتضاح"),
        ("stage", "support", "پشتیبانی‌تون"),
        ("aspect", "support", "پشتیبانی‌تون"),
    ],
)
def test_the_word_that_carries_a_label_weighs_most(
    client: TestClient, head: str, label: str, word: str
) -> None:
    told = why(client, 1, head=head)

    assert (told["head"], told["label"], heaviest(told)) == (head, label, word)


def test_every_word_of_mention_and_surroundings_is_weighed_where_it_stands(client: TestClient) -> None:
    told = why(client, 1)

    assert [(word["text"], word["in_mention"]) for word in told["words"]] == [
        ("غذا", False),
        ("عالی", False),
        ("بود", False),
        ("ولی", True),
        ("پشتیبانی‌تون", True),
        ("افتضاح", True),
        ("بود", True),
    ]
    assert [FOOD[word["start"] : word["end"]] for word in told["words"]] == [
        word["text"] for word in told["words"]
    ]


def test_offsets_right_after_emojis_count_code_points(client: TestClient) -> None:
    told = why(client, 2, head="stage")

    assert [(word["start"], word["end"], word["text"]) for word in told["words"]] == [
        (0, 6, "😡👨‍👩‍👧"),
        (7, 10, "پیک"),
        (11, 15, "خیلی"),
        (16, 19, "دیر"),
        (20, 24, "رسید"),
    ]
    assert (told["label"], heaviest(told)) == ("delivery", "پیک")


def test_the_label_is_told_as_sure_as_it_was_when_stored(client: TestClient) -> None:
    stored = mentions(client, 1)[-1]

    said = why(client, 1)["said"]

    for head in ("stage", "intent", "aspect", "sentiment"):
        assert said[head]["label"] == stored[head]
        assert said[head]["confidence"] == pytest.approx(stored[f"{head}_confidence"], abs=0.02)
    assert {one["level"] for one in said.values()} <= {"high", "medium", "low"}


def test_of_a_corrected_mention_the_label_of_the_model_is_explained(client: TestClient) -> None:
    corrected = client.patch(
        address(client, 1), json={"sentiment": "positive"}, headers={"If-Match": "*"}
    ).json()

    told = why(client, 1)

    assert (corrected["sentiment"], told["label"], heaviest(told)) == ("positive", "negative", "افتضاح")


def test_a_mention_of_a_long_ticket_asks_the_model_of_few_words_at_once(client: TestClient) -> None:
    started = time.perf_counter()

    told = why(client, 3, 100)

    # Some 0.2 s on an idle machine; the whole ticket is 9,600 characters long.
    assert time.perf_counter() - started < 5
    inside = [word["text"] for word in told["words"] if word["in_mention"]]
    assert set(inside) <= set(LONG.replace(".", "").split())
    assert len(inside) <= len(told["words"]) <= 60


def test_a_word_without_end_is_one_word(client: TestClient) -> None:
    told = why(client, 4)

    assert [(word["start"], word["end"]) for word in told["words"]] == [(0, 4_000)]


@pytest.mark.parametrize("path", ["/v1/feedback/1/mentions/0-5/why", "/v1/feedback/99/mentions/0-13/why"])
def test_a_mention_that_is_not_there_is_a_404_problem(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "mention_id" in ProblemOut.model_validate_json(answer.text).detail


def test_a_head_that_there_is_not_is_a_422_problem_that_names_those_there_are(client: TestClient) -> None:
    answer = client.get(f"{address(client, 1)}/why", params={"head": "emotion"})

    (error,) = ProblemOut.model_validate_json(answer.text).errors or []
    assert (answer.status_code, error.allowed) == (422, ["stage", "intent", "aspect", "sentiment"])


def test_a_key_of_one_brand_is_told_of_that_brand_only(client: TestClient, store: Store) -> None:
    own, foreign = (f"{address(client, id_)}/why" for id_ in (1, 2))
    headers = {"X-API-Key": add_key(store, "shop", Scope.READ, brands=["b1"])}

    assert client.get(own, headers=headers).status_code == 200
    assert client.get(foreign, headers=headers).status_code == 404
    assert client.get(own).status_code == 401


def test_a_model_that_cannot_be_asked_why_says_so(tmp_path: Path, store: Store) -> None:
    settings = settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path)
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)

    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.get(f"{address(client, 1)}/why")

    assert answer.status_code == 404
    assert "cannot be asked" in answer.json()["detail"]


def test_words_of_a_mention_come_before_those_around_it() -> None:
    text = " ".join(f"w{n}" for n in range(200))
    start = text.index("w100")

    words = [text[first:last] for first, last in words_around(text, (start, start + 9), n_tokens=500)]

    assert words == ["w99", "w100", "w101", "w102"]
