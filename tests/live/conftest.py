"""BAZKHORD_LIVE=1 says that every server is installed: a test that would be skipped fails then."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


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
