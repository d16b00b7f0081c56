"""What a team adds: corrections, events, alerts; keys of some brands only; how mentions of a message go together."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa
from alembic import op

from pipeline.jalali import jalali_month_start, month_start

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC_TIME = sa.DateTime(timezone=True)
TALLY_KEY = ("period", 1), ("start", None), ("source", 100), ("channel", 20), ("brand", 200)
IN_TIME = (
    "created_at", "id", "customer_key", "counted", "flags", "source", "channel", "brand",
    "rating", "rating_lowest", "rating_highest", "nps", "csat", "ces", "emotion", "created_at_is_arrival",
)  # fmt: skip
# Rows, and how many of them share the first column, the first two and so on: as of 125,253 mentions.
SHARED = {
    "ix_mentions_feedback_id_labels": "125253 2 2 2 2 2",
    "ix_mentions_aspect_sentiment": "125253 7829 2610 2",
    "ix_mentions_stage_intent_sentiment": "125253 15657 2021 836 2",
}
LABELS = ("stage", 20), ("intent", 20), ("aspect", 20), ("sentiment", 10)
MEASURED = """
    SELECT day, source, channel, brand, model_version, count(*) AS messages,
           sum(m * m) AS mm, sum(e * m) AS em, sum(e * e) AS ee
    FROM (
        SELECT feedback.day, feedback.source, feedback.channel, coalesce(feedback.brand, '') AS brand,
               feedback.model_version, count(*) AS m,
               sum(CASE mentions.sentiment WHEN 'positive' THEN 2 WHEN 'neutral' THEN 1 ELSE 0 END) AS e
        FROM feedback JOIN mentions ON mentions.feedback_id = feedback.id
        WHERE feedback.counted AND feedback.flags & 8 = 0
        GROUP BY feedback.id
    ) AS messages
    GROUP BY day, source, channel, brand, model_version
"""


def upgrade() -> None:
    """The tables are there; the new tally is filled from the messages so far."""
    op.add_column("mentions", sa.Column("corrected", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("api_keys", sa.Column("brands", sa.JSON()))
    _create_corrections()
    _create_events()
    _create_alerts()
    _create_last_change()
    _create_clusters()
    _fill_clusters()
    _create_indexes()
    _describe_indexes()


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("feedback_id", BIG_ID, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("clause_sha256", sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in LABELS),
        *(sa.Column(f"predicted_{name}", sa.String(size), nullable=False) for name, size in LABELS),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("corrected_by", sa.String(100), nullable=False),
        sa.Column("corrected_at", UTC_TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("orphaned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_corrections_feedback_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_feedback_id", "corrections", ["feedback_id"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("happened_at", UTC_TIME, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_happened_at", "events", ["happened_at"])


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("occasion", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("raised_at", UTC_TIME, nullable=False),
        sa.Column("title_fa", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("undelivered", sa.JSON(), nullable=False),
        sa.Column("next_try_at", UTC_TIME),
        sa.Column("delivered_at", UTC_TIME),
        sa.Column("n_failures", sa.Integer(), nullable=False),
        sa.Column("delivery_error", sa.Text()),
        sa.Column("acknowledged_at", UTC_TIME),
        sa.Column("acknowledged_by", sa.String(100)),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("rule", "occasion", name="uq_alerts_rule_occasion"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_raised_at", "alerts", ["raised_at"])


def _create_last_change() -> None:
    op.create_table(
        "last_change",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_last_change"),
    )


def _create_clusters() -> None:
    columns: list[sa.Column[Any]] = [
        *(
            sa.Column(name, sa.String(size) if size else sa.Date(), nullable=False)
            for name, size in TALLY_KEY
        ),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("moment", sa.String(10), nullable=False),
    ]
    op.create_table(
        "cluster_tallies",
        *columns,
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*(column.name for column in columns), name="pk_cluster_tallies"),
        sqlite_with_rowid=False,
    )


def _fill_clusters() -> None:
    connection = op.get_bind()
    cells: Counter[tuple[object, ...]] = Counter()
    for day, *key, messages, mm, em, ee in connection.execute(sa.text(MEASURED).columns(day=sa.Date())):
        for moment, n in (("messages", messages), ("mm", mm), ("em", em), ("ee", ee)):
            for period, start in (("d", day), ("m", month_start(day)), ("j", jalali_month_start(day))):
                cells[(period, start, *key, moment)] += int(n)
    names = [*(name for name, _ in TALLY_KEY), "model_version", "moment"]
    rows = [dict(zip(names, cell, strict=True)) | {"n": n} for cell, n in cells.items() if n]
    if rows:
        others: list[sa.ColumnClause[Any]] = [sa.column(name) for name in [*names, "n"] if name != "start"]
        table = sa.table("cluster_tallies", sa.column("start", sa.Date()), *others)
        op.bulk_insert(table, rows)


def _create_indexes() -> None:
    """Conversations are found, and surveys, however few; what is counted one by one is counted in an index alone."""
    op.create_index("ix_feedback_in_time", "feedback", list(IN_TIME))
    op.drop_index("ix_feedback_created_at_id", "feedback")
    labels = ["feedback_id", "sentiment", "stage", "intent", "aspect"]
    op.create_index("ix_mentions_feedback_id_labels", "mentions", labels)
    op.drop_index("ix_mentions_feedback_id", "mentions")
    in_conversation = sa.text("conversation_id IS NOT NULL")
    op.create_index(
        "ix_feedback_conversation_id",
        "feedback",
        ["conversation_id"],
        sqlite_where=in_conversation,
        postgresql_where=in_conversation,
    )
    surveyed = sa.text("nps IS NOT NULL OR csat IS NOT NULL OR ces IS NOT NULL")
    op.create_index(
        "ix_feedback_surveyed",
        "feedback",
        ["created_at"],
        sqlite_where=surveyed,
        postgresql_where=surveyed,
    )


def _describe_indexes() -> None:
    """SQLite knows that a message has few mentions and a stage many; else it looks for a message among all of one."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("ANALYZE mentions")
    op.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'mentions'")
    statistics = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.bulk_insert(
        statistics, [{"tbl": "mentions", "idx": one, "stat": stat} for one, stat in SHARED.items()]
    )
