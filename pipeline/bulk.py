"""Many rows in one go, straight to the driver: binding each value through SQLAlchemy took longer than all the rest.

SQLite takes new ones by the dozen, in the same process. PostgreSQL takes them in one statement, as JSON: one by one, each
cost it a round of binding and executing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    SQLColumnExpression,
    Table,
    any_,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql

from pipeline.database import write_json

# A statement for each row took two fifths longer where triggers follow; more rows than these win nothing.
ROWS_AT_ONCE = 32
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
Values = Mapping[str, object]


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Values], *, on_conflict: str = ""
) -> None:
    """The rows are in the table.

    Args:
        rows: Plain texts and numbers by column, all of the same columns in the same order; days as ISO texts.
        on_conflict: What to do with a row whose key is there: a clause of SQL, the same on both data bases.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    names = _listed(columns)
    into = f"INSERT INTO {table.name} ({names})"
    if connection.dialect.name == "sqlite":
        marks = f"({', '.join('?' * len(columns))})"
        whole = len(rows) - len(rows) % ROWS_AT_ONCE
        for n_at_once, some in ((ROWS_AT_ONCE, rows[:whole]), (1, rows[whole:])):
            values = [value for row in some for value in row.values()]
            each = n_at_once * len(columns)
            statement = f"{into} VALUES {', '.join([marks] * n_at_once)} {on_conflict}"
            if parts := [tuple(values[at : at + each]) for at in range(0, len(values), each)]:
                connection.exec_driver_sql(statement, parts)
    else:
        given = _given(table, columns)
        all_of_them = f"{into} SELECT {names} FROM {given} {on_conflict}"  # noqa: S608 - our own tables' names
        connection.exec_driver_sql(all_of_them, (write_json(rows),))


def written(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> Sequence[Values]:
    """Return rows of Python's values, all of the same columns, as the driver takes them; they are changed.

    PostgreSQL reads times and lists from JSON itself.
    """
    if connection.dialect.name == "sqlite" and rows:
        dialect = connection.dialect
        writers = {
            name: write
            for name in rows[0]
            if (write := table.c[name].type.dialect_impl(dialect).bind_processor(dialect))
        }
        for row in rows:
            for name, write in writers.items():
                row[name] = write(row[name])
    return rows


def update_rows(
    connection: Connection, table: Table, rows: Mapping[int, Values], *, key: str, fixed: Values
) -> None:
    """The rows with these numbers in the column ``key`` hold the values, and ``fixed`` as well.

    Args:
        rows: Values by column, all of the same columns in the same order.
    """
    if not rows:
        return
    columns = tuple(next(iter(rows.values())))
    if connection.dialect.name == "sqlite":
        whole = [{**values, **fixed, key: number} for number, values in rows.items()]
        changes = ", ".join(f'"{column}" = ?' for column in (*columns, *fixed))
        connection.exec_driver_sql(
            f'UPDATE {table.name} SET {changes} WHERE "{key}" = ?',  # noqa: S608 - our own tables' names
            [tuple(row.values()) for row in written(connection, table, whole)],
        )
    else:
        given = _given(table, (key, *columns))
        changes = ", ".join(
            [f'"{column}" = given."{column}"' for column in columns]
            + [f'"{column}" = %s' for column in fixed]
        )
        connection.exec_driver_sql(
            f'UPDATE {table.name} SET {changes} FROM {given} WHERE {table.name}."{key}" = given."{key}"',  # noqa: S608 - our own tables' names
            (*fixed.values(), write_json([{key: number, **values} for number, values in rows.items()])),
        )


def one_of(
    connection: Connection, column: SQLColumnExpression[Any], numbers: Iterable[int]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of these numbers, however many: one value of the statement.

    Binding each number took a quarter of the time of writing labels.
    """
    given = list(numbers)
    if connection.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(given)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(given, ARRAY(BigInteger)))


@lru_cache
def _given(table: Table, columns: tuple[str, ...]) -> str:
    types = (f'"{column}" {table.c[column].type.compile(POSTGRESQL)}' for column in columns)
    return f"json_to_recordset(%s) AS given ({', '.join(types)})"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
