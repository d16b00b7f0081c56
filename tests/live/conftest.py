"""BAZKHORD_LIVE=1 says that every server is installed: a test that would be skipped fails then."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.store import Store, open_store


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a skipped test as a failed one where none may be skipped."""
    report = yield
    if report.skipped and os.environ.get("BAZKHORD_LIVE"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped with BAZKHORD_LIVE=1: {reason}"
    return report


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Store]:
    """An empty data base."""
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        yield store
