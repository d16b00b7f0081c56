"""A Chromium of this machine, driven by Playwright: for the tests of the page and for its benchmark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# The shell is Chromium without the windows that nobody sees here: a third of the processor time.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None
)
# As root there is no sandbox; the rest keeps Chromium from asking hosts that nobody named.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium from entering to leaving; raises FileNotFoundError where none is installed."""
    if CHROMIUM is None:
        raise FileNotFoundError("there is no Chromium to look at the page with: run tests/page/install.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
