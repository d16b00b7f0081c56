"""A way through what changed, for services that take moments in a time zone nobody knows: so long ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from pipeline.connectors.base import Clock
from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Listed, Load, Step, known_number, known_text, require_other, value_at
from pipeline.connectors.scans import read_moment

OVERLAP = timedelta(minutes=2)
Seen = tuple[str, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAgo:
    """What changed in the last so many seconds, oldest change first, by the clock of the service.

    The page number starts anew whenever the newest change seen moves on, so that a row which changes
    while the list is read, and leaves its place in it, pushes no other out of sight. Each request
    reaches two minutes further back than it has to, for answers that take long and transactions that
    end late; what was handed on in the same run is not handed on again.

    Args:
        query: Puts the seconds as the service wants them; ``None``: from the beginning.
        query_param: Name of the parameter of that.
        at: Path of the time of the last change in a row.
        now: Gives the present moment; what the service's clock is ahead is learnt from its answers.
    """

    query: Callable[[int | None], str]
    now: Clock
    at: str
    query_param: str = "query"
    id_at: str = "id"
    size: int = 100

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield what changed since the newest change in the state."""
        told = known_text(state, "since")
        since = datetime.fromisoformat(told) if told else None
        ahead = timedelta(0)
        page = 1
        former: tuple[object, ...] = ()
        given: set[Seen] = set()
        while True:
            listed = load(self._params(since, page, ahead))
            late = self._ahead(listed) - ahead
            ahead += late
            if since and late > OVERLAP / 2:
                continue
            former = require_other(listed.rows, former if page > 1 else (), "page")
            marks = [self._mark(row) for row in listed.rows]
            newest = max([moment for _, moment in marks if moment], default=since)
            coming = tuple(row for row, mark in zip(listed.rows, marks, strict=True) if mark not in given)
            moved = newest is not None and (since is None or newest > since)
            since, page = (newest, 1) if moved else (since, page + 1)
            given = {one for one in given.union(marks) if _is_near(one, since)}
            yield Step(coming, {"since": since.isoformat()} if since else {})
            if len(listed.rows) < self._n_per_page(listed):
                return

    def _params(self, since: datetime | None, page: int, ahead: timedelta) -> dict[str, str | int]:
        seconds = int((self.now() + ahead - since + OVERLAP).total_seconds()) + 1 if since else None
        asked = None if seconds is None else max(1, seconds)
        return {self.query_param: self.query(asked), "page": page, "per_page": self.size}

    def _ahead(self, listed: Listed) -> timedelta:
        try:
            return parsedate_to_datetime(listed.headers.get("date", "")) - self.now()
        except (TypeError, ValueError):
            return timedelta(0)

    def _mark(self, row: object) -> Seen:
        # a service whose clock is ahead changes rows in our future
        moment = read_moment(row, self.at, now=self.now() + timedelta(days=1))
        return str(value_at(row, self.id_at)), moment

    def _n_per_page(self, listed: Listed) -> int:
        content = listed.content
        return known_number(content, "per_page", self.size) if isinstance(content, dict) else self.size


def _is_near(seen: Seen, since: datetime | None) -> bool:
    moment = seen[1]
    return moment is not None and since is not None and moment >= since - 2 * OVERLAP
