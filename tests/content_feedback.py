"""What customers say, in few words: messages with their customers, and clauses with what the model says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.labels import Aspect, Emotion, Intent, Sentiment, Stage
from pipeline.store import Store
from tests.api_feedback import NOW, november
from tests.builders import clean_feedback, mention, prediction

NOON_OF_18TH = november(18)


@dataclass(frozen=True)
class Clause:
    """A part of a message and its labels."""

    text: str
    stage: Stage = Stage.USE
    intent: Intent = Intent.OTHER
    aspect: Aspect = Aspect.PRODUCT
    sentiment: Sentiment = Sentiment.NEUTRAL


@dataclass(frozen=True)
class Message:
    """Clauses one after the other, parted by a full stop; every message is of a customer of its own."""

    clauses: tuple[Clause, ...]
    at: datetime = NOON_OF_18TH
    customer: str | None = None
    brand: str | None = None
    emotion: Emotion = Emotion.NONE
    at_arrival: bool = False


def message(*clauses: Clause | str, **values: object) -> Message:
    """Return a message; a plain text is a clause about the product in use."""
    parts = tuple(Clause(one) if isinstance(one, str) else one for one in clauses)
    return Message(parts, **values)  # type: ignore[arg-type]


def tell(store: Store, messages: Sequence[Message]) -> None:
    """All that was said is stored and classified."""
    items = [
        clean_feedback(
            str(number),
            text=". ".join(clause.text for clause in one.clauses),
            created_at=None if one.at_arrival else one.at,
            customer_key=one.customer,
            brand=one.brand,
        )
        for number, one in enumerate(messages)
    ]
    store.save_page("shop", "table_file", items, [], None, now=NOW)
    claimed = store.claim_pending("test", limit=10_000, lease_s=60, now=NOW)
    judged = [(pending, _judged(one)) for pending, one in zip(claimed, messages, strict=True)]
    store.save_predictions(judged, worker="test", touchpoint_stages={}, now=NOW)


def _judged(one: Message) -> object:
    mentions, start = [], 0
    for clause in one.clauses:
        labels = {name: getattr(clause, name) for name in ("stage", "intent", "aspect", "sentiment")}
        mentions.append(mention(**labels, text=clause.text, start=start))
        start += len(clause.text) + 2
    return prediction(*mentions, sentiment=Sentiment.NEUTRAL, emotion=one.emotion)
