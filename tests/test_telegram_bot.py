from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import stamina

from pipeline.connectors.pagers import Listed
from pipeline.connectors.telegram_bot import Updates
from pipeline.errors import RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback, Page, SaveCounts
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import NOW, Sample, errors_of, items_of, samples
from tests.fixtures.http_cases import TELEGRAM_BOT
from tests.fixtures.services import TelegramBotService, as_json, recorded
from tests.http_checks import TOKEN, answering, last_bookmark, read_until_error


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


class Recorded(TelegramBotService):
    """Answers with the recorded updates, as they are or changed."""

    def updates(self) -> list[dict[str, Any]]:
        return list(recorded("telegram_updates")["result"])


class Forgetful(TelegramBotService):
    """Forgets updates below the offset it is asked with, as the real service does."""

    forgotten_below = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.forgotten_below = max(self.forgotten_below, int(request.url.params.get("offset", "0")))
        return super().answer(request)

    def updates(self) -> list[dict[str, Any]]:
        return [update for update in super().updates() if update["update_id"] >= self.forgotten_below]


def read(service: TelegramBotService, **arguments: object) -> list[Feedback]:
    pages = list(TELEGRAM_BOT.build(service, **arguments).fetch(None))
    assert errors_of(pages) == []
    return items_of(pages)


def test_updates_become_what_customers_wrote() -> None:
    private, edited, business = read(
        Recorded([]), base_url="https://api.telegram.org", agents=["niksabad_support"]
    )

    assert private == Feedback(
        source="shop",
        native_id="42/11",
        text="سفارشم نرسیده",
        created_at=datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        channel=Channel.CHAT,
        author=Author(native_id="user42"),
        conversation_id="42",
    )
    assert edited == Feedback(
        source="shop",
        native_id="-100777/31",
        text="بسته پاره بود",
        created_at=datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        edited_at=datetime(2026, 3, 2, 8, 11, tzinfo=UTC),
        channel=Channel.SOCIAL,
        author=Author(native_id="user43"),
        conversation_id="-100777/30",
        permalink="https://t.me/niksabad_chat/31",
        attributes={"forwarded": "true"},
    )
    assert (business.native_id, business.text, business.conversation_id, business.permalink) == (
        "-100999/36",
        "پول را برگردانید",
        "-100999/9",
        "https://t.me/c/999/36",
    )


def test_bale_is_the_same_at_another_address_and_has_no_links() -> None:
    service = Recorded([])

    items = read(service, base_url="https://tapi.bale.ai", agents=["44"])

    assert [item.permalink for item in items] == [None, None, None]
    assert str(service.requests[0].url.copy_with(query=None)) == f"https://tapi.bale.ai/bot{TOKEN}/getUpdates"


@pytest.mark.parametrize(
    ("chats", "n_read"), [(["42"], 1), (["niksabad_chat"], 2), (["-100999"], 1), ([], 4)]
)
def test_chats_are_chosen_by_number_or_username(chats: list[str], n_read: int) -> None:
    assert len(read(Recorded([]), chats=chats)) == n_read


def test_the_service_forgets_nothing_that_is_not_stored(tmp_path: Path) -> None:
    service = Forgetful(samples())
    connector = TELEGRAM_BOT.build(service)
    confirmed: list[tuple[int, int]] = []

    def note(page: Page, counts: SaveCounts) -> None:
        confirmed.append(
            (service.forgotten_below, max((int(one.native_id[3:]) for one in page.items), default=0))
        )

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        counts = pull(connector, store, identity_key=b"k" * 32, on_page=note)
        service.add(Sample(4, "ویرایش شد", 1_700_000_240))
        later = pull(connector, store, identity_key=b"k" * 32)

    assert confirmed[:4] == [(0, 9), (1010, 19), (1020, 25), (1026, 0)]
    assert (counts.n_new, later.n_new, later.n_updated) == (25, 0, 1)


def test_a_pull_that_breaks_off_anywhere_loses_nothing_of_a_service_that_forgets() -> None:
    for broken_at in range(1, 5):
        service = Forgetful(samples())
        service.fail_from = (broken_at, answering(500))
        before, _ = read_until_error(TELEGRAM_BOT.build(service, attempts=1))
        service.fail_from = None
        after = list(TELEGRAM_BOT.build(service).fetch(last_bookmark(before)))

        assert {item.native_id for item in items_of([*before, *after])} == TELEGRAM_BOT.ids()


def test_an_offset_is_never_negative_and_not_sent_when_numbers_may_have_begun_anew() -> None:
    asked: list[object] = []

    def load(params: Any, *, link: str | None = None) -> Listed:
        asked.append(params.get("offset"))
        return Listed((), {}, {})

    today, last_week = NOW.date().isoformat(), (NOW - timedelta(days=6)).date().isoformat()
    for state in (
        {"offset": 701, "day": today},
        {"offset": 701, "day": last_week},
        {"offset": -1, "day": today},
        {"offset": 701},
    ):
        list(Updates(now=NOW).steps(load, state))

    assert asked == [701, None, None, None]


def test_a_webhook_that_is_set_is_named() -> None:
    service = Recorded([])
    body = b'{"ok": false, "error_code": 409, "description": "Conflict"}'
    service.fail_from = (1, answering(409, body=body))

    with pytest.raises(
        StopSource, match=r"HTTP 409, somebody else gets this bot's updates: delete its webhook"
    ):
        read(service)
    assert len(service.requests) == 1


@pytest.mark.parametrize(("code", "error"), [(409, StopSource), (429, RetryLater), (502, RetryLater)])
def test_an_error_inside_an_answer_is_told(code: int, error: type[Exception]) -> None:
    service = Recorded([])
    service.fail_from = (1, answering(200, body=f'{{"ok": false, "error_code": {code}}}'.encode()))

    with pytest.raises(error, match=f"error_code {code}"):
        read(service)


def test_updates_without_numbers_stop_instead_of_coming_for_ever() -> None:
    service = Recorded([])
    service.fail_from = (1, answering(200, body=b'{"ok": true, "result": [{"message": {}}]}'))

    with pytest.raises(StopSource, match="without an update_id"):
        read(service)


def test_a_redirect_shows_the_token_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service = Recorded([])

    def move() -> httpx.Response:
        return httpx.Response(308, headers={"Location": str(service.requests[0].url)})

    service.faults = {1: move, 2: answering(404)}

    _, complaint = read_until_error(TELEGRAM_BOT.build(service))

    assert "https://shop.example/getUpdates: HTTP 404" in complaint
    assert TOKEN not in complaint + caplog.text


def test_a_message_of_a_kind_that_has_no_words_is_passed_over() -> None:
    class Media(TelegramBotService):
        def answer(self, request: httpx.Request) -> httpx.Response:
            content = super().answer(request).json()
            for kind, update in zip(
                ("sticker", "forum_topic_created", "a_kind_to_come"), content["result"][1:], strict=False
            ):
                del update["message"]["text"]
                update["message"][kind] = {}
            return as_json(content)

    assert read(Media(samples(3))) == []
