"""The sources on the page: what state each is in, what to do, and the messages it brought."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.records import DeadLetter
from pipeline.store import Store, open_store
from tests.api_feedback import SMALL, TEHRAN, fill
from tests.builders import clean_feedback
from tests.page.conftest import free_port, serving_at

NAMES_BY_STATE = ["inbox", "forum", "store", "archive", "shop", "talk"]
STATES_FA = ["خطا می‌دهد", "ساکت", "هرگز اجرا نشده", "خاموش", "سالم", "سالم"]


@pytest.fixture(scope="module")
def sources_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service with sources in every state."""
    folder = tmp_path_factory.mktemp("sources")
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{folder}/bazkhord.db", zone=TEHRAN) as store:
        fill(store, SMALL, now=now)
        for name in ("shop", "talk"):
            store.note_start(name, "table_file", now=now)
            store.note_success(name, "table_file", now=now, next_run_at=now + timedelta(hours=3))
        fall_silent(store, "forum", now=now)
        fail(store, "inbox", now=now)
        store.register_source("store", "cafe_bazaar")
        store.register_source("archive", "wordpress", enabled=False)
    with serving_at(free_port(), os.environ | {"BAZKHORD_DATA_DIR": str(folder)}) as url:
        yield url


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service that nothing was ever read for."""
    folder = tmp_path_factory.mktemp("nothing")
    with serving_at(free_port(), os.environ | {"BAZKHORD_DATA_DIR": str(folder)}) as url:
        yield url


def fall_silent(store: Store, name: str, *, now: datetime) -> None:
    """A source brought two messages a day for four weeks, and none in the two weeks since."""
    last = now - timedelta(days=14)
    moments = [last - timedelta(days=day, hours=hour) for day in range(28) for hour in (0, 3)]
    items = [
        clean_feedback(str(number), source=name, created_at=moment, text="")
        for number, moment in enumerate(moments)
    ]
    store.save_page(name, "mastodon", items, [], None, now=now)
    store.note_success(name, "mastodon", now=now)


def fail(store: Store, name: str, *, now: datetime) -> None:
    """A mailbox brought one message and one that cannot be read, then refused the password three times."""
    letter = DeadLetter(name, "message 7", None, "it has no date", "0" * 64)
    store.note_start(name, "imap", now=now - timedelta(days=2))
    message = clean_feedback("1", source=name, created_at=now - timedelta(days=2))
    store.save_page(name, "imap", [message], [letter], None, now=now)
    store.note_success(name, "imap", now=now - timedelta(days=2))
    for _ in range(3):
        store.note_error(
            name, "imap", "the mailbox refuses <b>the password</b>; check IMAP_PASSWORD", now=now
        )


def card(page: Any, name: str) -> Any:
    return page.locator(f".source:has(h2 bdi:text-is('{name}'))")


def facts(page: Any, name: str) -> dict[str, str]:
    """Return what a card tells, by its words."""
    terms = card(page, name).locator("dt").all_inner_texts()
    return dict(zip(terms, card(page, name).locator("dd").all_inner_texts(), strict=True))


def test_what_needs_somebody_comes_first_and_is_said_in_words(open_reader: Any, sources_url: str) -> None:
    page = open_reader(url=sources_url).open("/sources?lang=fa")

    assert page.locator(".source h2").all_inner_texts() == NAMES_BY_STATE
    assert page.locator(".source .state").all_inner_texts() == STATES_FA
    assert page.locator(".source .state svg").count() == 6
    assert page.locator(".summary").inner_text() == (
        "۶ منبع، یکی خطا می‌دهد، یکی ساکت است، یکی هرگز اجرا نشده، یکی خاموش است"
    )


def test_a_bad_state_says_why_and_what_to_do(open_reader: Any, sources_url: str) -> None:
    page = open_reader(url=sources_url).open("/sources?lang=en")

    failing = card(page, "inbox").locator(".advice").first.inner_text()

    assert "It could not be read 3 times in a row." in failing
    assert "the mailbox refuses <b>the password</b>; check IMAP_PASSWORD" in failing
    assert [card(page, name).locator("pre").first.inner_text() for name in NAMES_BY_STATE[:4]] == [
        "bazkhord sources check inbox",
        "bazkhord sources check forum",
        "bazkhord run",
        "bazkhord run",
    ]
    assert "Its newest message came 14 days ago" in card(page, "forum").inner_text()
    assert card(page, "shop").locator("pre").count() == 0


def test_delays_and_rows_are_told(open_reader: Any, sources_url: str) -> None:
    page = open_reader(url=sources_url).open("/sources?lang=en")

    assert facts(page, "inbox") == {
        "Last read": "2 days ago",
        "Newest message": "2 days ago",
        "Next read": "none planned",
        "Messages stored": "1",
        "Waiting to be judged": "1",
        "Unreadable": "1",
        "In the last read": "1 new, 1 unreadable",
        "Since the beginning": "1 new",
    }
    assert facts(page, "shop")["Next read"] in {"in 3 hours", "in 2 hours"}
    assert card(page, "inbox").locator("pre").all_inner_texts()[-1] == "bazkhord classify"


def test_the_stored_count_leads_to_the_messages_of_the_source(open_reader: Any, sources_url: str) -> None:
    reader = open_reader(url=sources_url)
    page = reader.open("/sources?lang=en&period=7d&stage=support")

    page.get_by_role("link", name="See the messages of shop: 4").click()
    page.wait_for_selector("#msg-summary .value")

    assert page.url == f"{sources_url}/messages?lang=en&source=shop&period=all"
    assert page.locator("#msg-summary .value").first.inner_text() == "4"


def test_the_view_asks_again_by_itself(open_reader: Any, sources_url: str) -> None:
    reader = open_reader(url=sources_url)
    reader.page.clock.install()
    page = reader.open("/sources?lang=en")

    with page.expect_response("**/v1/sources", timeout=20_000) as told:
        page.clock.run_for(31_000)

    assert told.value.status == 200


def test_without_a_source_the_page_says_how_to_make_one(open_reader: Any, empty_url: str) -> None:
    reader = open_reader(url=empty_url)
    page = reader.open("/sources?lang=en")

    assert page.locator("h2:text('There is no source yet')").count() == 1
    assert page.locator("pre").all_inner_texts() == ["bazkhord sources add", "bazkhord run"]
    assert reader.violations() == []


@pytest.mark.parametrize(
    ("width", "theme", "language"), [(360, "dark", "fa"), (1280, "light", "fa"), (1600, "dark", "en")]
)
def test_every_state_is_there_for_everybody(
    open_reader: Any, sources_url: str, width: int, theme: str, language: str
) -> None:
    reader = open_reader(url=sources_url, width=width, theme=theme)
    reader.open(f"/sources?lang={language}")

    assert reader.overflow() <= 0
    assert reader.violations() == []
