"""The shapes of ``POST /v1/analyze``: texts that come, and what the model says of them."""

from __future__ import annotations

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas import Out
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.levels import Level

LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class TextIn(BaseModel):
    """A text with an identifier that comes back with its answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | int
    text: str


class AnalyzeIn(BaseModel):
    """What is to be analysed: exactly one of the three. Texts without an id are numbered from 1."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "غذا عالی بود ولی پیک دیر رسید"},
                {"texts": ["کیفیتش عالی بود، ممنون", "لطفا پولم رو برگردونید"]},
                {"items": [{"id": "ticket-17", "text": "دیگه ازتون خرید نمی‌کنم"}]},
            ]
        },
    )

    text: str | None = None
    texts: list[str] | None = None
    items: list[TextIn] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(one is not None for one in (self.text, self.texts, self.items)) != 1:
            raise ValueError("give exactly one of text, texts and items")
        return self

    def pairs(self) -> list[tuple[str, str]]:
        """Return identifiers and texts; a lone surrogate, which UTF-8 cannot hold, became U+FFFD."""
        if self.items is not None:
            pairs = [(str(item.id), item.text) for item in self.items]
        else:
            texts = self.texts if self.texts is not None else [self.text or ""]
            pairs = [(str(number), text) for number, text in enumerate(texts, start=1)]
        return [
            (LONE_SURROGATE.sub("\ufffd", id_), LONE_SURROGATE.sub("\ufffd", text)) for id_, text in pairs
        ]


_LEVELS = (
    "How far to believe each label. In cross-validation at least 90 % of the labels called high were right, "
    "and at least 70 % of those called medium or high."
)


class MentionOut(Out):
    """One clause that says one thing; ``start`` and ``end`` count Unicode code points of the text given."""

    id: str = Field(examples=["1.0"])
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
    levels: dict[str, Level] = Field(description=_LEVELS, examples=[{"stage": "high", "aspect": "medium"}])


class AnalysisOut(Out):
    """What the model says of one text."""

    id: str = Field(examples=["1"])
    text: str
    sentiment: Sentiment
    sentiment_probabilities: dict[Sentiment, float]
    emotion: Emotion
    emotion_confidence: float
    flags: list[Flag]
    mentions: list[MentionOut]
    model_version: str
    levels: dict[str, Level] = Field(description=_LEVELS, examples=[{"sentiment": "high", "emotion": "low"}])


class AnalyzeOut(Out):
    """One answer for each text, in order."""

    results: list[AnalysisOut]
