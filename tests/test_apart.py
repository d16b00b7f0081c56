"""The model in a process of its own says what it says here, and neither process outlives the other unnoticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.analyze import load_analyzer
from pipeline.apart import Apart, load_apart
from pipeline.errors import RetryLater, SettingsError

TEXTS = ["پیک دو ساعت دیر کرد ولی غذا عالی بود", "", "kheili mamnoon 🙏", "سلام"]
PATIENCE_S = 30


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    classifier = load_apart(None, 1)
    yield classifier
    classifier.close()


def judge_pid(apart: Apart) -> int:
    """The number of one of its other processes."""
    return apart._pool.submit(os.getpid).result()


def is_there(pid: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def test_it_says_the_same_of_texts_and_of_itself(apart: Apart) -> None:
    here = load_analyzer(None, 2).classifier

    assert apart.predict(TEXTS) == here.predict(TEXTS)
    assert (apart.version, apart.levels, apart.confusion) == (here.version, here.levels, here.confusion)
    assert judge_pid(apart) != os.getpid()


def test_weights_that_are_missing_are_said_as_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_apart(tmp_path / "nowhere", 2)


def kill_the_own_process() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives on")


def test_a_process_that_is_killed_while_it_loads_is_said() -> None:
    with pytest.raises(RetryLater, match="ended from outside"):
        Apart(kill_the_own_process)


def test_what_asks_all_processes_to_end_is_left_to_the_parent(apart: Apart) -> None:
    pid = judge_pid(apart)

    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)

    assert len(apart.predict(TEXTS)) == len(TEXTS)
    assert judge_pid(apart) == pid


def test_a_process_that_was_killed_is_said_and_there_again(apart: Apart) -> None:
    expected = apart.predict(TEXTS)

    os.kill(judge_pid(apart), signal.SIGKILL)
    with pytest.raises(RetryLater, match="started anew"):
        apart.predict(TEXTS)

    assert apart.predict(TEXTS) == expected


def test_it_ends_with_a_parent_that_was_killed() -> None:
    program = (
        "import os, time\n"
        "from pipeline.apart import load_apart\n"
        "if __name__ == '__main__':\n"
        "    apart = load_apart(None, 2)\n"
        "    print(apart._pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_there(child)
        parent.kill()

    deadline = time.monotonic() + PATIENCE_S
    while is_there(child):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.05)
