"""How long a reader waits for each view of the page, in a real browser over all of the inbox.

Each view is opened by its address in a browser that has nothing of the page yet (*opened*: scripts and fonts
come over the line too), and by a click in another view (*clicked*). Every time it is another period, so that no
answer is remembered: it ends at a random day of the last three years and has 7, 30, 90 or 365 days. Two figures
of the browser's own clock, both until the picture is painted: *seen* from the click, *drawn* from the last answer's
arrival. Wanted: seen within 1,000 ms at the 95th percentile, drawn within 300.

Run: make bench-page DATA=FOLDER   (a data folder filled by `bazkhord run --once --sources config/sources.inbox.toml`)
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from api.page import VIEWS
from tests.chromium import chromium
from tests.started import free_port, serving_at

DAYS = (7, 30, 90, 365)
RECENT = 3 * 365
IS_DRAWN = "(before) => (document.getElementById('page')?.dataset.drawn ?? '') !== before"
LAST = "name => performance.getEntriesByName(name).at(-1).duration"


@dataclass(frozen=True)
class Waited:
    """Milliseconds until one view was there: from the click, and from its last answer."""

    seen: float
    drawn: float


def main() -> None:
    """Print median and 95th percentile for each view, opened and clicked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "data", type=Path, help="data folder of the loaded inbox; it is copied, not written to"
    )
    parser.add_argument("--times", type=int, default=20, help="how often each view is opened, and clicked")
    parser.add_argument("--views", nargs="+", default=list(VIEWS), help="only these views")
    chosen = parser.parse_args()
    print(f"{'':12}{'opened, seen':>20}{'drawn':>14}{'clicked, seen':>22}{'drawn':>14}   median / p95, ms")
    with serving_copy(chosen.data) as url, chromium() as browser:
        periods = periods_of(url)
        for view in chosen.views:
            opened = [open_view(browser, url, f"/{view}?{next(periods)}") for _ in range(chosen.times)]
            clicked = list(click_view(browser, url, view, periods, chosen.times))
            print(f"{view:12}{_told(opened, 20)}{_told(clicked, 22)}", flush=True)


@contextmanager
def serving_copy(data: Path) -> Iterator[str]:
    """A service of its own over a copy of a data folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(data, folder, dirs_exist_ok=True)
        # Nobody reads that fast: the limit of requests a minute is not what is measured.
        own = {"BAZKHORD_DATA_DIR": folder, "BAZKHORD_RATE_LIMIT_PER_MINUTE": "100000"}
        with serving_at(free_port(), os.environ | own) as url:
            yield url


def periods_of(url: str) -> Iterator[str]:
    """Return periods as the page's address names them, none twice."""
    options = httpx.get(f"{url}/v1/options").raise_for_status().json()
    last = date.fromisoformat(options["data_to"][:10])
    draw = random.Random(7)
    pairs = [(days, back) for days in DAYS for back in range(RECENT)]
    draw.shuffle(pairs)
    for days, back in pairs:
        end = last - timedelta(days=back)
        yield f"from={end - timedelta(days=days)}&to={end}"


def open_view(browser: Browser, url: str, address: str) -> Waited:
    """Return the wait for an address in a browser that has nothing of the page yet."""
    page = new_page(browser)
    page.goto(f"{url}{address}")
    page.wait_for_function(IS_DRAWN, arg="")
    waited = read(page)
    page.context.close()
    return waited


def click_view(browser: Browser, url: str, view: str, periods: Iterator[str], times: int) -> Iterator[Waited]:
    """Return the waits for a view that is clicked in another one, each time in another period."""
    page = new_page(browser)
    others = [other for other in VIEWS if other != view]
    for turn in range(times):
        page.goto(f"{url}/{others[turn % len(others)]}?{next(periods)}")
        page.wait_for_function(IS_DRAWN, arg="")
        before = page.evaluate("document.getElementById('page').dataset.drawn")
        page.locator(f"aside.side nav a[href^='/{view}']").click()
        page.wait_for_function(IS_DRAWN, arg=before)
        yield read(page)
    page.context.close()


def new_page(browser: Browser) -> Page:
    """A desk's window in a profile of its own."""
    return browser.new_context(viewport={"width": 1280, "height": 900}).new_page()


def read(page: Page) -> Waited:
    """Return what the page measured last."""
    seen, drawn = (float(page.evaluate(LAST, f"bazkhord:{name}")) for name in ("view", "draw"))
    return Waited(seen, drawn)


def _told(waits: list[Waited], width: int) -> str:
    return _pair([one.seen for one in waits], width) + _pair([one.drawn for one in waits], 14)


def _pair(times: list[float], width: int) -> str:
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return f"{f'{statistics.median(times):.0f} / {p95:.0f}':>{width}}"


if __name__ == "__main__":
    main()
