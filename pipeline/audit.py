"""The audit log: what administrators did, who, when and how it ended. It is only ever added to."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, Engine, Table, insert, select

from pipeline.database import reading, writing
from pipeline.errors import BazkhordError
from pipeline.keeping_tables import AuditRow

audit_log = cast("Table", AuditRow.__table__)
DONE, FAILED = "done", "failed"
MAX_ACTOR = 200
Details = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that an administrator did.

    Args:
        actor: ``key NAME`` of the API or ``user NAME@MACHINE`` of the command line.
        action: What: ``forget``, ``keys add``, ``backup`` …
        outcome: ``done`` or ``failed``.
        details: Numbers and names; never a text, an identity or a secret.
    """

    id: int
    at: datetime
    actor: str
    action: str
    outcome: str
    details: Details


def this_user() -> str:
    """Return who works at the command line here, as the audit log names them."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = f"uid {os.getuid()}"
    return f"user {name}@{socket.gethostname()}"[:MAX_ACTOR]


def note(
    connection: Connection, action: str, details: Details, *, by: str, now: datetime, outcome: str = DONE
) -> None:
    """It is on record, in the transaction of what was done, that somebody did it.

    Args:
        by: Who: ``this_user()``, or ``key NAME``.
    """
    row = {"at": now, "actor": by[:MAX_ACTOR], "action": action, "outcome": outcome, "details": dict(details)}
    connection.execute(insert(audit_log).values(row))


def record(engine: Engine, action: str, details: Details, *, by: str, now: datetime) -> None:
    """It is on record that somebody did something, after it was done; see ``note``."""
    with writing(engine, seen=False) as connection:
        note(connection, action, details, by=by, now=now)


@contextmanager
def noting_failure(engine: Engine, action: str, *, by: str) -> Iterator[None]:
    """Where the block fails with an error of ours, that is on record before the error goes on."""
    try:
        yield
    except BazkhordError as error:
        with writing(engine, seen=False) as connection:
            details = {"error": type(error).__name__}
            note(connection, action, details, by=by, now=datetime.now(UTC), outcome=FAILED)
        raise


def read_audit_log(
    engine: Engine, *, limit: int = 50, action: str | None = None, since: datetime | None = None
) -> tuple[Entry, ...]:
    """Return what was done, the latest first.

    Args:
        limit: At most so many entries.
        action: Only this; ``None``: everything.
        since: Only from this moment on, aware.
    """
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if action is not None:
        query = query.where(audit_log.c.action == action)
    if since is not None:
        query = query.where(audit_log.c.at >= since)
    with reading(engine) as connection:
        return tuple(Entry(**row) for row in connection.execute(query).mappings())
