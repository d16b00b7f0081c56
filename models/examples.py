"""Labelled messages as windows and numbers, sampled into batches of one length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from models.clauses import split_clauses
from models.corpora import LabelledMessage
from models.encoding import Window, encode_texts, first_window, frame_of
from models.heads import HEADS, MAX_TOKENS, MENTION_HEADS, MESSAGE_HEADS
from models.inference import Scores, collate

IGNORED = -1
_FLAG_SHARE = 0.1
BUCKETS = (16, 24, 32, 48, 64, 96, 128, 256)


@dataclass(frozen=True, slots=True)
class Example:
    """A window with its labels as numbers; ``IGNORED`` where a label is not known.

    Attributes:
        window: What the encoder reads.
        mentions: Labels of each mention, a column for each mention head. Shape: (mentions, 4).
        sentiment: Of the message.
        allowed: The sentiments its annotator could choose from. Shape: (4,).
        emotion: Of the message.
        flags: 0, 1 or ``IGNORED``. Shape: (5,).
        smoothing: How far to doubt the message's sentiment, 0 to 1.
        taught: What teachers think: the probability of each label of each head; ``None`` where not asked.
    """

    window: Window
    mentions: NDArray[np.int64]
    sentiment: int
    allowed: NDArray[np.bool_]
    emotion: int
    flags: NDArray[np.float32]
    smoothing: float
    taught: Scores | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as tensors; see :class:`Example` and :class:`models.network.Network`.

    ``taught`` is empty where no example was taught, and holds zeros where one was not.
    """

    tokens: Tensor
    is_token: Tensor
    spans: Tensor
    mentions: Tensor
    sentiment: Tensor
    allowed: Tensor
    emotion: Tensor
    flags: Tensor
    smoothing: Tensor
    taught: Mapping[str, Tensor] = field(default_factory=dict)


def encode_messages(
    tokenizer: Tokenizer,
    messages: Sequence[LabelledMessage],
    *,
    smoothing: float | Mapping[str, float] = 0.0,
    cut: bool = False,
    max_tokens: int = MAX_TOKENS,
) -> list[Example]:
    """Returns the messages as examples, those without a piece left out.

    Args:
        tokenizer: Of the network.
        messages: What to encode.
        smoothing: How far to doubt the sentiments, 0 to 1: of all, or by source (0 for others).
        cut: Whether messages without labelled mentions are cut into clauses, with labels ``IGNORED``.
        max_tokens: Pieces after which each is cut off.
    """
    frame = frame_of(tokenizer)
    encoded = encode_texts(tokenizer, [message.text for message in messages])
    examples: list[Example] = []
    for message, one in zip(messages, encoded, strict=True):
        if not one.pieces:
            continue
        spans = [(m.start, m.end) for m in message.mentions]
        if cut and not spans:
            spans = split_clauses(message.text)
        doubt = smoothing if isinstance(smoothing, float) else smoothing.get(message.source, 0.0)
        window = first_window(one, spans, frame=frame, max_tokens=max_tokens)
        examples.append(_example(message, window, doubt))
    return examples


def to_batch(examples: Sequence[Example], *, n_tokens: int | None = None) -> Batch:
    """Returns some examples as one batch, padded to ``n_tokens`` or to the longest."""
    tokens, is_token, spans = collate([example.window for example in examples], n_tokens=n_tokens)
    mentions = np.full((*spans.shape[:2], len(MENTION_HEADS)), IGNORED)
    for row, example in enumerate(examples):
        mentions[row, : len(example.mentions)] = example.mentions
    return Batch(
        torch.from_numpy(tokens),
        torch.from_numpy(is_token),
        torch.from_numpy(spans),
        torch.from_numpy(mentions),
        torch.tensor([example.sentiment for example in examples]),
        torch.from_numpy(np.stack([example.allowed for example in examples])),
        torch.tensor([example.emotion for example in examples]),
        torch.from_numpy(np.stack([example.flags for example in examples])),
        torch.tensor([example.smoothing for example in examples]),
        _taught(examples, spans.shape[1]),
    )


def label_counts(examples: Sequence[Example]) -> dict[str, NDArray[np.float64]]:
    """Returns for each head how often each label occurs."""
    counts = {name: np.zeros(len(labels)) for name, labels in HEADS.items()}
    for example in examples:
        for column, name in enumerate(MENTION_HEADS):
            np.add.at(counts[name], example.mentions[:, column], 1)
        if example.emotion != IGNORED:
            counts["emotion"][example.emotion] += 1
        if example.sentiment != IGNORED:
            counts["sentiment"][example.sentiment] += 1
        counts["flags"] += np.maximum(example.flags, 0)
    return counts


