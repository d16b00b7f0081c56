"""An answer is counted once for all who ask, is given again for some seconds, and never to whom it is not for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.kept_answers import MAX_ANSWER_BYTES, MAX_BYTES, KeptAnswer, KeptAnswers
from pipeline.keys import add_key, revoke_key
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import clean_feedback
from tests.service import serving, settings_of

TREND = "/v1/trend?from=2026-11-01&to=2026-12-01"
EVENT = {"happened_at": "2026-11-10", "title": "ارسال رایگان"}
PUSHED = {"id": "t-1", "text": "خوب", "created_at": "2026-11-20T10:00:00+03:30", "channel": "ticket"}
ANSWER = KeptAnswer(b"{}", {"content-type": "application/json"}, 'W/"1"', "before", 100.0)


@pytest.fixture
def client(store: Store, store_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """A service that gives an answer again for an hour."""
    fill(store, SMALL)
    with serving(settings_of(store_url, tmp_path, answers_lag_s=3600.0)) as opened:
        yield opened


def n_of(client: TestClient, **headers: str) -> int:
    answer = client.get(TREND, headers=headers)
    assert answer.status_code == 200
    return int(answer.json()["n"])


def test_an_answer_holds_while_the_store_is_the_same_and_some_seconds_more() -> None:
    now = [100.0]
    kept = KeptAnswers(lag_s=10, clock=lambda: now[0])
    kept.end("trend", ANSWER)

    now[0] = 109.9
    assert (kept.find("trend", "before"), kept.find("trend", "after")) == (ANSWER, ANSWER)
    now[0] = 110.0
    assert (kept.find("trend", "before"), kept.find("trend", "after")) == (ANSWER, None)


def test_what_was_being_counted_when_something_was_written_is_not_kept() -> None:
    now = [99.0]
    kept = KeptAnswers(lag_s=10, clock=lambda: now[0])
    kept.begin("trend")
    now[0] = 101.0
    kept.forget()
    kept.end("trend", ANSWER)

    assert kept.find("trend", "after") is None


def test_who_asks_the_same_waits_for_the_one_who_asked_first() -> None:
    async def ask_twice() -> tuple[bool, bool, KeptAnswer | None]:
        kept = KeptAnswers(lag_s=10, clock=lambda: 100.0)
        alone = await kept.wait("trend")
        kept.begin("trend")
        second = asyncio.create_task(kept.wait("trend"))
        await asyncio.sleep(0)
        kept.end("trend", ANSWER)
        return alone, await second, kept.find("trend", "before")

    assert asyncio.run(ask_twice()) == (False, True, ANSWER)


def test_nobody_waits_for_an_answer_that_is_too_large_to_be_kept() -> None:
    async def ask() -> bool:
        kept = KeptAnswers(lag_s=10)
        kept.end("export", None, too_large=True)
        kept.begin("export")
        return await kept.wait("export")

    assert asyncio.run(ask()) is False


def test_the_answers_that_were_not_asked_for_longest_make_room() -> None:
    kept = KeptAnswers(lag_s=10)
    large = replace(ANSWER, body=bytes(MAX_ANSWER_BYTES))
    n_fit = MAX_BYTES // MAX_ANSWER_BYTES

    for number in range(n_fit):
        kept.end(str(number), large)
    kept.find("0", "before")
    kept.end("one more", large)

    assert [kept.find(name, "before") is not None for name in ("0", "1", "2", "one more")] == [
        True,
        False,
        True,
        True,
    ]


def test_what_another_process_stored_is_seen_later_and_by_the_same_tag_until_then(
    client: TestClient, store: Store
) -> None:
    first = client.get(TREND)
    store.delete("shop", "1")
    second = client.get(TREND)

    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert client.get(TREND, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert second.headers["content-type"] == "application/json"


def test_what_is_written_through_the_service_counts_at_once(client: TestClient, store: Store) -> None:
    key = {"X-API-Key": add_key(store, "editor", "admin")}
    before = n_of(client, **key)
    store.delete("shop", "1")
    status = client.post("/v1/events", json=EVENT, headers=key).status_code

    assert (status, before - n_of(client, **key)) == (201, 1)


def test_pushed_messages_do_not_end_what_is_kept(client: TestClient, store: Store) -> None:
    before = n_of(client)
    store.delete("shop", "1")
    status = client.post("/v1/feedback?source=crm", json=PUSHED).status_code

    assert (status, n_of(client)) == (202, before)


def test_keys_of_other_brands_are_not_given_each_others_answers(client: TestClient, store: Store) -> None:
    one, other, whole = (
        add_key(store, str(number), "read", brands=brands)
        for number, brands in enumerate((["نیک‌سبد"], ["دیگر"], []))
    )

    counts = [n_of(client, **{"X-API-Key": key}) for key in (whole, one, other, whole, one, other)]

    assert counts[:3] == counts[3:]
    assert counts[0] > counts[1] > counts[2] == 0


def test_a_revoked_key_opens_nothing_although_it_just_did(client: TestClient, store: Store) -> None:
    key = {"X-API-Key": add_key(store, "one", "read")}
    statuses = [client.get(TREND, headers=key).status_code for _ in range(2)]
    revoke_key(store, "one")
    client.app.state.marks.forget()  # type: ignore[attr-defined] # or a tenth of a second later

    assert [*statuses, client.get(TREND, headers=key).status_code] == [200, 200, 401]


def test_tables_and_refusals_are_what_they_were(client: TestClient) -> None:
    answers = [client.get(f"{TREND}&format=csv") for _ in range(2)]
    refused = [client.get("/v1/trend?bucket=year").status_code for _ in range(2)]

    assert answers[0].headers["content-disposition"] == answers[1].headers["content-disposition"]
    assert answers[0].content == answers[1].content
    assert refused == [422, 422]


def test_a_message_that_came_meanwhile_is_found_when_the_store_is_asked_each_time(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    fill(store, SMALL)
    with serving(settings_of(store_url, tmp_path)) as exact:
        first = exact.get("/v1/options").json()["sources"]
        store.save_page("late", "x", [clean_feedback("9", source="late")], [], None, now=NOW)

        assert exact.get("/v1/options").json()["sources"] == [*first, "late"]
