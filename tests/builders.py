"""Messages and predictions as tests need them: everything has a value, only what matters is said."""

from __future__ import annotations

from datetime import UTC, datetime

from models.labels import Aspect, Emotion, Flag, Intent, Mention, Prediction, Sentiment, Stage
from pipeline.records import Channel, CleanFeedback

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def clean_feedback(native_id: str = "1", **values: object) -> CleanFeedback:
    """Return a message of the source ``shop``; ``values`` replace single fields."""
    fields: dict[str, object] = {
        "source": "shop",
        "native_id": native_id,
        "text": "بسته دیر رسید",
        "created_at": NOON,
        "channel": Channel.REVIEW,
        "replies": (),
        "attributes": {},
    }
    for name in CleanFeedback.__dataclass_fields__:
        fields.setdefault(name, None)
    return CleanFeedback(**(fields | values))  # type: ignore[arg-type]


def mention(
    *,
    stage: Stage = Stage.DELIVERY,
    intent: Intent = Intent.COMPLAINT,
    aspect: Aspect = Aspect.DELIVERY,
    sentiment: Sentiment = Sentiment.NEGATIVE,
    text: str = "بسته دیر رسید",
    start: int = 0,
) -> Mention:
    """Return a mention of which the model is sure to 0.9."""
    return Mention(start, start + len(text), text, stage, intent, aspect, sentiment, 0.9, 0.9, 0.9, 0.9)


def prediction(
    *mentions: Mention,
    sentiment: Sentiment = Sentiment.NEGATIVE,
    emotion: Emotion = Emotion.ANGER,
    flags: tuple[Flag, ...] = (),
    model_version: str = "v1",
) -> Prediction:
    """Return what the model says of a message, whose sentiment has 0.7 and the others 0.1 each."""
    probabilities = dict.fromkeys(Sentiment, 0.1) | {sentiment: 0.7}
    return Prediction(sentiment, probabilities, emotion, 0.8, flags, mentions, model_version)