def rarity_weights(examples: Sequence[Example], *, power: float, limit: float) -> NDArray[np.float64]:
    """Returns how likely to draw each example: more for one with a rare stage, intent, aspect or flag.

    Args:
        examples: What to draw from.
        power: 0 draws all alike, 1 draws each label alike.
        limit: The most that an example may be preferred.

    Returns:
        Sums to one. Shape: (examples,).
    """
    columns = {name: i for i, name in enumerate(MENTION_HEADS) if name != "mention_sentiment"}
    counts = {i: Counter(int(m[i]) for e in examples for m in e.mentions) for i in columns.values()}
    means = {i: sum(count.values()) / max(1, len(count)) for i, count in counts.items()}
    n_flagged = np.maximum(1.0, np.stack([np.maximum(e.flags, 0.0) for e in examples]).sum(axis=0))
    weights = np.ones(len(examples))
    for place, example in enumerate(examples):
        rarest = [means[i] / counts[i][int(m[i])] for m in example.mentions for i in columns.values()]
        rarest += (_FLAG_SHARE * len(examples) / n_flagged[example.flags > 0]).tolist()
        weights[place] = min(limit, max([1.0, *(rarity**power for rarity in rarest)]))
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def sample_batches(
    examples: Sequence[Example], weights: NDArray[np.float64] | None, *, batch_tokens: int, seed: int
) -> Iterator[Batch]:
    """Yields batches for ever; those of one length always have the same shape.

    Args:
        examples: What to draw from.
        weights: How likely each is drawn; ``None``: each once a pass, in a random order.
        batch_tokens: Tokens of a batch, padding included.
        seed: Seed of the order.
    """
    rng = np.random.default_rng(seed)
    waiting: dict[int, list[Example]] = {bucket: [] for bucket in BUCKETS}
    while True:
        if weights is None:
            order = rng.permutation(len(examples))
        else:
            order = rng.choice(len(examples), size=len(examples), p=weights)
        for i in order:
            example = examples[i]
            bucket = next(size for size in BUCKETS if size >= len(example.window.pieces))
            waiting[bucket].append(example)
            if len(waiting[bucket]) == batch_tokens // bucket:
                yield to_batch(waiting[bucket], n_tokens=bucket)
                waiting[bucket] = []


def _taught(examples: Sequence[Example], n_mentions: int) -> dict[str, Tensor]:
    if all(example.taught is None for example in examples):
        return {}
    taught: dict[str, Tensor] = {}
    for name, labels in HEADS.items():
        inner = (n_mentions, len(labels)) if name in MENTION_HEADS else (len(labels),)
        values = np.zeros((len(examples), *inner), dtype=np.float32)
        for row, example in enumerate(examples):
            if example.taught is not None and name in MENTION_HEADS:
                values[row, : len(example.taught[name])] = example.taught[name]
            elif example.taught is not None:
                values[row] = example.taught[name]
        taught[name] = torch.from_numpy(values)
    return taught


def _example(message: LabelledMessage, window: Window, smoothing: float) -> Example:
    labels = list(HEADS["sentiment"])
    mentions = [
        (
            MENTION_HEADS["stage"].index(m.stage),
            MENTION_HEADS["intent"].index(m.intent),
            MENTION_HEADS["aspect"].index(m.aspect),
            MENTION_HEADS["mention_sentiment"].index(m.sentiment),
        )
        for m in message.mentions
    ]
    unknown = [(IGNORED,) * len(MENTION_HEADS)] * len(window.spans)
    flags = [IGNORED if message.flags is None else flag in message.flags for flag in MESSAGE_HEADS["flags"]]
    return Example(
        window=window,
        mentions=np.array(mentions or unknown, dtype=np.int64).reshape(-1, len(MENTION_HEADS)),
        sentiment=IGNORED if message.sentiment is None else labels.index(message.sentiment),
        allowed=np.array([label in message.sentiment_classes for label in labels]),
        emotion=IGNORED if message.emotion is None else MESSAGE_HEADS["emotion"].index(message.emotion),
        flags=np.array(flags, dtype=np.float32),
        smoothing=smoothing,
    )
