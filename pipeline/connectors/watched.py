"""Lists whose rows go on collecting messages for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Load, Step
from pipeline.connectors.scans import NewestFirst, read_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Rows with the newest first; those of the last days are handed out each time, older ones once.

    Args:
        inner: The way through the list.
        watch: How old a row may be to be handed out again.
    """

    inner: NewestFirst
    watch: timedelta

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the rows that are new or still watched."""
        known = _known_until(state)
        if known is None:
            yield from self.inner.steps(load, state)
            return
        floor = self.inner.now - self.watch
        if floor < known:
            state = {**state, "mark": [floor.isoformat(), ""]}
        for step in self.inner.steps(load, state):
            yield Step(tuple(row for row in step.rows if self._is_open(row, min(known, floor))), step.state)

    def _is_open(self, row: object, floor: datetime) -> bool:
        moment = read_moment(row, self.inner.at, now=self.inner.now, zone=self.inner.zone)
        return moment is None or moment > floor


def _known_until(state: State) -> datetime | None:
    mark = state.get("mark")
    return datetime.fromisoformat(str(mark[0])) if isinstance(mark, list) and mark else None
