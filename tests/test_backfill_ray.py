"""A backfill on a Ray cluster of two nodes, of which one is killed in the middle: it comes to the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pytest

from tests.archive import content, environment, rows, write_parquet

N_FILES, N_ROWS = 20, 100
PATIENCE_S = 240
REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def cluster() -> Iterator[tuple[IO[str], IO[str]]]:
    """A cluster that tells its address when it is up, and where a line kills its second node."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.two_nodes"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        stdin, stdout = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        try:
            yield stdout, stdin
        finally:
            stdin.close()
            process.wait(60)


def started(tmp_path: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = ["backfill", "--input", str(tmp_path / "in" / "*.parquet"), "--out", str(out), "--with-text"]
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *command, *options],
        cwd=REPOSITORY,
        env={**os.environ, **environment(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def n_done(out: Path) -> int:
    path = out / "_progress.jsonl"
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


@pytest.mark.slow
def test_a_node_that_is_killed_in_the_middle_changes_nothing(
    cluster: tuple[IO[str], IO[str]], tmp_path: Path
) -> None:
    address, kill = cluster
    for number in range(N_FILES):
        write_parquet(tmp_path / "in" / f"{number:02d}.parquet", rows(N_ROWS * number, N_ROWS))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    undisturbed = started(tmp_path, whole, "--processes", "2")

    options = "--engine", "ray", "--address", address.readline().strip()
    with undisturbed, started(tmp_path, broken, *options) as disturbed:
        deadline = time.monotonic() + PATIENCE_S
        while n_done(broken) < 2 and disturbed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        n_before = n_done(broken)
        kill.write("kill\n")
        kill.flush()
        told = disturbed.communicate(timeout=PATIENCE_S)[0]
        undisturbed.communicate(timeout=PATIENCE_S)

    assert f"{N_FILES} of {N_FILES} units done: {N_FILES * N_ROWS:,} rows" in told, told
    assert 2 <= n_before < N_FILES
    assert content(broken) == content(whole)
    assert len(content(whole)["messages"]) == N_FILES * N_ROWS
    assert sorted(path.name for path in broken.iterdir()) == sorted(path.name for path in whole.iterdir())
