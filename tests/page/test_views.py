"""Each view in both languages, both themes, on a phone and on a desk: drawn, silent, reachable by everybody.

Four looks of each view hold every pair of language, width and theme. ``make screens`` keeps a picture of each
of the four, and draws the other four too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from api.page import VIEWS
from tests.page.conftest import WIDTHS

SCREENS = os.environ.get("BAZKHORD_SCREENS")
KEPT = [("fa", "desk", "light"), ("fa", "phone", "dark"), ("en", "desk", "dark"), ("en", "phone", "light")]
OTHERS = [("fa", "desk", "dark"), ("fa", "phone", "light"), ("en", "desk", "light"), ("en", "phone", "dark")]


@pytest.mark.parametrize(("language", "width", "theme"), KEPT + OTHERS if SCREENS else KEPT)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_drawn_for_everybody(
    open_reader: Any, view: str, language: str, width: str, theme: str
) -> None:
    reader = open_reader(width=WIDTHS[width], theme=theme)

    page = reader.open(f"/{view}?lang={language}&period=90d")

    if SCREENS and (language, width, theme) in KEPT:
        kept = Path(SCREENS) / f"{view}-{language}-{width}-{theme}.jpg"
        page.screenshot(path=kept, full_page=True, type="jpeg", quality=72)
    assert page.locator("main h1").inner_text() != ""
    assert page.locator(".refused").count() == 0
    assert reader.overflow() <= 0
    assert reader.violations() == []
