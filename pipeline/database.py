"""The data base behind the store: how it is reached, how it is written, and its schema kept up to date."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import cast

import stamina
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from pipeline.away import note_trouble, note_well
from pipeline.compatibility import may_go_on, note_oldest_code
from pipeline.errors import StoreError
from pipeline.tables import LastChangeRow
from pipeline.text_search import FOLD, fold

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 60
CONNECT_TIMEOUT_S = 10
MIGRATION_LOCK = 7_203_001
TALLY_LOCK = 7_203_002
KEEPING_LOCK = 7_203_003
last_change = cast("Table", LastChangeRow.__table__)
KNOWN_URLS = "sqlite:////folder/bazkhord.db or postgresql+psycopg://user:password@host/name"


def write_json(value: object) -> str:
    """Return a value as JSON without blanks; pydantic's writer takes a tenth of the time of Python's."""
    return to_json(value).decode()


def connect(url: str) -> Engine:
    """Return the engine of a data base; an embedded one has its folder afterwards. Nothing is opened yet.

    Args:
        url: SQLAlchemy URL of an SQLite file or of PostgreSQL.

    Raises:
        StoreError: The URL cannot be used; the message never holds its password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(f"the data base URL cannot be read; write it like {KNOWN_URLS}") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed)
    if backend in {"postgresql", "postgres"}:
        return _postgresql(parsed)
    raise StoreError(f"the data base URL begins with {parsed.drivername!r}; use {KNOWN_URLS}")


def _sqlite(url: URL) -> Engine:
    if url.database in {None, "", ":memory:"}:
        raise StoreError(
            "an SQLite data base in memory is lost at the end; name a file: sqlite:////folder/bazkhord.db"
        )
    folder = Path(str(url.database)).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create the folder {folder}: {error.strerror}; choose one that you may write"
        ) from None
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,  # they hold what customers wrote, and errors end up in logs
        connect_args={"timeout": BUSY_TIMEOUT_S},
        json_serializer=write_json,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, and too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    connection.create_function(FOLD, 1, fold, deterministic=True)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def share_memory(engine: Engine) -> None:
    """Connections that are opened from now on keep little of SQLite's file for themselves.

    For a service, whose many readers would each keep the same 64 MB that one writer is well served by; the system
    keeps the file in memory for all of them.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _keep_little)


def _keep_little(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA cache_size=-8192")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "bazkhord"},
            json_serializer=write_json,
        )
    except ModuleNotFoundError:
        raise StoreError(
            "PostgreSQL needs its driver; install it with: pip install 'psycopg[binary]'"
        ) from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose queries all see one state of the data base.

    Raises:
        StoreError: The data base does not answer.
    """
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with (
        _explained(engine, "read"),
        engine.connect().execution_options(**level) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: Engine, *, seen: bool = True) -> Iterator[Connection]:
    """A connection in one transaction, committed at the end; on SQLite nobody else writes meanwhile.

    Args:
        seen: Whether answers may differ afterwards: with the change comes a new mark (``mark_of``), both or
            neither. ``False`` only for what no answer with an ETag tells of: leases, claims, runs of sources.

    Raises:
        StoreError: The data base does not answer, is full or stays locked.
    """
    with (
        _explained(engine, "write"),
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        yield connection
        if seen:
            # Last, as on PostgreSQL the other writers wait for this row until the transaction ends.
            _change_mark(connection)


def _change_mark(connection: Connection) -> None:
    statement = insert_into(connection, last_change).values(id=1, mark=secrets.token_hex(16))
    replaced = {"mark": statement.excluded.mark}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=replaced))


def mark_of(engine: Engine) -> str:
    """Return a mark that is another one after each change of what answers rest on; cheap.

    Raises:
        StoreError: The data base does not answer.
    """
    with reading(engine) as connection:
        return connection.scalar(select(last_change.c.mark)) or ""


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can say what happens to a row that is already there."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def lock_tallies(connection: Connection) -> None:
    """Nobody else changes tallies, labels or counted copies until this transaction ends.

    SQLite has a single writer anyhow. On PostgreSQL the writers of one day meet in the same tally rows,
    so they would queue there too; one lock, taken before any row, leaves nothing to deadlock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(TALLY_LOCK)))


def share_keeping(connection: Connection) -> None:
    """Until this transaction ends nobody is forgotten and no key rotated; others may save messages as well.

    Taken before any other lock, as ``hold_keeping`` is.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(KEEPING_LOCK)))


