"""Every error on every route has the one shape, names the parameter and tells nothing private."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import ANSWERS, create_app
from api.problems import ProblemOut
from api.routes import health
from config.settings import Settings, load_settings
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN

ADDRESSES = [
    (f"{prefix}{route.path}", next(iter(route.methods)))
    for prefix, modules in (("/v1", ANSWERS), ("", (health,)))
    for module in modules
    for route in module.router.routes
    if isinstance(route, APIRoute)
]
QUERIES = ["trend", "breakdown", "journey", "feedback"]


@dataclass(frozen=True)
class Breaks:
    """A model that fails with a message that holds what it was given."""

    levels = Levels()
    confusion: ClassVar[Mapping[str, Mapping[str, list[list[int]]]]] = {}

    version: str = "v1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        raise RuntimeError(f"cannot read {texts[0]}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(
        update={"database_url": url, "max_body_bytes": 2000, "max_analyze_texts": 3}
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(Breaks()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        yield opened


def problem_of(answer: object) -> ProblemOut:
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    problem = ProblemOut.model_validate_json(answer.text)  # type: ignore[attr-defined]
    assert problem.status == answer.status_code  # type: ignore[attr-defined]
    assert problem.title
    assert problem.detail
    return problem


def test_every_route_of_the_contract_is_there() -> None:
    assert sorted(ADDRESSES) == [
        ("/healthz", "GET"),
        ("/readyz", "GET"),
        ("/v1/alerts", "GET"),
        ("/v1/alerts/{alert_id}/acknowledge", "POST"),
        ("/v1/analyze", "POST"),
        ("/v1/brands", "GET"),
        ("/v1/breakdown", "GET"),
        ("/v1/compare", "GET"),
        ("/v1/corrections", "GET"),
        ("/v1/corrections/precision", "GET"),
        ("/v1/customers", "GET"),
        ("/v1/customers/{key}/journey", "GET"),
        ("/v1/cx", "GET"),
        ("/v1/cx/response", "GET"),
        ("/v1/drivers", "GET"),
        ("/v1/emotions", "GET"),
        ("/v1/events", "GET"),
        ("/v1/events/{id}/effect", "GET"),
        ("/v1/export", "GET"),
        ("/v1/feedback", "GET"),
        ("/v1/hours", "GET"),
        ("/v1/journey", "GET"),
        ("/v1/options", "GET"),
        ("/v1/pains", "GET"),
        ("/v1/phrases", "GET"),
        ("/v1/sources", "GET"),
        ("/v1/trend", "GET"),
    ]


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/nothing", "/v2/trend", "/v1/trend/x"])
def test_an_unknown_address_is_a_404_problem(client: TestClient, path: str) -> None:
    assert problem_of(client.get(path)).status == 404


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
def test_a_wrong_method_is_a_405_problem_that_says_which_is_right(
    client: TestClient, path: str, method: str
) -> None:
    answer = client.delete(path)

    assert problem_of(answer).detail == f"use {method} here"
    assert answer.status_code == 405
    assert answer.headers["allow"] == method


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
def test_an_unknown_parameter_is_a_422_problem_on_every_route(
    client: TestClient, path: str, method: str
) -> None:
    problem = problem_of(client.request(method, path, params={"colour": "red"}, json={"text": "سلام"}))

    assert problem.status == 422
    assert problem.errors is not None
    assert "colour" in [error.parameter for error in problem.errors]


@pytest.mark.parametrize(("path", "method"), [one for one in ADDRESSES if one[0].startswith("/v1")])
def test_without_the_key_that_exists_every_question_is_a_401_problem(
    client: TestClient, store: Store, path: str, method: str
) -> None:
    add_key(store, "dashboard", "read")

    answer = client.request(method, path, params={"by": "stage"}, json={"text": "سلام"})

    assert problem_of(answer).status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
def test_a_body_that_is_too_large_is_a_413_problem_on_every_route(
    client: TestClient, path: str, method: str
) -> None:
    assert problem_of(client.request(method, path, content=b"x" * 2001)).status == 413


def test_a_body_without_an_announced_length_is_limited_too(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text": "'
        yield b"x" * 3000
        yield b'"}'

    answer = client.post("/v1/analyze", content=chunks(), headers={"Content-Type": "application/json"})

    assert problem_of(answer).status == 413


@pytest.mark.parametrize(
    ("path", "method"), [one for one in ADDRESSES if one[0] not in {"/healthz", "/v1/analyze"}]
)
def test_without_the_data_base_the_answer_is_a_503_problem(
    client: TestClient, settings: Settings, path: str, method: str
) -> None:
    file = Path(settings.store_url.removeprefix("sqlite:///"))
    for one in file.parent.glob("bazkhord.db*"):
        one.unlink()
    file.mkdir()
    # Only now, as a thread that reads ahead could else open what is still there, and leave it open to others.
    client.app.state.service.store.close()  # type: ignore[attr-defined]

    answer = client.request(method, path, params={"by": "stage"} if path == "/v1/breakdown" else {})

    assert problem_of(answer).status == 503
    assert answer.headers["retry-after"] == "5"


def test_an_unexpected_failure_is_a_500_problem_without_its_message(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        problem = problem_of(client.post("/v1/analyze", json={"text": "رازی"}))

    assert problem.status == 500
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "POST /v1/analyze failed: RuntimeError at " in logged
    assert "رازی" not in logged + problem.model_dump_json()


@pytest.mark.parametrize("route", QUERIES)
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("stage", "dilivery", "awareness, consideration, purchase, delivery, use, support, loyalty, none"),
        ("sentiment", "good", "negative, neutral, positive, mixed"),
        ("flag", "spamm", "urgent, effort, sarcasm, spam, finglish"),
        ("channel", "phone", "social, chat, ticket, review, email, survey, other"),
        ("calendar", "lunar", "gregorian, jalali"),
        ("format", "pdf", "json, csv, xlsx"),
    ],
)
def test_a_wrong_value_is_told_with_those_that_are_allowed(
    client: TestClient, route: str, name: str, value: str, allowed: str
) -> None:
    problem = problem_of(
        client.get(
            f"/v1/{route}", params={"by": "stage", name: value} if route == "breakdown" else {name: value}
        )
    )

    assert problem.status == 422
    assert problem.errors is not None
    (error,) = problem.errors
    assert (error.parameter, error.given) == (name, value)
    assert error.allowed == allowed.split(", ")
    assert error.detail == f"{name}: must be one of {allowed}; given: {value}"


@pytest.mark.parametrize(
    ("path", "parameters", "name", "detail"),
    [
        ("/v1/trend", {"bucket": "year"}, "bucket", "hour, day, week, month"),
        ("/v1/trend", {"from": "yesterday"}, "from", "a day like 2026-11-21 or 1405-08-30"),
        ("/v1/trend", {"from": "2026-02-30"}, "from", "a day like"),
        ("/v1/trend", {"from": "1405-13-01"}, "from", "a day like"),
        ("/v1/trend", {"from": "2026-11-21T10:00:00"}, "from", "with its zone"),
        ("/v1/trend", {"to": "9999-01-01"}, "to", "between the years 1900 and 2200"),
        ("/v1/trend", {"from": "2026-11-21", "to": "2026-11-21"}, "to", "must be later than from"),
        ("/v1/trend", {"from": "2019-01-01", "bucket": "hour"}, "bucket", "at most 20000"),
        ("/v1/trend", {"sentiment": "mixed"}, "sentiment", "whole messages only"),
        ("/v1/trend", {"estimate": "guess"}, "estimate", "raw, adjusted"),
        ("/v1/trend", {"estimate": "adjusted"}, "estimate", "no cross-validated confusion"),
        (
            "/v1/journey",
            {"estimate": "adjusted", "intent": "praise"},
            "estimate",
            "one of stage, intent and aspect",
        ),
        ("/v1/feedback", {"estimate": "adjusted"}, "estimate", "only trend, breakdown and journey"),
        ("/v1/breakdown", {}, "by", "is needed here"),
        ("/v1/breakdown", {"by": "stage,stage"}, "by", "one or two different ones"),
        ("/v1/breakdown", {"by": "colour"}, "by", "stage, intent, aspect"),
        ("/v1/breakdown", {"by": "stage", "limit": "0"}, "limit", "from 1 to 1000"),
        ("/v1/feedback", {"brand": "a\0b"}, "brand", "NUL"),
        ("/v1/feedback", {"limit": "201"}, "limit", "from 1 to 200"),
        ("/v1/feedback", {"limit": "many"}, "limit", "integer"),
        ("/v1/feedback", {"cursor": "zzz"}, "cursor", "the next of the page before"),
        ("/v1/feedback", {"cursor": "پپپ"}, "cursor", "the next of the page before"),
        ("/v1/feedback", {"cursor": "MjAyNi0xMS0yMXwx"}, "cursor", "the next of the page before"),
        ("/v1/feedback", {"unit": "words"}, "unit", "mentions, messages"),
        ("/v1/trend", {"buckt": "day"}, "buckt", "did you mean bucket?"),
    ],
)
def test_a_wrong_question_is_told_what_was_expected(
    client: TestClient, path: str, parameters: dict[str, str], name: str, detail: str
) -> None:
    problem = problem_of(client.get(path, params=parameters))

    assert problem.status == 422
    assert problem.errors is not None
    assert [error.parameter for error in problem.errors] == [name]
    assert detail in problem.detail


@pytest.mark.parametrize("name", ["q", "source"])
def test_what_was_searched_for_is_never_repeated(client: TestClient, name: str) -> None:
    secret = "راز" * 200

    answer = client.get("/v1/feedback", params={name: secret})

    assert problem_of(answer).status == 422
    assert (secret[:50] in answer.text) == (name != "q")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "body"),
        (b'{"text": "a", "texts": ["b"]}', "exactly one"),
        (b"{}", "exactly one"),
        (b'{"texts": "a"}', "texts"),
        (b'{"texts": ["a", "b", "c", "d"]}', "at most 3"),
        (b'{"items": [{"text": "a"}]}', "items.0.id: is needed here"),
        (b'{"text": "a", "secret": "x"}', "secret"),
        (b'["a"]', "body"),
    ],
)
def test_a_wrong_body_is_a_422_problem(client: TestClient, body: bytes, detail: str) -> None:
    answer = client.post("/v1/analyze", content=body, headers={"Content-Type": "application/json"})

    assert detail in problem_of(answer).detail
    assert answer.status_code == 422


def test_a_body_that_is_no_text_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/analyze", content=b"\xff\xfe", headers={"Content-Type": "application/json"})

    assert problem_of(answer).status in {400, 422}


def test_every_problem_a_route_can_have_is_in_its_description(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    for path, method in ADDRESSES:
        responses = paths[path][method.lower()]["responses"]
        assert list(responses["422"]["content"]) == ["application/problem+json"]
        assert "503" in responses


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/feedback"])
def test_a_body_that_is_not_called_json_is_a_415_problem(client: TestClient, path: str, kind: str) -> None:
    answer = client.post(path, content=b'{"text": "a", "id": "1"}', headers={"Content-Type": kind})

    assert problem_of(answer).status == 415
    assert problem_of(answer).detail == "send application/json, named so in Content-Type"


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/nothing", 404), ("/v1/trend/1", 404)])
def test_an_unknown_address_is_a_problem(client: TestClient, path: str, status: int) -> None:
    assert problem_of(client.get(path)).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/v1/trend", "/healthz", "/v1/analyze"])
def test_a_method_that_an_address_does_not_take_is_a_problem(
    client: TestClient, path: str, method: str
) -> None:
    answer = client.request(method, path)

    assert problem_of(answer).status == 405
    assert answer.headers["allow"] in {"GET", "POST"}
