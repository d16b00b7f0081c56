"""Which messages a page of a text search is made of, and how many there are: quick for rare words and frequent ones.

Where the index names at most 10,000 messages, or no more pass what else is asked for, these are read and counted.
Else the newest 2,000 are likely to hold a page of them; on PostgreSQL their share tells how many more would. Else they
are looked for in the order of time, among those that the index names. PostgreSQL takes longer to name a hundred
thousand of them than to find a page of them among the newest, so that there a large store is read before its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, Connection, func, select, true

from pipeline.bulk import one_of
from pipeline.search_index import MAX_IDS, holds_words, search_for
from pipeline.tables import FeedbackRow

N_RECENT, MOST_RECENT = 2_000, 40_000
# How many messages make a store a large one.
MANY = 50 * MAX_IDS
# A share of the newest 2,000 is a sample's: so many times more are read than would do by it.
SPARE = 1.5
NEWEST = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
Conditions = list[ColumnElement[bool]]


def find_holding(
    connection: Connection,
    q: str,
    others: Conditions,
    older: ColumnElement[bool],
    *,
    n_newest: int | None,
) -> tuple[int | None, Conditions]:
    """Return how many messages a search finds, and the conditions under which those of a page are read.

    Args:
        q: The words to search for.
        others: What a message has to fulfil beside its words.
        older: What it has to fulfil on this page alone; it is counted without.
        n_newest: How many of the newest are wanted; ``None``: others come first.

    Returns:
        ``None`` instead of the number where more than 10,000 messages would have to be read for it.
    """
    newest = _Newest(connection, holds_words(connection, q), [*others, older])
    if n_newest is not None and _is_frequent_for_sure(newest, others) and (page := newest.page(n_newest)):
        return None, [FeedbackRow.id.in_(page)]
    search = search_for(connection, q)
    if not search.is_frequent:
        ids = connection.scalars(select(FeedbackRow.id).where(*others, search.condition)).all()
        return len(ids), [one_of(connection, FeedbackRow.id, ids), older]
    if (ids_of_others := _at_most(MAX_IDS, connection, others)) is not None:
        among = one_of(connection, FeedbackRow.id, ids_of_others)
        ids = connection.scalars(select(FeedbackRow.id).where(among, newest.holds)).all()
        return len(ids), [one_of(connection, FeedbackRow.id, ids), older]
    if n_newest is not None and (page := newest.page(n_newest)):
        return None, [FeedbackRow.id.in_(page)]
    return None, [*others, older, search.condition]


def _at_most(n: int, connection: Connection, conditions: Conditions) -> Sequence[int] | None:
    """The messages that fulfil something; ``None`` where there are more than ``n``."""
    ids = connection.scalars(select(FeedbackRow.id).where(*conditions).limit(n + 1)).all()
    return ids if len(ids) <= n else None


def _is_frequent_for_sure(newest: _Newest, others: Conditions) -> bool:
    """Whether the newest messages of a large store tell that more than 10,000 of all hold the words."""
    connection = newest.connection
    if connection.dialect.name != "postgresql":
        return False
    n_stored = connection.scalar(select(func.max(FeedbackRow.id))) or 0
    if n_stored <= MANY or _at_most(MAX_IDS, connection, others) is not None:
        return False
    return n_stored * len(newest.found) / N_RECENT > 2 * MAX_IDS


@dataclass(frozen=True)
class _Newest:
    """The newest messages that hold words and fulfil conditions, found by reading texts.

    On SQLite only the newest 2,000 are looked at: it folds them by calling Python, and its index is quicker.
    """

    connection: Connection
    holds: ColumnElement[bool]
    conditions: Conditions

    @cached_property
    def found(self) -> Sequence[int]:
        """Those among the newest 2,000, in order."""
        return self._read(N_RECENT)

    def page(self, n: int) -> Sequence[int]:
        """The newest ``n``, where so many are among those that are looked at; else none."""
        found = self.found
        if self.connection.dialect.name == "postgresql" and 0 < len(found) < n:
            needed = N_RECENT * n / len(found)
            found = self._read(int(SPARE * needed), at_most=n) if needed <= MOST_RECENT else ()
        return found[:n] if len(found) >= n else ()

    def _read(self, n_messages: int, *, at_most: int | None = None) -> Sequence[int]:
        """Of the newest ``n_messages`` those that hold the words, or the first of them."""
        times = select(FeedbackRow.created_at).where(*self.conditions).order_by(*NEWEST)
        oldest = self.connection.scalar(times.offset(n_messages - 1).limit(1))
        bound = true() if oldest is None else FeedbackRow.created_at >= oldest
        holding = select(FeedbackRow.id).where(*self.conditions, bound, self.holds).order_by(*NEWEST)
        return self.connection.scalars(holding.limit(at_most)).all()
