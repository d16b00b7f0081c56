"""The mark of the last change of the store, read for all requests of a moment at once, and what holds as long as it.

Each question needs it (etags.py, security.py). Where the data base is away all requests are told so at once,
rather than each waiting for it by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from sqlalchemy import Engine

from pipeline.database import mark_of
from pipeline.errors import StoreError

AWAY_S = 1.0
LOOKUP_S = 10.0
N_LOOKUPS = 1024
Found = TypeVar("Found")


class Marks:
    """The mark of one store, for one event loop.

    Args:
        max_age_s: How old the mark may be that is given; 0: it is read each time.
    """

    def __init__(self, engine: Engine, *, max_age_s: float) -> None:
        self._engine = engine
        self._max_age_s = max_age_s
        self._known: tuple[float, str] | None = None
        self._away: tuple[float, StoreError] | None = None
        self._reading = asyncio.Lock()
        # Not among the threads that answer: when all of those count, the mark is still read at once.
        self._limiter = CapacityLimiter(1)
        self._lookups: OrderedDict[tuple[str, bytes], tuple[float, str, Any]] = OrderedDict()

    async def current(self) -> str:
        """Return the mark.

        Raises:
            StoreError: The data base does not answer, or did not a moment ago.
        """
        if (mark := self._recent()) is not None:
            return mark
        async with self._reading:
            if (mark := self._recent()) is not None:
                return mark
            return await self._read()

    def forget(self) -> None:
        """The mark is read anew before it is given again: something was written here."""
        self._known = None

    async def look_up(self, kind: str, secret: str, look: Callable[[], Found | None]) -> Found | None:
        """Return what ``look`` finds in the store, which is asked again after each of its changes.

        Args:
            kind: What kind of secret is looked up.
            secret: Told apart by its hash only. What was not found is looked up again.
        """
        mark, name = await self.current(), (kind, hashlib.sha256(secret.encode(errors="replace")).digest())
        at, then, found = self._lookups.get(name, (0.0, "", None))
        if found is not None and then == mark and time.monotonic() - at < LOOKUP_S and self._max_age_s:
            return found  # type: ignore[no-any-return] # what this kind of look-up found before
        looked = await to_thread.run_sync(look)
        if looked is not None:
            self._lookups[name] = time.monotonic(), mark, looked
            while len(self._lookups) > N_LOOKUPS:
                self._lookups.popitem(last=False)
        return looked

    def _recent(self) -> str | None:
        now = time.monotonic()
        if self._away and now - self._away[0] < min(AWAY_S, 10 * self._max_age_s):
            raise self._away[1]
        if self._known and now - self._known[0] < self._max_age_s:
            return self._known[1]
        return None

    async def _read(self) -> str:
        began = time.monotonic()
        try:
            mark = await to_thread.run_sync(mark_of, self._engine, limiter=self._limiter)
        except StoreError as error:
            self._away = time.monotonic(), error
            raise
        self._known, self._away = (began, mark), None
        return mark


def marks_of(request: Request) -> Marks:
    """Return the mark of the service that a request came to."""
    marks: Marks = request.app.state.marks
    return marks
