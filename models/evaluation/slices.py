"""Cuts the held-out messages into slices: by source, channel, length, and by what is hard about the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from models.corpora import LabelledMessage
from models.evaluation.judge import HeadScores, Judged
from models.evaluation.records import Slice
from models.heads import EXCLUSIVE_HEADS, HEADS
from models.labels import Flag, Sentiment
from models.metrics import Resampling, score

MIN_SLICE_SUPPORT = 5
LENGTHS = ((1, 20), (21, 60), (61, 150))
_MIN_WORDS = 5
_NEGATION = re.compile(
    r"(?<![\w\u200c])(?:"
    r"ن(?:می|مي)\u200c?\w+|نبود\w*|نیست\w*|نداشت\w*|ندار\w*|نشد\w*|نکرد\w*|نرسید\w*|نداد\w*"
    r"|هیچ\w*|بدون|بی|نه|na(?:bood|bud)\w*|nist\w*|nadasht\w*|nadar\w*|nemi\w+|hich\w*|bedoone?"
    r")(?![\w])"
)
_JOINED = str.maketrans("يك", "یک")


def length_name(message: LabelledMessage) -> str:
    """Returns which of the four lengths a message has, in characters."""
    n_chars = len(message.text)
    return next((f"{low}–{high}" for low, high in LENGTHS if n_chars <= high), f"> {LENGTHS[-1][1]}")


def has_negation(message: LabelledMessage) -> bool:
    """Returns whether a negated verb or a negating word is in the message."""
    return _NEGATION.search(message.text.translate(_JOINED).lower()) is not None


def lacks_punctuation(message: LabelledMessage) -> bool:
    """Returns whether the message has at least five words and neither a punctuation mark nor a line end."""
    marked = any(char == "\n" or unicodedata.category(char).startswith("P") for char in message.text)
    return not marked and len(message.text.split()) >= _MIN_WORDS


CUTS: dict[str, Callable[[LabelledMessage], str]] = {
    "source": lambda message: message.source,
    "channel": lambda message: message.channel,
    "length": length_name,
}
HARD: dict[str, Callable[[LabelledMessage], bool]] = {
    "Finglish": lambda message: Flag.FINGLISH in (message.flags or ()),
    "sarcasm": lambda message: Flag.SARCASM in (message.flags or ()),
    "no punctuation": lacks_punctuation,
    "negation": has_negation,
    "mixed": lambda message: message.sentiment is Sentiment.MIXED,
}


def slice_members(messages: Sequence[LabelledMessage]) -> dict[tuple[str, str], list[int]]:
    """Returns the numbers of the messages in each slice that holds any, by kind and name of the slice."""
    members: dict[tuple[str, str], list[int]] = {}
    for number, message in enumerate(messages):
        names = [(kind, name_of(message)) for kind, name_of in CUTS.items()]
        names += [("text", name) for name, belongs in HARD.items() if belongs(message)]
        for kind, name in names:
            if name:
                members.setdefault((kind, name), []).append(number)
    kinds = [*CUTS, "text"]
    return {key: members[key] for key in sorted(members, key=lambda key: (kinds.index(key[0]), key[1]))}


def measure_slices(judged: Judged) -> list[Slice]:
    """Returns how the model does on each slice of the held-out messages that holds any."""
    heads = {name: judged.head(name) for name in EXCLUSIVE_HEADS}
    return [
        measure_slice(heads, kind, name, numbers)
        for (kind, name), numbers in slice_members(judged.messages).items()
    ]


def measure_slice(heads: dict[str, HeadScores], kind: str, name: str, messages: Sequence[int]) -> Slice:
    """Returns how each head does on some messages.

    Args:
        heads: What each of ``EXCLUSIVE_HEADS`` said of all messages.
        kind: What the slice is cut by.
        name: Its name.
        messages: The numbers of its messages.
    """
    samples = Resampling(len(messages))
    chosen = {head: scores.chosen(messages) for head, scores in heads.items()}
    scores = {
        head: score(
            one.truth,
            one.probabilities.argmax(axis=1),
            one.places,
            samples,
            n_labels=len(HEADS[head]),
            min_support=MIN_SLICE_SUPPORT,
        )
        for head, one in chosen.items()
    }
    return Slice(kind, name, len(messages), len(chosen["stage"].truth), scores)
