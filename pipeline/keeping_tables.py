"""The tables about keeping and forgetting: what administrators did, who stays forgotten, under which key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.tables import BigId, Row, UtcDateTime


class AuditRow(Row):
    """Something that an administrator did, and how it ended. The data base refuses to change or delete a row.

    ``actor`` is ``key NAME`` of the API or ``user NAME@MACHINE`` of the command line. ``details`` hold numbers
    and names of things; never a message's text, an identity or a secret.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(50))
    outcome: Mapped[str] = mapped_column(String(10))
    details: Mapped[dict[str, object]] = mapped_column(JSON)


class ForgottenRow(Row):
    """A customer who stays forgotten: the key, and the identifier of the secrets that it was made under."""

    __tablename__ = "forgotten"

    customer_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    keyed_by: Mapped[str] = mapped_column(String(16))
    forgotten_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdentityStateRow(Row):
    """One row: the identifier of the secrets behind all customer keys; none before the first rotation."""

    __tablename__ = "identity_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    keyed_by: Mapped[str] = mapped_column(String(16))
