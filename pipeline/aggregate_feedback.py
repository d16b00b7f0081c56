"""The messages behind any number, in pages that stay in step while new feedback arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    RowMapping,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from models.labels import Emotion, Flag, Sentiment
from pipeline.aggregate_counts import (
    choose_among,
    data_range,
    mention_conditions,
    message_conditions,
    sentiment_of_message,
)
from pipeline.cases import SOLVED
from pipeline.columns import Columns, Ints, lines_of, microseconds
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.mention_ids import etag_of, mention_id
from pipeline.records import Channel, Rating
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import flags_of

MAX_PAGE = 200
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


class Order(StrEnum):
    """What comes first: the newest, or what is most surely angry (then what is most surely negative)."""

    NEWEST = "newest"
    ANGRIEST = "angriest"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: time and id of its last message."""

    created_at: datetime
    id: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPage:
    """Messages in the order asked for. ``n`` counts all of the selection and is given with the first page only."""

    from_: datetime
    to: datetime
    n: int | None
    data_from: datetime | None
    data_to: datetime | None
    items: tuple[FoundFeedback, ...]
    next: Place | None


def find_feedback(
    engine: Engine,
    selection: Selection,
    *,
    zone: ZoneInfo,
    unit: Unit = Unit.MENTIONS,
    with_copies: bool = False,
    unresolved: bool = False,
    order: Order = Order.NEWEST,
    limit: int = 50,
    after: Place | None = None,
) -> FeedbackPage:
    """Return the messages that a selection is about.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        unit: What was counted. Mentions: a message is found if one of its mentions fits stage, intent,
            aspect and sentiment at once. Messages: the sentiment is that of the whole message.
        with_copies: Whether copies that were not counted are given too.
        unresolved: Only messages whose source gives a status, and that are not solved (``cases.SOLVED``).
        order: What comes first; the angriest have one page.
        limit: Messages on a page, from 1 to 200.
        after: Where the page before ended; ``None``: the first page.

    Raises:
        BadRequest: The period ends before it starts, mentions that are ``mixed`` are asked for, or a further
            page of the angriest.
    """
    selection.check_sentiment(unit)
    if after and order == Order.ANGRIEST:
        raise BadRequest(
            "the angriest have one page; take a larger limit or a shorter period", parameter="cursor"
        )
    span = span_of(selection, zone)
    wanted = _conditions(selection, span, unit, with_copies=with_copies)
    if unresolved:
        wanted.append(func.lower(FeedbackRow.status).not_in(SOLVED))
    with reading(engine) as connection:
        known = data_range(connection)
        in_memory = unit == Unit.MENTIONS and order == Order.NEWEST and not (with_copies or unresolved)
        if in_memory and (chosen := choose_among(connection, selection, span)):
            messages = lines_of(chosen, clauses=bool(mention_conditions(selection))).messages
            n = len(messages) if not after else None
            wanted = [FeedbackRow.id.in_(_newest(chosen.columns, messages, limit + 1, after))]
        else:
            counted = select(func.count()).select_from(FeedbackRow).where(*wanted)
            n = connection.scalar(counted) if not after else None
            wanted.append(_older(after))
        page = select(*COLUMNS).where(*wanted).order_by(*_first(order)).limit(limit + 1)
        rows = connection.execute(page).all()
        shown, has_more = rows[:limit], len(rows) > limit and order == Order.NEWEST
        mentions = _mentions(connection, shown, selection, unit)
        copies = _copies(connection, shown)
    items = tuple(_found(row, mentions.get(row.id, ()), copies.get(row.group_key, 0), zone) for row in shown)
    return FeedbackPage(
        from_=span.start.astimezone(zone),
        to=span.end.astimezone(zone),
        n=n,
        data_from=known[0].astimezone(zone) if known else None,
        data_to=known[1].astimezone(zone) if known else None,
        items=items,
        next=Place(shown[-1].created_at, shown[-1].id) if has_more else None,
    )


def _first(order: Order) -> tuple[ColumnElement[Any], ...]:
    newest = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
    if order == Order.NEWEST:
        return newest
    anger = case((FeedbackRow.emotion == Emotion.ANGER.value, FeedbackRow.emotion_confidence), else_=0.0)
    return (anger.desc(), FeedbackRow.p_negative.desc(), *newest)


def _conditions(
    selection: Selection, span: Span, unit: Unit, *, with_copies: bool
) -> list[ColumnElement[bool]]:
    conditions = message_conditions(selection, span, with_copies=with_copies)
    if unit == Unit.MESSAGES:
        conditions += sentiment_of_message(selection)
    if of_mention := mention_conditions(selection, unit):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return conditions


def _older(after: Place | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    same_moment = and_(FeedbackRow.created_at == after.created_at, FeedbackRow.id < after.id)
    return or_(FeedbackRow.created_at < after.created_at, same_moment)


def _newest(columns: Columns, messages: Ints, n: int, after: Place | None) -> list[int]:
    """The numbers of the newest of some messages, which are given by their places, in order."""
    if after is not None:
        moment = microseconds([after.created_at])
        first, end = (int(np.searchsorted(columns.at_us, moment, side)[0]) for side in ("left", "right"))
        first += int(np.searchsorted(columns.id[first:end], after.id))
        messages = messages[: np.searchsorted(messages, first)]
    newest: list[int] = columns.id[messages[-n:]].tolist()
    return newest


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
