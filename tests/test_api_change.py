"""Comparisons, drivers and events over the API, counted by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from config.settings import Settings, load_settings
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN, fill
from tests.test_api import SaysLate
from tests.test_comparing import SAID
from tests.test_events import SAID as OVER_FOUR_WEEKS

WEEK = {"from": "2026-11-15", "to": "2026-11-22"}
FIX = {"happened_at": "1405-08-17", "title": "پیک تازه", "scope": {"stage": ["delivery"]}}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(update={"database_url": url})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_two_weeks_are_compared_by_stage(client: TestClient, store: Store) -> None:
    fill(store, SAID)

    answer = client.get("/v1/compare", params=WEEK | {"by": "stage"}).json()

    delivery = answer["lines"][0]
    assert (answer["n"], answer["n_before"], answer["n_lines"], answer["by"]) == (120, 100, 3, "stage")
    assert answer["before_from"] == "2026-11-08T00:00:00+03:30"
    assert {
        name: delivery[name] for name in ("value", "n", "n_before", "share", "share_before", "share_change")
    } == {
        "value": "delivery",
        "n": 60,
        "n_before": 40,
        "share": 0.5,
        "share_before": 0.4,
        "share_change": 0.1,
    }
    assert (delivery["net_sentiment"], delivery["net_sentiment_before"], delivery["change"]) == (
        -50,
        50,
        -100,
    )
    assert (delivery["significant"], delivery["share_significant"], delivery["too_few"]) == (
        True,
        False,
        False,
    )
    assert (delivery["change_low"], delivery["change_high"]) == (-131.78, -62.18)
    assert answer["lines"][2]["too_few"] is True


def test_a_comparison_is_told_in_both_languages(client: TestClient, store: Store) -> None:
    fill(store, SAID)

    answer = client.get("/v1/compare", params=WEEK | {"by": "stage"}).json()

    assert answer["summary_fa"] == (
        "روی هم: رضایت خالص از ۲۰ به \u200e−۲۱ افتاد (۱۲۰ نظر). "
        "ارسال و تحویل: رضایت خالص از ۵۰ به \u200e−۵۰ افتاد (۶۰ نظر)."
    )
    assert [line["sentence_en"] for line in answer["lines"]] == [
        "Delivery: net sentiment fell from 50 to −50 (60 mentions).",
        "Use: net sentiment is 0, no sure change from 0 (55 mentions).",
        "Support: too few to tell (5 mentions, 0 mentions before).",
    ]


def test_each_line_leads_to_as_many_messages_as_it_counted(client: TestClient, store: Store) -> None:
    fill(store, SAID)

    answer = client.get("/v1/compare", params=WEEK | {"by": "stage", "channel": "review"}).json()

    for line in answer["lines"]:
        assert client.get(line["messages"]).json()["n"] == line["n"]
        assert client.get(line["messages_before"]).json()["n"] == line["n_before"]
    assert answer["lines"][0]["messages"] == (
        "/v1/feedback?from=2026-11-15&to=2026-11-22&channel=review&stage=delivery"
    )


@pytest.mark.parametrize(
    ("by", "address"),
    [
        ("emotion", "/v1/feedback?from=2026-11-15&to=2026-11-22&emotion=anger&unit=messages"),
        ("brand", "/v1/feedback?from=2026-11-15&to=2026-11-22&brand="),
        ("attribute:plan", "/v1/feedback?from=2026-11-15&to=2026-11-22&segment=plan%3A"),
        ("sentiment", "/v1/feedback?from=2026-11-15&to=2026-11-22&sentiment=negative"),
    ],
)
def test_every_dimension_leads_to_its_messages(
    client: TestClient, store: Store, by: str, address: str
) -> None:
    fill(store, SAID)

    line = client.get("/v1/compare", params=WEEK | {"by": by}).json()["lines"][0]

    assert line["messages"] == address
    assert client.get(address).json()["n"] == line["n"]


def test_a_comparison_is_a_table_whose_first_line_is_the_whole(client: TestClient, store: Store) -> None:
    fill(store, SAID)

    text = client.get("/v1/compare", params=WEEK | {"by": "stage", "format": "csv"}).text

    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["label_en"], row["n"], row["n_before"]) for row in rows] == [
        ("Overall", "120", "100"),
        ("Delivery", "60", "40"),
        ("Use", "55", "60"),
        ("Support", "5", "0"),
    ]


def test_nothing_is_compared_with_nothing(client: TestClient) -> None:
    answer = client.get("/v1/compare").json()

    assert (answer["n"], answer["lines"], answer["total"]["too_few"]) == (0, [], True)
    assert answer["summary_en"] == "Overall: too few to tell (0 mentions, 0 mentions before)."


@pytest.mark.parametrize("path", ["/v1/compare", "/v1/drivers"])
def test_overlapping_periods_and_adjusted_figures_are_422_problems(client: TestClient, path: str) -> None:
    overlap = client.get(path, params=WEEK | {"before_from": "2026-11-10", "before_to": "2026-11-16"})
    adjusted = client.get(path, params=WEEK | {"estimate": "adjusted"})

    assert (overlap.status_code, adjusted.status_code) == (422, 422)
    assert overlap.json()["errors"][0]["parameter"] == "before_to"


def test_the_drivers_of_a_change_add_up_and_lead_to_their_messages(client: TestClient, store: Store) -> None:
    fill(store, SAID)

    answer = client.get("/v1/drivers", params=WEEK | {"by": "stage"}).json()

    parts = answer["drivers"]
    assert answer["change"] == pytest.approx(100 * ((20 - 45) / 120 - 0.2), abs=1e-6)
    assert sum(part["total"] for part in parts) == pytest.approx(answer["change"], abs=1e-5)
    assert [part["value"] for part in parts] == ["delivery", "support", "use"]
    assert [client.get(part["messages"]).json()["n"] for part in parts] == [60, 5, 55]
    assert [client.get(part["messages_before"]).json()["n"] for part in parts] == [40, 0, 60]
    assert answer["summary_fa"] == (
        "روی هم: رضایت خالص از ۲۰ به \u200e−۲۱ افتاد (۱۲۰ نظر). "
        "بیشترین سهم از ارسال و تحویل (\u200e−۴۵٫۰) است."
    )
    assert parts[1]["sentence_en"] == "Support: +4.2 points; it is new (5 mentions)."


def test_a_change_is_driven_by_six_dimensions_only(client: TestClient) -> None:
    refused = client.get("/v1/drivers", params={"by": "emotion"})

    assert refused.status_code == 422
    assert client.get("/v1/drivers", params={"by": "source"}).json()["too_few"] is True


def post(client: TestClient, event: dict[str, object]) -> dict[str, object]:
    answer = client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_an_event_is_told_with_a_jalali_day_and_stands_on_the_trend(client: TestClient) -> None:
    event = post(client, FIX)

    assert event == {
        "id": 1,
        "happened_at": "2026-11-08T00:00:00+03:30",
        "title": "پیک تازه",
        "description": None,
        "scope": {
            "source": [],
            "channel": [],
            "brand": [],
            "product": [],
            "segment": [],
            "stage": ["delivery"],
            "intent": [],
            "aspect": [],
        },
        "created_by": "local",
        "created_at": "2026-11-21T13:00:00+03:30",
    }
    assert client.get("/v1/events").json() == {"events": [event]}
    assert client.get("/v1/trend").json()["events"] == [
        {"id": 1, "happened_at": "2026-11-08T00:00:00+03:30", "title": "پیک تازه"}
    ]
    assert client.get("/v1/trend", params={"stage": "use"}).json()["events"] == []
    assert client.get("/v1/trend", params={"to": "2026-11-08"}).json()["events"] == []


def test_events_are_listed_by_period(client: TestClient) -> None:
    post(client, FIX)

    assert client.get("/v1/events", params={"from": "2026-11-09"}).json() == {"events": []}
    assert len(client.get("/v1/events", params={"from": "۱۴۰۵-۰۸-۱۷"}).json()["events"]) == 1


def test_an_event_is_changed_in_part_and_taken_off_the_record(client: TestClient) -> None:
    event = post(client, FIX | {"description": "شب"})

    changed = client.patch(
        "/v1/events/1", json={"title": " پیک شبانه ", "description": None, "scope": None}
    ).json()
    moved = client.patch("/v1/events/1", json={"happened_at": "2026-11-09T08:00:00Z", "scope": {}}).json()

    assert changed == event | {"title": "پیک شبانه", "description": None}
    assert (moved["happened_at"], moved["scope"]["stage"]) == ("2026-11-09T11:30:00+03:30", [])
    assert client.delete("/v1/events/1").status_code == 204
    assert client.get("/v1/events").json() == {"events": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/v1/events/9"), ("DELETE", "/v1/events/9"), ("GET", "/v1/events/9/effect")],
)
def test_an_event_that_is_not_there_is_a_404_problem(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path, json={"title": "تازه"} if method == "PATCH" else None)

    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no event of this number; GET /v1/events lists them"


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"title": "  "}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"happened_at": "2026-11-08T09:00"}, "happened_at"),
        ({"scope": {"sentiment": ["negative"]}}, "scope.sentiment"),
        ({"scope": {"stage": ["cooking"]}}, "scope.stage.0"),
    ],
)
def test_a_wrong_event_is_a_422_problem(client: TestClient, wrong: dict[str, object], parameter: str) -> None:
    answer = client.post("/v1/events", json=FIX | wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


def test_whether_it_helped_is_told_with_its_figures(client: TestClient, store: Store) -> None:
    fill(store, OVER_FOUR_WEEKS)
    post(client, FIX)

    answer = client.get("/v1/events/1/effect", params={"days": 7}).json()

    assert answer["verdict"] == "helped"
    assert answer["sentence_fa"].startswith("بله، کمک کرد. ")
    assert (answer["scoped"]["before"]["n"], answer["scoped"]["after"]["net_sentiment"]) == (32, 60)
    assert answer["scoped"]["before"]["from"] == "2026-11-01T00:00:00+03:30"
    assert answer["rest"]["change"]["points"] == 0
    assert answer["effect"]["low"] > 60
    assert (answer["allowance"], answer["between"], answer["other_events"]) == ("trend_and_rest", None, [])


def test_a_key_that_may_only_read_changes_no_event(client: TestClient, store: Store) -> None:
    reading = {"Authorization": f"Bearer {add_key(store, 'dashboard', 'read')}"}
    writing = {"Authorization": f"Bearer {add_key(store, 'desk', 'write')}"}

    assert client.post("/v1/events", json=FIX, headers=reading).status_code == 403
    assert client.post("/v1/events", json=FIX, headers=writing).json()["created_by"] == "desk"
    assert len(client.get("/v1/events", headers=reading).json()["events"]) == 1


def test_a_key_of_one_brand_is_told_of_its_own_events_only(client: TestClient, store: Store) -> None:
    desk = {"Authorization": f"Bearer {add_key(store, 'desk', 'write')}"}
    limited = {"Authorization": f"Bearer {add_key(store, 'one', 'read', brands=['الف'])}"}
    for brands in ([], ["ب"], ["الف", "ب"], ["الف"]):
        client.post("/v1/events", json=FIX | {"scope": {"brand": brands}}, headers=desk)

    told = client.get("/v1/events", headers=limited).json()["events"]

    assert [event["scope"]["brand"] for event in told] == [["الف"]]
    assert [event["id"] for event in client.get("/v1/trend", headers=limited).json()["events"]] == [4]
    assert client.get("/v1/events/3/effect", headers=limited).status_code == 404
    assert client.get("/v1/events/4/effect", headers=limited).json()["verdict"] == "too_few"
