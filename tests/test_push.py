"""Feedback that is posted: one, a list, a stream of lines, and webhooks with their signatures."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from api.app import create_app
from config.settings import Settings, load_settings
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from pipeline.database import reading
from pipeline.errors import SettingsError
from pipeline.keys import add_key
from pipeline.store import Store, open_store
from pipeline.tallies import feedback
from pipeline.webhooks import build_webhooks
from tests.api_feedback import NOW, TEHRAN

LATE = {"id": "t-1", "text": "بسته دیر رسید", "created_at": "2026-11-20T10:00:00+03:30", "channel": "ticket"}
LINES = {"content-type": "application/x-ndjson"}
SOURCES = """
[sources.shop]
connector = "table_file"
path = "*.csv"
channel = "ticket"
fields = { text = "message" }

[webhooks.rubika]
secret_env = "RUBIKA_SECRET"
proof = { kind = "token" }
channel = "chat"
only = { "update.type" = "NewMessage", "update.new_message.sender_type" = "User" }

[webhooks.rubika.fields]
id = ["update.chat_id", "update.new_message.message_id"]
text = "update.new_message.text"
created_at = "update.new_message.time"
author_id = "update.new_message.sender_id"
conversation_id = "update.chat_id"

[webhooks.orders]
secret_env = "ORDERS_SECRET"
channel = "review"
items = "reviews"
optional = ["stars"]
proof = { kind = "hmac", header = "Webhook-Signature", prefix = "v1,", encoding = "base64", signed = "{id}.{timestamp}.{body}", id_header = "Webhook-Id", timestamp_header = "Webhook-Timestamp", secret_is_base64 = true }
fields = { id = "id", text = "comment", created_at = "at", rating = { path = "stars", lowest = 1, highest = 5 } }

[webhooks.hub]
secret_env = "HUB_SECRET"
channel = "ticket"
proof = { kind = "hmac", header = "X-Hub-Signature-256", prefix = "sha256=" }
fields = { id = "id", text = "text" }
"""
RUBIKA = {
    "update": {
        "type": "NewMessage",
        "chat_id": "b0X",
        "new_message": {
            "message_id": "77",
            "text": "پیک خیلی بی‌ادب بود",
            "time": "1795250000",
            "is_edited": False,
            "sender_type": "User",
            "sender_id": "u0Y",
            "aux_data": None,
        },
    }
}


class Silent:
    """A model that nobody asks here."""

    version = "v1"
    levels = Levels()

    def predict(self, texts: list[str]) -> list[Prediction]:
        raise AssertionError("what is pushed is classified later")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    changes = {
        "database_url": SecretStr(f"sqlite:///{tmp_path}/bazkhord.db"),
        "data_dir": tmp_path,
        "sources_file": tmp_path / "sources.toml",
        "max_body_bytes": 2000,
    }
    return load_settings().model_copy(update=changes)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.store_url, zone=TEHRAN) as opened:
        yield opened


@pytest.fixture
def client(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("RUBIKA_SECRET", "a-long-token-of-rubika")
    monkeypatch.setenv("ORDERS_SECRET", "whsec_" + base64.b64encode(b"key of the orders").decode())
    app = create_app(settings, analyzer=Analyzer(Silent()), clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def stored(store: Store) -> list[Any]:
    """Return all messages, by their id."""
    with reading(store.engine) as connection:
        return list(connection.execute(select(feedback).order_by(feedback.c.native_id)))


def counts(answer: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return the new, updated, duplicate and unread ones."""
    return answer["n_new"], answer["n_updated"], answer["n_duplicate"], answer["n_dead"]


def test_one_message_is_stored_with_all_that_is_said_of_it(client: TestClient, store: Store) -> None:
    whole = LATE | {
        "author": {"phone": "09121234567"},
        "rating": {"value": 2},
        "nps": 3,
        "product": "پیراهن",
        "replies": [{"at": "2026-11-20T12:00:00+03:30"}],
        "attributes": {"city": "شیراز"},
        "conversation_id": 17,
    }

    answer = client.post("/v1/feedback", params={"source": "crm"}, json=whole)

    assert answer.status_code == 202
    assert counts(answer.json()) == (1, 0, 0, 0)
    [row] = stored(store)
    assert (row.source, row.native_id, row.text, row.channel) == ("crm", "t-1", "بسته دیر رسید", "ticket")
    assert row.created_at.isoformat() == "2026-11-20T06:30:00+00:00"
    assert (row.rating, row.rating_lowest, row.rating_highest, row.nps) == (2, 1, 5, 3)
    assert (row.product, row.conversation_id, row.attributes) == ("پیراهن", "17", {"city": "شیراز"})
    assert row.replies == [{"role": "agent", "at": "2026-11-20T08:30:00+00:00"}]
    assert row.state == "pending"
    assert len(row.customer_key) == 64


