"""The tables of the data base. Classes end in ``Row``; migrations/ holds how they came to be.

Times are stored as UTC and come back aware. ``day`` is a day of the business time zone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every data base; refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC, without a zone for SQLite, which keeps none.

        Raises:
            ValueError: The time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware; give it tzinfo=UTC")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The same moment, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=NAMES)


# As the index ix_feedback_surveyed has it; SQLite uses the index only for the same words.
SURVEYED = "nps IS NOT NULL OR csat IS NOT NULL OR ces IS NOT NULL"
# What is counted of messages one by one, in the order of time: such a count reads no text and no other column.
IN_TIME = (
    "created_at", "id", "customer_key", "counted", "flags", "source", "channel", "brand",
    "rating", "rating_lowest", "rating_highest", "nps", "csat", "ces", "emotion", "created_at_is_arrival",
)  # fmt: skip
BigId = BigInteger().with_variant(Integer, "sqlite")


class FeedbackRow(Row):
    """One message: what was stored, whether it waits to be classified, and what the model said of all of it.

    ``state`` is ``pending``, ``classified`` or ``no_text``. ``counted`` is true for exactly one labelled
    message of every group of copies (that with the lowest id), and for every labelled message without a group;
    what adds up, adds up over the counted ones. What a newer model says waits in ``staged_labels``.
    ``flags`` is a bit mask in the order of ``models.labels.Flag``.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        # A message that came again, when its page is saved; with it nothing is stored twice.
        UniqueConstraint("source", "native_id"),
        # What is claimed next, the newest first, and how much waits.
        Index("ix_feedback_waiting", "created_at", "id", "state", sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
        # The copy that counts; of each group there is one.
        Index("uq_feedback_counted_copy", "group_key", unique=True,
              sqlite_where=text("counted AND group_key IS NOT NULL"),
              postgresql_where=text("counted AND group_key IS NOT NULL")),
        # All copies: how many there are, and which one follows.
        Index("ix_feedback_group_key", "group_key"),
        # Messages of a period: pages, counts that no tally knows, retention.
        Index("ix_feedback_in_time", *IN_TIME),
        # A customer's way, and what is forgotten.
        Index("ix_feedback_customer_key", "customer_key"),
        # The other messages of a case.
        Index("ix_feedback_conversation_id", "conversation_id",
              sqlite_where=text("conversation_id IS NOT NULL"),
              postgresql_where=text("conversation_id IS NOT NULL")),
        # The few with an answer to a survey.
        Index("ix_feedback_surveyed", "created_at", sqlite_where=text(SURVEYED), postgresql_where=text(SURVEYED)),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(100))
    native_id: Mapped[str] = mapped_column(String(500))
    fingerprint: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    group_key: Mapped[str | None] = mapped_column(String(64))
    customer_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at_is_arrival: Mapped[bool] = mapped_column(Boolean)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)
    channel: Mapped[str] = mapped_column(String(20))
    brand: Mapped[str | None] = mapped_column(String(200))
    product: Mapped[str | None] = mapped_column(String(500))
    touchpoint: Mapped[str | None] = mapped_column(String(200))
    segment: Mapped[str | None] = mapped_column(String(200))
    queue: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str | None] = mapped_column(String(100))
    rating: Mapped[float | None] = mapped_column(Float)
    rating_lowest: Mapped[float | None] = mapped_column(Float)
    rating_highest: Mapped[float | None] = mapped_column(Float)
    nps: Mapped[int | None] = mapped_column(SmallInteger)
    csat: Mapped[float | None] = mapped_column(Float)
    ces: Mapped[float | None] = mapped_column(Float)
    permalink: Mapped[str | None] = mapped_column(Text)
    conversation_id: Mapped[str | None] = mapped_column(String(500))
    replies: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10))
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counted: Mapped[bool] = mapped_column(Boolean)
    sentiment: Mapped[str | None] = mapped_column(String(10))
    p_negative: Mapped[float | None] = mapped_column(Float)
    p_neutral: Mapped[float | None] = mapped_column(Float)
    p_positive: Mapped[float | None] = mapped_column(Float)
    p_mixed: Mapped[float | None] = mapped_column(Float)
    emotion: Mapped[str | None] = mapped_column(String(20))
    emotion_confidence: Mapped[float | None] = mapped_column(Float)
    flags: Mapped[int] = mapped_column(SmallInteger)
    model_version: Mapped[str | None] = mapped_column(String(100))
    classified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MentionRow(Row):
    """One clause of a classified message; offsets in code points of ``FeedbackRow.text``.

    ``stage_from_touchpoint`` is true where the touchpoint fixed the stage and not the model, ``corrected``
    where a person chose the labels: what the model had said stands in the table of corrections.
    """

    __tablename__ = "mentions"
    __table_args__ = (
        # The mentions of a message: pages, claims, counts of mentions without the table.
        Index("ix_mentions_feedback_id_labels", "feedback_id", "sentiment", "stage", "intent", "aspect"),
        # Messages of years with a rare label; PostgreSQL alone goes this way.
        Index("ix_mentions_stage_intent_sentiment", "stage", "intent", "sentiment", "feedback_id").ddl_if(
            dialect="postgresql"
        ),
        Index("ix_mentions_aspect_sentiment", "aspect", "sentiment", "feedback_id").ddl_if(
            dialect="postgresql"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
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
    corrected: Mapped[bool] = mapped_column(Boolean)


class _TallyColumns:
    """What every cube is cut by: a day or a month, then source, channel, brand and model version.

    ``period`` is a ``records.Period`` value; ``start`` its first day. A missing brand is ``""``.
    These columns come first, so that a period and a range of days are one stretch of the primary key.
    """

    period: Mapped[str] = mapped_column(String(1), primary_key=True, sort_order=-1)
    start: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-1)
    source: Mapped[str] = mapped_column(String(100), primary_key=True, sort_order=-1)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True, sort_order=-1)
    brand: Mapped[str] = mapped_column(String(200), primary_key=True, sort_order=-1)
    model_version: Mapped[str] = mapped_column(String(100), primary_key=True, sort_order=-1)


