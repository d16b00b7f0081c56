"""Totals: the sums of every cube over all sources, channels and brands, kept by the data base itself.

Most questions name no source, channel or brand; of ten million mentions the cubes hold twenty times as many cells as
the totals. Triggers write them, so that older code that writes cubes meanwhile keeps them right, too.
"""

from __future__ import annotations

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
SIZES = {"stage": 20, "intent": 20, "aspect": 20, "sentiment": 10, "emotion": 20, "moment": 10}


def upgrade() -> None:
    """Every cube has its totals, and keeps them up."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        # In the order in which writers come to them.
        cubes = ", ".join(f"{cube}_tallies" for cube in LABELS)
        op.execute(f"LOCK TABLE {cubes} IN SHARE ROW EXCLUSIVE MODE")
    for cube, labels in LABELS.items():
        key = ("period", "start", "model_version", *labels)
        op.create_table(
            f"{cube}_totals",
            sa.Column("period", sa.String(1), nullable=False),
            sa.Column("start", sa.Date(), nullable=False),
            sa.Column("model_version", sa.String(100), nullable=False),
            *(sa.Column(name, _type_of(name), nullable=False) for name in labels),
            sa.Column("n", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(*key, name=f"pk_{cube}_totals"),
            sqlite_with_rowid=False,
        )
        listed = _listed(key)
        op.execute(
            f"INSERT INTO {cube}_totals ({listed}, n) SELECT {listed}, sum(n) FROM {cube}_tallies GROUP BY {listed}"
        )
        for statement in _postgresql(cube, key) if is_postgresql else _sqlite(cube, key):
            op.execute(statement)


def _type_of(label: str) -> sa.types.TypeEngine[object]:
    return sa.String(SIZES[label]) if label in SIZES else sa.SmallInteger()


def _sqlite(cube: str, key: tuple[str, ...]) -> list[str]:
    tallies, totals, listed = f"{cube}_tallies", f"{cube}_totals", _listed(key)

    def trigger(event: str, row: str, change: str, when: str = "") -> str:
        values = ", ".join(f'{row}."{name}"' for name in key)
        return f"""
        CREATE TRIGGER {totals}_{event.split(maxsplit=1)[0].lower()} AFTER {event} ON {tallies} {when} BEGIN
            INSERT INTO {totals} ({listed}, n) VALUES ({values}, {change})
            ON CONFLICT ({listed}) DO UPDATE SET n = n + excluded.n;
        END
        """

    same = " AND ".join(f'"{name}" = new."{name}"' for name in key)
    return [
        trigger("INSERT", "new", "new.n"),
        trigger("UPDATE OF n", "new", "new.n - old.n"),
        trigger("DELETE", "old", "-old.n", "WHEN old.n <> 0"),
        f"""
        CREATE TRIGGER {totals}_empty AFTER UPDATE OF n ON {totals} WHEN new.n = 0 BEGIN
            DELETE FROM {totals} WHERE {same};
        END
        """,
    ]


def _postgresql(cube: str, key: tuple[str, ...]) -> list[str]:
    """One statement changes thousands of cells: their sums are added once, and not row by row."""
    tallies, totals, listed = f"{cube}_tallies", f"{cube}_totals", _listed(key)
    same = " AND ".join(f'{totals}."{name}" = less."{name}"' for name in key)

    def function(event: str, changes: str) -> str:
        sums = f"SELECT {listed}, sum(n) AS n FROM ({changes}) AS changes GROUP BY {listed}"
        return f"""
        CREATE FUNCTION bazkhord_{totals}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO {totals} ({listed}, n) {sums} HAVING sum(n) > 0
            ON CONFLICT ({listed}) DO UPDATE SET n = {totals}.n + excluded.n;
            UPDATE {totals} SET n = {totals}.n + less.n FROM ({sums} HAVING sum(n) < 0) AS less WHERE {same};
            IF found THEN
                DELETE FROM {totals} USING ({changes}) AS less WHERE {totals}.n = 0 AND {same};
            END IF;
            RETURN NULL;
        END $$
        """

    def trigger(event: str, rows: str) -> str:
        return f"""
        CREATE TRIGGER {totals}_{event} AFTER {event.upper()} ON {tallies} REFERENCING {rows}
        FOR EACH STATEMENT EXECUTE FUNCTION bazkhord_{totals}_{event}()
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
