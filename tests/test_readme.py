"""The commands of the README, run as a newcomer runs them: in a fresh clone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    return re.findall(r"^\$ (.+)$", README, flags=re.MULTILINE)


@pytest.mark.slow
def test_make_demo_in_a_fresh_clone_shows_the_three_events_beyond_their_intervals(tmp_path: Path) -> None:
    assert "make demo" in commands()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)

    done = subprocess.run(
        ["make", "demo", "SERVE=0"], cwd=clone, capture_output=True, check=False, timeout=600
    )

    printed = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    verdicts = re.findall(r"(worse|better), outside the interval before", " ".join(printed.split()))
    assert verdicts == ["worse", "worse", "better"], printed
    assert "In-sample" in printed


def test_make_test_is_what_ci_runs() -> None:
    assert "make test" in commands()
    assert "\ntime make test\n" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_names_only_files_that_exist() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(
        r"^\| `([a-z/]+/)`", README, flags=re.MULTILINE
    )

    assert [name for name in named if not (REPOSITORY / name).exists()] == []
