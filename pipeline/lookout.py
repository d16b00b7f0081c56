"""Looks at what is not well and puts it into the log once, and once more when it is well again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from pipeline.clocks import Clocks
from pipeline.readiness import Readiness, check_store
from pipeline.store import Store

log = logging.getLogger(__name__)
ABOUT_SOURCES = frozenset({"sources", "hanging"})


class Lookout:
    """What a process finds whenever it looks; safe to share by threads.

    Args:
        clock: Gives the present moment, aware.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.clocks = Clocks(clock)
        self._store = store
        self._clock = clock
        self._told: dict[str, tuple[str, ...]] = {}
        self._lock = Lock()

    def look(self) -> Readiness:
        """Return what ``check_store`` finds now; what is new in it is logged."""
        found = check_store(self._store, now=self._clock(), clocks=self.clocks)
        with self._lock:
            # while the data base is away, what else is not well is not known
            if found.ready:
                self._tell(found)
        return found

    def _tell(self, found: Readiness) -> None:
        for name, words in found.troubles.items():
            who = found.who.get(name, ())
            if name not in self._told or set(who) - set(self._told[name]):
                about = {"source" if name in ABOUT_SOURCES else "worker": ", ".join(who) or None}
                log.warning("not well", extra={"step": name, "reason": words, **about})
        for name in self._told.keys() - found.troubles.keys():
            log.warning("well again", extra={"step": name})
        self._told = {name: found.who.get(name, ()) for name in found.troubles}
