"""Reads the texts and labels that the model is trained on, and keeps held-out texts out of them.

The folder of data is laid out as described in :class:`Corpora`; every file is xz-compressed UTF-8.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from models.codes import decode_clause, decode_message
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.normalize import letters_key

DEFAULT_DATA = Path("../shared/data")
SENTIMENT_SETS = ("snappfood", "dksf", "deepsentipers", "bank_reviews")


@dataclass(frozen=True, slots=True)
class LabelledMention:
    """A clause of a labelled message; offsets count code points of its text."""

    start: int
    end: int
    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """A text with what is known of it.

    Attributes:
        text: The message as written.
        source: Where it comes from, for slices of the evaluation.
        sentiment: ``None`` where it is not known.
        sentiment_classes: The sentiments its annotator could choose from; the loss looks at these only.
        emotion: ``None`` where it is not known.
        flags: ``None`` where they are not known.
        mentions: Its labelled clauses; empty where they are not known.
        channel: How it reached the company (ticket, chat …); empty where it is not known.
    """

    text: str
    source: str
    sentiment: Sentiment | None = None
    sentiment_classes: tuple[Sentiment, ...] = tuple(Sentiment)
    emotion: Emotion | None = None
    flags: frozenset[Flag] | None = None
    mentions: tuple[LabelledMention, ...] = field(default=())
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Corpora:
    """The data folder: ``corpus/``, ``sentiment/``, ``annotated/`` and ``authored/``."""

    folder: Path

    def held_out_keys(self) -> frozenset[str]:
        """Returns the letters of every dev and test text, which nothing may be trained on."""
        return _held_out_keys(self.folder)

    def corpus(self, name: str) -> Iterator[str]:
        """Yields the unlabelled texts of ``ugc``, ``telegram`` or ``formal``."""
        with lzma.open(self.folder / "corpus" / f"{name}.txt.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                yield line.rstrip("\n")

    def sentiment(self, name: str, split: str) -> list[LabelledMessage]:
        """Returns one of ``SENTIMENT_SETS``; ``split`` is train, dev or test."""
        path = self.folder / "sentiment" / f"{name}.{split}.jsonl.xz"
        return self._allowed(split, [_sentiment_message(name, row) for row in _rows(path)])

    def annotated(self, split: str) -> list[LabelledMessage]:
        """Returns the annotated real comments; ``split`` is train, dev or test."""
        path = self.folder / "annotated" / f"messages.{split}.jsonl.xz"
        return self._allowed(split, [_full_message(str(row["source"]), row) for row in _rows(path)])

    def authored(self, split: str) -> list[LabelledMessage]:
        """Returns the messages written for the project; ``split`` is train, dev or test."""
        path = self.folder / "authored" / f"messages.{split}.jsonl.xz"
        return self._allowed(split, [_full_message("authored", row) for row in _rows(path)])

    def conversations(self) -> list[LabelledMessage]:
        """Returns the customers' turns of the authored chats and tickets that are not held out."""
        turns = [
            _turn_message(turn)
            for row in _rows(self.folder / "authored" / "conversations.jsonl.xz")
            for turn in _turns(row)
            if turn["role"] == "customer"
        ]
        return self._allowed("train", turns)

    def training_texts(self) -> Iterator[str]:
        """Yields the texts of all labelled training sets, without their labels."""
        for name in SENTIMENT_SETS:
            yield from (message.text for message in self.sentiment(name, "train"))
        for message in (*self.annotated("train"), *self.authored("train"), *self.conversations()):
            yield message.text

    def _allowed(self, split: str, messages: list[LabelledMessage]) -> list[LabelledMessage]:
        if split != "train":
            return messages
        held_out = self.held_out_keys()
        return [message for message in messages if letters_key(message.text) not in held_out]


@cache
def _held_out_keys(folder: Path) -> frozenset[str]:
    return frozenset(
        letters_key(str(row["text"]))
        for path in sorted(folder.glob("*/*.jsonl.xz"))
        if path.name.endswith((".dev.jsonl.xz", ".test.jsonl.xz"))
        for row in _rows(path)
    )


def _rows(path: Path) -> Iterator[dict[str, object]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _turns(row: dict[str, object]) -> list[dict[str, object]]:
    turns = row["turns"]
    if not isinstance(turns, list):
        raise TypeError(f"conversation {row.get('id')}: turns must be a list")
    return turns


def _sentiment_message(name: str, row: dict[str, object]) -> LabelledMessage:
    three = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)
    if "polarity" in row:
        polarity = int(str(row["polarity"]))
        sentiment = three[(polarity > 0) - (polarity < 0) + 1]
    else:
        sentiment = Sentiment(str(row["sentiment"]))
    classes = (three[0], three[2]) if name == "snappfood" else three
    return LabelledMessage(str(row["text"]), name, sentiment, classes)


def _full_message(source: str, row: dict[str, object]) -> LabelledMessage:
    mentions = row["mentions"]
    flags = row["flags"]
    if not isinstance(mentions, list) or not isinstance(flags, list):
        raise TypeError(f"{source} {row.get('id')}: mentions and flags must be lists")
    return LabelledMessage(
        text=str(row["text"]),
        source=source,
        sentiment=Sentiment(str(row["sentiment"])),
        emotion=Emotion(str(row["emotion"])),
        flags=frozenset(Flag(flag) for flag in flags),
        mentions=tuple(
            LabelledMention(
                start=mention["start"],
                end=mention["end"],
                stage=Stage(mention["stage"]),
                intent=Intent(mention["intent"]),
                aspect=Aspect(mention["aspect"]),
                sentiment=Sentiment(mention["sentiment"]),
            )
            for mention in mentions
        ),
        channel=str(row.get("channel", "")),
    )


def _turn_message(turn: dict[str, object]) -> LabelledMessage:
    text, clauses = str(turn["text"]), turn["clauses"]
    if not isinstance(clauses, list):
        raise TypeError("conversations: clauses must be a list")
    mentions: list[LabelledMention] = []
    end = 0
    for clause, codes in clauses:
        start = text.find(clause, end)
        if start < 0:
            continue
        end = start + len(clause)
        mentions.append(LabelledMention(start, end, *decode_clause(codes)))
    sentiment, emotion, flags = decode_message(str(turn["S"]), str(turn["E"]), str(turn["F"]))
    return LabelledMessage(
        text=text,
        source="conversations",
        sentiment=sentiment,
        emotion=emotion,
        flags=flags,
        mentions=tuple(mentions),
    )
