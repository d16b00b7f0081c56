"""Labels of a new model are kept beside the old ones until they are whole; what waits is found newest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC_TIME = sa.DateTime(timezone=True)
LABELS = ("stage", 20), ("intent", 20), ("aspect", 20), ("sentiment", 10)


def upgrade() -> None:
    """The tables are there and empty; the index over what waits is in the order in which it is claimed."""
    op.create_table(
        "reclassifications",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reclassifications"),
    )
    _create_staged_labels()
    _create_staged_mentions()
    waiting = sa.text("state = 'pending'")
    op.create_index(
        "ix_feedback_waiting",
        "feedback",
        ["created_at", "id", "state"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.drop_index("ix_feedback_pending", "feedback")


def _create_staged_labels() -> None:
    probabilities = ("p_negative", "p_neutral", "p_positive", "p_mixed")
    op.create_table(
        "staged_labels",
        sa.Column("feedback_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("lease_owner", sa.String(100)),
        sa.Column("lease_until", UTC_TIME),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("sentiment", sa.String(10)),
        *(sa.Column(name, sa.Float()) for name in probabilities),
        sa.Column("emotion", sa.String(20)),
        sa.Column("emotion_confidence", sa.Float()),
        sa.Column("flags", sa.SmallInteger()),
        sa.Column("model_version", sa.String(100)),
        sa.Column("classified_at", UTC_TIME),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_staged_labels_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_staged_labels"),
    )
    unlabelled = sa.text("sentiment IS NULL")
    op.create_index(
        "ix_staged_labels_waiting",
        "staged_labels",
        ["feedback_id"],
        sqlite_where=unlabelled,
        postgresql_where=unlabelled,
    )


def _create_staged_mentions() -> None:
    op.create_table(
        "staged_mentions",
        sa.Column("feedback_id", BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in LABELS),
        *(sa.Column(f"{name}_confidence", sa.Float(), nullable=False) for name, _ in LABELS),
        sa.Column("stage_from_touchpoint", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["staged_labels.feedback_id"],
            name="fk_staged_mentions_feedback_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback_id", "place", name="pk_staged_mentions"),
        sqlite_with_rowid=False,
    )
