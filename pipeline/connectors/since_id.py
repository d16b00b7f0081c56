"""Lists that can be asked for what is newer than an identifier, and hand it out newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Cursor, Load, Step, known_text, resume, value_at
from pipeline.errors import PlaceRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceId:
    """What is newer than the newest row of the last complete pass, so that no row is sent twice.

    The identifier moves on only when a pass is complete, so that one that breaks off leaves no gap. Where the
    service refuses it, as too old, the list is read without it.

    Args:
        param: Name of the parameter of the identifier.
        inner: The way through the pages.
        id_at: Path of the identifier in a row: a whole number as text.
    """

    param: str
    inner: Cursor
    id_at: str = "id"

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield what is newer than the identifier in the state, or on from where a pass broke off."""
        since = known_text(state, "since")
        steps = self._pass(load, state, since)
        if since:
            try:
                first = next(steps)
            except PlaceRefused:
                steps = self._pass(load, {}, None)
            else:
                yield first
        yield from steps

    def _pass(self, load: Load, state: State, since: str | None) -> Iterator[Step]:
        newer = {self.param: since} if since else {}
        pages = replace(self.inner, always={**self.inner.always, **newer})
        newest = known_text(state, "newest") or since or ""
        for step in resume(pages, load, state.get("inner")):
            found = [str(value_at(row, self.id_at)) for row in step.rows]
            newest = max([newest, *(one for one in found if one.isdecimal())], key=_by_size)
            yield Step(step.rows, {"since": since, "newest": newest, "inner": step.state})
        yield Step((), {"since": newest} if newest else {})


def _by_size(number: str) -> tuple[int, str]:
    """Order of whole numbers that may be longer than a machine's."""
    return len(number), number
