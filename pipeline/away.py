"""It is in the log once that a data base cannot be used, and once that it can again."""

from __future__ import annotations

import logging
from threading import Lock
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

log = logging.getLogger(__name__)
# On a full disk what is small is written between what is not; it is well when nothing failed for as long as this.
CALM_S = 10.0
# Of what could not be done, since when and when it was last tried.
_since: WeakKeyDictionary[Engine, dict[str, tuple[float, float]]] = WeakKeyDictionary()
_lock = Lock()


def note_trouble(engine: Engine, doing: str, error: DBAPIError) -> None:
    """The data base failed to do something; the first time is logged.

    Args:
        doing: ``read``, ``write`` or ``open``: a full disk can still be read.
    """
    with _lock:
        troubles = _since.setdefault(engine, {})
        now, is_new = monotonic(), doing not in troubles
        troubles[doing] = troubles.get(doing, (now, now))[0], now
    if is_new:
        # Of other errors the words may hold values.
        told = str(error.orig) if isinstance(error, OperationalError) else type(error.orig).__name__
        reason = told.strip().partition("\n")[0]
        log.warning(
            "the data base cannot be used; it is tried again", extra={"step": doing, "reason": reason}
        )


def note_well(engine: Engine, doing: str) -> None:
    """The data base did something; it is logged where it failed before, for writing once all writing is calm."""
    if engine not in _since:
        return
    with _lock:
        troubles, now = _since.get(engine, {}), monotonic()
        if doing not in troubles or (doing == "write" and now - troubles[doing][1] < CALM_S):
            return
        began, _ = troubles.pop(doing)
    log.warning("the data base can be used again", extra={"step": doing, "seconds": round(now - began, 1)})


def last_failure(engine: Engine, doing: str) -> float | None:
    """Return how many seconds ago the data base failed to do something; ``None``: not since it was last well."""
    with _lock:
        failed = _since.get(engine, {}).get(doing)
    return None if failed is None else monotonic() - failed[1]
