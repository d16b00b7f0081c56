"""Since when each pull under way has brought nothing: a source that hangs longer than any timeout allows is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A page of a thousand tickets, with a request and a pause of three seconds for each, takes most of it.
HANGS_AFTER_S = 3600.0


class Pulls:
    """The pulls under way in this process, and when each last brought a page.

    Args:
        forward: Seconds that only run forward.
    """

    def __init__(self, forward: Callable[[], float] = time.monotonic) -> None:
        self._forward = forward
        self._moved_at: dict[str, float] = {}

    @contextmanager
    def under_way(self, source: str) -> Iterator[Callable[[], None]]:
        """Meanwhile the source is pulled; yields what is called whenever it brought something."""

        def moved() -> None:
            self._moved_at[source] = self._forward()

        moved()
        try:
            yield moved
        finally:
            self._moved_at.pop(source, None)

    def hanging(self, *, after_s: float) -> list[str]:
        """Return the sources whose pull has brought nothing for so long, by name."""
        now = self._forward()
        return sorted(name for name, since in [*self._moved_at.items()] if now - since > after_s)
