"""A small store of feedback whose sums can be counted by hand, and a random one with a plain recount."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.labels import (
    MENTION_SENTIMENTS,
    Aspect,
    Emotion,
    Flag,
    Intent,
    Mention,
    Prediction,
    Sentiment,
    Stage,
)
from pipeline.records import Channel, Rating
from pipeline.selection import Dimension, Selection, Unit
from pipeline.store import Store
from tests.builders import clean_feedback, mention, prediction

TEHRAN = ZoneInfo("Asia/Tehran")
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """A message and what the model says of it; ``group`` is equal for copies."""

    at: datetime
    says: Prediction
    text: str = "بسته دیر رسید"
    source: str = "shop"
    channel: Channel = Channel.REVIEW
    brand: str | None = None
    product: str | None = None
    segment: str | None = None
    group: str | None = None
    rating: Rating | None = None
    status: str | None = None


LATE = mention()
KIND = mention(stage=Stage.SUPPORT, intent=Intent.PRAISE, aspect=Aspect.STAFF, sentiment=Sentiment.POSITIVE)
ASKED = mention(
    stage=Stage.DELIVERY, intent=Intent.QUESTION, aspect=Aspect.PRICE, sentiment=Sentiment.NEUTRAL
)
THANKED = mention(stage=Stage.DELIVERY, intent=Intent.PRAISE, sentiment=Sentiment.POSITIVE)


def november(day: int, hour: int = 12) -> datetime:
    """Return an hour of a day of November 2026 in Tehran."""
    return datetime(2026, 11, day, hour, tzinfo=TEHRAN).astimezone(UTC)


# Mentions by day: 16th one negative; 18th one negative, one neutral; 20th two positive, one negative.
# The copy of the 19th and the spam of the 20th are not among them.
SMALL = (
    Said(november(16), prediction(LATE), brand="نیک‌سبد", text="پيك دير كرد"),
    Said(november(18, 0), prediction(LATE, ASKED, emotion=Emotion.WORRY, flags=(Flag.URGENT,)), group="g", product="کیف"),
    Said(november(19), prediction(LATE, emotion=Emotion.WORRY), group="g", source="talk", channel=Channel.CHAT),
    Said(november(20, 8), prediction(KIND, sentiment=Sentiment.POSITIVE, emotion=Emotion.JOY), channel=Channel.TICKET),
    Said(november(20, 9), prediction(THANKED, LATE, sentiment=Sentiment.MIXED, emotion=Emotion.NONE), segment="vip",
         rating=Rating(2, 1, 5)),
    Said(november(20, 23), prediction(LATE, flags=(Flag.SPAM,)), source="talk", channel=Channel.CHAT),
)  # fmt: skip


def fill(store: Store, said: Sequence[Said], *, now: datetime = NOW) -> None:
    """Everything that was said is stored and classified, with native ids 1, 2, 3 …"""
    for source in sorted({one.source for one in said}):
        items = [
            clean_feedback(
                str(number),
                source=source,
                text=one.text,
                created_at=one.at,
                channel=one.channel,
                brand=one.brand,
                product=one.product,
                segment=one.segment,
                group_key=one.group,
                rating=one.rating,
                status=one.status,
            )
            for number, one in enumerate(said, start=1)
            if one.source == source
        ]
        store.save_page(source, "table_file", items, [], None, now=now)
    classify(store, said, now=now)


def classify(store: Store, said: Sequence[Said], *, now: datetime = NOW) -> None:
    """The stored messages have the labels that are given, in the order in which they were said."""
    claimed = store.claim_pending("test", limit=10_000, lease_s=60, now=now)
    native_ids = [int(number) for source in sorted({one.source for one in said})
                  for number, one in enumerate(said, start=1) if one.source == source]  # fmt: skip
    pairs = [(pending, said[number - 1].says) for pending, number in zip(claimed, native_ids, strict=True)]
    store.save_predictions(pairs, worker="test", touchpoint_stages={}, now=now)


def random_said(n: int, seed: int) -> tuple[Said, ...]:
    """Return messages of forty days with random labels, some of them spam, some copies."""
    dice = random.Random(seed)

    def one_mention(start: int) -> Mention:
        return mention(
            stage=dice.choice(list(Stage)[:3]),
            intent=dice.choice(list(Intent)[:3]),
            aspect=dice.choice(list(Aspect)[:3]),
            sentiment=dice.choice(MENTION_SENTIMENTS),
            start=start,
        )

    return tuple(
        Said(
            datetime(2026, 10, 10, tzinfo=UTC) + timedelta(minutes=dice.randrange(40 * 24 * 60)),
            prediction(
                *(one_mention(0) for _ in range(dice.randrange(4))),
                sentiment=dice.choice(list(Sentiment)),
                emotion=dice.choice(list(Emotion)[:3]),
                flags=tuple(flag for flag in Flag if dice.random() < 0.2),
                model_version=dice.choice(["v1", "v2"]),
            ),
            source="shop",
            channel=dice.choice([Channel.CHAT, Channel.REVIEW]),
            brand=dice.choice([None, "الف", "ب"]),
            product=dice.choice([None, "کیف", "کفش"]),
            segment=dice.choice([None, "vip"]),
            group=dice.choice([None] * 9 + ["g1", "g2"]),
        )
        for _ in range(n)
    )


@dataclass(frozen=True)
class Fact:
    """One mention, or one message where these are counted, with everything that it can be counted by."""

    day: date
    at: datetime
    labels: dict[str, str]


def facts(said: Sequence[Said], selection: Selection, unit: Unit) -> Iterator[Fact]:
    """Yield what a selection counts, found by looking at each message: the plain recount."""
    groups: set[str] = set()
    for one in said:
        if one.group in groups:
            continue
        if one.group:
            groups.add(one.group)
        of_message = {
            "source": one.source,
            "channel": one.channel.value,
            "brand": one.brand or "",
            "product": one.product or "",
            "segment": one.segment or "",
            "emotion": one.says.emotion.value,
            "sentiment": one.says.sentiment.value,
        }
        for labels in _units(one.says, of_message, unit):
            if _passes(one, labels, selection):
                yield Fact(one.at.astimezone(TEHRAN).date(), one.at, labels)


def _units(says: Prediction, of_message: dict[str, str], unit: Unit) -> list[dict[str, str]]:
    if unit == Unit.MESSAGES:
        return [of_message]
    return [
        of_message | {name: getattr(one, name).value for name in ("stage", "intent", "aspect", "sentiment")}
        for one in says.mentions
    ]


def _passes(one: Said, labels: dict[str, str], selection: Selection) -> bool:
    start, end = (
        moment
        if isinstance(moment, datetime)
        else datetime(moment.year, moment.month, moment.day, tzinfo=TEHRAN)
        for moment in (selection.from_, selection.to)
    )
    if not start <= one.at < end:
        return False
    if Flag.SPAM in one.says.flags and Flag.SPAM not in selection.flag:
        return False
    if selection.flag and not set(selection.flag) & set(one.says.flags):
        return False
    names = (
        "source",
        "channel",
        "brand",
        "product",
        "segment",
        "stage",
        "intent",
        "aspect",
        "sentiment",
        "emotion",
    )
    return all(labels.get(name) in getattr(selection, name) for name in names if getattr(selection, name))


def tally(found: Sequence[Fact], by: Sequence[Dimension]) -> Counter[tuple[str | None, ...]]:
    """Return how often each combination occurs, a missing brand or product as ``None``."""
    return Counter(tuple(fact.labels[one.value] or None for one in by) for fact in found)
