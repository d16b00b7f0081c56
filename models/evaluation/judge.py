"""Asks the model of a weights folder about labelled messages, with the mentions as annotators cut them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from models.checkpoint import load_checkpoint
from models.classifier import Probabilities
from models.corpora import LabelledMessage
from models.encoding import EncodedText, Window, encode_texts, frame_of
from models.engines import open_engine
from models.heads import EXCLUSIVE_HEADS, HEADS, MENTION_HEADS, MESSAGE_HEADS
from models.inference import Floats, Scores, score_windows
from models.labels import Aspect, Emotion, Intent, Sentiment, Stage
from models.metrics import Labels
from models.windows import Placed, cut_windows

Watch = Callable[[str, int, int], None]
_CHUNK_MESSAGES = 512
_SILENT = {
    "stage": Stage.NONE,
    "intent": Intent.OTHER,
    "aspect": Aspect.GENERAL,
    "mention_sentiment": Sentiment.NEUTRAL,
    "sentiment": Sentiment.NEUTRAL,
    "emotion": Emotion.NONE,
}


@dataclass(frozen=True, slots=True)
class HeadScores:
    """What one head said of all its items beside the right labels.

    Attributes:
        probabilities: Shape: (items, labels).
        truth: Shape: (items,).
        places: The number of the message each item belongs to. Shape: (items,).
    """

    probabilities: Floats
    truth: Labels
    places: Labels

    def chosen(self, messages: Sequence[int]) -> HeadScores:
        """Returns the items of some messages only, the messages numbered anew in the order given."""
        numbers = np.full(max([*messages, *self.places.tolist()], default=0) + 1, -1)
        numbers[list(messages)] = np.arange(len(messages))
        inside = numbers[self.places] >= 0
        return HeadScores(self.probabilities[inside], self.truth[inside], numbers[self.places[inside]])


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled messages with the probabilities the model gave them."""

    messages: list[LabelledMessage]
    scores: list[Scores]

    def head(self, name: str) -> HeadScores:
        """Returns what one of ``EXCLUSIVE_HEADS`` said; all messages must carry its labels."""
        labels = [str(label) for label in HEADS[name]]
        if name in MENTION_HEADS:
            field = name.removeprefix("mention_")
            truth = [
                labels.index(getattr(one, field)) for message in self.messages for one in message.mentions
            ]
            places = [place for place, message in enumerate(self.messages) for _ in message.mentions]
            probabilities = [one[name] for one in self.scores]
        else:
            truth = [labels.index(getattr(message, name)) for message in self.messages]
            places = list(range(len(self.messages)))
            probabilities = [one[name][None] for one in self.scores]
        found = np.concatenate(probabilities) if probabilities else np.zeros((0, len(labels)), np.float32)
        return HeadScores(found, np.array(truth, np.int64), np.array(places, np.int64))

    def flags(self) -> tuple[Floats, Labels]:
        """Returns what was said of each flag beside whether it is right. Shapes: (messages, 5)."""
        flags = MESSAGE_HEADS["flags"]
        truth = [[flag in (message.flags or ()) for flag in flags] for message in self.messages]
        return np.stack([one["flags"] for one in self.scores]), np.array(truth, np.int64)


class Judge:
    """The model of a weights folder, asked about gold spans; long texts are read as in production.

    Args:
        weights: The folder.
        threads: Threads of the matrix work.

    Raises:
        CheckpointError: The folder is not whole, or its engine is not installed.
    """

    def __init__(self, weights: Path, *, threads: int) -> None:
        self.checkpoint = load_checkpoint(weights)
        self.manifest = self.checkpoint.manifest
        self._tokenizer = Tokenizer.from_file(str(self.checkpoint.tokenizer))
        self._frame = frame_of(self._tokenizer)
        self._engine = open_engine(self.checkpoint, threads=threads, engine=None, device="")
        self._forward = Probabilities(self._engine.forward, self.manifest.temperatures)

    def judge(
        self, messages: Sequence[LabelledMessage], *, name: str = "", watch: Watch | None = None
    ) -> Judged:
        """Returns the messages with their probabilities.

        Args:
            messages: What to read.
            name: What to call them to ``watch``.
            watch: Told after each part how many are read of how many.
        """
        scores: list[Scores] = []
        for start in range(0, len(messages), _CHUNK_MESSAGES):
            scores += self._scores(messages[start : start + _CHUNK_MESSAGES])
            if watch is not None:
                watch(name, len(scores), len(messages))
        return Judged(list(messages), scores)

    def _scores(self, messages: Sequence[LabelledMessage]) -> list[Scores]:
        encoded = encode_texts(self._tokenizer, [message.text for message in messages])
        cut = [self._cut(message, one) for message, one in zip(messages, encoded, strict=True)]
        windows = [window for ours, _ in cut for window in ours]
        engine = self._engine
        found = iter(
            score_windows(self._forward, windows, batch_tokens=engine.batch_tokens, threads=engine.n_at_once)
        )
        return [
            _merge([next(found) for _ in ours], [len(window.pieces) for window in ours], placed)
            if ours
            else _silent(len(message.mentions))
            for message, (ours, placed) in zip(messages, cut, strict=True)
        ]

    def _cut(self, message: LabelledMessage, encoded: EncodedText) -> tuple[list[Window], list[Placed]]:
        if not encoded.pieces:
            return [], []
        spans = [(mention.start, mention.end) for mention in message.mentions]
        return cut_windows(encoded, spans, frame=self._frame, max_tokens=self.manifest.max_tokens)


def two_class(probabilities: Floats) -> Floats:
    """Returns the shares of negative and positive beside each other. Shape: (items, 4) to (items, 2)."""
    return _shares(probabilities, (Sentiment.NEGATIVE, Sentiment.POSITIVE))


def three_class(probabilities: Floats) -> Floats:
    """Returns the shares of all sentiments but mixed. Shape: (items, 4) to (items, 3)."""
    return _shares(probabilities, (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE))


def _shares(probabilities: Floats, sentiments: Sequence[Sentiment]) -> Floats:
    kept = probabilities[:, [list(Sentiment).index(one) for one in sentiments]]
    shares: Floats = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-9)
    return shares


def _merge(parts: Sequence[Scores], weights: Sequence[int], placed: Sequence[Placed]) -> Scores:
    merged: Scores = {}
    for name in HEADS:
        if name in MENTION_HEADS:
            rows = [parts[one.window][name][one.mention] for one in placed]
            merged[name] = np.stack(rows) if rows else parts[0][name][:0]
        elif name == "flags":
            merged[name] = np.max([part[name] for part in parts], axis=0)
        else:
            merged[name] = np.average([part[name] for part in parts], axis=0, weights=weights)
    return merged


def _silent(n_mentions: int) -> Scores:
    """Returns what is said of a text without a piece: neutral, nothing in particular."""
    silent: Scores = {"flags": np.zeros(len(HEADS["flags"]), np.float32)}
    for name in EXCLUSIVE_HEADS:
        sure = _certain(_SILENT, name)
        silent[name] = np.tile(sure, (n_mentions, 1)) if name in MENTION_HEADS else sure
    return silent


def _certain(answers: Mapping[str, str], name: str) -> Floats:
    return np.array([label == answers[name] for label in HEADS[name]], dtype=np.float32)
