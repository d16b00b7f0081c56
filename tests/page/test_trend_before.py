"""The trend beside that of the period before: toggled in the address, day by day, each figure one click from its messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.behind import filters_of, mentions_behind
from tests.page.numerals import number_in

WEEK = "from=2026-11-01&to=2026-11-08&bucket=day"


def test_the_comparison_is_turned_on_and_off_in_the_address(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{WEEK}")
    legend = page.locator("#trend .ov-legend")
    n_before = legend.locator(".ov-swatch.before").count()

    reader.click('#trend .choices a:has-text("period before")')
    reader.wait()
    address, n_on = page.url, legend.locator(".ov-swatch.before").count()
    reader.click('#trend .choices a:has-text("period before")')

    assert (n_before, n_on, legend.locator(".ov-swatch.before").count()) == (0, 1, 0)
    assert address == f"{reader.url}/overview?lang=en&{WEEK}&compare=before"
    assert page.url == f"{reader.url}/overview?lang=en&{WEEK}"


def test_each_day_stands_beside_that_of_the_same_number(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/overview?lang=en&{WEEK}&compare=before")
    asked = {"from": "2026-10-25", "to": "2026-11-01", "bucket": "day"}
    told = httpx.get(f"{reader.url}/v1/trend", params=asked).json()["points"]
    page.locator("#trend .turn").press("Enter")

    cells = page.locator("#trend tbody tr td:nth-child(3)")
    links = [cells.nth(at).locator("a.figure") for at in range(7)]

    assert page.locator("#trend thead th").nth(2).inner_text() == "Period before"
    assert [number_in(one.locator(".n").inner_text()) for one in links] == [one["n"] for one in told]
    assert cells.first.locator("small").last.inner_text() == "25 October 2026"
    href = links[0].get_attribute("href")
    assert filters_of(href) == {"from": ["2026-10-25"], "to": ["2026-10-26"]}
    assert mentions_behind(reader.url, href) == told[0]["n"]
    assert reader.violations() == []


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("period=all", "No data for the period before"),
        (f"{WEEK}&stage=loyalty", "Too few in the period before"),
    ],
)
def test_where_the_period_before_tells_nothing_that_is_said(open_reader: Any, period: str, said: str) -> None:
    page = open_reader().open(f"/overview?lang=en&{period}&compare=before")

    assert said in page.locator("#trend .ov-note").all_inner_texts()
    assert page.locator("#trend .ov-swatch.before").count() == 0
