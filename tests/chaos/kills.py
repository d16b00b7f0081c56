"""Processes that are killed at random moments."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from random import Random

Step = Callable[[str], None]
PATIENCE_S = 120


def killed(step: Step, url: str, *, after_s: float) -> bool:
    """Whether a process that did the step had to be killed; one that ended in time must have succeeded."""
    process = multiprocessing.get_context("fork").Process(target=step, args=(url,))
    process.start()
    process.join(after_s)
    process.kill()
    process.join()
    if process.exitcode == -signal.SIGKILL:
        return True
    assert process.exitcode == 0
    return False


class Storm:
    """Kills whoever does a step a few times, then lets the step end; ``n`` says how many were hit."""

    def __init__(self, *, seed: int, kills_per_step: int = 3) -> None:
        self.n = 0
        self._random = Random(seed)
        self._kills_per_step = kills_per_step
        self._seconds: dict[str, float] = {}

    def calm(self, step: Step, url: str, *, name: str) -> None:
        """The step is done without a kill; from now on it is known how long that takes."""
        started = time.perf_counter()
        assert not killed(step, url, after_s=PATIENCE_S)
        self._seconds[name] = time.perf_counter() - started

    def over(self, step: Step, url: str, *, name: str, check: Callable[[str], None]) -> None:
        """The step is done in the end, and what each kill left was checked."""
        for _ in range(self._kills_per_step):
            if not killed(step, url, after_s=self._random.uniform(0, self._seconds[name])):
                return
            self.n += 1
            check(url)
        assert not killed(step, url, after_s=PATIENCE_S)
