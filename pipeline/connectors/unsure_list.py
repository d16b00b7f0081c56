"""Lists, newest first, whose end cannot be told from a failure: none of their pages is ever taken for the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.connectors.bookmarks import State
from pipeline.connectors.play_library import Found

Mark = tuple[str, str]
N_KNOWN_PAGES = 2


@dataclass(slots=True)
class UnsureList:
    """A way from the newest row down, which goes on where it last came to a halt.

    All rows between ``mark`` and ``place`` of a state were read. Each run first closes the gap above the mark,
    then asks at the place again, be it the end or a service that refused: it is never known which.

    Args:
        ask: Returns the page that begins at a place; ``None``: at the newest row.
        at: Key of the aware time of a row, after which the list is in order.
        id_at: Key of its identifier.
        doubt: Why this run may have missed something, in words; empty: nothing speaks for it.
    """

    ask: Callable[[State | None], Found]
    at: str
    id_at: str
    doubt: str = field(default="", init=False)

    def steps(self, state: State) -> Iterator[tuple[tuple[Mapping[str, object], ...], State]]:
        """Yield rows, each with the state that holds once they are stored."""
        mark, place = _read_mark(state.get("mark")), state.get("place")
        if mark is None or not isinstance(place, Mapping):
            yield from self._go_down(None, mark=None, kept=state)
            return
        newest = mark
        for rows, top, is_closed in self._close_gap(mark):
            newest = max(newest, top)
            yield rows, {"mark": newest if is_closed else mark, "place": place}
        if not self.doubt:
            yield from self._go_down(place, mark=newest, kept={"mark": newest, "place": place})

    def _close_gap(self, mark: Mark) -> Iterator[tuple[tuple[Mapping[str, object], ...], Mark, bool]]:
        place: State | None = None
        n_known, has_met = 0, False
        while n_known < N_KNOWN_PAGES:
            found = self.ask(place)
            marks = [self._mark(row) for row in found.rows]
            has_met = has_met or any(one is not None and one <= mark for one in marks)
            n_known = n_known + 1 if all(one is not None and one <= mark for one in marks) else 0
            top = max([mark, *(one for one in marks if one)])
            ends = found.following is None or found.following == place
            yield found.rows, top, has_met and (ends or n_known == N_KNOWN_PAGES)
            if ends:
                self.doubt = "" if has_met else "the list broke off above what was read last time"
                return
            place = found.following

    def _go_down(
        self, place: State | None, *, mark: Mark | None, kept: State
    ) -> Iterator[tuple[tuple[Mapping[str, object], ...], State]]:
        while True:
            found = self.ask(place)
            if not found.rows and place is None:
                self.doubt = "no reviews came"
                yield (), kept
                return
            if mark is None:
                mark = max([one for row in found.rows if (one := self._mark(row))], default=None)
            ends = found.following is None or found.following == place
            place = place if ends else found.following
            yield found.rows, {"mark": mark, "place": place}
            if ends:
                return

    def _mark(self, row: Mapping[str, object]) -> Mark | None:
        moment, identifier = row.get(self.at), row.get(self.id_at)
        return (moment.isoformat(), str(identifier)) if isinstance(moment, datetime) else None


def _read_mark(value: object) -> Mark | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    return str(value[0]), str(value[1])
