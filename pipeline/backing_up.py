"""The data base is written to a backup while others go on writing: one state of it, checked."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, func, select, text

from pipeline import audit
from pipeline.backup_file import CHUNK_BYTES, Manifest, Sink, new_archive, new_data, write_manifest
from pipeline.database import connect, reading
from pipeline.errors import StoreError
from pipeline.postgres_tools import dump, find_pg_dump
from pipeline.tallies import feedback

N_PAGES = 2_000
OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class _State:
    """What of a data base is the same in its backup."""

    schema: str
    n_messages: int


def back_up(
    engine: Engine,
    path: Path,
    *,
    keyed_by: str | None,
    by: str,
    now: datetime,
    on_progress: OnProgress = lambda done, total: None,
) -> Manifest:
    """The data base is in a new file that only its owner may read; return what it says of itself.

    Everything is of one moment, whoever writes meanwhile. The identity key is not in it.

    Args:
        keyed_by: Identifier of the identity key; ``None``: there is none yet.
        by: Who does it, for the audit log.
        on_progress: Called with what is done, and of how much where that is known.

    Raises:
        StoreError: The file is there already or cannot be written, or ``pg_dump`` is missing.
    """
    kind = engine.dialect.name
    write = _write_sqlite if kind == "sqlite" else _write_postgresql
    with new_archive(path) as archive:
        with new_data(archive, kind) as sink:
            state = write(engine, sink, path.absolute().parent, on_progress)
        manifest = Manifest(
            data_base=kind,
            version=version("bazkhord"),
            schema=state.schema,
            made_at=now,
            n_messages=state.n_messages,
            keyed_by=keyed_by,
            n_bytes=sink.n_bytes,
            sha256=sink.sha256,
        )
        write_manifest(archive, manifest)
    details = {"file": path.name, "n_messages": manifest.n_messages, "n_bytes": manifest.n_bytes}
    audit.record(engine, "backup", details, by=by, now=now)
    return manifest


def _read_state(connection: Connection) -> _State:
    schema = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return _State(str(schema), connection.scalar(select(func.count()).select_from(feedback)) or 0)


def _write_sqlite(engine: Engine, sink: Sink, folder: Path, on_progress: OnProgress) -> _State:
    with tempfile.TemporaryDirectory(prefix=".bazkhord-backup-", dir=folder) as scratch:
        copy = Path(scratch) / "copy.db"
        with reading(engine) as connection:
            state = _read_state(connection)  # the transaction's state is that of its first read
            source = cast("sqlite3.Connection", connection.connection.driver_connection)
            _copy(source, copy, on_progress)
        check_sqlite(copy)
        with copy.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                sink.write(chunk)
        return state


def _copy(source: sqlite3.Connection, target: Path, on_progress: OnProgress) -> None:
    def tell(_status: int, remaining: int, total: int) -> None:
        on_progress(total - remaining, total)

    opened = sqlite3.connect(target)
    try:
        source.backup(opened, pages=N_PAGES, progress=tell)
        opened.execute("PRAGMA journal_mode=DELETE")
    finally:
        opened.close()


def check_sqlite(path: Path) -> None:
    """The file is a whole SQLite data base.

    Raises:
        StoreError: It is not.
    """
    engine = connect(f"sqlite:///{path}")
    try:
        with reading(engine) as connection:
            found = connection.scalar(text("PRAGMA integrity_check"))
    finally:
        engine.dispose()
    if found != "ok":
        raise StoreError(f"the data base is damaged ({found}); nothing was changed: take an older backup")


def _write_postgresql(engine: Engine, sink: Sink, _folder: Path, on_progress: OnProgress) -> _State:
    with reading(engine) as connection:
        number = int(connection.scalar(text("SHOW server_version_num")) or 0)
        program = find_pg_dump(number // 10_000)
        snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
        state = _read_state(connection)
        for chunk in dump(connection, program, snapshot):
            sink.write(chunk)
            on_progress(sink.n_bytes, None)
        return state
