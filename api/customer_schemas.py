"""The shapes of the answers about customers: keys only, and the way of one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from api.feedback_schemas import RatingOut
from api.schemas import Figure, Out, count_fields, figure_fields
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregate_basis import net_of
from pipeline.customers import Customer, Customers
from pipeline.intervals import MIN_N
from pipeline.records import Channel
from pipeline.ways import StageOfWay, Step, Way


class CustomerOut(Out):
    """One customer of a selection."""

    customer_key: str
    n_messages: int
    n_channels: int
    n: int = Field(description="Mentions.")
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=f"Fewer than {MIN_N} mentions: no net sentiment is told.")
    net_sentiment: Figure = Field(description="With the interval of Agresti and Min (2005).")
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, customer: Customer) -> Self:
        """Return the shape of a customer."""
        return cls(
            customer_key=customer.key,
            n_messages=customer.n_messages,
            n_channels=customer.n_channels,
            **count_fields(customer.counts),
            too_few=customer.counts.n < MIN_N,
            **figure_fields("net_sentiment", net_of(customer.counts), customer.counts.n),
            first_at=customer.first_at,
            last_at=customer.last_at,
        )


class CustomersOut(Out):
    """Customers of a selection; ``n_customers`` counts also those beyond ``limit``."""

    n_customers: int
    customers: list[CustomerOut]

    @classmethod
    def of(cls, found: Customers) -> Self:
        """Return the shape of the list."""
        return cls(n_customers=found.n_customers, customers=[CustomerOut.of(one) for one in found.items])


class StepMentionOut(Out):
    """A mention; ``start`` and ``end`` count Unicode code points."""

    mention_id: str = Field(examples=["0-13"])
    start: int
    end: int
    text: str
    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment
    corrected: bool


class StepOut(Out):
    """One message; its labels are null where it has no words or waits to be classified."""

    id: int
    created_at: datetime
    gap_s: int | None = Field(description="Seconds since the message before; null for the first.")
    channel: Channel
    source: str
    native_id: str
    conversation_id: str | None
    text: str
    brand: str | None
    product: str | None
    segment: str | None
    touchpoint: str | None
    queue: str | None
    status: str | None
    permalink: str | None
    rating: RatingOut | None
    nps: int | None
    csat: Figure
    ces: Figure
    n_replies: int
    sentiment: Sentiment | None
    emotion: Emotion | None
    flags: list[Flag]
    net_sentiment: Figure = Field(description="Of its own mentions: all of them, so it has no interval.")
    mentions: list[StepMentionOut]

    @classmethod
    def of(cls, step: Step) -> Self:
        """Return the shape of a step."""
        gap = None if step.gap is None else int(step.gap.total_seconds())
        given = {
            name: getattr(step, name)
            for name in cls.model_fields
            if name not in {"gap_s", "rating", "mentions"}
        }
        return cls(
            **given,
            gap_s=gap,
            rating=None
            if step.rating is None
            else RatingOut.model_validate(step.rating, from_attributes=True),
            mentions=[StepMentionOut.model_validate(one, from_attributes=True) for one in step.mentions],
        )


class StageOfWayOut(Out):
    """What the customer says of one stage in all messages, and when that began and ended."""

    stage: Stage
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, one: StageOfWay) -> Self:
        """Return the shape of a stage."""
        return cls(stage=one.stage, **count_fields(one.counts), first_at=one.first_at, last_at=one.last_at)


class WayOut(Out):
    """A page of one customer's messages, oldest first; ``next`` is the cursor of the following page.

    All but ``steps`` and ``next`` tells of all messages. Spam and copies are among them.
    """

    customer_key: str
    n_messages: int
    first_at: datetime
    last_at: datetime
    channels: list[Channel] = Field(description="In the order in which they were first used.")
    stages: list[StageOfWayOut] = Field(description="In the order of the journey.")
    next: str | None
    steps: list[StepOut]

    @classmethod
    def of(cls, way: Way, *, cursor: str | None) -> Self:
        """Return the shape of a way."""
        return cls(
            customer_key=way.key,
            n_messages=way.n_messages,
            first_at=way.first_at,
            last_at=way.last_at,
            channels=list(way.channels),
            stages=[StageOfWayOut.of(one) for one in way.stages],
            next=cursor,
            steps=[StepOut.of(one) for one in way.steps],
        )