def test_what_is_sent_twice_is_stored_once_and_an_edit_replaces_it(client: TestClient, store: Store) -> None:
    client.post("/v1/feedback", json=LATE)

    again = client.post("/v1/feedback", json=LATE).json()
    edited = client.post("/v1/feedback", json=LATE | {"text": "بسته نرسید"}).json()

    assert counts(again) == (0, 0, 1, 0)
    assert counts(edited) == (0, 1, 0, 0)
    assert [row.text for row in stored(store)] == ["بسته نرسید"]


def test_personal_data_is_masked_before_it_is_stored(client: TestClient, store: Store) -> None:
    client.post("/v1/feedback", json=LATE | {"text": "شماره من 09121234567 است"})

    assert "0912" not in stored(store)[0].text


def test_a_bad_item_of_a_list_is_told_and_the_others_are_stored(client: TestClient, store: Store) -> None:
    bad = [
        {"id": "t-2", "txt": "راز"},
        {"id": "t-3", "text": "راز", "created_at": "2026-11-20 10:00"},
        {"id": "t-4", "text": "راز", "rating": {"value": 9}},
        "راز",
    ]

    answer = client.post("/v1/feedback", json=[LATE, *bad]).json()

    assert counts(answer) == (1, 0, 0, 4)
    told = {error["position"]: error for error in answer["errors"]}
    assert [error["id"] for error in answer["errors"]] == ["t-2", "t-3", "t-4", None]
    assert "text: is needed" in told["item 2"]["error"]
    assert "created_at: " in told["item 3"]["error"]
    assert told["item 4"]["error"] == "rating: value must lie from lowest to highest"
    assert "راز" not in json.dumps(answer, ensure_ascii=False)
    assert [letter.position for letter in store.dead_letters("push")] == [
        "item 5",
        "item 4",
        "item 3",
        "item 2",
    ]


def test_a_single_bad_message_is_refused(client: TestClient, store: Store) -> None:
    answer = client.post("/v1/feedback", json={"id": "t-1"})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "text: is needed"
    assert stored(store) == []
    assert store.dead_letters() == ()


def test_a_stream_may_be_longer_than_any_other_body(client: TestClient, store: Store) -> None:
    lines = [json.dumps(LATE | {"id": f"t-{n:05}"}, ensure_ascii=False) for n in range(2500)]
    lines[1200:1200] = ["{broken", "", json.dumps({"id": "long", "text": "الف" * 2000})]
    body = "\n".join(lines).encode()
    pieces = (body[start : start + 700] for start in range(0, len(body), 700))

    answer = client.post("/v1/feedback", content=pieces, headers=LINES).json()

    assert counts(answer) == (2500, 0, 0, 2)
    assert [(error["position"], error["error"]) for error in answer["errors"]] == [
        ("line 1201", "is no JSON object in UTF-8"),
        ("line 1203", "is longer than 2000 bytes"),
    ]
    assert len(stored(store)) == 2500


def test_a_stream_of_nothing_but_rubbish_is_counted_and_the_first_are_told(
    client: TestClient, store: Store
) -> None:
    answer = client.post("/v1/feedback", content=b"{broken\n" * 2500, headers=LINES).json()

    assert counts(answer) == (0, 0, 0, 2500)
    assert len(answer["errors"]) == 100
    assert answer["errors"][-1]["position"] == "line 100"


