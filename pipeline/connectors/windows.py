"""A way through what changed since a moment, where the service promises no order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.connectors.bookmarks import State
from pipeline.connectors.http_client import Params
from pipeline.connectors.pagers import Listed, Load, Pager, Step, resume
from pipeline.connectors.scans import OLDEST, read_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What changed since a moment, in any order; the moment moves once all of it was read.

    Args:
        inner: The way through the pages of one window.
        since_param: Name of the parameter of the moment.
        at: Path of the time of the last change in a row.
        now: The present.
        write: Puts the moment as the service wants it.
        start: Where the first window begins.
        overlap: What changed this long before the newest change seen is read again each time.
    """

    inner: Pager
    since_param: str
    at: str
    now: datetime
    write: Callable[[datetime], str | int] = lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    start: datetime = OLDEST
    overlap: timedelta = timedelta(minutes=2)

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages of the window that the state is in, or of the one that follows it."""
        seen = read_moment(state, "since", now=self.now) or self.start
        newest = read_moment(state, "newest", now=self.now) or seen
        since = self.write(max(self.start, seen - self.overlap))

        def load_window(params: Params, *, link: str | None = None) -> Listed:
            return load({**params, self.since_param: since}, link=link)

        for step in resume(self.inner, load_window, state.get("inner")):
            times = [read_moment(row, self.at, now=self.now) for row in step.rows]
            newest = max([newest, *(moment for moment in times if moment)])
            going_on = {"since": seen.isoformat(), "newest": newest.isoformat(), "inner": step.state}
            yield Step(step.rows, going_on, step.n_total)
        yield Step((), {"since": newest.isoformat()})
