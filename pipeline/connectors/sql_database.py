"""Somebody else's data base, opened so that nothing can be written, with errors that show no password and no row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    ColumnClause,
    Connection,
    Engine,
    FromClause,
    NullPool,
    Row,
    Select,
    create_engine,
    false,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from pipeline.errors import RetryLater, StopSource

# psycopg and others take :name for a parameter; in a query of sources.toml it is text
_PARAMETER = re.compile(r"(?<![:\\]):(?=\w)")
_PASSING_OF_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED")


class ReadOnlyDatabase:
    """An open connection that only reads.

    Args:
        source: Name of the source, for errors.
        variable: Environment variable of the URL, for errors.
    """

    def __init__(self, connection: Connection, *, source: str, variable: str) -> None:
        self._connection = connection
        self._source, self._variable = source, variable

    @property
    def place(self) -> str:
        """Where it is: no user, no password, no options."""
        return place(self._connection.engine.url)

    def find_columns(self, rows: FromClause) -> list[str]:
        """Return the names of the columns, which is asked without reading a row."""
        with self._translated():
            return list(self._connection.execute(select(text("*")).select_from(rows).where(false())).keys())

    def stream(self, query: Select[Any], *, size_rows: int) -> Iterator[Sequence[Row[Any]]]:
        """Yield the rows of a query, some at a time; the server keeps the others."""
        with self._translated():
            options = {"stream_results": True, "yield_per": size_rows}
            result = self._connection.execution_options(**options).execute(query)
        with closing(result):
            partitions = result.partitions()
            while True:
                with self._translated():
                    batch = next(partitions, None)
                if batch is None:
                    return
                yield batch

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise _translate(error, self._connection.engine.url, self._source, self._variable) from None


@contextmanager
def open_read_only(url: str, *, source: str, variable: str) -> Iterator[ReadOnlyDatabase]:
    """Return a connection to a data base; what it does is rolled back when it closes.

    Args:
        url: SQLAlchemy's URL, password included.
        source: Name of the source, for errors.
        variable: Environment variable of the URL, for errors.

    Raises:
        StopSource: The URL or the data base cannot be used.
        RetryLater: The data base does not answer.
    """
    engine = _make_engine(url, source, variable)
    try:
        try:
            connection = engine.connect().execution_options(postgresql_readonly=True)
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
        except SQLAlchemyError as error:
            raise _translate(error, engine.url, source, variable) from None
        with connection:
            yield ReadOnlyDatabase(connection, source=source, variable=variable)
    finally:
        engine.dispose()


def as_rows(query: str, *columns: ColumnClause[object]) -> FromClause:
    """Return a query of SQL as something to select from, with those of its columns that matter."""
    ended = query.strip().rstrip(";")
    # the line break ends a comment of the query's last line
    return text(_PARAMETER.sub(r"\\:", f"{ended}\n")).columns(*columns).subquery("feedback")


def place(url: URL) -> str:
    """Where a data base is, fit to be shown: no user, no password, no options."""
    shown = URL.create(url.drivername, host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def _make_engine(address: str, source: str, variable: str) -> Engine:
    try:
        url = make_url(address)
        engine = create_engine(url, poolclass=NullPool)
    except NoSuchModuleError:
        problem = f"SQLAlchemy knows no data base {url.drivername!r}: correct the URL, or install its dialect"
    except ModuleNotFoundError as error:
        problem = (
            f"the driver of {url.drivername} is missing: install the package {error.name} beside bazkhord"
        )
    except (SQLAlchemyError, ValueError):
        problem = "it holds no URL of SQLAlchemy: write it like postgresql+psycopg://user:password@host/name"
    else:
        _require_file(url, source)
        return engine
    raise StopSource(f"source {source}: {variable}: {problem}")


def _require_file(url: URL, source: str) -> None:
    """SQLite would make a new, empty file of a name that is written wrong."""
    name = url.database or ":memory:"
    if (
        url.get_backend_name() == "sqlite"
        and not name.startswith((":memory:", "file:"))
        and not Path(name).is_file()
    ):
        raise StopSource(
            f"source {source}: {place(url)} is no file: check that it exists and that the URL names it, "
            "sqlite:////folder/file with four slashes for a path from the root"
        )


def _translate(error: SQLAlchemyError, url: URL, source: str, variable: str) -> Exception:
    """Return what the error means; its own text holds the query and the values, so little of it is shown."""
    where = f"source {source}: {place(url)}"
    said = _words_of(error, url)
    if _passes(error):
        return RetryLater(
            f"{where} does not answer as it should ({said}): run again later, nothing is lost; "
            f"if it stays so, check the URL in {variable}"
        )
    return StopSource(
        f"{where} refuses ({said}): check query, table and watermark, and what the user may read"
    )


def _passes(error: SQLAlchemyError) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    # SQLite says with one error that a table is missing and that the file is locked
    known = getattr(error.orig, "sqlite_errorname", None)
    if known is not None:
        return str(known).startswith(_PASSING_OF_SQLITE)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _words_of(error: SQLAlchemyError, url: URL) -> str:
    """Return the kind of error, and what the driver says where that cannot quote a row."""
    kind = type(getattr(error, "orig", None) or error).__name__
    if not isinstance(error, OperationalError | ProgrammingError):
        return kind
    line = (str(error.orig).splitlines() or [""])[0][:200]
    for secret in filter(None, (url.password, quote(url.password or "", safe=""))):
        line = line.replace(secret, "***")
    return f"{kind}: {line}"