def test_an_identity_key_that_others_may_read_is_told_in_the_log(
    client: TestClient, store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.identity_key_file.write_text("ab" * 32)
    settings.identity_key_file.chmod(0o644)

    answer = client.post("/v1/feedback", json=LATE)

    assert answer.status_code == 503
    assert any("others may read the identity key" in line for line in caplog.messages)
    assert stored(store) == []


def test_what_came_before_a_broken_connection_is_stored_and_may_be_sent_again(
    client: TestClient, store: Store
) -> None:
    lines = [json.dumps(LATE | {"id": f"t-{n:05}"}).encode() + b"\n" for n in range(1500)]
    arriving = [{"type": "http.request", "body": line, "more_body": True} for line in lines]
    messages = iter([*arriving, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        pass

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-ndjson")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/feedback",
        "query_string": b"",
        "headers": headers,
    }
    assert client.portal
    client.portal.call(client.app, scope | {"server": ("127.0.0.1", 80), "scheme": "http"}, receive, send)
    n_before = len(stored(store))
    answer = client.post("/v1/feedback", content=b"".join(lines), headers=LINES).json()

    assert n_before == 1000
    assert counts(answer) == (500, 0, 1000, 0)
    assert len(stored(store)) == 1500


def test_a_body_that_is_no_json_or_too_large_is_refused(client: TestClient) -> None:
    broken = client.post("/v1/feedback", content=b"{", headers={"content-type": "application/json"})
    large = client.post("/v1/feedback", json=LATE | {"text": "الف" * 2000})

    assert (broken.status_code, large.status_code) == (422, 413)
    assert broken.json()["detail"] == "the body is no JSON in UTF-8"


def test_a_source_that_is_pulled_is_not_pushed_to(client: TestClient) -> None:
    pulled = client.post("/v1/feedback", params={"source": "shop"}, json=LATE)
    client.post("/v1/webhooks/rubika", params={"token": "a-long-token-of-rubika"}, json=RUBIKA)
    hooked = client.post("/v1/feedback", params={"source": "rubika"}, json=LATE)

    assert (pulled.status_code, hooked.status_code) == (422, 422)
    assert "gets its messages another way" in pulled.json()["detail"]


def test_only_a_key_that_may_write_pushes(client: TestClient, store: Store) -> None:
    reader, writer = add_key(store, "page", "read"), add_key(store, "crm", "write")

    codes = [
        client.post("/v1/feedback", json=LATE, headers=headers).status_code
        for headers in ({}, {"X-API-Key": reader}, {"X-API-Key": writer})
    ]

    assert codes == [401, 403, 202]


def test_the_sources_show_what_was_pushed(client: TestClient) -> None:
    client.post("/v1/feedback", params={"source": "crm"}, json=[LATE, LATE | {"id": "t-2"}])

    [source] = client.get("/v1/sources").json()["sources"]

    assert (source["name"], source["connector"], source["n_new"]) == ("crm", "push", 2)
    assert source["last_success_at"] == "2026-11-21T09:30:00Z"


def test_rubika_posts_a_message(client: TestClient, store: Store) -> None:
    answer = client.post("/v1/webhooks/rubika", params={"token": "a-long-token-of-rubika"}, json=RUBIKA)

    assert (answer.status_code, counts(answer.json())) == (202, (1, 0, 0, 0))
    [row] = stored(store)
    assert (row.source, row.native_id, row.text) == ("rubika", "b0X/77", "پیک خیلی بی‌ادب بود")
    assert row.created_at.timestamp() == 1795250000
    assert row.conversation_id == "b0X"


@pytest.mark.parametrize("change", [{"type": "StartedBot"}, {"new_message": {"sender_type": "Bot"}}])
def test_what_is_no_customers_message_is_passed_over(
    client: TestClient, store: Store, change: dict[str, object]
) -> None:
    payload = {"update": RUBIKA["update"] | change}

    answer = client.post("/v1/webhooks/rubika", params={"token": "a-long-token-of-rubika"}, json=payload)

    assert counts(answer.json()) == (0, 0, 0, 0)
    assert stored(store) == []


def test_a_renamed_field_is_named(client: TestClient) -> None:
    message = {key: value for key, value in RUBIKA["update"]["new_message"].items() if key != "text"}  # type: ignore[attr-defined]
    payload = {"update": RUBIKA["update"] | {"new_message": message | {"body": "سلام"}}}

    answer = client.post(
        "/v1/webhooks/rubika", params={"token": "a-long-token-of-rubika"}, json=payload
    ).json()

    assert counts(answer) == (0, 0, 0, 1)
    assert answer["errors"][0]["error"].startswith("update.new_message.text: missing;")


@pytest.mark.parametrize("token", ["", "another", "a-long-token-of-rubik\u06cc"])
def test_without_the_token_nothing_is_taken(client: TestClient, store: Store, token: str) -> None:
    answer = client.post("/v1/webhooks/rubika", params={"token": token}, json=RUBIKA)

    assert answer.status_code == 401
    assert stored(store) == []


def test_a_webhook_whose_secret_is_not_set_takes_nothing(client: TestClient) -> None:
    signature = "sha256=" + hmac.digest(b"", b'{"id": 1, "text": "x"}', "sha256").hex()
    headers = {"X-Hub-Signature-256": signature}

    answer = client.post("/v1/webhooks/hub", content=b'{"id": 1, "text": "x"}', headers=headers)

    assert answer.status_code == 401
    assert "not set" in answer.json()["detail"]


def test_an_unknown_webhook_is_not_found(client: TestClient) -> None:
    assert client.post("/v1/webhooks/nobody", json={}).status_code == 404


def test_neither_token_nor_text_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.post("/v1/webhooks/rubika", params={"token": "a-long-token-of-rubika"}, json=RUBIKA)

    ours = [line for line in caplog.messages if "HTTP Request" not in line]  # the test's own client logs too
    assert not [line for line in ours if "a-long-token" in line or "بی‌ادب" in line]
    assert any("POST /v1/webhooks/{name} 202" in line for line in ours)


def signed(body: bytes, *, at: int, key: bytes = b"key of the orders", id_: str = "msg_1") -> dict[str, str]:
    """Return the headers of Standard Webhooks, with an older signature before the right one."""
    digest = hmac.digest(key, f"{id_}.{at}.".encode() + body, "sha256")
    signature = base64.b64encode(digest).decode()
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1,b2xkIHNpZ25hdHVyZQ== v1,{signature}",
    }


REVIEWS = json.dumps(
    {
        "reviews": [
            {"id": 1, "comment": "عالی بود", "at": "2026-11-20T10:00:00Z", "stars": 5},
            {"id": 2, "comment": "بد", "at": "2026-11-20T11:00:00Z"},
        ]
    }
).encode()
SECONDS = int(NOW.timestamp())


def test_a_signed_list_of_reviews_is_taken(client: TestClient, store: Store) -> None:
    answer = client.post("/v1/webhooks/orders", content=REVIEWS, headers=signed(REVIEWS, at=SECONDS))

    assert (answer.status_code, counts(answer.json())) == (202, (2, 0, 0, 0))
    assert [(row.native_id, row.rating) for row in stored(store)] == [("1", 5.0), ("2", None)]


@pytest.mark.parametrize(
    "forge",
    [
        lambda: signed(REVIEWS + b" ", at=SECONDS),
        lambda: signed(REVIEWS, at=SECONDS, key=b"guessed"),
        lambda: signed(REVIEWS, at=SECONDS - 301),
        lambda: signed(REVIEWS, at=SECONDS, id_="msg_2"),
        lambda: signed(REVIEWS, at=SECONDS) | {"Webhook-Timestamp": str(SECONDS + 1)},
        lambda: signed(REVIEWS, at=SECONDS) | {"Webhook-Timestamp": "now"},
        dict,
    ],
    ids=["other body", "other key", "old", "other id", "other time", "no time", "unsigned"],
)
def test_what_is_not_signed_as_it_should_be_is_refused(
    client: TestClient, store: Store, forge: Callable[[], dict[str, str]]
) -> None:
    answer = client.post("/v1/webhooks/orders", content=REVIEWS, headers=forge())

    assert answer.status_code == 401
    assert stored(store) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fields": {"text": "a"}}, "fields.id is missing"),
        ({"fields": {"id": "a..b", "text": "a"}}, "cannot be read"),
        ({"proof": {"kind": "hmac", "header": "X", "signed": "{timestamp}.{body}"}}, "go together"),
        ({"proof": {"kind": "none"}}, "proof"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_webhook_that_is_described_wrongly_is_told(change: dict[str, object], told: str) -> None:
    right = {
        "secret_env": "S",
        "proof": {"kind": "token"},
        "channel": "chat",
        "fields": {"id": "id", "text": "text"},
    }

    with pytest.raises(SettingsError, match=told):
        build_webhooks({"webhooks": {"hook": right | change}})


def test_a_webhook_and_a_source_do_not_share_a_name() -> None:
    with pytest.raises(SettingsError, match="no source has"):
        build_webhooks({"sources": {"hook": {}}, "webhooks": {"hook": {}}})
