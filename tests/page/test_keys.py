"""Keys for periods and views: a list of them, none while somebody types, and they can be turned off."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("KeyW", "/overview?lang=en&stage=delivery&period=7d"),
        ("KeyA", "/overview?lang=en&stage=delivery&period=all"),
        ("Digit2", "/journey?lang=en&from=2026-11-01&to=2026-11-08&stage=delivery"),
        ("Digit0", "/sources?lang=en&from=2026-11-01&to=2026-11-08&stage=delivery"),
    ],
)
def test_a_key_leads_to_its_period_or_view_and_filters_stay(open_reader: Any, key: str, address: str) -> None:
    reader = open_reader()
    page = reader.open("/overview?lang=en&from=2026-11-01&to=2026-11-08&stage=delivery")

    page.keyboard.press(key)
    reader.wait()

    assert page.url == f"{reader.url}{address}"


def test_no_key_fires_while_somebody_types(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources?lang=en")
    before = reader.open("/overview?lang=en&period=30d").url

    page.keyboard.press("Slash")
    page.keyboard.type("w2?")

    assert page.evaluate("document.activeElement.value") == "w2?"
    assert page.url == before
    assert not page.locator("dialog.keys").is_visible()


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources?lang=en")

    page.keyboard.press("Shift+Slash")
    keys = page.locator("dialog.keys kbd").all_inner_texts()
    violations = reader.violations()
    page.keyboard.press("Digit1")
    stayed = page.url
    page.keyboard.press("Escape")

    assert keys == ["?", "/", *"WMQYA1234567890"]
    assert violations == []
    assert stayed == f"{reader.url}/sources?lang=en"
    assert not page.locator("dialog.keys").is_visible()


def test_keys_that_were_turned_off_do_nothing_but_list_themselves(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources?lang=en")
    page.locator(".side .keys-button").click()
    page.locator("dialog.keys label").click()
    page.keyboard.press("Escape")

    page.keyboard.press("Digit1")

    assert page.url == f"{reader.url}/sources?lang=en"
    page.keyboard.press("Shift+Slash")
    assert page.locator("dialog.keys").is_visible()


def test_a_period_means_nothing_to_a_view_without_one(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/sources?lang=en")

    page.keyboard.press("KeyW")

    assert page.url == f"{reader.url}/sources?lang=en"
