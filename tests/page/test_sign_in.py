"""Signing in and out on the page: by keyboard, with a wrong key, too often, and without a service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.keys import add_key, revoke_key
from pipeline.store import Store, open_store
from tests.api_feedback import SMALL, TEHRAN, fill
from tests.page.conftest import WIDTHS, Reader, free_port, serving_at

WRONG_FA = "این کلید جایی را باز نمی‌کند."
REFUSED = "error: Failed to load resource: the server responded with a status of"


@dataclass(frozen=True)
class Keyed:
    """A service that only keys open, its store, and a key that may correct."""

    url: str
    store: Store
    key: str


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    folder = tmp_path_factory.mktemp("keyed")
    with open_store(f"sqlite:///{folder}/bazkhord.db", zone=TEHRAN) as store:
        fill(store, SMALL)
        key = add_key(store, "سارا", "write")
        environment = os.environ | {"BAZKHORD_DATA_DIR": str(folder)}
        with serving_at(free_port(), environment) as url:
            yield Keyed(url, store, key)


def open_form(open_reader: Any, keyed: Keyed, address: str, **how: Any) -> Reader:
    reader: Reader = open_reader(url=keyed.url, **how)
    reader.page.goto(f"{keyed.url}{address}")
    reader.page.wait_for_selector("#key:focus")
    return reader


def give(reader: Reader, key: str) -> None:
    """A key is typed where the cursor is, and sent with Enter."""
    reader.page.keyboard.insert_text(key)
    reader.page.keyboard.press("Enter")


def expect_refusal(reader: Reader, status: int) -> None:
    """What the browser says of a refused request is no complaint about the page."""
    reader.page.wait_for_selector(".told span")
    assert [one.startswith(f"{REFUSED} {status}") for one in reader.complaints] == [True]
    reader.complaints.clear()


def test_a_key_and_enter_open_the_page_where_the_address_points(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/sources?lang=en")

    give(reader, f" {keyed.key} ")
    reader.page.wait_for_selector(".source")

    assert reader.page.url == f"{keyed.url}/sources?lang=en"
    assert reader.page.title() == "Sources · bazkhord"
    reader.page.wait_for_selector("h1:focus")
    cookie = reader.page.context.cookies()[0]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("bazkhord_session", True, "Strict")
    assert keyed.key not in reader.page.content()
    assert reader.page.evaluate("[document.cookie, JSON.stringify(localStorage)]") == ["", "{}"]


def test_a_session_outlives_the_tab_until_somebody_signs_out(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/try")
    give(reader, keyed.key)
    reader.page.wait_for_selector("#tried")

    second = reader.page.context.new_page()
    second.goto(f"{keyed.url}/try")
    second.wait_for_selector("#tried")
    reader.page.get_by_role("button", name="خروج").click()
    reader.page.wait_for_selector("#key")
    second.reload()
    second.wait_for_selector("#key")

    assert reader.page.context.cookies() == []
    assert reader.page.locator("#key").input_value() == ""


def test_a_sign_out_that_does_not_reach_the_service_says_so(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/try?lang=en")
    give(reader, keyed.key)
    reader.page.wait_for_selector("#tried")
    reader.page.route("**/v1/session", lambda route: route.abort())

    reader.page.get_by_role("button", name="Sign out").click()

    told = reader.page.locator(".side .refused")
    told.wait_for()
    assert told.inner_text().startswith("You are still signed in")
    assert reader.violations() == []
    reader.complaints.clear()
    reader.page.unroute("**/v1/session")
    reader.page.get_by_role("button", name="Sign out").click()
    reader.page.wait_for_selector("#key")
    assert reader.page.context.cookies() == []


def test_what_is_written_carries_the_session_s_token(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/try")
    give(reader, keyed.key)
    reader.page.wait_for_selector("#tried")

    with reader.page.expect_response("**/v1/analyze") as told:
        reader.page.locator(".examples button").first.click()

    assert told.value.status == 200
    assert len(told.value.request.headers["x-csrf-token"]) == 64


def test_a_wrong_key_is_told_in_words_and_can_be_typed_over(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/?lang=fa")

    give(reader, "bzk_wrong")
    expect_refusal(reader, 401)

    assert reader.page.get_by_role("alert").inner_text().startswith(WRONG_FA)
    assert reader.page.locator("#key").get_attribute("aria-invalid") == "true"
    assert reader.violations() == []
    reader.page.wait_for_selector("#key:focus")
    give(reader, keyed.key)
    reader.page.wait_for_selector("main h1:text('نمای کلی')")


def test_an_empty_field_asks_for_a_key_and_nobody_else(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/?lang=en")

    reader.page.keyboard.press("Enter")

    assert reader.page.get_by_role("alert").inner_text() == "Type or paste your key."


def test_a_service_that_went_away_is_named(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/?lang=en")
    reader.page.context.set_offline(True)

    give(reader, keyed.key)
    reader.page.wait_for_selector(".told span")

    assert reader.page.get_by_role("alert").inner_text() == (
        "The service cannot be reached. Is bazkhord serve running?"
    )
    reader.complaints.clear()


def test_the_key_can_be_shown_and_hidden(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/?lang=en")
    field, button = reader.page.locator("#key"), reader.page.locator(".secret button")

    kinds = [field.get_attribute("type")]
    for _ in range(2):
        button.click()
        kinds.append(field.get_attribute("type"))

    assert kinds == ["password", "text", "password"]


def test_a_key_that_was_revoked_meanwhile_leads_back_to_the_form(open_reader: Any, keyed: Keyed) -> None:
    key = add_key(keyed.store, "guest", "read")
    reader = open_form(open_reader, keyed, "/sources?lang=en")
    give(reader, key)
    reader.page.wait_for_selector(".source")

    revoke_key(keyed.store, "guest")
    reader.page.get_by_role("link", name="Brands").first.click()
    reader.page.wait_for_selector("#key")

    assert "brands" in reader.page.url
    assert {one[: len(REFUSED) + 4] for one in reader.complaints} == {f"{REFUSED} 401"}
    reader.complaints.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_form_is_there_for_everybody(
    open_reader: Any, keyed: Keyed, language: str, width: str, theme: str
) -> None:
    reader = open_form(
        open_reader, keyed, f"/journey?lang={language}&period=7d", width=WIDTHS[width], theme=theme
    )
    reader.page.locator("summary").click()

    assert "bazkhord keys add" in reader.page.locator("details pre").inner_text()
    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_the_language_can_be_turned_before_signing_in(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/journey?lang=fa&period=7d")

    reader.page.get_by_role("link", name="English").click()
    reader.page.wait_for_selector("h1:text('Sign in to bazkhord')")

    assert reader.page.url == f"{keyed.url}/journey?lang=en&period=7d"


def test_too_many_tries_are_told_to_wait(open_reader: Any, keyed: Keyed) -> None:
    reader = open_form(open_reader, keyed, "/?lang=en")
    for _ in range(10):
        reader.page.request.post(f"{keyed.url}/v1/session", data={"key": "bzk_wrong"})

    give(reader, keyed.key)
    expect_refusal(reader, 429)

    assert reader.page.get_by_role("alert").inner_text() == (
        "Too many tries in a row. Wait a minute and try again."
    )
