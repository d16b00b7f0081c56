"""Ways in which services hand out long lists, a page at a time, and where to go on in each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.connectors.bookmarks import State
from pipeline.connectors.http_client import Params
from pipeline.errors import PlaceRefused, StopSource


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as the service sent it.

    Args:
        rows: What stands in its list.
        content: The whole document, for what a pager looks up in it.
        next_link: The address that the ``Link`` header calls the next one.
    """

    rows: tuple[object, ...]
    content: object
    headers: Mapping[str, str]
    next_link: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A page, and where to go on once it is stored."""

    rows: tuple[object, ...]
    state: State
    n_total: int | None = None


class Load(Protocol):
    """Fetches one page of the source's list."""

    def __call__(self, params: Params, *, link: str | None = None) -> Listed:
        """Return the page with these parameters, or the one at a link that the service gave."""
        ...


class Pager(Protocol):
    """A way to go through a list."""

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from a state on; an empty state is the beginning.

        The state of the last step is where the next run begins.
        """
        ...


def resume(pager: Pager, load: Load, state: object) -> Iterator[Step]:
    """Yield the pages from a state on; where the service no longer takes that place, from the beginning."""
    saved = state if isinstance(state, dict) else {}
    steps = pager.steps(load, saved)
    if saved:
        try:
            first = next(steps)
        except PlaceRefused:
            steps = pager.steps(load, {})
        else:
            yield first
    yield from steps


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """Numbered pages. A page that was not full is read again next time: something may have joined it.

    Args:
        param: Name of the parameter of the number.
        size_param: Name of the parameter of the size; empty: the service decides.
        size: Rows per page.
        first: Number of the first page.
        n_pages_header: Header with the number of pages; empty: the list ends with an empty page, since
            a service may send fewer rows than it was asked for.
        n_pages_at: Path of the number of pages in the document.
        n_pages: How many the service hands out at most; 0: any number.
        n_total_header: Header with the number of rows; where it shrinks, what moved to a page that was
            already read is looked for there.
    """

    param: str = "page"
    size_param: str = "per_page"
    size: int = 100
    first: int = 1
    n_pages_header: str = ""
    n_pages_at: str = ""
    n_pages: int = 0
    n_total_header: str = ""

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the number in the state on."""
        page = known_number(state, "page", self.first)
        n_before = known_number(state, "n_total", 0)
        resume = page
        former: tuple[object, ...] = ()
        while True:
            size = {self.size_param: self.size} if self.size_param else {}
            listed = load({self.param: page, **size})
            former = require_other(listed.rows, former, self.param)
            resume = page if 0 < len(listed.rows) < self.size else resume if not listed.rows else page + 1
            n_total = self._n_total(listed)
            n_gone = n_before - n_total if n_before and n_total is not None else 0
            n_before = n_total or 0
            if n_gone > 0 and page > self.first:
                # as many rows as were deleted have moved to pages that were read before
                page = resume = max(self.first, page - math.ceil(n_gone / self.size))
                yield Step(listed.rows, self._state(resume, n_total), n_total)
                continue
            yield Step(listed.rows, self._state(resume, n_total), n_total)
            if self._is_last(listed, page):
                return
            page += 1

    def _state(self, page: int, n_total: int | None) -> State:
        return {"page": page} if n_total is None else {"page": page, "n_total": n_total}

    def _is_last(self, listed: Listed, page: int) -> bool:
        n_pages = self.n_pages or None
        if self.n_pages_header:
            n_pages = _digits(listed.headers.get(self.n_pages_header))
        if self.n_pages_at:
            n_pages = _digits(value_at(listed.content, self.n_pages_at))
        return not listed.rows or (n_pages is not None and page - self.first + 1 >= n_pages)

    def _n_total(self, listed: Listed) -> int | None:
        return _digits(listed.headers.get(self.n_total_header)) if self.n_total_header else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Rows counted from the start of a list that only grows at its end.

    Args:
        more_at: Path of whether there is more; empty: the list ends with an empty page.
        total_at: Path of how many rows there are in all; empty: the service does not say it.
    """

    param: str = "offset"
    size_param: str = "limit"
    size: int = 100
    more_at: str = ""
    total_at: str = ""

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the offset in the state on."""
        offset = known_number(state, "offset", 0)
        former: tuple[object, ...] = ()
        more = True
        while more:
            listed = load({self.param: offset, self.size_param: self.size})
            former = require_other(listed.rows, former, self.param)
            offset += len(listed.rows)
            total = _digits(value_at(listed.content, self.total_at)) if self.total_at else None
            more = bool(listed.rows) and (not self.more_at or value_at(listed.content, self.more_at) is True)
            more = more and (total is None or offset < total)
            yield Step(listed.rows, {"offset": offset})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """Pages that name the next one in their ``Link`` header (RFC 8288); the last is read again next time.

    Args:
        params: Parameters of the first page.
    """

    params: Params = field(default_factory=dict)

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the link in the state on."""
        link = known_text(state, "link")
        while True:
            listed = load({} if link else self.params, link=link)
            going_on = listed.next_link or link
            yield Step(listed.rows, {"link": going_on} if going_on else {})
            if not listed.next_link or listed.next_link == link:
                return
            link = listed.next_link


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Pages that carry an opaque token of the next one.

    Args:
        param: Name of the parameter of the token.
        at: Path of the token in the document.
        first: Parameters of the first page, which has no token.
        always: Parameters of every page.
        end_at: Path of whether this was the last page for now; the token then begins the next run.
            Empty: the list ends with the page that has no token, and the next run begins anew.
    """

    param: str
    at: str
    first: Params = field(default_factory=dict)
    always: Params = field(default_factory=dict)
    end_at: str = ""

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages from the token in the state on."""
        token = known_text(state, "token")
        while True:
            listed = load({**self.always, **({self.param: token} if token else self.first)})
            found = value_at(listed.content, self.at)
            following = str(found) if isinstance(found, str | int) and found != "" else None
            ends = value_at(listed.content, self.end_at) is True if self.end_at else following is None
            going_on = following or (token if self.end_at else None)
            yield Step(listed.rows, {"token": going_on} if going_on else {})
            if ends or following is None or following == token:
                return
            token = following


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterId:
    """What has a higher identifier than the highest one seen, oldest first.

    Args:
        param: Name of the parameter of the identifier.
        id_at: Path of the identifier in a row.
        start: Identifier below all others.
        size_param: Name of the parameter of the size; empty: the service decides.
    """

    param: str
    id_at: str = "id"
    start: str = "0"
    size_param: str = "limit"
    size: int = 100

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the pages above the identifier in the state."""
        after = known_text(state, "after") or self.start
        while True:
            size = {self.size_param: self.size} if self.size_param else {}
            listed = load({self.param: after, **size})
            found = [str(value_at(row, self.id_at)) for row in listed.rows]
            highest = max([after, *found], key=_by_size)
            yield Step(listed.rows, {"after": highest})
            if not listed.rows or highest == after:
                return
            after = highest


def require_other(rows: tuple[object, ...], former: tuple[object, ...], param: str) -> tuple[object, ...]:
    """Return the rows of a page, which are not those of the page before.

    Raises:
        StopSource: They are: the service does not heed the parameter, and there would be no end.
    """
    if rows and rows == former:
        raise StopSource(
            f"the service sends the same page again whatever {param} says: "
            "check base_url; if that is right, the service changed and this connector has to follow"
        )
    return rows


def value_at(document: object, path: str) -> object:
    """Return what stands at a dotted path; ``None`` where there is nothing."""
    place = document
    for key in path.split("."):
        if not isinstance(place, Mapping):
            return None
        place = place.get(key)
    return place


def known_text(state: State, key: str) -> str | None:
    """Return the text that a state has under a key."""
    value = state.get(key)
    return value if isinstance(value, str) else None


def known_number(state: State, key: str, otherwise: int) -> int:
    """Return the whole number that a state has under a key."""
    value = state.get(key)
    return value if isinstance(value, int) else otherwise


def _digits(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) <= 12 else None


def _by_size(identifier: str) -> tuple[int, str]:
    """Order of whole numbers that may be longer than a machine's."""
    return (len(identifier), identifier) if identifier.isdecimal() else (0, identifier)
