"""Fixtures of the model's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import save_tiny_weights

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save_tiny_weights(folder)
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"needs the data in {DATA}")
    return DATA
