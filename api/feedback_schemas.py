"""The shapes of stored messages and their mentions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.schemas import Out
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregate_feedback import FeedbackPage
from pipeline.found_feedback import FoundFeedback
from pipeline.records import Channel


class StoredMentionOut(Out):
    """A mention; ``start`` and ``end`` count Unicode code points. ``matches``: it is what was asked for.

    ``mention_id`` and ``etag`` are what it takes to correct it. ``corrected``: a person chose its labels.
    """

    id: int
    mention_id: str = Field(examples=["0-13"])
    etag: str = Field(examples=['"2f0c9d4be2d4a1f6c0f65c1f4a6f37e1"'])
    start: int
    end: int
    text: str
    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment
    stage_confidence: float
    intent_confidence: float
    aspect_confidence: float
    sentiment_confidence: float
    stage_from_touchpoint: bool
    corrected: bool
    matches: bool


class RatingOut(Out):
    """A score with the ends of its scale."""

    value: float
    lowest: float
    highest: float


class MessageOut(Out):
    """A message with all that was said of it; ``n_copies`` more carry the same text."""

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
    rating: RatingOut | None
    sentiment: Sentiment
    sentiment_probabilities: dict[Sentiment, float]
    emotion: Emotion
    emotion_confidence: float
    flags: list[Flag]
    model_version: str
    n_copies: int
    mentions: list[StoredMentionOut]

    @classmethod
    def of(cls, message: FoundFeedback) -> Self:
        """Return the shape of a message."""
        return cls.model_validate(message, from_attributes=True)


class FeedbackOut(Out):
    """A page of messages, newest first; ``next`` is the cursor of the following page, ``null`` at the end.

    ``n`` counts all messages of the question; only the first page says it. ``n_angry``, with ``order=angriest``: the
    first so many of ``items`` are angry rather than not, the others are not; ``null`` in the other order.
    """

    from_: datetime = Field(alias="from")
    to: datetime
    n: int | None
    n_angry: int | None
    data_from: datetime | None
    data_to: datetime | None
    next: str | None
    items: list[MessageOut]

    @classmethod
    def of(cls, page: FeedbackPage, *, cursor: str | None) -> Self:
        """Return the shape of a page."""
        period: dict[str, Any] = {"from_": page.from_, "to": page.to}
        return cls(
            **period,
            n=page.n,
            n_angry=page.n_angry,
            data_from=page.data_from,
            data_to=page.data_to,
            next=cursor,
            items=[MessageOut.of(message) for message in page.items],
        )
