"""All messages of a selection come out, whole and in order, in each of the three kinds of file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.routes.export import PAGE_MESSAGES
from pipeline.store import Store, open_store
from tests.api_feedback import SMALL, TEHRAN, Said, fill, november
from tests.builders import mention, prediction
from tests.service import serving, settings_of

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}
MARKUP = "=<script>alert('۱')</script> & \"نقل\", <b>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        fill(opened, SMALL)
        yield opened


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with serving(settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path)) as opened:
        yield opened


def lines_of(client: TestClient, **asked: str) -> list[dict[str, str]]:
    answer = client.get("/v1/export", params=NOVEMBER | asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_each_line_is_a_mention_with_its_message(client: TestClient) -> None:
    lines = lines_of(client, intent="question")

    assert [(one["native_id"], one["mention_intent"], one["mention_matches"]) for one in lines] == [
        ("2", "complaint", "False"),
        ("2", "question", "True"),
    ]
    assert {one["flags"] for one in lines} == {"urgent"}


def test_the_lines_that_match_are_what_the_trend_counts(client: TestClient) -> None:
    counted = client.get("/v1/trend", params=NOVEMBER | {"stage": "delivery"}).json()["n"]

    lines = lines_of(client, stage="delivery")

    assert sum(one["mention_matches"] == "True" for one in lines) == counted == 5


def test_a_message_without_a_mention_is_a_line_too(client: TestClient, store: Store) -> None:
    fill(store, [Said(november(21), prediction(), source="zoo")])

    (line,) = lines_of(client, source="zoo", unit="messages")

    assert (line["native_id"], line["mention_id"], line["rating"]) == ("1", "", "")


def test_a_line_of_ndjson_is_a_message_as_feedback_gives_it(client: TestClient) -> None:
    answer = client.get("/v1/export", params=NOVEMBER | {"format": "ndjson"})

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == (
        client.get("/v1/feedback", params=NOVEMBER).json()["items"]
    )


def test_more_messages_than_a_page_come_out_once_each_newest_first(client: TestClient, store: Store) -> None:
    minutes = range(PAGE_MESSAGES + 1)
    said = [Said(november(1) + timedelta(minutes=one), prediction(), source="zoo") for one in minutes]
    fill(store, said)

    answer = client.get("/v1/export", params=NOVEMBER | {"source": "zoo", "format": "ndjson"})

    written = [int(json.loads(line)["native_id"]) for line in answer.text.splitlines()]
    assert written == list(range(PAGE_MESSAGES + 1, 0, -1))


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
def test_markup_in_a_message_stays_text_and_a_formula_is_none(
    client: TestClient, store: Store, form: str
) -> None:
    says = prediction(mention(text=MARKUP))
    fill(store, [Said(november(21), says, text=MARKUP, source="zoo")])

    answer = client.get("/v1/export", params=NOVEMBER | {"source": "zoo", "format": form})

    if form == "ndjson":
        texts = [json.loads(answer.text)["text"]]
    elif form == "csv":
        texts = [one["text"] for one in csv.DictReader(StringIO(answer.text.removeprefix("\ufeff")))]
    else:
        header, row = load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
        texts = [str(row[header.index("text")])]
    assert texts == [MARKUP if form == "ndjson" else f"'{MARKUP}"]


def test_a_wrong_question_is_a_problem_and_no_file(client: TestClient) -> None:
    answers = [client.get("/v1/export", params=one) for one in ({"sentiment": "mixed"}, {"format": "json"})]

    assert [one.status_code for one in answers] == [422, 422]
    assert answers[1].json()["errors"][0]["allowed"] == ["csv", "ndjson", "xlsx"]