def hold_keeping(connection: Connection) -> None:
    """Until this transaction ends nobody saves messages, so that none slips in under an old rule or key."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(KEEPING_LOCK)))


@contextmanager
def _explained(engine: Engine, doing: str = "open") -> Iterator[None]:
    try:
        yield
        note_well(engine, doing)
    except IntegrityError:
        raise
    except (DatabaseError, InterfaceError) as error:
        note_trouble(engine, doing, error)
        reason = str(error.orig).strip().partition("\n")[0]
        raise StoreError(
            f"the data base {place(engine.url)} cannot be used: {reason}; check that it is there, may be written, "
            "has room and is not held by another program"
        ) from None
    except PoolTimeout:
        raise StoreError(
            f"every connection to the data base {place(engine.url)} is in use; ask again in some seconds"
        ) from None


def place(url: URL) -> str:
    """Where a data base is, fit to be shown: no user, no password, no options."""
    return f"{url.get_backend_name()}://{url.host or ''}/{url.database or ''}"


def bring_up_to_date(engine: Engine, *, migrate: bool) -> None:
    """The schema is the one that this code knows, also when several processes start at once.

    Args:
        migrate: ``False``: change nothing, only check.

    Raises:
        StoreError: The data base is newer than the code, or older and ``migrate`` is false.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    head = scripts.get_current_head()
    if engine.dialect.name == "sqlite":
        _switch_to_wal(engine)
    with reading(engine) as connection:
        if _revision(connection, scripts) == head:
            return
    if not migrate:
        raise StoreError(
            f"the data base {place(engine.url)} is older than this bazkhord; run a command that migrates it"
        )
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        if _revision(connection, scripts) != head:
            upgrade(connection)
    # SQLite reads the statistics that migrations write when a connection is opened.
    engine.dispose()


def upgrade(connection: Connection) -> None:
    """In the transaction of the connection, the schema is the one that this code knows, or one it may work on.

    Raises:
        StoreError: It is newer.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    if _revision(connection, scripts) == scripts.get_current_head():
        return
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")
    note_oldest_code(connection, scripts)


def schema_is_known(connection: Connection) -> bool:
    """Whether this code may work on the schema of a data base, as it is now."""
    revision = MigrationContext.configure(connection).get_current_revision()
    return revision == _head() or may_go_on(connection, ScriptDirectory(str(MIGRATIONS)))


@cache
def _head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def migrations_to_come(engine: Engine) -> tuple[str | None, list[tuple[str, str]]]:
    """Return the revision of a data base, and what would be done to it: each revision and what it is about.

    Raises:
        StoreError: It cannot be used, or was written by newer code that this does not work with.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    with reading(engine) as connection:
        revision = _revision(connection, scripts)
    to_come = scripts.iterate_revisions("head", revision or "base")
    return revision, [
        (script.revision, str(script.doc)) for script in to_come if script.revision != revision
    ][::-1]


def _switch_to_wal(engine: Engine) -> None:
    # Readers and the writer do not wait for each other. Where two processes switch at once, SQLite tells
    # one of them that the data base is locked without waiting.
    for attempt in stamina.retry_context(on=_is_locked, attempts=20, timeout=BUSY_TIMEOUT_S, wait_max=0.5):
        with attempt, _explained(engine), engine.connect() as connection:
            raw = connection.connection.driver_connection
            cast("sqlite3.Connection", raw).execute("PRAGMA journal_mode=WAL")


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _revision(connection: Connection, scripts: ScriptDirectory) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    try:
        scripts.get_revision(revision or "base")
    except CommandError:
        if may_go_on(connection, scripts):
            return scripts.get_current_head()
        raise StoreError(
            f"the data base {place(connection.engine.url)} has schema {revision}, which this bazkhord does not know: "
            "it was written by a newer one; update bazkhord, or name another data base"
        ) from None
    return revision
