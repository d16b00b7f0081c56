"""Lists of the newest rows that go on with those below an identifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Load, Step, known_number, require_other, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeId:
    """What has a lower identifier than the lowest one seen, newest first, until nothing is below it.

    Args:
        param: Name of the parameter of the identifier; whether the service counts it in makes no difference.
        id_at: Path of the identifier in a row: a whole number.
    """

    param: str
    id_at: str = "id"

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages below the identifier in the state."""
        before = known_number(state, "before", 0)
        former: tuple[object, ...] = ()
        while True:
            listed = load({self.param: before} if before else {}).rows
            former = require_other(listed, former if len(listed) > 1 else (), self.param)
            rows = [(row, self._id_of(row)) for row in listed]
            rows = [(row, number) for row, number in rows if not (number and before and number >= before)]
            numbers = [number for _, number in rows if number]
            before = min(numbers, default=before)
            yield Step(tuple(row for row, _ in rows), {"before": before})
            if not numbers:
                return

    def _id_of(self, row: object) -> int | None:
        found = value_at(row, self.id_at)
        return found if isinstance(found, int) else None
