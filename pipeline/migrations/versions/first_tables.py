"""The first tables: feedback, its mentions, the tallies, sources, dead letters and keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC_TIME = sa.DateTime(timezone=True)
PENDING = sa.text("state = 'pending'")
COUNTED_COPY = sa.text("counted AND group_key IS NOT NULL")


def upgrade() -> None:
    """All tables of the first version are there."""
    op.create_table(
        "feedback",
        *_feedback_columns(),
        *_label_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("source", "native_id", name="uq_feedback_source_native_id"),
        sqlite_autoincrement=True,
    )
    _index_feedback()
    _create_mentions()
    _create_tallies("sentiment_tallies", ("sentiment", 10))
    _create_tallies("intent_tallies", ("stage", 20), ("intent", 20), ("sentiment", 10))
    _create_tallies("aspect_tallies", ("stage", 20), ("aspect", 20), ("sentiment", 10))
    _create_tallies("message_tallies", ("sentiment", 10), ("emotion", 20), ("flags", None))
    _create_sources()
    _create_dead_letters()
    _create_api_keys()


def _feedback_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("native_id", sa.String(500), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("group_key", sa.String(64)),
        sa.Column("customer_key", sa.String(64)),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("created_at_is_arrival", sa.Boolean(), nullable=False),
        sa.Column("edited_at", UTC_TIME),
        sa.Column("received_at", UTC_TIME, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("brand", sa.String(200)),
        sa.Column("product", sa.String(500)),
        sa.Column("touchpoint", sa.String(200)),
        sa.Column("segment", sa.String(200)),
        sa.Column("queue", sa.String(200)),
        sa.Column("status", sa.String(100)),
        sa.Column("rating", sa.Float()),
        sa.Column("rating_lowest", sa.Float()),
        sa.Column("rating_highest", sa.Float()),
        sa.Column("nps", sa.SmallInteger()),
        sa.Column("csat", sa.Float()),
        sa.Column("ces", sa.Float()),
        sa.Column("permalink", sa.Text()),
        sa.Column("conversation_id", sa.String(500)),
        sa.Column("replies", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
    )


def _label_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("lease_owner", sa.String(100)),
        sa.Column("lease_until", UTC_TIME),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("sentiment", sa.String(10)),
        sa.Column("p_negative", sa.Float()),
        sa.Column("p_neutral", sa.Float()),
        sa.Column("p_positive", sa.Float()),
        sa.Column("p_mixed", sa.Float()),
        sa.Column("emotion", sa.String(20)),
        sa.Column("emotion_confidence", sa.Float()),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("model_version", sa.String(100)),
        sa.Column("classified_at", UTC_TIME),
    )


def _index_feedback() -> None:
    op.create_index("ix_feedback_pending", "feedback", ["id"], sqlite_where=PENDING, postgresql_where=PENDING)
    op.create_index(
        "uq_feedback_counted_copy", "feedback", ["group_key"], unique=True,
        sqlite_where=COUNTED_COPY, postgresql_where=COUNTED_COPY,
    )  # fmt: skip
    op.create_index("ix_feedback_group_key", "feedback", ["group_key"])
    op.create_index("ix_feedback_created_at_id", "feedback", ["created_at", "id"])
    op.create_index("ix_feedback_customer_key", "feedback", ["customer_key"])


def _create_mentions() -> None:
    op.create_table(
        "mentions",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("feedback_id", BIG_ID, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("intent", sa.String(20), nullable=False),
        sa.Column("aspect", sa.String(20), nullable=False),
        sa.Column("sentiment", sa.String(10), nullable=False),
        sa.Column("stage_confidence", sa.Float(), nullable=False),
        sa.Column("intent_confidence", sa.Float(), nullable=False),
        sa.Column("aspect_confidence", sa.Float(), nullable=False),
        sa.Column("sentiment_confidence", sa.Float(), nullable=False),
        sa.Column("stage_from_touchpoint", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_mentions_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mentions"),
    )
    op.create_index("ix_mentions_feedback_id", "mentions", ["feedback_id"])
    op.create_index(
        "ix_mentions_stage_intent_sentiment", "mentions", ["stage", "intent", "sentiment", "feedback_id"]
    )
    op.create_index("ix_mentions_aspect_sentiment", "mentions", ["aspect", "sentiment", "feedback_id"])


def _create_tallies(table: str, *labels: tuple[str, int | None]) -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("period", sa.String(1), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("brand", sa.String(200), nullable=False),
        sa.Column("model_version", sa.String(100), nullable=False),
        *(
            sa.Column(name, sa.String(size) if size else sa.SmallInteger(), nullable=False)
            for name, size in labels
        ),
    )
    op.create_table(
        table,
        *columns,
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*(column.name for column in columns), name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )


def _create_sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("connector", sa.String(50), nullable=False),
        sa.Column("bookmark", sa.Text()),
        sa.Column("last_started_at", UTC_TIME),
        sa.Column("last_success_at", UTC_TIME),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_error_at", UTC_TIME),
        sa.Column("n_new", sa.BigInteger(), nullable=False),
        sa.Column("n_updated", sa.BigInteger(), nullable=False),
        sa.Column("n_duplicate", sa.BigInteger(), nullable=False),
        sa.Column("n_without_text", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("position", sa.String(200), nullable=False),
        sa.Column("native_id", sa.String(500)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("first_seen_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
        sa.UniqueConstraint("source", "sha256", "position", name="uq_dead_letters_source_sha256_position"),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("last_used_at", UTC_TIME),
        sa.Column("revoked_at", UTC_TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
        sa.UniqueConstraint("sha256", name="uq_api_keys_sha256"),
    )
