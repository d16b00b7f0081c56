"""A service that no message has reached yet: it says so, shows how to begin, and claims nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.started import free_port, serving_at

FIGURES = ("overview", "journey", "intents", "drivers", "brands", "messages", "customers", "asked", "support")


@pytest.fixture(scope="module")
def empty_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a service that nothing was ever stored in."""
    environment = os.environ | {"BAZKHORD_DATA_DIR": str(tmp_path_factory.mktemp("empty"))}
    with serving_at(free_port(), environment) as url:
        yield url


@pytest.mark.parametrize("view", FIGURES)
def test_where_nothing_ever_came_a_view_says_only_that(open_reader: Any, empty_url: str, view: str) -> None:
    page = open_reader(url=empty_url).open(f"/{view}?lang=fa&period=all")

    assert page.locator("#nothing-yet h2").inner_text() == "هنوز پیامی نیامده است"
    assert page.locator("main .panel").count() == 1
    assert page.locator(".filter-bar").count() == 0


def test_how_to_begin_is_unfolded_on_a_phone_and_the_sources_are_a_click_away(
    open_reader: Any, empty_url: str
) -> None:
    reader = open_reader(url=empty_url, width=360, theme="dark")
    page = reader.open("/overview?lang=en")

    assert not page.locator("#nothing-yet pre").first.is_visible()
    page.click("#nothing-yet summary")

    assert page.locator("#nothing-yet pre").all_inner_texts() == ["bazkhord sources add", "bazkhord run"]
    assert reader.overflow() <= 0
    assert reader.violations() == []
    reader.click("#nothing-yet a")
    assert page.locator("main h1").inner_text() == "Sources"