class SentimentTallyRow(_TallyColumns, Row):
    """Counted mentions that are not spam, by sentiment alone: the trend over years reads this few cells."""

    __tablename__ = "sentiment_tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    sentiment: Mapped[str] = mapped_column(String(10), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class IntentTallyRow(_TallyColumns, Row):
    """Counted mentions that are not spam, by stage, intent and sentiment."""

    __tablename__ = "intent_tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    intent: Mapped[str] = mapped_column(String(20), primary_key=True)
    sentiment: Mapped[str] = mapped_column(String(10), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class AspectTallyRow(_TallyColumns, Row):
    """Counted mentions that are not spam, by stage, aspect and sentiment."""

    __tablename__ = "aspect_tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    aspect: Mapped[str] = mapped_column(String(20), primary_key=True)
    sentiment: Mapped[str] = mapped_column(String(10), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class MessageTallyRow(_TallyColumns, Row):
    """Counted messages, spam included, by sentiment, emotion and flags (bit mask)."""

    __tablename__ = "message_tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    sentiment: Mapped[str] = mapped_column(String(10), primary_key=True)
    emotion: Mapped[str] = mapped_column(String(20), primary_key=True)
    flags: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class ClusterTallyRow(_TallyColumns, Row):
    """Sums over the counted messages that are not spam: how far the mentions of one message go together.

    A message with ``m`` mentions has the score ``e``: 2 for each positive, 1 for each neutral, 0 for each
    negative one. ``moment`` is ``messages`` (how many have a mention), ``mm`` (the sum of ``m * m``), ``em``
    (of ``e * m``) or ``ee`` (of ``e * e``); a sum of 0 has no cell.
    """

    __tablename__ = "cluster_tallies"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    moment: Mapped[str] = mapped_column(String(10), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


def _sums(cube: type[Row], name: str, *, over: Collection[str]) -> Table:
    kept = [column for column in cast("Table", cube.__table__).columns if column.name not in over]
    columns = [Column(one.name, one.type, primary_key=one.primary_key, nullable=False) for one in kept]
    return Table(name, Row.metadata, *columns, sqlite_with_rowid=False)


_ROWS: dict[str, type[Row]] = {
    "sentiment": SentimentTallyRow,
    "intent": IntentTallyRow,
    "aspect": AspectTallyRow,
    "message": MessageTallyRow,
    "cluster": ClusterTallyRow,
}
CUBES = {cube: cast("Table", row.__table__) for cube, row in _ROWS.items()}
# The sums of each cube, which triggers keep (migration 0011), and the columns over which they are summed up.
OVER_SOURCES, OVER_ALL = ("source", "channel"), ("source", "channel", "brand")
BRAND_TOTALS = {cube: _sums(row, f"{cube}_brand_totals", over=OVER_SOURCES) for cube, row in _ROWS.items()}
TOTALS = {cube: _sums(row, f"{cube}_totals", over=OVER_ALL) for cube, row in _ROWS.items()}


class LastChangeRow(Row):
    """One row with a mark that every change of what answers rest on replaces: the same mark, the same answers.

    The mark is random and no count, so that none comes again after a backup was put back.
    """

    __tablename__ = "last_change"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(32))


class DeadLetterRow(Row):
    """A row that could not be read; never its text. Seen again, it is not written twice."""

    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("source", "sha256", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(100))
    position: Mapped[str] = mapped_column(String(200))
    native_id: Mapped[str | None] = mapped_column(String(500))
    error: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Row):
    """A key of the API: its hash, what it may do, of which brands (``None``: all), and whether it still may."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    prefix: Mapped[str] = mapped_column(String(12))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    brands: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Row):
    """Somebody who is signed in: the digest of the secret that a browser holds, and the key it stands for."""

    __tablename__ = "sessions"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
