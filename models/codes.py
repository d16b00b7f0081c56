"""The short codes of labels, in which conversations and further annotations are written.

>>> decode_clause("de.com.del.n")[0]
<Stage.DELIVERY: 'delivery'>
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage

Label = TypeVar("Label")
_SENTIMENTS = dict(zip("nupm", Sentiment, strict=True))
_EMOTIONS = dict(zip(("an", "di", "wo", "jo", "su", "no"), Emotion, strict=True))
_FLAGS = dict(zip("uesxf", Flag, strict=True))
_STAGES = dict(zip(["aw", "co", "pu", "de", "us", "su", "lo", "no"], Stage, strict=True))
_INTENTS = dict(zip(["com", "pra", "que", "req", "sug", "pin", "chu", "rec", "oth"], Intent, strict=True))
_ASPECTS = dict(
    zip(
        [
            "pro",
            "ser",
            "pri",
            "prm",
            "ava",
            "pay",
            "del",
            "pac",
            "acc",
            "ret",
            "sta",
            "sup",
            "app",
            "act",
            "aut",
            "gen",
        ],
        Aspect,
        strict=True,
    )
)


def decode_clause(code: str) -> tuple[Stage, Intent, Aspect, Sentiment]:
    """Returns the labels of a clause written as ``stage.intent.aspect.sentiment``.

    Raises:
        ValueError: The code has not four parts, or one of them is unknown; it is named.
    """
    parts = code.split(".")
    if len(parts) != 4:
        raise ValueError(f"code {code!r} has {len(parts)} parts, expected stage.intent.aspect.sentiment")
    stage, intent, aspect, sentiment = parts
    try:
        return _STAGES[stage], _INTENTS[intent], _ASPECTS[aspect], _SENTIMENTS[sentiment]
    except KeyError as error:
        raise ValueError(f"code {code!r}: {error} is no label") from error


def decode_message(sentiment: str, emotion: str, flags: str) -> tuple[Sentiment, Emotion, frozenset[Flag]]:
    """Returns the labels of a message; ``flags`` holds a letter for each, others are passed over.

    Raises:
        ValueError: The sentiment or emotion is unknown.
    """
    try:
        found = frozenset(_FLAGS[letter] for letter in flags if letter in _FLAGS)
        return _SENTIMENTS[sentiment], _EMOTIONS[emotion], found
    except KeyError as error:
        raise ValueError(f"codes {sentiment!r} {emotion!r}: {error} is no label") from error


def encode_clause(stage: Stage, intent: Intent, aspect: Aspect, sentiment: Sentiment) -> str:
    """Returns the code of a clause's labels.

    >>> encode_clause(Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, Sentiment.NEGATIVE)
    'de.com.del.n'
    """
    codes = (
        _code_of(_STAGES, stage),
        _code_of(_INTENTS, intent),
        _code_of(_ASPECTS, aspect),
        _code_of(_SENTIMENTS, sentiment),
    )
    return ".".join(codes)


def encode_message(sentiment: Sentiment, emotion: Emotion, flags: Collection[Flag]) -> tuple[str, str, str]:
    """Returns the codes of a message's labels.

    >>> encode_message(Sentiment.MIXED, Emotion.NONE, [Flag.FINGLISH, Flag.URGENT])
    ('m', 'no', 'uf')
    """
    found = "".join(letter for letter, flag in _FLAGS.items() if flag in flags)
    return _code_of(_SENTIMENTS, sentiment), _code_of(_EMOTIONS, emotion), found


def _code_of(codes: Mapping[str, Label], wanted: Label) -> str:
    return next(code for code, label in codes.items() if label == wanted)
