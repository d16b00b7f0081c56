"""The tables of what a team adds to what its customers said: corrections, events, and alerts it was told of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.tables import BigId, Row, UtcDateTime


class CorrectionRow(Row):
    """What a person said of a clause, beside what the model had said of it.

    ``start`` and ``end`` are where the clause is, or where its words were carried to by an edit that waits to
    be classified; ``clause_sha256`` is of the words that were judged first. ``stage`` … ``sentiment`` are the
    labels that hold; ``predicted_…`` what ``model_version`` says. ``orphaned``: after an edit or under a new
    model no clause overlaps it any more. ``version`` counts the judgements.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_feedback_id", "feedback_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    clause_sha256: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(20))
    intent: Mapped[str] = mapped_column(String(20))
    aspect: Mapped[str] = mapped_column(String(20))
    sentiment: Mapped[str] = mapped_column(String(10))
    predicted_stage: Mapped[str] = mapped_column(String(20))
    predicted_intent: Mapped[str] = mapped_column(String(20))
    predicted_aspect: Mapped[str] = mapped_column(String(20))
    predicted_sentiment: Mapped[str] = mapped_column(String(10))
    model_version: Mapped[str] = mapped_column(String(100))
    corrected_by: Mapped[str] = mapped_column(String(100))
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)
    orphaned: Mapped[bool] = mapped_column(Boolean)


class EventRow(Row):
    """Something that the company changed, and when: it stands on the trend.

    ``scope`` names what it was meant to touch, as filters of the API: ``{"stage": ["delivery"]}``.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_happened_at", "happened_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    scope: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertRow(Row):
    """A rule that struck: once for each ``(rule, occasion)``, with its evidence.

    ``occasion`` is what makes it the same alert: a day, a phrase, a source and the time it fell silent.
    ``evidence`` holds figures and the filters under which the API shows the messages; never a message's text.
    ``undelivered`` names the channels that have not got it yet, ``next_try_at`` when they are tried again;
    ``None``: not any more. While somebody delivers it, that time lies ahead, so that nobody else does.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("rule", "occasion"),
        Index("ix_alerts_raised_at", "raised_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    rule: Mapped[str] = mapped_column(String(100))
    occasion: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(30))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    title_fa: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, object]] = mapped_column(JSON)
    undelivered: Mapped[list[str]] = mapped_column(JSON)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    n_failures: Mapped[int] = mapped_column(Integer)
    delivery_error: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(100))
