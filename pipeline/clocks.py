"""Notices when the clock of the machine is set: leases, plans and ages go by it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

log = logging.getLogger(__name__)
JUMP_S = 30.0
TOLD_S = 3600.0
DAY_S = 86_400.0


def run_forward() -> float:
    """Return seconds that only run forward, also while the machine sleeps where the system can say so."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass
class Clocks:
    """Compares the clock of the machine with another that only runs forward; safe to share by threads.

    Args:
        wall: Gives the present moment, aware.
        forward: Seconds that only run forward.
    """

    wall: Callable[[], datetime]
    forward: Callable[[], float] = run_forward
    _last: tuple[datetime, float] | None = field(default=None, init=False)
    _jumps: list[tuple[float, float]] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def look(self) -> float:
        """Return by how many seconds the clock was set since the last look, 0 where it was not; it is logged."""
        with self._lock:
            wall, forward = self.wall(), self.forward()
            last, self._last = self._last, (wall, forward)
            off = (wall - last[0]).total_seconds() - (forward - last[1]) if last else 0.0
            if abs(off) <= JUMP_S:
                return 0.0
            self._jumps = [one for one in self._jumps if forward - one[0] < DAY_S] + [(forward, off)]
        log.warning("the clock of this machine was set", extra={"seconds": round(off, 1)})
        return off

    def trouble(self) -> str | None:
        """Return by how much the clock was set within the last hour, in words; ``None``: it was not."""
        self.look()
        now = self.forward()
        lately = [off for at, off in self._jumps if now - at <= TOLD_S]
        if not lately:
            return None
        return f"the clock of this machine was set by {lately[-1]:+,.0f} s; leases and plans go by it"

    def leaped(self) -> bool:
        """Return whether within the last day the clock was set forward by more than a day, as by mistake."""
        self.look()
        now = self.forward()
        return sum(off for at, off in self._jumps if now - at < DAY_S) > DAY_S
