"""Totals: the sums of every cube over all sources and channels, and over all brands too, kept by the data base itself.

Most questions name at most a brand; of ten million mentions the cubes hold twenty times as many cells as their sums
over everything. Triggers write them, so that older code that writes cubes meanwhile keeps them right, too.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LABELS = {
    "sentiment": ("sentiment",),
    "intent": ("stage", "intent", "sentiment"),
    "aspect": ("stage", "aspect", "sentiment"),
    "message": ("sentiment", "emotion", "flags"),
    "cluster": ("moment",),
}
TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "period": sa.String(1),
    "start": sa.Date(),
    "brand": sa.String(200),
    "model_version": sa.String(100),
    "stage": sa.String(20),
    "intent": sa.String(20),
    "aspect": sa.String(20),
    "sentiment": sa.String(10),
    "emotion": sa.String(20),
    "flags": sa.SmallInteger(),
    "moment": sa.String(10),
}


def upgrade() -> None:
    """Every cube has its totals, and keeps them up."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        # In the order in which writers come to them.
        cubes = ", ".join(f"{cube}_tallies" for cube in LABELS)
        op.execute(f"LOCK TABLE {cubes} IN SHARE ROW EXCLUSIVE MODE")
    for cube, labels in LABELS.items():
        tallies, of_brands, totals = f"{cube}_tallies", f"{cube}_brand_totals", f"{cube}_totals"
        key = ("period", "start", "model_version", *labels)
        key_of_brands = ("period", "start", "brand", "model_version", *labels)
        _sum_up(tallies, of_brands, key_of_brands, is_postgresql=is_postgresql)
        _sum_up(of_brands, totals, key, is_postgresql=is_postgresql)


def _sum_up(cells: str, sums: str, key: tuple[str, ...], *, is_postgresql: bool) -> None:
    """There is a table of the sums of some cells over all that its key leaves out, and it is kept up."""
    op.create_table(
        sums,
        *(sa.Column(name, TYPES[name], nullable=False) for name in key),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{sums}"),
        sqlite_with_rowid=False,
    )
    listed = _listed(key)
    if is_postgresql:
        # Cells that are asked for together stay together: changed ones on their page, new ones in order.
        op.execute(f"ALTER TABLE {sums} SET (fillfactor = 70)")
    op.execute(
        f"INSERT INTO {sums} ({listed}, n) SELECT {listed}, sum(n) FROM {cells} GROUP BY {listed} ORDER BY {listed}"
    )
    for statement in (_postgresql if is_postgresql else _sqlite)(cells, sums, key):
        op.execute(statement)


def _sqlite(cells: str, sums: str, key: tuple[str, ...]) -> list[str]:
    listed = _listed(key)

    def trigger(event: str, row: str, change: str, when: str = "") -> str:
        values = ", ".join(f'{row}."{name}"' for name in key)
        return f"""
        CREATE TRIGGER {sums}_{event.split(maxsplit=1)[0].lower()} AFTER {event} ON {cells} {when} BEGIN
            INSERT INTO {sums} ({listed}, n) VALUES ({values}, {change})
            ON CONFLICT ({listed}) DO UPDATE SET n = n + excluded.n;
        END
        """

    same = " AND ".join(f'"{name}" = new."{name}"' for name in key)
    return [
        trigger("INSERT", "new", "new.n"),
        trigger("UPDATE OF n", "new", "new.n - old.n"),
        trigger("DELETE", "old", "-old.n", "WHEN old.n <> 0"),
        f"""
        CREATE TRIGGER {sums}_empty AFTER UPDATE OF n ON {sums} WHEN new.n = 0 BEGIN
            DELETE FROM {sums} WHERE {same};
        END
        """,
    ]


def _postgresql(cells: str, sums: str, key: tuple[str, ...]) -> list[str]:
    """One statement changes thousands of cells: their sums are added once, and not row by row."""
    listed = _listed(key)
    same = " AND ".join(f'{sums}."{name}" = less."{name}"' for name in key)

    def function(event: str, changes: str) -> str:
        summed = f"SELECT {listed}, sum(n) AS n FROM ({changes}) AS changes GROUP BY {listed}"
        return f"""
        CREATE FUNCTION bazkhord_{sums}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO {sums} ({listed}, n) {summed} HAVING sum(n) > 0 ORDER BY {listed}
            ON CONFLICT ({listed}) DO UPDATE SET n = {sums}.n + excluded.n;
            UPDATE {sums} SET n = {sums}.n + less.n FROM ({summed} HAVING sum(n) < 0) AS less WHERE {same};
            IF found THEN
                DELETE FROM {sums} USING ({changes}) AS less WHERE {sums}.n = 0 AND {same};
            END IF;
            RETURN NULL;
        END $$
        """

    def trigger(event: str, rows: str) -> str:
        return f"""
        CREATE TRIGGER {sums}_{event} AFTER {event.upper()} ON {cells} REFERENCING {rows}
        FOR EACH STATEMENT EXECUTE FUNCTION bazkhord_{sums}_{event}()
        """

    added = f"SELECT {listed}, n FROM added"
    taken = f"SELECT {listed}, -n AS n FROM taken"
    return [
        function("insert", added),
        function("update", f"{added} UNION ALL {taken}"),
        function("delete", taken),
        trigger("insert", "NEW TABLE AS added"),
        trigger("update", "NEW TABLE AS added OLD TABLE AS taken"),
        trigger("delete", "OLD TABLE AS taken"),
    ]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
