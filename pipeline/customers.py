"""Customers of a selection: who said most, most that is negative, or over most channels. They are keys, never names."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, and_, exists, func, select

from models.labels import MENTION_SENTIMENTS, Sentiment
from pipeline.aggregate_counts import Counts
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.remembering import remembered
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow

MAX_CUSTOMERS = 1_000
N_AT_ONCE = 500


class Order(StrEnum):
    """By what customers are listed, the most first."""

    MESSAGES = "messages"
    NEGATIVE = "negative"
    CHANNELS = "channels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of a selection: messages and mentions of it that are theirs."""

    key: str
    n_messages: int
    n_channels: int
    counts: Counts
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Customers:
    """The first of the customers who have a mention or, without filters of mentions, a message in a selection."""

    n_customers: int
    items: tuple[Customer, ...]


@remembered
def find_customers(
    engine: Engine, selection: Selection, *, zone: ZoneInfo, order: Order = Order.MESSAGES, limit: int = 50
) -> Customers:
    """Return the customers of a selection with the most messages, negative mentions or channels.

    Of as many channels those come first who said more. Copies and spam are left out as in every count; messages of nobody knows whom are no customer's.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        limit: Most customers that are given, from 1 to 1,000.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        messages = _count_messages(connection, selection, span)
        ranks = messages if order == Order.MESSAGES else _RANKS[order](connection, selection, span)
        ties: Counter[str] = messages if order == Order.CHANNELS else Counter()
        keys = heapq.nsmallest(limit, messages, key=lambda key: (-ranks[key], -ties[key], key))
        found = _read_customers(connection, selection, span, keys)
    return Customers(
        len(messages),
        tuple(
            Customer(
                key=row["key"],
                n_messages=row["n_messages"],
                n_channels=row["n_channels"],
                counts=Counts(*(row[one.value] for one in MENTION_SENTIMENTS)),
                first_at=row["first_at"].astimezone(zone),
                last_at=row["last_at"].astimezone(zone),
            )
            for row in map(found.__getitem__, keys)
        ),
    )


def _count_messages(connection: Connection, selection: Selection, span: Span) -> Counter[str]:
    """How many of the messages are whose: a table of hashes, which is faster than the data base's sorting."""
    return _count(connection, _messages_of(connection, selection, span))


def _count_channels(connection: Connection, selection: Selection, span: Span) -> Counter[str]:
    wanted = _messages_of(connection, selection, span).add_columns(FeedbackRow.channel).distinct()
    return _count(connection, wanted)


def _messages_of(connection: Connection, selection: Selection, span: Span) -> Select[Any]:
    wanted: Select[Any] = select(FeedbackRow.customer_key).where(*_conditions(connection, selection, span))
    if of_mention := mention_conditions(selection):
        wanted = wanted.where(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return wanted


def _count_negative(connection: Connection, selection: Selection, span: Span) -> Counter[str]:
    wanted = (
        select(FeedbackRow.customer_key)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*_conditions(connection, selection, span), *mention_conditions(selection))
        .where(MentionRow.sentiment == Sentiment.NEGATIVE.value)
    )
    return _count(connection, wanted)


_RANKS: Mapping[Order, Callable[[Connection, Selection, Span], Counter[str]]] = {
    Order.NEGATIVE: _count_negative,
    Order.CHANNELS: _count_channels,
}


def _count(connection: Connection, wanted: Select[Any]) -> Counter[str]:
    counter: Counter[str] = Counter()
    # In small parts, so that no row lives long enough for the garbage collector to look for more of them.
    for part in connection.scalars(wanted).partitions(N_AT_ONCE):
        counter.update(map(str, part))
    return counter


def _conditions(connection: Connection, selection: Selection, span: Span) -> list[ColumnElement[bool]]:
    of_message = message_conditions(selection, span, connection=connection)
    return [*of_message, FeedbackRow.customer_key.is_not(None)]


def _read_customers(
    connection: Connection, selection: Selection, span: Span, keys: Sequence[str]
) -> Mapping[str, RowMapping]:
    of_mention = mention_conditions(selection)
    joined = and_(MentionRow.feedback_id == FeedbackRow.id, *of_mention)
    judged = [
        func.count().filter(MentionRow.sentiment == one.value).label(one.value) for one in MENTION_SENTIMENTS
    ]
    each = (
        select(
            FeedbackRow.customer_key.label("key"),
            func.count(FeedbackRow.id.distinct()).label("n_messages"),
            func.count(FeedbackRow.channel.distinct()).label("n_channels"),
            *judged,
            func.min(FeedbackRow.created_at).label("first_at"),
            func.max(FeedbackRow.created_at).label("last_at"),
        )
        .select_from(FeedbackRow)
        .join(MentionRow, joined, isouter=not of_mention)
        .where(*_conditions(connection, selection, span), FeedbackRow.customer_key.in_(keys))
        .group_by(FeedbackRow.customer_key)
    )
    return {row["key"]: row for row in connection.execute(each).mappings()}
