"""Which code may work on a data base that newer code has migrated: old processes go on, and start again, meanwhile.

A migration only adds (docs/decisions/013-old-code-on-a-new-schema.md), so code that does not know it can go on. The
data base itself says so, as the old code cannot know: its one row here names the oldest revision whose code still
works. A migration that breaks older code says ``breaks_older_code = True``, and that code is refused from then on.
"""

from __future__ import annotations

from typing import cast

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Integer, String, Table, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.tables import Row

FIRST = "0008"


class SchemaCompatRow(Row):
    """One row: the oldest revision whose code works on this schema."""

    __tablename__ = "schema_compat"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    oldest_code: Mapped[str] = mapped_column(String(32))


compat = cast("Table", SchemaCompatRow.__table__)


def oldest_code(scripts: ScriptDirectory) -> str:
    """Return the oldest revision whose code works on what these migrations make."""
    for script in scripts.walk_revisions():
        if script.revision == FIRST or getattr(script.module, "breaks_older_code", False):
            return str(script.revision)
    return FIRST


def note_oldest_code(connection: Connection, scripts: ScriptDirectory) -> None:
    """The data base says which code works on it."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(compat).values(id=1, oldest_code=oldest_code(scripts))
    replaced = {"oldest_code": statement.excluded.oldest_code}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=replaced))


def may_go_on(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Whether a schema that this code does not know says that this code works on it."""
    if not inspect(connection).has_table(compat.name):
        return False
    oldest = connection.scalar(select(compat.c.oldest_code))
    try:
        return oldest is not None and scripts.get_revision(oldest) is not None
    except CommandError:
        return False
