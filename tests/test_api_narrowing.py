"""The filters that only messages have, as an address asks for them: hours, queues, states."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pipeline.store import Store, open_store
from tests.api_feedback import KIND, LATE, TEHRAN
from tests.builders import prediction
from tests.service import serving, settings_of
from tests.told import Told, answered, november, tell, told

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}


def chat(number: int) -> Told:
    """Return a message of Friday at 9 or at 21, in a queue or in none, solved or not; each third has two mentions."""
    at = november(20, 21 if number % 4 == 0 else 9) + timedelta(minutes=number)
    says = prediction(LATE, KIND) if number % 3 == 0 else prediction(LATE)
    queue, status = ("ارسال" if number % 2 else None), ("open" if number % 5 else "Solved")
    return told(str(number), at, says, queue=queue, status=status)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        tell(opened, [chat(number) for number in range(1, 41)])
        yield opened


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with serving(settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path)) as opened:
        yield opened


def lines_of(client: TestClient, **asked: str) -> list[dict[str, str]]:
    answer = client.get("/v1/export", params=NOVEMBER | asked)
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_an_hour_of_the_week_names_the_address_of_its_messages(client: TestClient) -> None:
    cells = client.get("/v1/hours", params=NOVEMBER | {"stage": "delivery"}).json()["cells"]

    morning = next(one for one in cells if (one["weekday"], one["hour"]) == (6, 9))
    page = client.get(morning["feedback"]).json()
    assert (morning["n"], morning["n_messages"], page["n"]) == (30, 30, 30)
    assert {item["created_at"][11:13] for item in page["items"]} == {"09"}
    assert morning["feedback"].endswith("&stage=delivery&weekday=6&hour=9")


def test_all_mentions_of_an_hour_are_in_as_many_messages_as_it_says(client: TestClient) -> None:
    cells = client.get("/v1/hours", params=NOVEMBER).json()["cells"]

    evening = next(one for one in cells if (one["weekday"], one["hour"]) == (6, 21))
    page = client.get(evening["feedback"]).json()
    assert (evening["n"], evening["n_messages"], page["n"]) == (13, 10, 10)
    assert sum(mention["matches"] for item in page["items"] for mention in item["mentions"]) == 13


def test_hours_may_be_joined_by_commas_and_written_in_persian_digits(client: TestClient) -> None:
    page = client.get("/v1/feedback", params=NOVEMBER | {"hour": "۲۱,9", "weekday": "۶"}).json()

    assert page["n"] == 40


@pytest.mark.parametrize(
    ("name", "written", "allowed"),
    [
        ("hour", "24", "0 to 23"),
        ("hour", "-1", "0 to 23"),
        ("weekday", "7", "0 to 6"),
        ("weekday", "fri", "0 to 6"),
    ],
)
def test_an_hour_that_does_not_exist_is_refused_with_those_that_do(
    client: TestClient, name: str, written: str, allowed: str
) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {name: written})

    (fault,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert (fault["parameter"], fault["given"], fault["allowed"]) == (name, written, [allowed])
    assert f"{name}: must be a whole number from" in fault["detail"]


@pytest.mark.parametrize(("queue", "n"), [(["ارسال"], 20), ([""], 20), (["ارسال", ""], 40), (["مالی"], 0)])
def test_messages_are_listed_by_queue(client: TestClient, queue: list[str], n: int) -> None:
    assert client.get("/v1/feedback", params=NOVEMBER | {"queue": queue}).json()["n"] == n


def test_pages_of_an_hour_go_on_where_the_one_before_ended(client: TestClient) -> None:
    asked = NOVEMBER | {"hour": "9", "limit": "20"}
    first = client.get("/v1/feedback", params=asked).json()

    second = client.get("/v1/feedback", params=asked | {"cursor": first["next"]}).json()

    found = [item["native_id"] for page in (first, second) for item in page["items"]]
    assert found == [str(number) for number in range(40, 0, -1) if number % 4]
    assert (second["n"], second["next"]) == (None, None)


@pytest.mark.parametrize(
    ("asked", "n"),
    [({"hour": "9"}, 30), ({"queue": "ارسال"}, 20), ({"unresolved": "true"}, 32), ({"weekday": "0"}, 0)],
)
def test_an_export_has_the_filters_of_the_list(client: TestClient, asked: dict[str, str], n: int) -> None:
    found = {line["native_id"] for line in lines_of(client, **asked)}

    assert len(found) == n
    assert client.get("/v1/feedback", params=NOVEMBER | asked).json()["n"] == n


def test_figures_that_cannot_be_cut_by_the_hour_refuse_to_be_asked_for_it(client: TestClient) -> None:
    answer = client.get("/v1/trend", params=NOVEMBER | {"hour": "9"})

    assert answer.status_code == 422
    assert "hour is no parameter of this address" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"scored": "stars"}, "scored: must be one of nps, csat, ces, rating; given: stars"),
        ({"score_from": "9"}, "score_from needs scored, which is one of nps, csat, ces, rating"),
        (
            {"scored": "nps", "score_from": "9", "score_to": "6"},
            "score_from is above score_to: exchange the two",
        ),
        ({"score_to": "6"}, "score_to needs scored, which is one of nps, csat, ces, rating"),
        ({"scored": "nps", "score_from": "nan"}, "score_from: Input should be a finite number; given: nan"),
    ],
)
def test_a_score_that_nobody_asks_for_is_refused(
    client: TestClient, asked: dict[str, str], fault: str
) -> None:
    for route in ("feedback", "export"):
        answer = client.get(f"/v1/{route}", params=NOVEMBER | asked)

        assert (answer.status_code, answer.json()["detail"]) == (422, fault)


def test_messages_are_listed_by_their_score(client: TestClient, store: Store) -> None:
    tell(store, [told("n", november(9), prediction(LATE), source="survey", nps=10)])

    (item,) = client.get("/v1/feedback", params=NOVEMBER | {"scored": "nps", "score_from": "9"}).json()[
        "items"
    ]

    assert item["native_id"] == "n"


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (
            {"case": "late"},
            "case: must be one of any, first_response, resolution, ended, first_contact, open; given: late",
        ),
        ({"waited_h": "4"}, "waited_h needs case, which is one of first_response, resolution"),
        (
            {"case": "open", "waited_h": "4"},
            "waited_h needs case, which is one of first_response, resolution",
        ),
        (
            {"case": "resolution", "waited_h": "-1"},
            "waited_h: Input should be greater than or equal to 0; given: -1",
        ),
    ],
)
def test_a_wait_that_cannot_be_is_refused(client: TestClient, asked: dict[str, str], fault: str) -> None:
    for route in ("feedback", "export"):
        answer = client.get(f"/v1/{route}", params=NOVEMBER | asked)

        assert (answer.status_code, answer.json()["detail"]) == (422, fault)


def test_the_ninetieth_percentile_leads_to_those_who_waited_as_long(client: TestClient, store: Store) -> None:
    start = november(2, 8, 15)
    later = {number: start + timedelta(minutes=number * 7) for number in range(1, 41)}
    tell(
        store,
        [
            told(f"t{number}", start, prediction(LATE), source="desk", replies=answered(at))
            for number, at in later.items()
        ],
    )
    asked = NOVEMBER | {"source": "desk"}
    wait = client.get("/v1/cx/response", params=asked).json()["total"]["first_response"]

    listed = [
        client.get("/v1/feedback", params=asked | {"case": "first_response"} | hours).json()["n"]
        for hours in ({}, {"waited_h": wait["median_h"]}, {"waited_h": wait["p90_h"]})
    ]

    assert (wait["n"], wait["median_h"], wait["p90_h"]) == (40, 2.33, 4.2)
    assert listed == [40, 21, 5]
