"""The heads of the network and the labels each chooses from, in the order of its outputs."""

from __future__ import annotations

from enum import StrEnum

from models.labels import MENTION_SENTIMENTS, Aspect, Emotion, Flag, Intent, Sentiment, Stage

MENTION_HEADS: dict[str, tuple[StrEnum, ...]] = {
    "stage": tuple(Stage),
    "intent": tuple(Intent),
    "aspect": tuple(Aspect),
    "mention_sentiment": MENTION_SENTIMENTS,
}
MESSAGE_HEADS: dict[str, tuple[StrEnum, ...]] = {
    "sentiment": tuple(Sentiment),
    "emotion": tuple(Emotion),
    "flags": tuple(Flag),
}
HEADS = {**MENTION_HEADS, **MESSAGE_HEADS}
EXCLUSIVE_HEADS = tuple(name for name in HEADS if name != "flags")
MAX_TOKENS = 256
