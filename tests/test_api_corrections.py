"""What people say of a mention over the API, hand-counted on a small store."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from statsmodels.stats.proportion import proportion_confint

from api.app import create_app
from api.problems import ProblemOut
from config.settings import Settings, load_settings
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from pipeline.keys import Scope, add_key
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, SMALL, TEHRAN, fill
from tests.builders import clean_feedback, mention, prediction

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}
# The first message of SMALL: «پيك دير كرد», delivery, complaint, negative, of the brand نیک‌سبد.
FIRST = "/v1/feedback/1/mentions/0-13"
SUPPORT = {"stage": "support"}


@dataclass(frozen=True)
class SaysNothing:
    """A model that finds nothing."""

    levels = Levels()

    version: str = "v1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [prediction() for _ in texts]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(update={"database_url": url})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        fill(opened, SMALL)
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(SaysNothing()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as opened:
        yield opened


def patch(client: TestClient, body: dict[str, Any], address: str = FIRST) -> dict[str, Any]:
    answer = client.patch(address, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def problem_of(answer: Any, status: int) -> ProblemOut:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    return ProblemOut.model_validate_json(answer.text)


def labelled(client: TestClient) -> dict[str, Any]:
    items = client.get("/v1/feedback", params=NOVEMBER).json()["items"]
    return dict(next(item for item in items if item["id"] == 1)["mentions"][0])


def test_a_correction_answers_with_the_mention_and_counts_at_once(client: TestClient) -> None:
    seen = labelled(client)

    answer = client.patch(
        f"/v1/feedback/1/mentions/{seen['mention_id']}", json=SUPPORT, headers={"If-Match": seen["etag"]}
    )

    assert answer.json() == {
        "feedback_id": 1,
        "mention_id": "0-13",
        "etag": answer.headers["etag"],
        "start": 0,
        "end": 13,
        "text": "پيك دير كرد",
        "stage": "support",
        "intent": "complaint",
        "aspect": "delivery",
        "sentiment": "negative",
        "stage_from_touchpoint": False,
        "model_version": "v1",
        "correction": {
            "predicted": {
                "stage": "delivery",
                "intent": "complaint",
                "aspect": "delivery",
                "sentiment": "negative",
            },
            "corrected_by": "this machine",
            "corrected_at": "2026-11-21T09:30:00Z",
            "version": 1,
        },
    }
    now = labelled(client)
    assert (seen["corrected"], now["corrected"], now["stage"]) == (False, True, "support")
    assert now["etag"] == answer.headers["etag"] != seen["etag"]
    trend = client.get("/v1/trend", params=NOVEMBER | {"stage": "support"}).json()
    assert (trend["n"], trend["n_negative"], trend["n_positive"]) == (2, 1, 1)


def test_a_mention_can_be_read_by_itself(client: TestClient) -> None:
    answer = client.get(FIRST)

    assert (answer.json()["correction"], answer.json()["etag"]) == (None, answer.headers["etag"])
    assert labelled(client)["etag"] == answer.headers["etag"]


def test_a_correction_is_taken_back(client: TestClient) -> None:
    before = client.get(FIRST).json()
    etag = patch(client, SUPPORT)["etag"]

    answer = client.delete(FIRST, headers={"If-Match": etag})

    assert answer.json() == before
    assert client.get("/v1/corrections").json() == {"n": 0, "next": None, "items": []}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_without_if_match_nothing_is_changed(client: TestClient, method: str) -> None:
    answer = client.request(method, FIRST, json=SUPPORT)

    assert "GET /v1/feedback" in problem_of(answer, 428).detail
    assert client.get(FIRST).json()["stage"] == "delivery"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("weakly", ["", "W/"])
def test_what_was_read_before_a_change_does_not_undo_it(client: TestClient, method: str, weakly: str) -> None:
    old = client.get(FIRST).json()["etag"]
    now = patch(client, SUPPORT)["etag"]

    answer = client.request(
        method, FIRST, json={"stage": "use"}, headers={"If-Match": weakly + (now if weakly else old)}
    )

    assert "read it again" in problem_of(answer, 412).detail
    assert client.get(FIRST).json()["stage"] == "support"


def test_one_of_several_entity_tags_is_enough(client: TestClient) -> None:
    etag = client.get(FIRST).json()["etag"]

    answer = client.patch(FIRST, json=SUPPORT, headers={"If-Match": f'"other", {etag}'})

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ["/v1/feedback/1/mentions/0-12", "/v1/feedback/99/mentions/0-13"])
def test_a_mention_that_is_not_there_is_a_404_problem(client: TestClient, method: str, address: str) -> None:
    answer = client.request(method, address, json=SUPPORT, headers={"If-Match": "*"})

    assert "mention_id" in problem_of(answer, 404).detail


@pytest.mark.parametrize(
    ("address", "body", "parameter"),
    [
        (FIRST, {"stage": "moon"}, "stage"),
        (FIRST, {"sentiment": "mixed"}, "sentiment"),
        (FIRST, {"stage": None}, "stage"),
        (FIRST, {"emotion": "joy"}, "emotion"),
        (FIRST, {}, "body"),
        (FIRST, [], "body"),
        ("/v1/feedback/1/mentions/first", SUPPORT, "mention_id"),
        ("/v1/feedback/0/mentions/0-13", SUPPORT, "feedback_id"),
        (f"/v1/feedback/{2**63}/mentions/0-13", SUPPORT, "feedback_id"),
        (f"{FIRST}?stage=support", SUPPORT, "stage"),
    ],
)
def test_what_cannot_be_understood_is_a_422_problem_that_names_it(
    client: TestClient, address: str, body: object, parameter: str
) -> None:
    answer = client.patch(address, json=body, headers={"If-Match": "*"})

    errors = problem_of(answer, 422).errors
    assert errors is not None
    assert [error.parameter for error in errors] == [parameter]


def test_reading_takes_a_key_to_read_and_correcting_one_to_write(client: TestClient, store: Store) -> None:
    reader = {"X-API-Key": add_key(store, "board", Scope.READ), "If-Match": "*"}
    writer = {"X-API-Key": add_key(store, "sara", Scope.WRITE), "If-Match": "*"}

    refused = client.patch(FIRST, json=SUPPORT, headers=reader)
    corrected = client.patch(FIRST, json=SUPPORT, headers=writer)

    problem_of(client.get(FIRST), 401)
    problem_of(refused, 403)
    problem_of(client.delete(FIRST, headers=reader), 403)
    assert client.get(FIRST, headers=reader).status_code == 200
    assert corrected.json()["correction"]["corrected_by"] == "sara"


def test_a_key_of_one_brand_corrects_that_brand_only(client: TestClient, store: Store) -> None:
    headers = {"X-API-Key": add_key(store, "shop", Scope.WRITE, brands=["نیک‌سبد"]), "If-Match": "*"}

    own = client.patch(FIRST, json=SUPPORT, headers=headers)
    foreign = client.patch("/v1/feedback/2/mentions/0-13", json=SUPPORT, headers=headers)
    taken_back = client.delete(FIRST, headers=headers)

    assert (own.status_code, foreign.status_code, taken_back.status_code) == (200, 404, 200)


def test_a_key_of_one_brand_sees_the_corrections_of_that_brand_only(client: TestClient, store: Store) -> None:
    patch(client, SUPPORT)
    patch(client, SUPPORT, "/v1/feedback/2/mentions/0-13")
    headers = {"X-API-Key": add_key(store, "shop", Scope.READ, brands=["نیک‌سبد"])}

    listed = client.get("/v1/corrections", headers=headers).json()
    precision = client.get("/v1/corrections/precision", headers=headers).json()

    assert [item["feedback_id"] for item in listed["items"]] == [1]
    assert precision["n"] == 1


def test_corrections_are_listed_with_what_was_predicted(client: TestClient) -> None:
    patch(client, SUPPORT | {"aspect": "staff"})

    answer = client.get("/v1/corrections").json()

    assert answer == {
        "n": 1,
        "next": None,
        "items": [
            {
                "id": 1,
                "feedback_id": 1,
                "source": "shop",
                "mention_id": "0-13",
                "text": "پيك دير كرد",
                "labels": {
                    "stage": "support",
                    "intent": "complaint",
                    "aspect": "staff",
                    "sentiment": "negative",
                },
                "predicted": {
                    "stage": "delivery",
                    "intent": "complaint",
                    "aspect": "delivery",
                    "sentiment": "negative",
                },
                "changed": ["stage", "aspect"],
                "model_version": "v1",
                "corrected_by": "this machine",
                "corrected_at": "2026-11-21T13:00:00+03:30",
                "version": 1,
                "orphaned": False,
            }
        ],
    }


def test_pages_hold_every_correction_once(client: TestClient) -> None:
    addresses = [FIRST, "/v1/feedback/2/mentions/0-13", "/v1/feedback/3/mentions/0-13"]
    ids = [patch(client, SUPPORT, address)["feedback_id"] for address in addresses]

    first = client.get("/v1/corrections", params={"limit": 2}).json()
    second = client.get("/v1/corrections", params={"limit": 2, "cursor": first["next"]}).json()

    assert [item["feedback_id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert (first["n"], second["n"], second["next"]) == (3, None, None)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"confirmed": "true"}, [2]),
        ({"confirmed": "false"}, [1]),
        ({"orphaned": "true"}, []),
        ({"orphaned": "false"}, [2, 1]),
        ({"by": "this machine"}, [2, 1]),
        ({"by": "sara"}, []),
        ({"brand": "نیک‌سبد"}, [1]),
        ({"brand": ""}, [2]),
        ({"from": "2026-11-21", "to": "2026-11-22"}, [2, 1]),
        ({"from": "2026-11-22"}, []),
        ({"to": "1405-08-30"}, []),
    ],
)
def test_corrections_are_found_by(client: TestClient, params: dict[str, str], found: list[int]) -> None:
    patch(client, SUPPORT)
    patch(client, {"stage": "delivery"}, "/v1/feedback/2/mentions/0-13")

    answer = client.get("/v1/corrections", params=params).json()

    assert [item["feedback_id"] for item in answer["items"]] == found
    assert answer["n"] == len(found)


def test_a_period_that_ends_before_it_starts_is_a_422_problem(client: TestClient) -> None:
    answer = client.get("/v1/corrections", params={"from": "2026-11-22", "to": "2026-11-21"})

    assert "to must be later than from" in problem_of(answer, 422).detail


def test_what_lost_its_clause_is_listed_as_orphaned_without_a_text(client: TestClient, store: Store) -> None:
    patch(client, SUPPORT)
    store.save_page(
        "shop", "table_file", [clean_feedback("1", text="ممنون", brand="نیک‌سبد")], [], None, now=NOW
    )

    (item,) = client.get("/v1/corrections", params={"orphaned": "true"}).json()["items"]

    assert (item["mention_id"], item["text"], item["labels"]["stage"]) == (None, None, "support")


def test_corrections_as_a_table_have_a_line_each(client: TestClient) -> None:
    patch(client, SUPPORT)

    answer = client.get("/v1/corrections", params={"format": "csv"})

    (line,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (line["labels_stage"], line["predicted_stage"], line["changed"]) == (
        "support",
        "delivery",
        "stage",
    )


def judged(store: Store, client: TestClient, *, right: int, wrong: int) -> None:
    items = [
        clean_feedback(str(100 + number), source="judged", text="بسته دیر رسید")
        for number in range(right + wrong)
    ]
    store.save_page("judged", "table_file", items, [], None, now=NOW)
    claimed = store.claim_pending("w", limit=100, lease_s=60, now=NOW)
    said = [(pending, prediction(mention())) for pending in claimed]
    store.save_predictions(said, worker="w", touchpoint_stages={}, now=NOW)
    for number, pending in enumerate(claimed):
        verdict = {"aspect": "delivery"} if number < right else {"aspect": "staff"}
        patch(client, verdict, f"/v1/feedback/{pending.id}/mentions/0-13")


def test_the_live_precision_is_the_share_left_unchanged(client: TestClient, store: Store) -> None:
    judged(store, client, right=27, wrong=3)

    answer = client.get("/v1/corrections/precision").json()

    assert (answer["n"], answer["interval_method"], answer["model_versions"]) == (30, "wilson", ["v1"])
    assert [(line["head"], line["label"], line["n"], line["n_right"]) for line in answer["lines"]] == [
        ("stage", None, 30, 30),
        ("stage", "delivery", 30, 30),
        ("intent", None, 30, 30),
        ("intent", "complaint", 30, 30),
        ("aspect", None, 30, 27),
        ("aspect", "delivery", 30, 27),
        ("sentiment", None, 30, 30),
        ("sentiment", "negative", 30, 30),
    ]
    aspect = answer["lines"][5]
    low, high = proportion_confint(27, 30, method="wilson")
    assert (aspect["precision"], aspect["precision_low"]) == (0.9, pytest.approx(low, abs=1e-6))
    assert aspect["precision_high"] == pytest.approx(high, abs=1e-6)
    assert aspect["too_few"] is False


def test_of_fewer_than_thirty_only_the_counts_are_told(client: TestClient) -> None:
    patch(client, SUPPORT)

    lines = client.get("/v1/corrections/precision").json()["lines"]

    assert lines[1] == {
        "head": "stage",
        "label": "delivery",
        "n": 1,
        "n_right": 0,
        "precision": None,
        "precision_low": None,
        "precision_high": None,
        "too_few": True,
    }


def test_a_stage_that_a_touchpoint_fixed_says_nothing_of_the_model(client: TestClient, store: Store) -> None:
    item = clean_feedback("form", source="form", touchpoint="form")
    store.save_page("form", "table_file", [item], [], None, now=NOW)
    (pending,) = store.claim_pending("w", limit=1, lease_s=60, now=NOW)
    said = [(pending, prediction(mention()))]
    store.save_predictions(said, worker="w", touchpoint_stages={"form": "support"}, now=NOW)

    patch(client, {"stage": "use"}, f"/v1/feedback/{pending.id}/mentions/0-13")

    lines = client.get("/v1/corrections/precision").json()["lines"]
    assert [(line["n"], line["n_right"]) for line in lines if line["head"] == "stage"] == [(0, 0)]
    assert [(line["n"], line["n_right"]) for line in lines if line["label"] == "complaint"] == [(1, 1)]


def test_the_description_of_the_api_says_what_a_correction_needs(client: TestClient) -> None:
    described = client.get("/openapi.json").json()

    operation = described["paths"]["/v1/feedback/{feedback_id}/mentions/{mention_id}"]["patch"]
    assert {"200", "401", "403", "404", "412", "422", "428"} <= set(operation["responses"])
    assert [one["name"] for one in operation["parameters"]] == ["feedback_id", "mention_id", "if-match"]
    assert described["components"]["schemas"]["VerdictIn"]["minProperties"] == 1
