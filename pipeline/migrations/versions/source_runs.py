"""Sources that run for ever: counts of the last run, the next run, leases, and the hours that brought something."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
HOUR = {
    "sqlite": "substr(created_at, 1, 13) || ':00:00.000000'",
    "postgresql": "date_trunc('hour', created_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
}
COUNTERS = ("last_n_new", "last_n_updated", "last_n_duplicate", "last_n_without_text", "last_n_dead")


def upgrade() -> None:
    """Sources know their last and next run; leases and hours have tables, and the hours are those so far."""
    for counter in COUNTERS:
        op.add_column("sources", sa.Column(counter, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("n_failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("next_run_at", UTC_TIME))
    op.add_column("sources", sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "source_leases",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("lease_until", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_source_leases"),
    )
    op.create_table(
        "source_hours",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("hour", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", "hour", name="pk_source_hours"),
        sqlite_with_rowid=False,
    )
    _fill_hours()


def _fill_hours() -> None:
    """The hours of what services brought so far are on record; files have none, theirs are those of reading."""
    connection = op.get_bind()
    kinds = connection.execute(sa.text("SELECT name, connector FROM sources")).all()
    hour = HOUR[connection.dialect.name]
    for name, kind in kinds:
        if not kind.endswith(("_file", "_export")):
            connection.execute(
                sa.text(
                    "INSERT INTO source_hours (source, hour) "
                    f"SELECT DISTINCT source, {hour} FROM feedback WHERE source = :name"
                ),
                {"name": name},
            )
