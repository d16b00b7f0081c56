"""What is older than is kept leaves the data base, a few messages at a time, so that writers hardly wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, delete, func, select

from pipeline import audit
from pipeline.database import lock_tallies, reading, writing
from pipeline.errors import BazkhordError
from pipeline.removing import overwrite_deleted, remove_messages, take_from_alerts
from pipeline.run import never
from pipeline.store import Store
from pipeline.tables import DeadLetterRow
from pipeline.tallies import feedback

log = logging.getLogger(__name__)
dead_letters = cast("Table", DeadLetterRow.__table__)
N_AT_ONCE = 500
EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What of a source is older than is kept.

    Args:
        before: The moment before which its messages are too old.
        oldest_at: When the oldest of them was written; ``None``: there is none.
    """

    source: str
    days: int
    before: datetime
    n_messages: int
    n_dead_letters: int
    oldest_at: datetime | None


def find_due(store: Store, *, now: datetime) -> tuple[Due, ...]:
    """Return what is older than is kept, by source; sources that are kept for ever are left out."""
    with reading(store.engine) as connection:
        names = sorted(
            {*connection.scalars(select(feedback.c.source).distinct())}
            | {*connection.scalars(select(dead_letters.c.source).distinct())}
        )
        return tuple(
            _due(connection, name, store.retention.days_of(name), before)
            for name in names
            if (before := store.retention.cutoff(name, now)) is not None
        )


def _due(connection: Connection, source: str, days: int, before: datetime) -> Due:
    old = feedback.c.source == source, feedback.c.created_at < before
    n, oldest = connection.execute(select(func.count(), func.min(feedback.c.created_at)).where(*old)).one()
    dead = dead_letters.c.source == source, dead_letters.c.first_seen_at < before
    n_dead = connection.scalar(select(func.count()).select_from(dead_letters).where(*dead)) or 0
    return Due(source=source, days=days, before=before, n_messages=n, n_dead_letters=n_dead, oldest_at=oldest)


def retain(
    store: Store,
    *,
    by: str,
    now: datetime,
    on_removed: Callable[[int], None] = lambda n: None,
    stop: Callable[[], bool] = never,
) -> dict[str, int]:
    """Messages older than is kept are gone, with all that hangs on them, and so are such dead letters.

    Each transaction removes at most five hundred; the tallies equal a recount after each. Several processes may do
    this at once. What was removed is in the audit log.

    Args:
        by: Who does it, for the audit log.
        on_removed: Called with the number of messages after each transaction, for a progress bar.
        stop: Asked before each transaction; what is left then goes the next time.

    Returns:
        How many messages of each source were removed.
    """
    removed: dict[str, int] = {}
    n_dead = 0
    for due in find_due(store, now=now):
        while not stop() and (n := _remove_some(store, due)):
            removed[due.source] = removed.get(due.source, 0) + n
            on_removed(n)
        n_dead += _remove_dead_letters(store, due)
    if removed or n_dead:
        with writing(store.engine) as connection:
            take_from_alerts(connection)
            details = {"n_messages": sum(removed.values()), "by_source": removed, "n_dead_letters": n_dead}
            audit.note(connection, "retain", details, by=by, now=now)
    return removed


def _remove_some(store: Store, due: Due) -> int:
    oldest = (
        select(feedback.c.id)
        .where(feedback.c.source == due.source, feedback.c.created_at < due.before)
        .order_by(feedback.c.created_at)
        .limit(N_AT_ONCE)
    )
    with reading(store.engine) as connection:
        if connection.scalar(oldest) is None:
            return 0
    with writing(store.engine) as connection:
        lock_tallies(connection)
        overwrite_deleted(connection)
        ids = connection.scalars(oldest).all()
        remove_messages(connection, ids)
        return len(ids)


def _remove_dead_letters(store: Store, due: Due) -> int:
    if not due.n_dead_letters:
        return 0
    old = dead_letters.c.source == due.source, dead_letters.c.first_seen_at < due.before
    with writing(store.engine) as connection:
        return connection.execute(delete(dead_letters).where(*old)).rowcount


class DailyRetention:
    """Removes what is older than is kept when it is called and a day has passed since the last time.

    Args:
        by: Who does it, for the audit log.
        leaped: Whether the clock was set forward by so much that ages by it are not to be trusted.
    """

    def __init__(
        self, store: Store, *, by: str, clock: Callable[[], datetime], leaped: Callable[[], bool] = never
    ) -> None:
        self._store = store
        self._by = by
        self._clock = clock
        self._leaped = leaped
        self._next_at: datetime | None = None

    def __call__(self, stop: Callable[[], bool] = never) -> int:
        """Return how many messages were removed; a failure is logged and tried again the next day."""
        now = self._clock()
        # planned for later than a day from now it was by a clock that was ahead
        if self._next_at is not None and now < self._next_at <= now + EVERY:
            return 0
        self._next_at = now + EVERY
        if self._leaped():
            log.warning(
                "nothing is removed by its age for a day, as the clock was set forward by more than one"
            )
            return 0
        try:
            return sum(retain(self._store, by=self._by, now=now, stop=stop).values())
        except BazkhordError as error:
            log.warning("what is older than is kept was not removed, it is tried again tomorrow: %s", error)
            return 0
