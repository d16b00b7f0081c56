"""Lists inside an object of a list: the messages of a ticket, asked for page by page and read whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.pagers import Listed, Pager, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerList:
    """A list that belongs to one object.

    Args:
        way: How it is paged.
        items_at: Where it stands in the answer; empty: the answer is the list.
        what: What it is called in errors, as ``"messages of a ticket"``.
    """

    way: Pager
    what: str
    items_at: str = ""

    def read(
        self, client: HttpClient, address: str, *, now: datetime, always: Params | None = None
    ) -> list[JsonRow]:
        """Return all its objects; none where the object that it belongs to was deleted meanwhile.

        Args:
            always: Parameters of every page beside those of the pager.

        Raises:
            FieldMissing: The answer has no list.
        """

        def load(params: Params, *, link: str | None = None) -> Listed:
            asked = None if link else {**(always or {}), **params}
            answer = client.ask(link or address, asked, may_be_missing=True)
            rows = () if answer.missing else self._rows(answer.content)
            return Listed(rows, answer.content, answer.headers, answer.next_link)

        return [
            JsonRow(row, now)
            for step in self.way.steps(load, {})
            for row in step.rows
            if isinstance(row, Mapping)
        ]

    def _rows(self, content: object) -> tuple[object, ...]:
        rows = value_at(content, self.items_at) if self.items_at else content
        if isinstance(rows, list):
            return tuple(rows)
        place = f"have no list at {self.items_at}" if self.items_at else "are no list"
        raise FieldMissing(
            f"the {self.what} {place}: the service changed its answer, this connector has to follow",
            field=self.items_at or self.what,
        )
