"""The routes of scores, waits and customers, counted by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from config.settings import Settings, load_settings
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from tests.api_feedback import KIND, LATE, NOW, TEHRAN
from tests.builders import prediction
from tests.test_api import SaysLate
from tests.told import Told, answered, november, tell, told

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}


def ticket(number: int) -> Told:
    """Every customer opens a ticket, is answered after so many hours, and gives NPS 10 or 0 in turns."""
    at = november(2, 8) + timedelta(minutes=number)
    return told(
        f"t{number}", at, prediction(LATE), customer_key=f"c{number}", conversation_id=f"t{number}", queue="ارسال",
        status="solved" if number % 2 else "open", replies=answered(at + timedelta(hours=number)), brand="الف",
        nps=10 if number % 4 else 0, attributes={"plan": "gold" if number % 2 else "free"},
    )  # fmt: skip


def comment(number: int) -> Told:
    return told(f"k{number}", november(9), prediction(KIND), customer_key=f"c{number}", brand="ب")


SAID = [*(ticket(number) for number in range(1, 41)), *(comment(number) for number in range(21, 61))]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(update={"database_url": url})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        tell(opened, SAID)
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_scores_stand_beside_what_is_said_unasked(client: TestClient) -> None:
    answer = client.get("/v1/cx", params=NOVEMBER).json()

    (nps,) = answer["measures"]
    assert (answer["n"], answer["n_customers"], answer["points"]) == (80, 60, [])
    assert (nps["measure"], nps["n"], nps["n_customers"], nps["n_top"], nps["n_bottom"]) == (
        "nps",
        40,
        40,
        30,
        10,
    )
    assert (nps["score"], nps["coverage"], nps["top_share"]) == (50.0, 0.666667, 0.75)
    assert (nps["n_mentions_same"], nps["n_mentions_others"], nps["too_few"]) == (20, 20, False)
    assert (nps["net_sentiment_same"], nps["difference"]) == (None, None)
    assert nps["sentence_en"] == "NPS is 50 (21 to 74, 40 answers)."
    assert nps["sentence_fa"].startswith("شاخص وفاداری (NPS) ۵۰ است")


def test_a_trend_of_scores_is_a_table_of_points(client: TestClient) -> None:
    asked = NOVEMBER | {"bucket": "month", "calendar": "jalali", "format": "csv"}

    rows = list(csv.DictReader(io.StringIO(client.get("/v1/cx", params=asked).text.removeprefix("\ufeff"))))

    assert [(row["measure"], row["label"], row["n"], row["score"]) for row in rows] == [
        ("nps", "1405-08", "40", "50.0"),
        ("nps", "1405-09", "0", ""),
    ]


def test_an_attribute_filters_scores(client: TestClient) -> None:
    (nps,) = client.get("/v1/cx", params=NOVEMBER | {"segment": "plan:gold"}).json()["measures"]

    assert (nps["n"], nps["too_few"], nps["score"], nps["n_top"]) == (20, True, None, 20)
    assert nps["sentence_en"] == "NPS: 20 answers, too few to tell."


def test_a_breakdown_by_an_attribute_names_it(client: TestClient) -> None:
    answer = client.get("/v1/breakdown", params=NOVEMBER | {"by": "attribute:plan"}).json()

    assert [(one["values"], one["n"]) for one in answer["groups"]] == [
        ({"attribute:plan": None}, 40),
        ({"attribute:plan": "free"}, 20),
        ({"attribute:plan": "gold"}, 20),
    ]


def test_waits_are_told_in_hours_by_queue(client: TestClient) -> None:
    answer = client.get("/v1/cx/response", params=NOVEMBER | {"by": "queue"}).json()

    (unnamed, named) = answer["groups"]
    assert (answer["n"], answer["n_without_answers"]) == (80, 0)
    assert (named["value"], named["n"], unnamed["value"], unnamed["n"]) == ("ارسال", 40, None, 40)
    waits = named["first_response"]
    assert (waits["n"], waits["n_waiting"], waits["median_h"], waits["p90_h"]) == (40, 0, 20.0, 36.0)
    assert waits["median_h_low"] < 20 < waits["median_h_high"]
    assert (named["n_ended"], named["n_open"], named["first_contact"]) == (20, 20, None)
    assert named["sentence_en"] == (
        "ارسال: half were answered within 20.0 hours, nine of ten within 36.0 hours. 0 of 40 still wait."
    )
    assert unnamed["first_response"]["n_waiting"] == 40


def test_by_stage_a_case_has_its_name_in_both_languages(client: TestClient) -> None:
    answer = client.get("/v1/cx/response", params=NOVEMBER | {"by": "stage", "queue": "ارسال"}).json()

    assert [(one["value"], one["label_en"], one["n"]) for one in answer["groups"]] == [
        ("delivery", "Delivery", 40)
    ]
    assert answer["total"]["label_en"] == "All cases"


def test_customers_are_listed_by_key(client: TestClient) -> None:
    answer = client.get("/v1/customers", params=NOVEMBER | {"order": "negative", "limit": 2}).json()

    assert answer["n_customers"] == 60
    assert [(one["customer_key"], one["n_messages"], one["n_negative"]) for one in answer["customers"]] == [
        ("c1", 1, 1),
        ("c10", 1, 1),
    ]


def test_a_way_is_read_page_by_page(client: TestClient) -> None:
    first = client.get("/v1/customers/c21/journey", params={"limit": 1}).json()
    second = client.get("/v1/customers/c21/journey", params={"limit": 1, "cursor": first["next"]}).json()

    assert (first["n_messages"], first["steps"][0]["native_id"], first["steps"][0]["gap_s"]) == (
        2,
        "t21",
        None,
    )
    assert (second["steps"][0]["native_id"], second["steps"][0]["gap_s"], second["next"]) == (
        "k21",
        617_940,
        None,
    )
    assert [one["stage"] for one in first["stages"]] == ["delivery", "support"]
    assert (second["steps"][0]["net_sentiment"], second["steps"][0]["mentions"][0]["stage"]) == (
        100.0,
        "support",
    )


def test_a_way_as_a_table_has_a_line_for_each_message(client: TestClient) -> None:
    text = client.get("/v1/customers/c21/journey", params={"format": "csv"}).text

    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["native_id"], row["nps"]) for row in rows] == [("t21", "10"), ("k21", "")]


@pytest.mark.parametrize("key", ["nobody", "c21%20", "ا"])
def test_an_unknown_customer_is_not_found(client: TestClient, key: str) -> None:
    answer = client.get(f"/v1/customers/{key}/journey")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "asked", "named"),
    [
        ("/v1/cx", {"bucket": "year"}, "bucket"),
        ("/v1/cx", {"bucket": "day", "from": "2019-01-01"}, "bucket"),
        ("/v1/cx", {"segment": 'a"b:c'}, "segment"),
        ("/v1/cx/response", {"by": "phase"}, "by"),
        ("/v1/cx/response", {"queue": "a\0b"}, "queue"),
        ("/v1/customers", {"limit": 0}, "limit"),
        ("/v1/customers/c21/journey", {"cursor": "x"}, "cursor"),
        ("/v1/customers/c21%00/journey", {}, "key"),
        ("/v1/breakdown", {"by": "attribute:"}, "by"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    client: TestClient, path: str, asked: dict[str, object], named: str
) -> None:
    answer = client.get(path, params=asked or None)

    assert answer.status_code == 422
    assert named in answer.text


def test_a_key_of_one_brand_sees_that_brand_only(client: TestClient, store: Store) -> None:
    headers = {"X-API-Key": add_key(store, "brand", "read", brands=["ب"])}

    cx = client.get("/v1/cx", params=NOVEMBER, headers=headers).json()
    way = client.get("/v1/customers/c21/journey", headers=headers).json()
    foreign = client.get("/v1/customers/c1/journey", headers=headers)
    listed = client.get("/v1/customers", params=NOVEMBER, headers=headers).json()
    waits = client.get("/v1/cx/response", params=NOVEMBER, headers=headers).json()

    assert (cx["measures"], cx["n"]) == ([], 40)
    assert [one["native_id"] for one in way["steps"]] == ["k21"]
    assert foreign.status_code == 404
    assert listed["n_customers"] == 40
    assert (waits["total"]["n"], waits["n_without_answers"]) == (0, 40)


def test_the_description_says_how_an_attribute_is_named(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()["components"]["schemas"]["Dimension"]

    assert schema["anyOf"][1] == {"pattern": '^attribute:[^"\\\\]{1,100}$'}
    assert "segment" in schema["anyOf"][0]["enum"]
