"""Back-pressure: while too much waits to be classified, nothing more is pulled, and what is sent is sent away."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

from pipeline.store import Store

REMEMBERED_S = 2.0
RETRY_AFTER_S = 60


class Backlog:
    """How much waits, against how much may; safe to share between threads.

    Args:
        limit_messages: Most messages that may wait before no more are taken; 0: any number.
        clock: Seconds of a clock that only goes forward.
    """

    def __init__(self, store: Store, limit_messages: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._limit_messages = limit_messages
        self._clock = clock
        self._counting = Lock()
        self._counted_at: float | None = None
        self._is_full = False

    @property
    def words(self) -> str:
        """Why nothing is taken, and what to do."""
        return (
            f"more than {self._limit_messages:,} messages wait to be classified (pending_limit_messages); it goes on "
            "by itself when fewer do, sooner with one more: bazkhord worker --no-pull"
        )

    def is_full(self) -> bool:
        """Whether more wait than may; what was counted up to two seconds ago still counts.

        Raises:
            StoreError: The data base does not answer.
        """
        if not self._limit_messages:
            return False
        with self._counting:
            now = self._clock()
            if self._counted_at is None or now - self._counted_at >= REMEMBERED_S:
                n_waiting = self._store.n_pending(at_most=self._limit_messages + 1)
                self._is_full, self._counted_at = n_waiting > self._limit_messages, now
            return self._is_full
