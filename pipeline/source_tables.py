"""The tables about sources: how each is doing, who pulls it, and in which hours it brought something."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.tables import Row, UtcDateTime


class SourceRow(Row):
    """How a source is doing: where it goes on, when it last ran, what it brought, what went wrong.

    ``n_…`` count since the beginning, ``last_n_…`` since the last run began. ``n_failures`` counts the
    runs since the last success.
    """

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    connector: Mapped[str] = mapped_column(String(50))
    bookmark: Mapped[str | None] = mapped_column(Text)
    last_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    n_new: Mapped[int] = mapped_column(BigInteger)
    n_updated: Mapped[int] = mapped_column(BigInteger)
    n_duplicate: Mapped[int] = mapped_column(BigInteger)
    n_without_text: Mapped[int] = mapped_column(BigInteger)
    last_n_new: Mapped[int] = mapped_column(BigInteger)
    last_n_updated: Mapped[int] = mapped_column(BigInteger)
    last_n_duplicate: Mapped[int] = mapped_column(BigInteger)
    last_n_without_text: Mapped[int] = mapped_column(BigInteger)
    last_n_dead: Mapped[int] = mapped_column(BigInteger)
    n_failures: Mapped[int] = mapped_column(Integer)
    next_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(Boolean)


class SourceLeaseRow(Row):
    """Which process pulls a source now; whoever finds the lease expired may take it."""

    __tablename__ = "source_leases"

    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)


class SourceHourRow(Row):
    """An hour (its beginning, UTC) in which a source brought something."""

    __tablename__ = "source_hours"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
