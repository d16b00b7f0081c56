"""Which messages a page of a text search is made of, and how many there are: quick for rare words and frequent ones.

Where the index names at most 10,000 messages, or no more pass what else is asked for, these are read and counted.
Else the newest 2,000 are likely to hold a page of them. Else they are looked for in the order of time, among those
that the index names.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from pipeline.bulk import one_of
from pipeline.search_index import MAX_IDS, Search
from pipeline.tables import FeedbackRow

N_RECENT = 2_000
NEWEST = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
Conditions = list[ColumnElement[bool]]


def find_holding(
    connection: Connection,
    search: Search,
    others: Conditions,
    older: ColumnElement[bool],
    *,
    n_newest: int | None,
) -> tuple[int | None, Conditions]:
    """Return how many messages a search finds, and the conditions under which those of a page are read.

    Args:
        others: What a message has to fulfil beside its words.
        older: What it has to fulfil on this page alone; it is counted without.
        n_newest: How many of the newest are wanted; ``None``: others come first.

    Returns:
        ``None`` instead of the number where more than 10,000 messages would have to be read for it.
    """
    ids = _few(connection, search, others)
    if ids is not None:
        return len(ids), [one_of(connection, FeedbackRow.id, ids), older]
    if n_newest is not None and (recent := _recent(connection, search, [*others, older], n_newest)):
        return None, [FeedbackRow.id.in_(recent)]
    return None, [*others, older, search.condition]


def _few(connection: Connection, search: Search, others: Conditions) -> Sequence[int] | None:
    """All that the search finds; ``None`` where too many would have to be read."""
    holding = select(FeedbackRow.id)
    if not search.is_frequent:
        return connection.scalars(holding.where(*others, search.condition)).all()
    ids = connection.scalars(holding.where(*others).limit(MAX_IDS + 1)).all()
    if len(ids) > MAX_IDS:
        return None
    return connection.scalars(holding.where(one_of(connection, FeedbackRow.id, ids), search.by_text)).all()


def _recent(connection: Connection, search: Search, others: Conditions, n: int) -> Sequence[int]:
    """The newest ``n`` that the search finds, if there are so many among the newest 2,000; else none."""
    recent = select(FeedbackRow.id).where(*others).order_by(*NEWEST).limit(N_RECENT).subquery()
    holding = select(FeedbackRow.id).join(recent, recent.c.id == FeedbackRow.id).where(search.by_text)
    found = connection.scalars(holding.order_by(*NEWEST).limit(n)).all()
    return found if len(found) == n else ()
