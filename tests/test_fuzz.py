"""A short form of ``make fuzz``: what nobody would write breaks nothing that reads it, and takes no second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import Report, change, try_one
from tests.fuzz.corpus import SEEDS

N_RUNS = 500


@pytest.mark.slow
def test_inputs_that_nobody_would_write_break_nothing(tmp_path: Path) -> None:
    reports = change(N_RUNS, seed=1, found=tmp_path)

    assert {name: report.crashes + report.hangs for name, report in reports.items()} == {
        name: [] for name in SEEDS
    }
    assert sum(report.n_runs for report in reports.values()) == N_RUNS


def test_what_breaks_a_target_is_kept_and_told(tmp_path: Path) -> None:
    def target(data: bytes) -> None:
        raise IndexError(data.decode())

    report = Report()
    try_one(report, target, b"boom", tmp_path)

    assert report.crashes == [f"IndexError: boom ({tmp_path}/81f52337ebb4cb16)"]
    assert (tmp_path / "81f52337ebb4cb16").read_bytes() == b"boom"
