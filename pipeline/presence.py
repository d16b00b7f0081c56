"""Which workers there are: each says every quarter of a minute that it lives, so that others notice when it falls silent.

What is said here decides nothing: sources and messages are shared by their leases alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import JSON, Connection, String, Table, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.claims import is_dead
from pipeline.database import insert_into, writing
from pipeline.store import Store
from pipeline.tables import Row, UtcDateTime

SAY_EVERY_S = 15.0
SILENT_AFTER = timedelta(minutes=2)
FORGOTTEN_AFTER = timedelta(hours=1)


class WorkerRow(Row):
    """A worker, when it was last heard of, and the sources that it pulls and that have brought nothing for long."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hanging: Mapped[list[str]] = mapped_column(JSON)


workers = cast("Table", WorkerRow.__table__)


@dataclass(frozen=True, slots=True)
class Present:
    """What a worker last said of itself."""

    name: str
    heard_at: datetime
    hanging: tuple[str, ...]


def say_alive(store: Store, worker: str, *, hanging: Collection[str], now: datetime) -> None:
    """The worker is on record as alive; those known to have ended, or not heard of for an hour, are not any more.

    Args:
        hanging: Sources that it pulls and that have brought nothing for long.
    """
    with writing(store.engine, seen=False) as connection:
        names = connection.scalars(select(workers.c.name)).all()
        gone = [name for name in names if is_dead(name)]
        heard = workers.c.heard_at
        old = or_(heard < now - FORGOTTEN_AFTER, heard > now + FORGOTTEN_AFTER, workers.c.name.in_(gone))
        connection.execute(delete(workers).where(old))
        said = {"heard_at": now, "hanging": sorted(hanging)}
        statement = insert_into(connection, workers).values(name=worker, **said)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=said))


def leave(store: Store, worker: str) -> None:
    """The worker is on record no more."""
    with writing(store.engine, seen=False) as connection:
        connection.execute(delete(workers).where(workers.c.name == worker))


def find_present(connection: Connection) -> tuple[Present, ...]:
    """Return the workers on record, by name."""
    rows = connection.execute(select(workers).order_by(workers.c.name))
    return tuple(Present(row.name, row.heard_at, tuple(row.hanging)) for row in rows)


def find_silent(present: Iterable[Present], *, now: datetime) -> list[Present]:
    """Return those that should have been heard of since, within the last hour."""
    return [one for one in present if SILENT_AFTER < now - one.heard_at < FORGOTTEN_AFTER]


def find_namesakes(present: Iterable[Present], *, now: datetime) -> list[str]:
    """Return the names that several living workers are called by."""
    called = [one.name.partition("#")[0] for one in present if now - one.heard_at <= SILENT_AFTER]
    return sorted({name for name in called if called.count(name) > 1})
