"""How each source is doing: its bookmark, when it last ran, what it brought, what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, case, func, select

from pipeline.database import insert_into
from pipeline.records import DeadLetter, SaveCounts
from pipeline.tables import DeadLetterRow, SourceRow
from pipeline.tallies import feedback

sources = cast("Table", SourceRow.__table__)
dead = cast("Table", DeadLetterRow.__table__)
COUNTERS = ("n_new", "n_updated", "n_duplicate", "n_without_text")
POSITION_LENGTH, NATIVE_ID_LENGTH = 200, 500


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing.

    ``n_new`` to ``n_without_text`` count every row that was ever read, also those read again;
    ``n_stored``, ``n_pending`` and ``n_dead_letters`` say what is in the data base now.
    """

    name: str
    connector: str
    bookmark: str | None
    last_started_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    n_new: int
    n_updated: int
    n_duplicate: int
    n_without_text: int
    n_stored: int
    n_pending: int
    n_dead_letters: int

    @property
    def failing(self) -> bool:
        """Whether the last thing that is known of it is an error."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at


def note(
    connection: Connection,
    name: str,
    connector: str,
    counts: SaveCounts | None = None,
    *,
    bookmark: str | None = None,
    started_at: datetime | None = None,
    success_at: datetime | None = None,
    error: str | None = None,
    error_at: datetime | None = None,
) -> None:
    """The source is known with its connector, and whatever is given is on record; the rest stays.

    Until the transaction ends nobody else notes anything of this source.
    """
    given = {
        "bookmark": bookmark,
        "last_started_at": started_at,
        "last_success_at": success_at,
        "last_error": error,
        "last_error_at": error_at,
    }
    changes = {column: value for column, value in given.items() if value is not None}
    counted = {counter: getattr(counts or SaveCounts(), counter) for counter in COUNTERS}
    statement = insert_into(connection, sources).values(name=name, connector=connector, **changes, **counted)
    replaced = {column: statement.excluded[column] for column in ("connector", *changes)}
    added = {counter: sources.c[counter] + statement.excluded[counter] for counter in COUNTERS}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replaced | added))


def bookmark_of(connection: Connection, name: str) -> str | None:
    """Return where the source goes on; ``None``: from its beginning."""
    return connection.scalar(select(sources.c.bookmark).where(sources.c.name == name))


def states(connection: Connection) -> tuple[SourceState, ...]:
    """Return every source that ever ran, by name."""
    pending = func.sum(case((feedback.c.state == "pending", 1), else_=0))
    held = {
        name: {"n_stored": n_stored, "n_pending": n_pending}
        for name, n_stored, n_pending in connection.execute(
            select(feedback.c.source, func.count(), pending).group_by(feedback.c.source)
        )
    }
    buried = connection.execute(select(dead.c.source, func.count()).group_by(dead.c.source))
    n_dead: dict[str, int] = {name: n for name, n in buried}  # noqa: C416 - to mypy a row is no pair
    nothing = {"n_stored": 0, "n_pending": 0}
    return tuple(
        SourceState(**row._asdict(), **held.get(row.name, nothing), n_dead_letters=n_dead.get(row.name, 0))
        for row in connection.execute(select(sources).order_by(sources.c.name))
    )


def bury(connection: Connection, letters: Sequence[DeadLetter], *, now: datetime) -> None:
    """These rows are on record as unreadable; one that is already there is not written twice."""
    rows = [
        {
            "source": letter.source,
            "position": letter.position[:POSITION_LENGTH],
            "native_id": letter.native_id[:NATIVE_ID_LENGTH] if letter.native_id is not None else None,
            "error": letter.error,
            "sha256": letter.sha256,
            "first_seen_at": now,
        }
        for letter in letters
    ]
    if rows:
        connection.execute(insert_into(connection, dead).on_conflict_do_nothing(), rows)


def dead_letters_of(connection: Connection, source: str | None, limit: int) -> tuple[DeadLetter, ...]:
    """Return the newest unreadable rows; ``source`` ``None``: of every source."""
    columns = dead.c
    query = select(columns.source, columns.position, columns.native_id, columns.error, columns.sha256)
    if source is not None:
        query = query.where(columns.source == source)
    return tuple(
        DeadLetter(*row) for row in connection.execute(query.order_by(columns.id.desc()).limit(limit))
    )
