"""Every route's answer, hand-counted on a small store."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from pydantic import SecretStr

from api.app import create_app
from api.security import check_may_listen
from config.settings import Settings, load_settings
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from pipeline.errors import SettingsError
from pipeline.keys import add_key, revoke_key
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, SMALL, TEHRAN, Said, fill
from tests.builders import clean_feedback, mention, prediction

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}


@dataclass(frozen=True)
class SaysLate:
    """A model that says of each text what the first thirteen characters are about."""

    levels = Levels()

    version: str = "v1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [prediction(mention(text=text[:13])) for text in texts]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = SecretStr(f"sqlite:///{tmp_path}/bazkhord.db")
    return load_settings().model_copy(update={"database_url": url, "max_body_bytes": 2000})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        fill(opened, SMALL)
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store) -> Iterator[TestClient]:
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_a_trend_by_jalali_month_is_counted_by_hand(client: TestClient) -> None:
    answer = client.get(
        "/v1/trend",
        params={"from": "1405-08-01", "to": "1405-09-01", "bucket": "month", "calendar": "jalali"},
    ).json()

    assert answer["points"] == [
        {
            "label": "1405-08",
            "start": "2026-10-23T00:00:00+03:30",
            "end": "2026-11-22T00:00:00+03:30",
            "complete": False,
            "n": 6,
            "n_negative": 3,
            "n_neutral": 1,
            "n_positive": 2,
            "too_few": True,
            "net_sentiment": None,
            "net_sentiment_low": None,
            "net_sentiment_high": None,
        }
    ]
    assert (answer["n"], answer["from_tallies"], answer["model_versions"]) == (6, True, ["v1"])
    assert answer["data_from"] == "2026-11-16T12:00:00+03:30"


def test_without_a_period_the_last_thirty_days_are_meant(client: TestClient) -> None:
    answer = client.get("/v1/trend").json()

    assert (answer["from"], answer["to"]) == ("2026-10-23T00:00:00+03:30", "2026-11-22T00:00:00+03:30")
    assert len(answer["points"]) == 30


@pytest.mark.parametrize(
    "written", ["2026-11-19T00:00:00+03:30", "2026-11-18T20:30:00Z", "۱۴۰۵-۰۸-۲۸", "2026-11-19"]
)
def test_a_moment_can_be_written_in_many_ways(client: TestClient, written: str) -> None:
    answer = client.get("/v1/trend", params={"from": written}).json()

    assert answer["from"] == "2026-11-19T00:00:00+03:30"
    assert answer["n"] == 3


def test_a_plus_that_was_not_escaped_is_understood(client: TestClient) -> None:
    answer = client.get("/v1/trend?from=2026-11-19T00:00:00+03:30").json()

    assert answer["from"] == "2026-11-19T00:00:00+03:30"


def test_a_breakdown_by_two_names_its_dimensions(client: TestClient) -> None:
    answer = client.get(
        "/v1/breakdown", params=NOVEMBER | {"by": "stage,sentiment", "stage": "delivery"}
    ).json()

    assert [(group["values"], group["n"], group["share"]) for group in answer["groups"]] == [
        ({"stage": "delivery", "sentiment": "negative"}, 3, None),
        ({"stage": "delivery", "sentiment": "neutral"}, 1, None),
        ({"stage": "delivery", "sentiment": "positive"}, 1, None),
    ]
    assert (answer["unit"], answer["n"], answer["n_groups"]) == ("mentions", 5, 3)
    assert answer["groups"][0]["net_sentiment"] is None


def test_values_may_be_repeated_or_parted_by_commas(client: TestClient) -> None:
    once = client.get("/v1/breakdown", params=NOVEMBER | {"by": "stage", "intent": "praise,question"}).json()
    repeated = client.get(
        "/v1/breakdown?by=stage&intent=praise&intent=question&from=2026-11-01&to=2026-12-01"
    ).json()

    assert once == repeated
    assert once["n"] == 3


def test_a_journey_says_how_each_stage_changed(client: TestClient) -> None:
    answer = client.get("/v1/journey", params={"from": "2026-11-19", "to": "2026-11-22"}).json()

    by_stage = {stage["stage"]: stage for stage in answer["stages"]}
    assert answer["before_from"] == "2026-11-16T00:00:00+03:30"
    assert by_stage["delivery"]["n"] == 2
    assert by_stage["delivery"]["n_before"] == 3
    assert by_stage["delivery"]["too_few"]
    assert by_stage["delivery"]["too_few_before"]
    assert by_stage["delivery"]["change"] is None
    assert by_stage["delivery"]["changed"] is None
    assert [top["label"] for top in by_stage["support"]["top_intents"]] == ["praise"]
    assert by_stage["loyalty"]["n"] == 0
    assert by_stage["loyalty"]["net_sentiment"] is None


def test_feedback_pages_follow_each_other(client: TestClient) -> None:
    first = client.get("/v1/feedback", params=NOVEMBER | {"limit": 3}).json()
    second = client.get("/v1/feedback", params=NOVEMBER | {"limit": 3, "cursor": first["next"]}).json()

    assert [item["native_id"] for item in first["items"]] == ["5", "4", "2"]
    assert [item["native_id"] for item in second["items"]] == ["1"]
    assert (first["n"], second["n"], second["next"]) == (4, None, None)


def test_the_messages_behind_a_number_show_which_mention_was_counted(client: TestClient) -> None:
    (item,) = client.get("/v1/feedback", params=NOVEMBER | {"intent": "question"}).json()["items"]

    assert item["n_copies"] == 1
    assert item["flags"] == ["urgent"]
    assert item["created_at"] == "2026-11-18T00:00:00+03:30"
    assert [(one["intent"], one["matches"]) for one in item["mentions"]] == [
        ("complaint", False),
        ("question", True),
    ]
    assert (
        item["mentions"][0]["text"] == item["text"][item["mentions"][0]["start"] : item["mentions"][0]["end"]]
    )


def test_text_is_searched_in_the_spelling_of_either_keyboard(client: TestClient) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {"q": "پیک"}).json()

    assert [item["text"] for item in answer["items"]] == ["پيك دير كرد"]


def test_copies_can_be_shown(client: TestClient) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {"copies": "show", "emotion": "worry"}).json()

    assert [item["source"] for item in answer["items"]] == ["talk", "shop"]


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"text": "بسته دیر رسید"}, ["1"]),
        ({"texts": ["بسته دیر رسید", "بسته دیر رسید"]}, ["1", "2"]),
        ({"items": [{"id": "a", "text": "بسته دیر رسید"}, {"id": 7, "text": "بسته دیر رسید"}]}, ["a", "7"]),
    ],
)
def test_analyze_takes_a_text_texts_or_items(
    client: TestClient, body: dict[str, object], ids: list[str]
) -> None:
    results = client.post("/v1/analyze", json=body).json()["results"]

    assert [one["id"] for one in results] == ids
    assert results[0] == {
        "id": ids[0],
        "text": "بسته دیر رسید",
        "sentiment": "negative",
        "sentiment_probabilities": {"negative": 0.7, "neutral": 0.1, "positive": 0.1, "mixed": 0.1},
        "emotion": "anger",
        "emotion_confidence": 0.8,
        "flags": [],
        "mentions": [
            {
                "id": f"{ids[0]}.0",
                "start": 0,
                "end": 13,
                "text": "بسته دیر رسید",
                "stage": "delivery",
                "intent": "complaint",
                "aspect": "delivery",
                "sentiment": "negative",
                "stage_confidence": 0.9,
                "intent_confidence": 0.9,
                "aspect_confidence": 0.9,
                "sentiment_confidence": 0.9,
                "levels": dict.fromkeys(("stage", "intent", "aspect", "sentiment"), "high"),
            }
        ],
        "model_version": "v1",
        "levels": {"sentiment": "medium", "emotion": "medium"},
    }


def test_a_lone_surrogate_is_analysed_as_a_replacement_character(client: TestClient) -> None:
    answer = client.post(
        "/v1/analyze", content=b'{"text": "a\\ud800b"}', headers={"Content-Type": "application/json"}
    )

    assert answer.json()["results"][0]["text"] == "a\ufffdb"


def test_sources_say_what_they_brought(client: TestClient) -> None:
    answer = client.get("/v1/sources").json()

    assert [
        (one["name"], one["n_stored"], one["n_pending"], one["failing"]) for one in answer["sources"]
    ] == [
        ("shop", 4, 0, False),
        ("talk", 2, 0, False),
    ]


def test_a_source_tells_its_state_its_delays_its_last_run_and_its_next(
    client: TestClient, store: Store
) -> None:
    store.note_start("blog", "wordpress", now=NOW - timedelta(minutes=9))
    item = clean_feedback("1", source="blog", created_at=NOW - timedelta(hours=1))
    store.save_page("blog", "wordpress", [item], [], None, now=NOW - timedelta(minutes=8))
    store.note_success("blog", "wordpress", now=NOW - timedelta(minutes=7), next_run_at=NOW)

    found = {one["name"]: one for one in client.get("/v1/sources").json()["sources"]}["blog"]

    assert (found["state"], found["reason"], found["n_failures"]) == ("ok", "", 0)
    assert (found["lag_s"], found["since_success_s"]) == (3600, 420)
    assert datetime.fromisoformat(found["next_run_at"]) == NOW
    assert found["last_run"] == {
        "n_new": 1,
        "n_updated": 0,
        "n_duplicate": 0,
        "n_without_text": 0,
        "n_dead": 0,
    }


def test_a_source_that_fell_silent_is_reported_as_silent(client: TestClient, store: Store) -> None:
    hours = [NOW - timedelta(days=20) + timedelta(hours=number) for number in range(240)]
    items = [
        clean_feedback(str(number), source="blog", created_at=moment) for number, moment in enumerate(hours)
    ]
    store.save_page("blog", "wordpress", items, [], None, now=NOW)
    store.note_success("blog", "wordpress", now=NOW)

    found = {one["name"]: one for one in client.get("/v1/sources").json()["sources"]}["blog"]

    assert (found["state"], found["failing"]) == ("silent", False)
    assert found["reason"].startswith("nothing new since")


def test_health_and_readiness_need_no_key(client: TestClient, store: Store) -> None:
    add_key(store, "dashboard", "read")

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {
        "status": "ready",
        "checks": {"data_base": "ok", "schema": "ok", "model": "ok"},
        "troubles": {},
    }


def table_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_breakdown_as_csv_has_a_column_for_each_dimension(client: TestClient) -> None:
    answer = client.get("/v1/breakdown", params=NOVEMBER | {"by": "channel", "format": "csv"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [(row["channel"], row["n"]) for row in table_of(answer.text)] == [("review", "5"), ("ticket", "1")]


def test_a_journey_as_csv_puts_what_is_frequent_into_one_cell(client: TestClient) -> None:
    rows = table_of(client.get("/v1/journey", params=NOVEMBER | {"format": "csv"}).text)

    assert rows[3]["stage"] == "delivery"
    assert rows[3]["top_intents"] == "complaint 3; praise 1; question 1"


def test_a_text_that_looks_like_a_formula_is_harmless_in_csv(client: TestClient, store: Store) -> None:
    fill(store, [Said(NOW, prediction(), text="=cmd|'/c calc'!A1", source="zoo")])

    rows = table_of(client.get("/v1/feedback", params=NOVEMBER | {"format": "csv", "source": "zoo"}).text)

    assert rows[0]["text"] == "'=cmd|'/c calc'!A1"


def test_an_empty_answer_as_csv_is_empty(client: TestClient) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {"format": "csv", "source": "nowhere"})

    assert answer.text.strip("\ufeff\r\n") == ""


def test_as_soon_as_there_is_a_key_every_question_needs_one(client: TestClient, store: Store) -> None:
    assert client.get("/v1/sources").status_code == 200
    key = add_key(store, "dashboard", "read")

    statuses = [
        client.get("/v1/sources", headers=headers).status_code
        for headers in (
            {},
            {"Authorization": f"Bearer {key}"},
            {"X-API-Key": key},
            {"X-API-Key": "bzk_wrong"},
        )
    ]

    assert statuses == [401, 200, 200, 401]


def test_a_revoked_key_opens_nothing_also_if_it_was_the_only_one(client: TestClient, store: Store) -> None:
    key = add_key(store, "dashboard", "read")
    revoke_key(store, "dashboard")

    assert client.get("/v1/sources", headers={"X-API-Key": key}).status_code == 401
    assert client.get("/v1/sources").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.5", "shop.test:8000"])
def test_without_a_key_a_foreign_host_name_is_not_answered(client: TestClient, host: str) -> None:
    assert client.get("/v1/sources", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_without_a_key_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/v1/sources", headers={"Host": host}).status_code == 200


def test_without_a_key_only_loopback_may_be_listened_on() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        check_may_listen(host, any_key=False)
    check_may_listen("192.0.2.7", any_key=True)

    with pytest.raises(SettingsError, match="make a key first"):
        check_may_listen("192.0.2.7", any_key=False)


def test_the_log_names_the_path_and_never_the_question(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="bazkhord.api"):
        client.get("/v1/feedback", params={"q": "رازی که کسی نباید بداند"})

    (line,) = [record.getMessage() for record in caplog.records if record.name == "bazkhord.api"]
    assert line.startswith("GET /v1/feedback 200 ")
    assert line.endswith(" ms")


def test_answers_are_not_kept_or_guessed_at_by_browsers(client: TestClient) -> None:
    headers = client.get("/v1/feedback").headers

    assert headers["cache-control"] == "private, no-cache"
    assert client.get("/v1/sources").headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_description_is_valid_and_explains_labels_in_persian(client: TestClient) -> None:
    description = client.get("/openapi.json").json()

    validate(description)
    assert (
        "- `delivery`: ارسال و تحویل (Delivery)"
        in description["components"]["schemas"]["Stage"]["description"]
    )
    assert client.get("/docs").status_code == 200


def test_the_documentation_page_needs_no_internet(client: TestClient) -> None:
    page = client.get("/docs").text

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert loaded
    assert [address for address in loaded if not address.startswith("/")] == []
    assert {client.get(address).status_code for address in loaded} == {200}
