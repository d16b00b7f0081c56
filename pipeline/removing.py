"""Messages leave the data base with all that hangs on them, and the tallies are as though they had never come."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from typing import cast

from sqlalchemy import Connection, Engine, Table, delete, select, text, update

from pipeline.alerts import alerts
from pipeline.saving import counted_groups
from pipeline.tables import Row
from pipeline.tallies import feedback, in_chunks, kept_up, promote


def remove_messages(connection: Connection, ids: Collection[int]) -> None:
    """These messages are gone, and all rows that are about them; of their copies the next one counts.

    The caller has called ``lock_tallies``.
    """
    with kept_up(connection, ids) as touched:
        groups = counted_groups(connection, ids)
        for chunk in in_chunks(ids):
            for table in _tables_about_messages():
                connection.execute(delete(table).where(table.c.feedback_id.in_(chunk)))
            connection.execute(delete(feedback).where(feedback.c.id.in_(chunk)))
        touched.update(promote(connection, groups))


def _tables_about_messages() -> list[Table]:
    """Every table with a ``feedback_id``, also of modules that this one does not know; the deepest first."""
    return [table for table in reversed(Row.metadata.sorted_tables) if "feedback_id" in table.c]


def count_about(connection: Connection, name: str, ids: Iterable[int]) -> int:
    """Return how many rows of a table are about these messages."""
    column = Row.metadata.tables[name].c.feedback_id
    found = (connection.execute(select(column).where(column.in_(chunk))) for chunk in in_chunks(ids))
    return sum(len(rows.all()) for rows in found)


def take_from_alerts(connection: Connection) -> int:
    """No alert names a message that is gone; return how many did."""
    named = {
        id_: evidence
        for id_, evidence in connection.execute(select(alerts.c.id, alerts.c.evidence))
        if evidence.get("message_ids")
    }
    there = _existing(connection, {one for evidence in named.values() for one in evidence["message_ids"]})
    changed = {
        id_: evidence | {"message_ids": [one for one in evidence["message_ids"] if one in there]}
        for id_, evidence in named.items()
        if not there.issuperset(evidence["message_ids"])
    }
    for id_, evidence in changed.items():
        connection.execute(update(alerts).where(alerts.c.id == id_).values(evidence=evidence))
    return len(changed)


def _existing(connection: Connection, ids: Collection[int]) -> set[int]:
    return {
        id_
        for chunk in in_chunks(sorted(ids))
        for id_ in connection.scalars(select(feedback.c.id).where(feedback.c.id.in_(chunk)))
    }


def count_sources(connection: Connection, ids: Iterable[int]) -> dict[str, int]:
    """Return how many of these messages each source brought."""
    counter: Counter[str] = Counter()
    for chunk in in_chunks(ids):
        counter.update(connection.scalars(select(feedback.c.source).where(feedback.c.id.in_(chunk))))
    return dict(sorted(counter.items()))


def overwrite_deleted(connection: Connection) -> None:
    """What this transaction deletes from an embedded data base is overwritten, not only marked as free."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete=ON"))


def settle_file(engine: Engine) -> None:
    """An embedded data base has in its file what was last committed, and its journal is empty."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw = cast("sqlite3.Connection", connection.connection.driver_connection)
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
