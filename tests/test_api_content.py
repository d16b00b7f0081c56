"""The routes of what customers say: pain points, phrases, emotions, hours and brands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from api.content_schemas import feedback_address
from config.settings import Settings, load_settings
from models.labels import Aspect, Emotion, Intent, Sentiment, Stage
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.selection import Selection, Unit
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN, november
from tests.content_feedback import Clause, message, tell
from tests.test_api import SaysLate

LATE = Clause("پیک دیر رسید", Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, Sentiment.NEGATIVE)
TASTY = Clause("طعم خوبی داشت", Stage.USE, Intent.PRAISE, sentiment=Sentiment.POSITIVE)
SAID = [
    *[message(LATE, brand="الف", emotion=Emotion.ANGER, at=november(20, 9))] * 30,
    *[message(TASTY, brand="ب", emotion=Emotion.JOY, at=november(20, 21))] * 40,
    message(LATE, at=november(3, 9)),
]
NOVEMBER = {"from": "2026-11-14", "to": "2026-11-21"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings().model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")})


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


def test_pain_points_lead_to_their_messages(client: TestClient) -> None:
    answer = client.get("/v1/pains", params=NOVEMBER).json()

    (cell,) = answer["cells"]
    assert (cell["stage"], cell["aspect"], cell["intent"]) == ("delivery", "delivery", "complaint")
    assert (cell["n"], cell["n_negative"], cell["n_negative_before"], cell["too_few"]) == (30, 30, 0, False)
    assert cell["growth"]["ratio"] is None
    assert cell["growth"]["grew"]
    assert (answer["n"], answer["n_negative"], answer["n_cells"]) == (70, 30, 1)
    assert answer["sentence_fa"] == (
        "بیشترین نظر منفی در «ارسال و تحویل» درباره «ارسال» با قصد «شکایت» است: ۳۰ نظر، پیش‌تر ۰ نظر."
    )
    assert client.get(cell["feedback"]).json()["n"] == 30


def test_figures_of_too_few_are_not_told(client: TestClient) -> None:
    early = {"from": "2026-11-01", "to": "2026-11-10"}

    (cell,) = client.get("/v1/pains", params=early).json()["cells"]

    assert (cell["n_negative"], cell["too_few"], cell["negative_share"]) == (1, True, None)
    assert (cell["unusual"], cell["share_of_all_negative"]) == (None, None)


def test_phrases_of_a_stage_stand_against_those_of_all_other_clauses(client: TestClient) -> None:
    answer = client.get("/v1/phrases", params=NOVEMBER | {"stage": "delivery"}).json()

    assert [(one["text"], one["n"], one["n_other"]) for one in answer["more"]] == [
        ("دیر رسید", 30, 0),
        ("پیک دیر", 30, 0),
    ]
    assert [(one["text"], one["n"], one["n_other"]) for one in answer["less"]] == [("طعم خوبی", 0, 40)]
    assert answer["more"][0]["z"] > 1.96
    assert (answer["unit"], answer["n"], answer["n_read"], answer["n_other_read"]) == ("messages", 30, 30, 40)
    assert client.get(answer["more"][0]["feedback"]).json()["n"] == 30
    assert answer["less"][0]["feedback"] is None


def test_new_phrases_were_not_there_before(client: TestClient) -> None:
    answer = client.get("/v1/phrases", params=NOVEMBER | {"new": "true"}).json()

    assert [one["text"] for one in answer["more"]] == ["طعم خوبی"]
    assert (answer["new"], answer["n_other"], answer["less"]) == (True, 1, [])


def test_phrases_of_everything_have_no_rest(client: TestClient) -> None:
    answer = client.get("/v1/phrases", params=NOVEMBER)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "against"


@pytest.mark.parametrize("wrong", [{"min_n": "2"}, {"limit": "0"}, {"min_z": "nan"}, {"against": "all"}])
def test_wrong_parameters_of_phrases_are_refused(client: TestClient, wrong: dict[str, str]) -> None:
    answer = client.get("/v1/phrases", params=NOVEMBER | {"stage": "delivery"} | wrong)

    assert answer.status_code == 422
    assert [one["parameter"] for one in answer.json()["errors"]] == list(wrong)


def test_a_key_of_one_brand_learns_nothing_of_what_others_say(client: TestClient, store: Store) -> None:
    key = add_key(store, "k", "read", now=NOW, brands=("الف",))
    headers = {"Authorization": f"Bearer {key}"}

    answer = client.get("/v1/phrases", params=NOVEMBER | {"stage": "delivery"}, headers=headers).json()

    assert (answer["n"], answer["n_other"], answer["less"]) == (30, 0, [])


def test_the_emotional_curve_has_its_ends(client: TestClient) -> None:
    answer = client.get("/v1/emotions", params=NOVEMBER).json()

    by_stage = {one["stage"]: one for one in answer["stages"]}
    assert by_stage["delivery"]["extreme"] == "low"
    assert by_stage["use"]["extreme"] == "high"
    assert by_stage["use"]["net_sentiment"] == 100
    joy = next(one for one in by_stage["use"]["emotions"] if one["label"] == "joy")
    assert (joy["n"], joy["share"]) == (40, 1)
    assert by_stage["support"]["emotions"][0] == {
        "label": "anger", "n": 0, "share": None, "share_low": None, "share_high": None,
    }  # fmt: skip


def test_the_hours_of_the_week_are_all_there(client: TestClient) -> None:
    answer = client.get("/v1/hours", params=NOVEMBER).json()

    assert len(answer["cells"]) == 168
    assert [(one["weekday"], one["hour"], one["n"]) for one in answer["cells"] if one["n"]] == [
        (6, 9, 30),
        (6, 21, 40),
    ]
    assert answer["sentence_en"] == "Most is said on Friday from 21:00 to 22:00: 40 mentions."


def test_brands_stand_side_by_side(client: TestClient) -> None:
    answer = client.get("/v1/brands", params=NOVEMBER).json()

    first, second = answer["brands"]
    assert (first["brand"], first["share_of_voice"], first["says"]) == ("ب", 0.571429, ["طعم خوبی"])
    assert (second["brand"], second["net_sentiment"]) == ("الف", -100)
    assert first["versus_others"]["difference"] == 200
    assert first["versus_others"]["differs"]
    assert [one["label"] for one in second["stages"]] == ["delivery", "use"]


def test_each_phrase_of_a_brand_is_counted_and_leads_to_its_messages(client: TestClient) -> None:
    (first, _) = client.get("/v1/brands", params=NOVEMBER).json()["brands"]

    (told,) = first["phrases"]
    assert (told["text"], told["n"], told["n_other"], told["n_customers"]) == ("طعم خوبی", 40, 0, 40)
    assert (first["n_read"], told["share"], told["too_few"]) == (40, 1, False)
    assert dict(parse_qsl(urlsplit(told["feedback"]).query)) == {
        "from": "2026-11-14", "to": "2026-11-21", "brand": "ب", "q": '"طعم خوبی"',
    }  # fmt: skip
    assert client.get(told["feedback"]).json()["n"] == 40


@pytest.mark.parametrize(
    ("route", "columns"),
    [
        ("pains", {"stage", "n_negative", "growth_low", "feedback"}),
        ("phrases", {"text", "n", "z"}),
        ("emotions", {"stage", "emotions", "net_sentiment"}),
        ("hours", {"weekday", "hour", "n"}),
        ("brands", {"brand", "share_of_voice", "says"}),
    ],
)
def test_every_answer_is_a_table_too(client: TestClient, route: str, columns: set[str]) -> None:
    answer = client.get(f"/v1/{route}", params=NOVEMBER | {"stage": "delivery", "format": "csv"})

    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert table
    assert columns <= table[0].keys()


def test_an_address_of_feedback_holds_all_filters() -> None:
    selection = Selection(
        from_=date(2026, 11, 1), to=date(2026, 12, 1), brand=("نیک", ""), stage=(Stage.USE,), q="دیر"
    )

    address = feedback_address(replace(selection), {"stage": "delivery", "q": '"پیک"'}, unit=Unit.MESSAGES)

    assert parse_qsl(urlsplit(address).query, keep_blank_values=True) == [
        ("from", "2026-11-01"),
        ("to", "2026-12-01"),
        ("brand", "نیک"),
        ("brand", ""),
        ("stage", "delivery"),
        ("q", 'دیر "پیک"'),
        ("unit", "messages"),
    ]
