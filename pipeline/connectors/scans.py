"""Ways through lists that cannot be asked for what is new alone: what was seen is told by times and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.connectors.bookmarks import State
from pipeline.connectors.http_client import Params
from pipeline.connectors.pagers import Load, Pager, Step, known_text, require_other, resume, value_at
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource

OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
Mark = tuple[datetime, str]


def read_moment(row: object, path: str, *, now: datetime, zone: ZoneInfo | None = None) -> datetime | None:
    """Return the moment at a path of a row; ``None`` where there is none that can be understood."""
    value = value_at(row, path)
    try:
        return parse_date(value, zone=zone, now=now)
    except (SkipRecord, StopSource):
        return None


def first_moment(day: date) -> datetime:
    """Return when a day begins, in UTC.

    >>> first_moment(date(2025, 1, 1)).isoformat()
    '2025-01-01T00:00:00+00:00'
    """
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What changed since a moment, in the order of its changes; the moment moves on with what is seen.

    The page number starts anew whenever the moment moves, so that no list is followed far enough to meet
    a service's limit on pages. What changed in the last ``overlap`` is read again each time: clocks of
    several servers, and transactions that end late, do not lose anything then.

    Args:
        since_param: Name of the parameter of the moment.
        at: Path of the time of the last change in a row.
        write: Puts the moment as the service wants it.
        now: The present.
    """

    since_param: str
    at: str
    now: datetime
    write: Callable[[datetime], str | int] = lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    start: datetime = OLDEST
    overlap: timedelta = timedelta(minutes=2)
    page_param: str = "page"
    size_param: str = "per_page"
    size: int = 100

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield what changed since the moment in the state."""
        seen = _read(known_text(state, "since"), self.start)
        since = max(self.start, seen - self.overlap)
        page = 1
        former: tuple[object, ...] = ()
        known: tuple[object, ...] = ()
        while True:
            params: Params = {
                self.since_param: self.write(since),
                self.page_param: page,
                self.size_param: self.size,
            }
            rows = load(params).rows
            former = require_other(rows, former if page > 1 else (), self.page_param)
            times = [read_moment(row, self.at, now=self.now) for row in rows]
            newest = max([since, *(moment for moment in times if moment)])
            seen = max(seen, newest)
            # many services count the moment itself as later and send its rows again
            yield Step(tuple(row for row in rows if row not in known), {"since": seen.isoformat()})
            if not rows:
                return
            known = rows
            # the service counts whole seconds: what shares the last one is asked for again
            since, page = (newest, 1) if self.write(newest) != self.write(since) else (since, page + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSince:
    """A whole list, of which only what changed since the last complete pass is handed on.

    Args:
        inner: The way through the list.
        at: Path of the time of the last change in a row.
        now: The present.
        overlap: What changed this long before the newest change seen is handed on again.
        zone: Zone of times that name none.
    """

    inner: Pager
    at: str
    now: datetime
    overlap: timedelta = timedelta(minutes=10)
    zone: ZoneInfo | None = None

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the rows that changed; at the end the mark moves to the newest change of this pass."""
        mark = known_text(state, "mark")
        floor = _read(mark, OLDEST)
        newest = _read(known_text(state, "newest"), floor)
        for step in resume(self.inner, load, state.get("inner")):
            times = [read_moment(row, self.at, now=self.now, zone=self.zone) for row in step.rows]
            changed = tuple(
                row
                for row, moment in zip(step.rows, times, strict=True)
                if moment is None or moment >= floor - self.overlap
            )
            newest = max([newest, *(moment for moment in times if moment)])
            yield Step(
                changed, {"mark": mark, "newest": newest.isoformat(), "inner": step.state}, step.n_total
            )
        yield Step((), {"mark": newest.isoformat()})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestFirst:
    """A list with its newest rows first, read until pages hold nothing but what is known.

    What is known needs no list of identifiers: the bookmark holds time and id of the newest row of the
    last complete pass, and all that is not newer was seen then. The mark moves only when a pass is
    complete, so that one that breaks off in its middle leaves no gap.

    Args:
        inner: The way through the list.
        at: Path of the time a row was written.
        id_at: Path of its identifier, which tells rows of one moment apart.
        now: The present.
        n_known_pages: Pages in a row without anything new after which a pass ends; more than one, since
            rows may be pinned, or be let in late by a moderator.
        zone: Zone of times that name none.
    """

    inner: Pager
    at: str
    now: datetime
    id_at: str = "id"
    n_known_pages: int = 2
    zone: ZoneInfo | None = None

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the top, or on from where a pass broke off."""
        mark = _read_mark(state.get("mark"))
        top = max([one for one in (mark, _read_mark(state.get("top"))) if one], default=None)
        n_known = 0
        for step in resume(self.inner, load, state.get("inner")):
            marks = [self._mark(row) for row in step.rows]
            top = max([one for one in (top, *marks) if one], default=None)
            yield Step(
                step.rows,
                {"mark": _write_mark(mark), "top": _write_mark(top), "inner": step.state},
                step.n_total,
            )
            n_known = n_known + 1 if self._all_known(marks, mark) else 0
            if n_known >= self.n_known_pages:
                break
        yield Step((), {"mark": _write_mark(top)} if top else {})

    def _mark(self, row: object) -> Mark | None:
        moment = read_moment(row, self.at, now=self.now, zone=self.zone)
        identifier = value_at(row, self.id_at)
        return (moment, str(identifier).rjust(24)) if moment and identifier is not None else None

    def _all_known(self, marks: Sequence[Mark | None], mark: Mark | None) -> bool:
        return mark is not None and all(one is not None and one <= mark for one in marks)


def _read(text: str | None, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text) if text else otherwise
    except ValueError:
        return otherwise


def _read_mark(value: object) -> Mark | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    return _read(str(value[0]), OLDEST), str(value[1])


def _write_mark(mark: Mark | None) -> list[str] | None:
    return [mark[0].isoformat(), mark[1]] if mark else None
