"""Alerts are listed by page and filter, and acknowledged once; every error is a problem."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from config.settings import Settings, load_settings
from pipeline.alert_evidence import Evidence, Finding
from pipeline.alerts import raise_alert
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.sentences import Words
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN
from tests.test_api import SaysLate

LATE = Evidence(
    figure="net_sentiment",
    value=-52.5,
    low=-60.25,
    high=-44.75,
    n=312,
    unit="mentions",
    bound=-40.0,
    side="below",
    from_="2026-11-15T00:00:00+03:30",
    to="2026-11-22T00:00:00+03:30",
    method="the whole 95 % interval lies beyond the bound",
    filters={"stage": ["delivery"]},
    feedback="/v1/feedback?from=2026-11-15T00%3A00%3A00%2B03%3A30&to=2026-11-22T00%3A00%3A00%2B03%3A30&stage=delivery",
)
SILENT = Evidence(
    figure="hours_silent",
    value=40.0,
    n=96,
    unit="active hours",
    about="shop",
    usual=18.5,
    chance=1e-8,
    side="above",
    from_="2026-11-19T12:00:00+03:30",
    to="2026-11-21T04:00:00+03:30",
    method="by its rhythm",
)
NAMELESS = {"chance": None, "usual": None, "usual_low": None, "usual_high": None, "about": None}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(update={"database_url": url})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Three alerts: two of the rule ``late`` an hour apart, then one of ``quiet``."""
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        raised = [
            ("late", "threshold", "2026-11-20", LATE),
            ("late", "threshold", "2026-11-21", LATE),
            ("quiet", "silence", "shop", SILENT),
        ]
        for hours, (rule, kind, occasion, evidence) in enumerate(raised):
            finding = Finding(rule=rule, kind=kind, occasion=occasion, evidence=evidence)
            title = Words(f"هشدار {hours}", f"alert {hours}")
            raise_alert(opened.engine, finding, title, send_to=(), now=NOW + timedelta(hours=hours))
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW + timedelta(hours=9))
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_an_alert_is_told_with_its_figures_and_the_address_of_its_messages(client: TestClient) -> None:
    answer = client.get("/v1/alerts", params={"rule": "late", "limit": 1}).json()

    assert answer == {
        "n": 2,
        "items": [
            {
                "id": 2,
                "rule": "late",
                "kind": "threshold",
                "occasion": "2026-11-21",
                "raised_at": "2026-11-21T14:00:00+03:30",
                "title_fa": "هشدار 1",
                "title_en": "alert 1",
                "evidence": {
                    "figure": "net_sentiment",
                    "value": -52.5,
                    "low": -60.25,
                    "high": -44.75,
                    "n": 312,
                    "unit": "mentions",
                    "from": "2026-11-15T00:00:00+03:30",
                    "to": "2026-11-22T00:00:00+03:30",
                    "method": LATE.method,
                    "bound": -40.0,
                    "side": "below",
                    "filters": {"stage": ["delivery"]},
                    "feedback": LATE.feedback,
                    "message_ids": [],
                    **NAMELESS,
                },
                "undelivered": [],
                "delivered_at": None,
                "n_failures": 0,
                "delivery_error": None,
                "acknowledged_at": None,
                "acknowledged_by": None,
            }
        ],
        "next": "2",
    }


def test_the_address_in_an_alert_is_one_that_the_api_answers(client: TestClient) -> None:
    (alert,) = client.get("/v1/alerts", params={"rule": "late", "limit": 1}).json()["items"]

    answer = client.get(alert["evidence"]["feedback"])

    assert (answer.status_code, answer.json()["from"]) == (200, "2026-11-15T00:00:00+03:30")


def test_pages_of_alerts_follow_each_other_newest_first(client: TestClient) -> None:
    first = client.get("/v1/alerts", params={"limit": 2}).json()
    second = client.get("/v1/alerts", params={"limit": 2, "cursor": first["next"]}).json()

    assert [alert["id"] for alert in first["items"] + second["items"]] == [3, 2, 1]
    assert (first["n"], second["n"], second["next"]) == (3, None, None)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"kind": "silence"}, [3]),
        ({"kind": "silence,threshold"}, [3, 2, 1]),
        ({"rule": "quiet"}, [3]),
        ({"from": "2026-11-21T14:00:00+03:30"}, [3, 2]),
        ({"to": "2026-11-21T14:00:00+03:30"}, [1]),
        ({"from": "1405-09-01"}, []),
        ({"acknowledged": "true"}, []),
        ({"acknowledged": "false"}, [3, 2, 1]),
    ],
)
def test_alerts_are_found_by_time_rule_kind_and_whether_they_were_seen(
    client: TestClient, asked: dict[str, str], ids: list[int]
) -> None:
    answer = client.get("/v1/alerts", params=asked).json()

    assert ([alert["id"] for alert in answer["items"]], answer["n"]) == (ids, len(ids))


def test_whoever_acknowledges_an_alert_first_stays_on_record(client: TestClient, store: Store) -> None:
    keys = [add_key(store, name, "write") for name in ("first", "second")]

    for key in keys:
        answer = client.post("/v1/alerts/1/acknowledge", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 200
    assert answer.json()["acknowledged_by"] == "first"
    assert answer.json()["acknowledged_at"] == "2026-11-21T22:00:00+03:30"


def test_an_acknowledged_alert_is_found_as_such(client: TestClient) -> None:
    client.post("/v1/alerts/2/acknowledge")

    (alert,) = client.get("/v1/alerts", params={"acknowledged": "true"}).json()["items"]

    assert (alert["id"], alert["acknowledged_by"]) == (2, "this machine")


def test_acknowledging_needs_a_key_that_may_write(client: TestClient, store: Store) -> None:
    key = add_key(store, "reader", "read")

    answer = client.post("/v1/alerts/1/acknowledge", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/alerts", headers={"Authorization": f"Bearer {key}"}).json()["n"] == 3


def test_an_alert_that_is_not_there_is_a_404_problem(client: TestClient) -> None:
    answer = client.post("/v1/alerts/99/acknowledge")

    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "there is no alert 99; GET /v1/alerts lists those there are",
    )


@pytest.mark.parametrize(
    "asked", [{"kind": "loud"}, {"cursor": "x"}, {"limit": "0"}, {"acknowledged": "maybe"}, {"from": "soon"}]
)
def test_a_wrong_question_about_alerts_is_a_422_problem_that_names_the_parameter(
    client: TestClient, asked: dict[str, str]
) -> None:
    answer = client.get("/v1/alerts", params=asked)

    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == list(asked)


def test_alerts_can_be_had_as_a_table(client: TestClient) -> None:
    answer = client.get("/v1/alerts", params={"format": "csv"})

    header, *lines = answer.text.removeprefix("\ufeff").splitlines()
    assert header.startswith("id,rule,kind,occasion,raised_at,title_fa,title_en,")
    assert [line.split(",")[1] for line in lines] == ["quiet", "late", "late"]


def test_a_key_that_sees_some_brands_only_sees_no_alerts(client: TestClient, store: Store) -> None:
    key = add_key(store, "partner", "read", brands=("نیک‌سبد",))

    answer = client.get("/v1/alerts", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 403
