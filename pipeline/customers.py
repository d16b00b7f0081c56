"""Customers of a selection: who said most, or most that is negative. They are keys, never names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, UnaryExpression, and_, desc, func, select

from models.labels import MENTION_SENTIMENTS, Sentiment
from pipeline.aggregate_counts import Counts, mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.selection import Selection, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow

MAX_CUSTOMERS = 1_000


class Order(StrEnum):
    """By what customers are listed, the most first."""

    MESSAGES = "messages"
    NEGATIVE = "negative"


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


def find_customers(
    engine: Engine, selection: Selection, *, zone: ZoneInfo, order: Order = Order.MESSAGES, limit: int = 50
) -> Customers:
    """Return the customers of a selection with the most messages or the most negative mentions.

    Copies and spam are left out as in every count; messages of nobody knows whom are no customer's.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        limit: Most customers that are given, from 1 to 1,000.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
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
            func.count().over().label("n_customers"),
        )
        .select_from(FeedbackRow)
        .join(MentionRow, joined, isouter=not of_mention)
        .where(
            *message_conditions(selection, span_of(selection, zone)), FeedbackRow.customer_key.is_not(None)
        )
        .group_by(FeedbackRow.customer_key)
    )
    most: UnaryExpression[Any] = desc("n_messages" if order == Order.MESSAGES else Sentiment.NEGATIVE.value)
    with reading(engine) as connection:
        first = each.order_by(most, FeedbackRow.customer_key).limit(limit)
        found = connection.execute(first).mappings().all()
    return Customers(
        found[0]["n_customers"] if found else 0,
        tuple(
            Customer(
                key=row["key"],
                n_messages=row["n_messages"],
                n_channels=row["n_channels"],
                counts=Counts(*(row[one.value] for one in MENTION_SENTIMENTS)),
                first_at=row["first_at"].astimezone(zone),
                last_at=row["last_at"].astimezone(zone),
            )
            for row in found
        ),
    )
