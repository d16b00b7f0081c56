"""Pages whose document names the address of the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Load, Step, known_text, require_other, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLink:
    """A list that ends with the page that names no next one; the next run begins anew.

    Args:
        at: Path of the address in the document.
    """

    at: str

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the address in the state on."""
        link = known_text(state, "link")
        former: tuple[object, ...] = ()
        while True:
            listed = load({}, link=link)
            former = require_other(listed.rows, former, self.at)
            found = value_at(listed.content, self.at)
            following = found if isinstance(found, str) and found not in ("", link) else None
            yield Step(listed.rows, {"link": following} if following else {})
            if following is None:
                return
            link = following
