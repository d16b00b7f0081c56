"""The page in a real browser: the demo's service, Debian's Chromium, axe, and a page that must stay silent."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import CHROMIUM, chromium
from tests.page.demo import NOW
from tests.started import free_port, serving_at

ROOT = Path(__file__).parents[2]
AXE = ROOT / "api/dashboard/node_modules/axe-core/axe.min.js"
WIDTHS = {"phone": 360, "desk": 1280}
DEMO = (sys.executable, "-m", "tests.page.demo")


@pytest.fixture(scope="package")
def demo_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Address of a service of its own over the demo's feedback, with recorded labels."""
    folder = tmp_path_factory.mktemp("served")
    shared = tmp_path_factory.getbasetemp().parent if worker_id != "master" else folder
    shutil.copytree(_demo_in(shared), folder, dirs_exist_ok=True)
    with serving_at(free_port(), os.environ, command=(*DEMO, str(folder), "--port"), folder=ROOT) as url:
        yield url


def _demo_in(shared: Path) -> Path:
    """The demo's data is below a folder; of several workers one makes it and the others wait."""
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "demo.made").exists():
            subprocess.run([*DEMO, str(shared / "made")], cwd=ROOT, check=True, capture_output=True)
            (shared / "demo.made").touch()
    return shared / "made/demo"


# Playwright's loop runs in this thread until the browser is closed: no test of another package may find it there.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; where there is none, the tests of the page are skipped."""
    if CHROMIUM is None and os.environ.get("CI") != "true":
        pytest.skip("there is no Chromium to look at the page with: run tests/page/install.sh")
    with chromium() as opened:
        yield opened


@dataclass
class Reader:
    """Somebody who opens the page, with what the browser complained about meanwhile."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """The view of an address is drawn, with all its answers."""
        self.page.goto(f"{self.url}{address}")
        self.wait()
        return self.page

    def click(self, selector: str) -> None:
        """Something was clicked, and what it leads to is drawn."""
        drawn = self.page.evaluate("document.getElementById('page').dataset.drawn")
        self.page.locator(selector).first.click()
        self.page.wait_for_function(
            "(before) => document.getElementById('page').dataset.drawn !== before", arg=drawn
        )

    def wait(self) -> None:
        """All that was asked for is drawn."""
        self.page.wait_for_selector("#page[data-drawn]:not([data-waiting])", timeout=30_000)

    def violations(self) -> list[str]:
        """Return what axe finds wrong on the page as it is: rule and elements."""
        silent = len(self.complaints)
        # Through the debugger, since the page's own policy lets no foreign script in.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        self.page.wait_for_timeout(50)  # what the console said arrives a little later
        del self.complaints[silent:]  # axe itself tries inline styles, which the policy forbids
        return [
            f"{one['id']}: {[node['target'] for node in one['nodes']][:3]} {one['nodes'][0]['failureSummary']}"
            for one in found["violations"]
        ]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        root = "document.documentElement"
        width: int = self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        return width


@pytest.fixture
def open_reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return readers: ``open_reader(width=360, theme="dark", url=None)``; afterwards the browser complained of nothing."""
    readers: list[Reader] = []

    def make(*, width: int = 1280, theme: Any = "light", url: str | None = None) -> Reader:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        if url is None:  # the demo's day stays; a service of a test's own has the machine's clock
            context.add_init_script(f"Date.now = () => {NOW.timestamp() * 1000:.0f}")
        reader = Reader(context.new_page(), url or request.getfixturevalue("demo_url"))
        reader.page.on(
            "console",
            lambda said: (
                reader.complaints.append(f"{said.type}: {said.text}")
                if said.type in {"error", "warning"}
                else None
            ),
        )
        reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
        reader.page.on("request", lambda asked: _check_host(reader, asked.url))
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.page.context.close()
    assert [complaint for reader in readers for complaint in reader.complaints] == []


def _check_host(reader: Reader, asked: str) -> None:
    if not asked.startswith((reader.url, "data:", "blob:")):
        reader.complaints.append(f"asked another host: {asked[:80]}")
