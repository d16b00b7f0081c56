"""The tables of a re-classification: what it is for, and the new labels, kept apart until they are whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.tables import BigId, Row, UtcDateTime

# As the index ix_staged_labels_waiting has it; SQLite uses the index only for the same words.
UNLABELLED = "sentiment IS NULL"


class ReclassificationRow(Row):
    """The version of the model that all labels are to be of; no row: none was asked for, or it is done."""

    __tablename__ = "reclassifications"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    model_version: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StagedLabelsRow(Row):
    """A message that is to have other labels, and once a worker has found them, the labels.

    They hold for the words that had the ``fingerprint``: of a message that was edited since, they are dropped.
    """

    __tablename__ = "staged_labels"
    __table_args__ = (
        Index("ix_staged_labels_waiting", "feedback_id", sqlite_where=text(UNLABELLED),
              postgresql_where=text(UNLABELLED)),
    )  # fmt: skip

    feedback_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    sentiment: Mapped[str | None] = mapped_column(String(10))
    p_negative: Mapped[float | None] = mapped_column(Float)
    p_neutral: Mapped[float | None] = mapped_column(Float)
    p_positive: Mapped[float | None] = mapped_column(Float)
    p_mixed: Mapped[float | None] = mapped_column(Float)
    emotion: Mapped[str | None] = mapped_column(String(20))
    emotion_confidence: Mapped[float | None] = mapped_column(Float)
    flags: Mapped[int | None] = mapped_column(SmallInteger)
    model_version: Mapped[str | None] = mapped_column(String(100))
    classified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StagedMentionRow(Row):
    """A clause of a message with staged labels; ``place`` counts the clauses of one message from 0.

    It hangs on the staged labels and not on the message, so that whoever writes it locks no message.
    """

    __tablename__ = "staged_mentions"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    feedback_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("staged_labels.feedback_id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(20))
    intent: Mapped[str] = mapped_column(String(20))
    aspect: Mapped[str] = mapped_column(String(20))
    sentiment: Mapped[str] = mapped_column(String(10))
    stage_confidence: Mapped[float] = mapped_column(Float)
    intent_confidence: Mapped[float] = mapped_column(Float)
    aspect_confidence: Mapped[float] = mapped_column(Float)
    sentiment_confidence: Mapped[float] = mapped_column(Float)
    stage_from_touchpoint: Mapped[bool] = mapped_column(Boolean)
