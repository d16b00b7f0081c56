"""Fits the temperatures that make confidences true, and the thresholds of the flags (on dev)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from models.examples import Example
from models.heads import EXCLUSIVE_HEADS, MENTION_HEADS, MESSAGE_HEADS
from models.inference import Floats, Scores
from models.metrics import Labels

_MIN_POSITIVE = 5


def gather(scores: Sequence[Scores], examples: Sequence[Example], head: str) -> tuple[Floats, Labels]:
    """Returns the scores of one head beside the right labels, over all messages or mentions.

    Returns:
        Shapes: (items, labels), (items,).
    """
    if head in MENTION_HEADS:
        column = list(MENTION_HEADS).index(head)
        truth = np.concatenate([example.mentions[:, column] for example in examples])
        return np.concatenate([one[head] for one in scores]), truth
    truth = np.array([example.sentiment if head == "sentiment" else example.emotion for example in examples])
    return np.stack([one[head] for one in scores]), truth


def gather_flags(scores: Sequence[Scores], examples: Sequence[Example]) -> tuple[Floats, Labels]:
    """Returns what the model says of each flag beside whether it is right. Shapes: (messages, 5)."""
    truth = np.stack([example.flags for example in examples]).astype(np.int64)
    return np.stack([one["flags"] for one in scores]), truth


def fit_temperatures(scores: Sequence[Scores], examples: Sequence[Example]) -> dict[str, float]:
    """Returns for each head but the flags the temperature with the least cross-entropy."""
    return {head: _temperature(*gather(scores, examples, head)) for head in EXCLUSIVE_HEADS}


def fit_flag_thresholds(scores: Sequence[Scores], examples: Sequence[Example]) -> dict[str, float]:
    """Returns for each flag the probability from which raising it has the best F1; 0.5 where it is rare."""
    flags, truth = gather_flags(scores, examples)
    probabilities = 1.0 / (1.0 + np.exp(-flags))
    return {
        str(flag): _threshold(probabilities[:, column], truth[:, column])
        for column, flag in enumerate(MESSAGE_HEADS["flags"])
    }


def _temperature(scores: Floats, truth: Labels) -> float:
    rows = np.arange(len(truth))
    candidates = np.exp(np.linspace(-1.5, 1.5, 151))

    def cross_entropy(temperature: float) -> float:
        cooled = scores / temperature
        highest = cooled.max(axis=1, keepdims=True)
        logs = cooled - highest - np.log(np.exp(cooled - highest).sum(axis=1, keepdims=True))
        return float(-logs[rows, truth].mean())

    return round(float(min(candidates, key=cross_entropy)), 4)


def _threshold(probabilities: NDArray[np.float32], truth: Labels) -> float:
    if truth.sum() < _MIN_POSITIVE:
        return 0.5
    candidates = np.round(np.arange(0.15, 0.86, 0.05), 2)
    values = [f1_score(truth, probabilities >= one, zero_division=0.0) for one in candidates]
    return float(candidates[int(np.argmax(values))])
