"""Signing in on the page: a key for a cookie, what it opens, when it ends, and who cannot use it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import create_app
from config.settings import Settings
from pipeline.analyze import Analyzer
from pipeline.keys import add_key, list_keys, revoke_key
from pipeline.sessions import close_session, csrf_token_of, find_session, open_session, sessions
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import NOON
from tests.service import SaysLate, settings_of

WEEK = timedelta(days=7)
ANALYZE = {"text": "دیر رسید"}
TREND = "/v1/trend?from=2026-11-01&to=2026-12-01"


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(store: Store, store_url: str, tmp_path: Path) -> Settings:
    fill(store, SMALL)
    return settings_of(store_url, tmp_path)


@pytest.fixture
def client(settings: Settings, clock: Clock) -> Iterator[TestClient]:
    with TestClient(create_app(settings, analyzer=Analyzer(SaysLate()), clock=clock)) as opened:
        yield opened


def sign_in(client: TestClient, key: str, **headers: str) -> Any:
    return client.post("/v1/session", json={"key": key}, headers=headers)


def n_sessions(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(sessions)) or 0


def test_while_there_is_no_key_nobody_signs_in(client: TestClient) -> None:
    told = client.get("/v1/session").json()

    assert told == {
        "needs_key": False,
        "signed_in": False,
        "name": None,
        "scope": None,
        "brands": None,
        "csrf_token": None,
    }
    assert client.get(TREND).status_code == 200


def test_a_key_is_exchanged_for_a_cookie_that_opens_what_it_opens(client: TestClient, store: Store) -> None:
    key = add_key(store, "سارا", "write", brands=["الف"])
    before = client.get("/v1/brands").status_code, client.get("/v1/session").json()["needs_key"]

    told = sign_in(client, key).json()

    token = told.pop("csrf_token")
    assert before == (401, True)
    assert told == {
        "needs_key": True,
        "signed_in": True,
        "name": "سارا",
        "scope": "write",
        "brands": ["الف"],
    }
    assert client.get("/v1/session").json() == told | {"csrf_token": token}
    assert client.get("/v1/brands").status_code == 200


def test_no_script_reads_the_cookie_and_no_other_site_sends_it(client: TestClient, store: Store) -> None:
    answer = sign_in(client, add_key(store, "page", "read"))

    cookie = SimpleCookie(answer.headers["set-cookie"])["bazkhord_session"]
    assert len(cookie.value) == 43
    assert {name: cookie[name] for name in ("httponly", "samesite", "path", "max-age", "secure")} == {
        "httponly": True,
        "samesite": "strict",
        "path": "/",
        "max-age": "604800",
        "secure": "",
    }
    assert answer.headers["cache-control"] == "no-store"


def test_a_cookie_that_came_by_https_goes_by_https_only(settings: Settings, store: Store) -> None:
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    with TestClient(app, base_url="https://feedback.example") as client:
        answer = sign_in(client, add_key(store, "page", "read"))

        assert SimpleCookie(answer.headers["set-cookie"])["bazkhord_session"]["secure"] is True
        assert client.get(TREND).status_code == 200


def test_the_data_base_holds_no_secret_of_a_session(client: TestClient, store: Store) -> None:
    sign_in(client, add_key(store, "page", "read"))
    secret = client.cookies["bazkhord_session"]

    with store.engine.connect() as connection:
        row = connection.execute(select(sessions)).one()

    assert len(row.sha256) == 64
    assert (row.created_at, row.expires_at) == (NOW, NOW + WEEK)
    assert all(told not in str(value) for value in row for told in (secret, csrf_token_of(secret)))


def test_a_role_follows_the_scope_of_the_key(client: TestClient, store: Store) -> None:
    token = sign_in(client, add_key(store, "page", "read")).json()["csrf_token"]

    answer = client.post(
        "/v1/feedback", json={"id": "1", "text": "دیر رسید"}, headers={"X-CSRF-Token": token}
    )

    assert answer.status_code == 403
    assert answer.json()["detail"] == "this key has the scope read; this needs write"


def test_a_key_of_some_brands_is_kept_to_them(client: TestClient, store: Store) -> None:
    token = sign_in(client, add_key(store, "agency", "write", brands=["الف"])).json()["csrf_token"]

    assert client.get("/v1/feedback").json()["items"] == []
    assert client.get("/v1/sources").status_code == 403
    pushed = client.post("/v1/feedback", json={"id": "1", "text": "دیر"}, headers={"X-CSRF-Token": token})
    assert pushed.status_code == 403


@pytest.mark.parametrize("key", ["bzk_" + "A" * 43, "secret", "bzk_\u0000", "رمز"])
def test_a_wrong_key_is_told_nothing_more(client: TestClient, store: Store, key: str) -> None:
    add_key(store, "page", "read")

    answer = sign_in(client, key)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.pop("request_id") == answer.headers["X-Request-Id"]
    assert problem == {
        "type": "about:blank",
        "title": "A key is needed",
        "status": 401,
        "detail": "this key opens nothing",
    }
    assert "set-cookie" not in answer.headers


def test_a_revoked_key_opens_no_session_and_ends_those_it_opened(client: TestClient, store: Store) -> None:
    key = add_key(store, "page", "read")
    sign_in(client, key)

    revoke_key(store, "page")

    assert client.get(TREND).status_code == 401
    assert client.get("/v1/session").json()["signed_in"] is False
    assert sign_in(client, key).status_code == 401


def test_a_session_ends_with_its_week_and_is_swept_by_the_next(
    client: TestClient, store: Store, clock: Clock
) -> None:
    key = add_key(store, "page", "read")
    sign_in(client, key)

    clock.now = NOW + WEEK - timedelta(seconds=1)
    at_the_end = client.get(TREND).status_code
    clock.now = NOW + WEEK
    after = client.get(TREND).status_code

    assert (at_the_end, after) == (200, 401)
    assert n_sessions(store) == 1
    client.cookies.clear()
    sign_in(client, key)
    assert n_sessions(store) == 1


def test_who_signs_out_has_to_sign_in_again(client: TestClient, store: Store) -> None:
    token = sign_in(client, add_key(store, "page", "read")).json()["csrf_token"]
    secret = client.cookies["bazkhord_session"]

    answer = client.delete("/v1/session", headers={"X-CSRF-Token": token})

    assert answer.status_code == 204
    assert SimpleCookie(answer.headers["set-cookie"])["bazkhord_session"]["max-age"] == "0"
    assert "bazkhord_session" not in client.cookies
    assert client.get(TREND, headers={"Cookie": f"bazkhord_session={secret}"}).status_code == 401
    assert n_sessions(store) == 0


def test_another_page_cannot_sign_anybody_out(client: TestClient, store: Store) -> None:
    sign_in(client, add_key(store, "page", "read"))

    assert client.delete("/v1/session").status_code == 403
    assert client.get(TREND).status_code == 200


def test_signing_out_without_a_session_is_fine(client: TestClient) -> None:
    assert client.delete("/v1/session").status_code == 204


def test_signing_in_again_ends_the_session_before(client: TestClient, store: Store) -> None:
    first, second = add_key(store, "first", "read"), add_key(store, "second", "write")
    sign_in(client, first)
    secret = client.cookies["bazkhord_session"]

    sign_in(client, second)

    assert client.get("/v1/session").json()["name"] == "second"
    assert find_session(store, secret, now=NOW) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-CSRF-Token": ""}, 403),
        ({"X-CSRF-Token": "0" * 64}, 403),
        ({"X-CSRF-Token": "é"}, 403),
        ({"X-CSRF-Token": "{token}"}, 200),
        ({"X-CSRF-Token": "{token}", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-CSRF-Token": "{token}", "Sec-Fetch-Site": "none"}, 200),
        ({"X-CSRF-Token": "{token}", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRF-Token": "{token}", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_what_is_sent_under_a_cookie_needs_its_token(
    client: TestClient, store: Store, headers: dict[str, str], status: int
) -> None:
    token = sign_in(client, add_key(store, "page", "read")).json()["csrf_token"]
    sent = {name.encode(): value.format(token=token).encode("latin-1") for name, value in headers.items()}

    assert client.post("/v1/analyze", json=ANALYZE, headers=sent).status_code == status


def test_the_token_of_one_session_does_not_fit_another(client: TestClient, store: Store) -> None:
    key = add_key(store, "page", "read")
    before = sign_in(client, key).json()["csrf_token"]
    sign_in(client, key)

    answer = client.post("/v1/analyze", json=ANALYZE, headers={"X-CSRF-Token": before})

    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "send the session's csrf_token (GET /v1/session) as X-CSRF-Token with whatever is written"
    )


def test_a_key_in_a_header_needs_no_token_and_wins_over_a_cookie(client: TestClient, store: Store) -> None:
    sign_in(client, add_key(store, "page", "read"))
    program = add_key(store, "program", "write")

    for headers in ({"Authorization": f"Bearer {program}"}, {"X-API-Key": program}):
        answer = client.post("/v1/feedback", json={"id": "1", "text": "دیر رسید"}, headers=headers)
        assert answer.status_code == 202
    assert client.get(TREND, headers={"X-API-Key": "bzk_wrong"}).status_code == 401


def test_the_eleventh_try_within_a_minute_has_to_wait(client: TestClient, store: Store) -> None:
    key = add_key(store, "page", "read")

    wrong = [sign_in(client, f"bzk_{number}") for number in range(10)]
    late = sign_in(client, key)

    assert [one.status_code for one in wrong] == [401] * 10
    assert late.status_code == 429
    assert late.json()["detail"] == "too many tries to sign in from here; try again in 60 s"
    assert late.headers["retry-after"] == "60"
    assert client.get(TREND, headers={"X-API-Key": key}).status_code == 200


def test_a_foreign_page_signs_nobody_in(client: TestClient, store: Store) -> None:
    key = add_key(store, "page", "read")

    foreign = sign_in(client, key, **{"Sec-Fetch-Site": "cross-site"})
    as_form = client.post(
        "/v1/session", content=f'{{"key": "{key}"}}', headers={"Content-Type": "text/plain"}
    )

    assert (foreign.status_code, as_form.status_code) == (403, 415)
    assert n_sessions(store) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Host": "evil.example"}, 401),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "application/json", "Origin": "https://evil.example"}, 403),
        ({"Content-Type": "application/json", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Origin": "http://localhost:9000"}, 403),
        ({"Content-Type": "application/json", "Origin": "http://localhost:8000"}, 202),
        ({"Content-Type": "application/json"}, 202),
    ],
)
def test_without_a_key_only_the_page_of_this_machine_writes(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    message = b'{"id": "1", "text": "late"}'

    answer = client.post("/v1/feedback", content=message, headers={"Host": "localhost:8000"} | headers)

    assert answer.status_code == status


def test_a_foreign_page_writes_nothing_without_a_body_either(client: TestClient) -> None:
    headers = {"Origin": "https://evil.example", "Host": "localhost:8000"}

    assert client.post("/v1/alerts/1/acknowledge", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "body", [b"{}", b'{"key": 1}', b'{"key": ""}', b'{"key": "bzk_hidden", "more": 1}', b"bzk_hidden"]
)
def test_a_body_without_a_key_is_refused_and_not_repeated(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/session", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert "hidden" not in answer.text


def test_the_log_never_names_a_key_or_a_secret(
    client: TestClient, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = add_key(store, "page", "read")

    told = sign_in(client, key)
    sign_in(client, "bzk_wrong")
    client.get(TREND)

    private = (key, "bzk_wrong", client.cookies["bazkhord_session"], told.json()["csrf_token"])
    assert [one for one in private if one in caplog.text] == []


def test_an_answer_kept_by_a_browser_is_bound_to_the_cookie(client: TestClient, store: Store) -> None:
    sign_in(client, add_key(store, "agency", "read", brands=["الف"]))
    first = client.get(TREND)
    again = client.get(TREND, headers={"If-None-Match": first.headers["etag"]})
    sign_in(client, add_key(store, "all", "read"))
    other = client.get(TREND, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["vary"] == "Authorization, X-API-Key, Cookie, Accept-Language"
    assert [again.status_code, other.status_code] == [304, 200]


def test_the_use_of_a_session_is_a_use_of_its_key(client: TestClient, store: Store, clock: Clock) -> None:
    sign_in(client, add_key(store, "page", "read"))
    clock.now = NOW + timedelta(hours=5)

    client.get(TREND)

    assert list_keys(store)[0].last_used_at == NOW + timedelta(hours=5)


def test_the_description_tells_of_the_cookie(client: TestClient) -> None:
    described = client.get("/openapi.json").json()

    assert described["components"]["securitySchemes"]["APIKeyCookie"] | {"description": ""} == {
        "type": "apiKey",
        "in": "cookie",
        "name": "bazkhord_session",
        "description": "",
    }
    assert {"APIKeyCookie": []} in described["paths"]["/v1/trend"]["get"]["security"]


def test_a_secret_is_found_until_it_is_closed(store: Store) -> None:
    add_key(store, "page", "read")
    secret = open_session(store, list_keys(store)[0], lifetime=WEEK, now=NOON)

    found = find_session(store, secret, now=NOON)
    close_session(store, secret)

    assert found is not None
    assert found.name == "page"
    assert find_session(store, secret, now=NOON) is None
    assert find_session(store, "", now=NOON) is None
