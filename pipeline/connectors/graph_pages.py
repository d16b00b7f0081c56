"""Lists of Meta's Graph API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Load, Step, known_text, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPages:
    """Pages that carry a cursor; the last one has a cursor too, but no address of a next one.

    That address is not followed: it holds the access token.

    Args:
        size: Rows per page.
    """

    size: int

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the cursor in the state on."""
        after = known_text(state, "after")
        while True:
            listed = load({"limit": self.size, **({"after": after} if after else {})})
            found = value_at(listed.content, "paging.cursors.after")
            goes_on = isinstance(found, str) and value_at(listed.content, "paging.next") is not None
            following = str(found) if goes_on and found != after else None
            yield Step(listed.rows, {"after": following} if following else {})
            if following is None:
                return
            after = following
