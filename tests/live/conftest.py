"""Tests against real servers, which they start themselves."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "live: starts and reads from a real server; skipped where it is not installed"
    )
