"""Messages as they are found: with their mentions, which of these were asked for, and how many copies there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, RowMapping, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from models.labels import Emotion, Flag, Sentiment
from pipeline.conditions import mention_conditions
from pipeline.mention_ids import etag_of, mention_id
from pipeline.records import Channel, Rating
from pipeline.selection import Selection, Unit
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import flags_of

COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    FeedbackRow.id, FeedbackRow.source, FeedbackRow.native_id, FeedbackRow.text, FeedbackRow.created_at,
    FeedbackRow.created_at_is_arrival, FeedbackRow.channel, FeedbackRow.brand, FeedbackRow.product,
    FeedbackRow.segment, FeedbackRow.touchpoint, FeedbackRow.permalink, FeedbackRow.customer_key,
    FeedbackRow.rating, FeedbackRow.rating_lowest, FeedbackRow.rating_highest, FeedbackRow.sentiment,
    FeedbackRow.p_negative, FeedbackRow.p_neutral, FeedbackRow.p_positive, FeedbackRow.p_mixed,
    FeedbackRow.emotion, FeedbackRow.emotion_confidence, FeedbackRow.flags, FeedbackRow.model_version,
    FeedbackRow.group_key, FeedbackRow.status,
)  # fmt: skip
MENTION_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    MentionRow.id, MentionRow.feedback_id, MentionRow.start, MentionRow.end, MentionRow.stage, MentionRow.intent,
    MentionRow.aspect, MentionRow.sentiment, MentionRow.stage_confidence, MentionRow.intent_confidence,
    MentionRow.aspect_confidence, MentionRow.sentiment_confidence, MentionRow.stage_from_touchpoint,
    MentionRow.corrected,
)  # fmt: skip
MENTION_FIELDS = tuple(column.key for column in MENTION_COLUMNS if column.key != "feedback_id")
PLAIN_FIELDS = (
    "id", "source", "native_id", "text", "created_at_is_arrival", "brand", "product", "segment", "touchpoint",
    "status", "permalink", "customer_key", "emotion_confidence", "model_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMention:
    """A stored mention; ``text == message.text[start:end]``. ``matches``: it is what was asked for.

    ``mention_id`` names it within its message and stays when the message is classified again to the same
    clause; ``etag`` changes whenever something about it does. ``corrected``: a person chose its labels.
    """

    id: int
    mention_id: str
    etag: str
    start: int
    end: int
    text: str
    stage: str
    intent: str
    aspect: str
    sentiment: str
    stage_confidence: float
    intent_confidence: float
    aspect_confidence: float
    sentiment_confidence: float
    stage_from_touchpoint: bool
    corrected: bool
    matches: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeedback:
    """A classified message with all that was said of it; ``n_copies`` more carry the same text."""

    id: int
    source: str
    native_id: str
    text: str
    created_at: datetime
    created_at_is_arrival: bool
    channel: Channel
    brand: str | None
    product: str | None
    segment: str | None
    touchpoint: str | None
    status: str | None
    permalink: str | None
    customer_key: str | None
    rating: Rating | None
    sentiment: Sentiment
    sentiment_probabilities: Mapping[Sentiment, float]
    emotion: Emotion
    emotion_confidence: float
    flags: tuple[Flag, ...]
    model_version: str
    n_copies: int
    mentions: tuple[FoundMention, ...]


def read_found(
    connection: Connection, rows: Sequence[Row[Any]], selection: Selection, unit: Unit, zone: ZoneInfo
) -> tuple[FoundFeedback, ...]:
    """Return messages with all that belongs to them, in the order of their rows.

    Args:
        rows: Have the columns ``COLUMNS``.
        selection: What was asked for: says which mentions match.
        unit: What is counted; see ``aggregate_feedback.find_feedback``.
        zone: Of the times that are told.
    """
    mentions = _mentions(connection, rows, selection, unit)
    copies = _copies(connection, rows)
    found = (_found(row, mentions.get(row.id, ()), copies.get(row.group_key, 0), zone) for row in rows)
    return tuple(found)


def _mentions(
    connection: Connection, messages: Sequence[Row[Any]], selection: Selection, unit: Unit
) -> dict[int, tuple[FoundMention, ...]]:
    of_id = {row.id: row for row in messages}
    matches = and_(true(), *mention_conditions(selection, unit)).label("matches")
    statement = select(*MENTION_COLUMNS, matches).where(MentionRow.feedback_id.in_(of_id))
    rows = connection.execute(statement.order_by(MentionRow.feedback_id, MentionRow.start, MentionRow.id))
    found: dict[int, tuple[FoundMention, ...]] = {}
    for id_, of_one in groupby(rows.mappings(), key=lambda row: row["feedback_id"]):
        found[id_] = tuple(_mention(row, of_id[id_]) for row in of_one)
    return found


def _mention(row: RowMapping, message: Row[Any]) -> FoundMention:
    values = {name: row[name] for name in MENTION_FIELDS}
    text = message.text[row["start"] : row["end"]]
    return FoundMention(
        **values,
        mention_id=mention_id(row["start"], row["end"]),
        etag=etag_of({**row}, text=text, model_version=message.model_version),
        text=text,
        matches=bool(row["matches"]),
    )


def _copies(connection: Connection, messages: Sequence[Row[Any]]) -> dict[str | None, int]:
    """How many messages besides the one shown share its text, by group."""
    keys = {row.group_key for row in messages if row.group_key}
    statement = (
        select(FeedbackRow.group_key, func.count() - 1)
        .where(FeedbackRow.group_key.in_(keys), FeedbackRow.model_version.is_not(None))
        .group_by(FeedbackRow.group_key)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _found(row: Row[Any], mentions: tuple[FoundMention, ...], n_copies: int, zone: ZoneInfo) -> FoundFeedback:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public way to read a row by names
    probabilities = {sentiment: values[f"p_{sentiment.value}"] for sentiment in Sentiment}
    return FoundFeedback(
        **{name: values[name] for name in PLAIN_FIELDS},
        created_at=row.created_at.astimezone(zone),
        channel=Channel(row.channel),
        rating=None if row.rating is None else Rating(row.rating, row.rating_lowest, row.rating_highest),
        sentiment=Sentiment(row.sentiment),
        sentiment_probabilities=probabilities,
        emotion=Emotion(row.emotion),
        flags=flags_of(row.flags),
        n_copies=n_copies,
        mentions=mentions,
    )
