"""Sources that are lists in JSON: a subclass says where they are and how one object is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.ahead import in_order
from pipeline.connectors.base import bury
from pipeline.connectors.bookmarks import State, read_bookmark, write_bookmark
from pipeline.connectors.files import Row, unreadable
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.http_source import HttpConnector
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.mapping import Constants
from pipeline.connectors.pagers import Listed, Pager, value_at
from pipeline.connectors.scans import NewestFirst
from pipeline.connectors.shape import Shape
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import DeadLetter, Feedback, Page

PAGE_ITEMS = 1000


class JsonSource(HttpConnector):
    """A list in JSON, which a subclass describes.

    ``endpoint`` is the path of the list, ``items_at`` where it stands in the answer, ``noun`` what its objects are
    called, ``always`` the parameters of every page beside those of the pager. ``way`` is how it is paged; with
    ``newest_first`` it is read from the top until what follows is known, by the time at ``newest_at`` where that of
    writing does not order it. ``shape`` says what the fields mean; ``is_company`` which objects are no customer's.
    What does not fit into that is written: ``pager``, ``params``, ``find_messages``, ``read``.
    docs/adding-a-source.md tells it at length.

    Args:
        deep_scan_days: After so many days all is read once more, for edits that the service does not
            announce; 0: never.
        constants: What holds for every message of which the service does not say it.
    """

    endpoint: ClassVar[str]
    items_at: ClassVar[str] = ""
    noun: ClassVar[str]
    way: ClassVar[Pager]
    always: ClassVar[tuple[tuple[str, str | int], ...]] = ()
    newest_first: ClassVar[bool] = False
    newest_at: ClassVar[str] = ""
    shape: ClassVar[Shape]

    deep_scan_days: int = Field(default=0, ge=0, le=3650, exclude=True)
    constants: Constants = Constants()

    def pager(self) -> Pager:
        """Return the way through the list."""
        if not self.newest_first:
            return self.way
        shape = self.shape
        at = self.newest_at or shape.created_at
        return NewestFirst(inner=self.way, at=at, id_at=self.listed_id_at(), zone=shape.zone, now=self.now())

    def listed_id_at(self) -> str:
        """Return the path of the identifier of an object of the list."""
        return self.shape.id

    def is_company(self, row: JsonRow) -> bool:
        """Whether an object is the company's own; it is left out unread."""
        del row
        return False

    def read(self, row: JsonRow) -> Feedback | None:
        """Return the feedback of one object that is not the company's; ``None`` where it is none.

        Raises:
            SkipRecord: It cannot be understood.
        """
        return self.shape.read(row, source=self.name)

    def address(self) -> str:
        """Return the path of the list under ``base_url``."""
        return self.endpoint

    def lists(self) -> Mapping[str, str]:
        """Return the paths of the source's lists by name; one alone needs none."""
        return {"": self.address()}

    def params(self) -> Params:
        """Return the parameters of every page beside those of the pager."""
        return dict(self.always)

    def locate(self, address: str, params: Params) -> tuple[str, Params]:
        """Return path and parameters of a page; a parameter whose name stands in braces in the path goes there."""
        placed = {name: value for name, value in params.items() if f"{{{name}}}" in address}
        for name, value in placed.items():
            address = address.replace(f"{{{name}}}", str(value))
        return address, {name: value for name, value in params.items() if name not in placed}

    def body(self, list_name: str, params: Params) -> object:
        """Return what to post with the parameters of a page; ``None``: they stand in the address of a GET."""
        del list_name, params
        return None

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the messages that an object of the list stands for: itself, or those of a ticket."""
        del client
        if not self.is_company(row):
            yield self.message(row, partial(self.read, row))

    def n_at_once(self) -> int:
        """Return for how many objects ``find_messages`` may ask at the same time, in threads."""
        return 1

    def message(self, row: JsonRow, read: Callable[[], Feedback | None]) -> Row:
        """Return one message of the answer, found but not yet understood."""
        return Row(f"{self.noun} {row.maybe(self._id_at) or 'without id'}", row.content, read)

    @cached_property
    def _id_at(self) -> str:
        shape: Shape | None = getattr(self, "shape", None)
        return shape.id if shape else "id"

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what the service has since the bookmark."""
        told = read_bookmark(self, since)
        states, deep_day = self._begin(told)
        with self.open_client() as client:
            for name, address in self.lists().items():
                for step in self.pager().steps(
                    partial(self._load, client, name, address), states.get(name, {})
                ):
                    states[name] = step.state
                    bookmark = write_bookmark(self, {"deep": deep_day, "at": states})
                    yield from self._pages(step.rows, client, bookmark, step.n_total, name)

    def _begin(self, told: State) -> tuple[dict[str, State], str]:
        """Where to begin in each list, and the day the last complete reading began: today where one is due."""
        today = self.now().date()
        told_states, last = told.get("at"), told.get("deep")
        if not isinstance(told_states, dict) or not isinstance(last, str):
            return {}, today.isoformat()
        states = {name: state for name, state in told_states.items() if name in self.lists()}
        # dates in ISO 8601 have the order of their letters
        due = self.deep_scan_days and last <= (today - timedelta(self.deep_scan_days)).isoformat()
        return ({}, today.isoformat()) if due else (states, last)

    def _load(
        self, client: HttpClient, name: str, address: str, params: Params, *, link: str | None = None
    ) -> Listed:
        place, given = self.locate(address, {**self.params(), **params})
        body = self.body(name, given)
        answer = client.ask(link or place, None if link or body is not None else given, body=body)
        self.require_success(answer.content)
        rows = self.rows_in(answer.content)
        if not isinstance(rows, list):
            place = f"at {self.items_at}" if self.items_at else "at the top"
            raise StopSource(
                f"source {self.name}: the answer has no list {place}: check base_url; "
                "if that is right, the service changed and this connector has to follow"
            )
        return Listed(tuple(rows), answer.content, answer.headers, answer.next_link)

    def rows_in(self, content: object) -> object:
        """Return the list of an answer; whatever else this is stops the source."""
        return value_at(content, self.items_at) if self.items_at else content

    def require_success(self, content: object) -> None:
        """Nothing, unless a document says within that it is an error; a subclass knows how."""
        del content

    def _pages(
        self,
        rows: tuple[object, ...],
        client: HttpClient,
        bookmark: str,
        n_total: int | None,
        list_name: str,
    ) -> Iterator[Page]:
        """Yield what one page of the service holds; only the last of them is safe to go on from."""
        items: list[Feedback] = []
        dead: list[DeadLetter] = []
        missing: set[str | None] = set()
        n_read = 0
        constants = None if self.constants == Constants() else self.constants
        for message in self._messages(rows, client, list_name):
            try:
                feedback = message.read()
            except SkipRecord as error:
                missing.add(error.field if isinstance(error, FieldMissing) else None)
                dead.append(self._bury(message, error))
            else:
                items += [_complete(feedback, constants)] if feedback else []
                n_read += feedback is not None
            if len(items) >= PAGE_ITEMS:
                yield Page(tuple(items), tuple(dead), None, n_total)
                items, dead = [], []
        self._require_fields(missing, n_read)
        yield Page(tuple(items), tuple(dead), bookmark, n_total)

    def _messages(self, rows: tuple[object, ...], client: HttpClient, list_name: str) -> Iterator[Row]:
        now = self.now()
        numbered = enumerate(rows, 1)
        find = partial(self._expand, client=client, now=now, list_name=list_name)
        n = self.n_at_once()
        found = in_order(find, numbered, at_once=n) if n > 1 else map(find, numbered)
        for messages in found:
            yield from messages

    def _expand(
        self, numbered: tuple[int, object], *, client: HttpClient, now: datetime, list_name: str
    ) -> Iterable[Row]:
        number, content = numbered
        if not isinstance(content, Mapping):
            return [unreadable(f"{self.noun} {number} of a page", "it is no object", content)]
        row = JsonRow(content, now, list_name)
        found: list[Row] = []
        try:
            found.extend(self.find_messages(row, client))
        except SkipRecord as error:
            found.append(self.message(row, partial(_refuse, error)))
        return found

    def _bury(self, message: Row, error: SkipRecord) -> DeadLetter:
        raw = message.raw
        found = JsonRow(raw, self.now()).maybe(self._id_at) if isinstance(raw, Mapping) else None
        return bury(self.name, message.position, str(error), raw, native_id=error.native_id or found)

    def _require_fields(self, missing: set[str | None], n_read: int) -> None:
        """A field that every message of a page lacks was renamed: going on would lose all that follow."""
        if n_read or len(missing) != 1 or None in missing:
            return
        (field,) = missing
        raise StopSource(
            f"source {self.name}: no {self.noun} of a whole page has the field {field}: "
            "the service changed its answer, this connector has to follow; nothing of the page was taken"
        )


def _complete(feedback: Feedback, constants: Constants | None) -> Feedback:
    if constants is None:
        return feedback
    return replace(
        feedback,
        brand=feedback.brand or constants.brand,
        product=feedback.product or constants.product,
        touchpoint=feedback.touchpoint or constants.touchpoint,
        segment=feedback.segment or constants.segment,
        queue=feedback.queue or constants.queue,
        status=feedback.status or constants.status,
    )


def _refuse(error: SkipRecord) -> Feedback | None:
    raise error
