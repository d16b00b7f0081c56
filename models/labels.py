"""What the language model can say about a message: the labels of the taxonomy, Prediction and Mention.

The order of each enum is the order of the classifier's outputs and is stored in the weights' manifest;
append, never reorder. Persian display names live in ``config/journey.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter


class Sentiment(StrEnum):
    """How the customer feels. ``MIXED`` is said of whole messages only, never of a mention."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    MIXED = "mixed"


MENTION_SENTIMENTS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


class Stage(StrEnum):
    """Where in the customer journey a mention belongs."""

    AWARENESS = "awareness"
    CONSIDERATION = "consideration"
    PURCHASE = "purchase"
    DELIVERY = "delivery"
    USE = "use"
    SUPPORT = "support"
    LOYALTY = "loyalty"
    NONE = "none"


class Intent(StrEnum):
    """Why the customer wrote a mention."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    REQUEST = "request"
    SUGGESTION = "suggestion"
    PURCHASE_INTENT = "purchase_intent"
    CHURN = "churn"
    RECOMMEND = "recommend"
    OTHER = "other"


class Aspect(StrEnum):
    """Which part of the offer a mention is about."""

    PRODUCT = "product"
    SERVICE = "service"
    PRICE = "price"
    PROMOTION = "promotion"
    AVAILABILITY = "availability"
    PAYMENT = "payment"
    DELIVERY = "delivery"
    PACKAGING = "packaging"
    ACCURACY = "accuracy"
    RETURNS = "returns"
    STAFF = "staff"
    SUPPORT = "support"
    APP = "app"
    ACCOUNT = "account"
    AUTHENTICITY = "authenticity"
    GENERAL = "general"


class Emotion(StrEnum):
    """The one emotion of a message."""

    ANGER = "anger"
    DISAPPOINTMENT = "disappointment"
    WORRY = "worry"
    JOY = "joy"
    SURPRISE = "surprise"
    NONE = "none"


class Flag(StrEnum):
    """What else is true of a message; any number at once."""

    URGENT = "urgent"
    EFFORT = "effort"
    SARCASM = "sarcasm"
    SPAM = "spam"
    FINGLISH = "finglish"


@dataclass(frozen=True, slots=True)
class Mention:
    """One clause of a message that says one thing.

    ``start`` and ``end`` count Unicode code points of the text that was classified, so that
    ``text == message[start:end]`` always holds. Confidences are calibrated probabilities in [0, 1].
    """

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

    def __reduce__(self) -> tuple[object, ...]:
        """How to make it anew in another process; what Python does by itself takes seven times as long."""
        return Mention, _of_mention(self)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one message.

    ``sentiment_probabilities`` has all four sentiments and sums to 1. A text without a letter or an
    emoji has no mentions, is neutral and has no emotion.
    """

    sentiment: Sentiment
    sentiment_probabilities: dict[Sentiment, float]
    emotion: Emotion
    emotion_confidence: float
    flags: tuple[Flag, ...]
    mentions: tuple[Mention, ...]
    model_version: str

    def __reduce__(self) -> tuple[object, ...]:
        """As of ``Mention``."""
        return Prediction, _of_prediction(self)


_of_mention = attrgetter(*Mention.__slots__)
_of_prediction = attrgetter(*Prediction.__slots__)
