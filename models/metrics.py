"""The figures that the model is judged by, with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

Labels = NDArray[np.int64]
MIN_SUPPORT = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval and the number of items behind it."""

    value: float
    low: float
    high: float
    n: int


def macro_f1(truth: Labels, guesses: Labels, *, min_support: int = MIN_SUPPORT) -> float:
    """Returns the mean F1 over the labels that occur at least ``min_support`` times in the truth.

    Args:
        truth: The right labels.
        guesses: The predicted ones. Same shape.
        min_support: Labels rarer than this do not count.
    """
    labels, counts = np.unique(truth, return_counts=True)
    common = labels[counts >= min_support]
    if len(common) == 0:
        return 0.0
    return float(f1_score(truth, guesses, labels=common, average="macro", zero_division=0.0))


def bootstrap(
    measure: Callable[[Labels, Labels], float],
    truth: Labels,
    guesses: Labels,
    groups: Sequence[int],
    *,
    n_samples: int = 300,
    seed: int = 1,
) -> Figure:
    """Returns a measure with the 2.5 and 97.5 percentiles of its bootstrap distribution.

    Args:
        measure: Of truth and guesses.
        truth: The right labels.
        guesses: The predicted ones.
        groups: The message each item belongs to: whole messages are drawn, not single mentions.
        n_samples: Samples drawn.
        seed: Seed of the drawing.
    """
    rng = np.random.default_rng(seed)
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(index, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(index))[:-1])
    values = []
    for _ in range(n_samples):
        drawn = np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))])
        values.append(measure(truth[drawn], guesses[drawn]))
    low, high = np.percentile(values, (2.5, 97.5))
    return Figure(measure(truth, guesses), float(low), float(high), len(truth))


def calibration_error(probabilities: NDArray[np.float32], truth: Labels, *, n_bins: int = 15) -> float:
    """Returns the expected calibration error (Guo et al. 2017, arXiv 1706.04599).

    Args:
        probabilities: Shape: (items, labels).
        truth: Shape: (items,).
        n_bins: Bins of equal width.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [
        abs(float(confidence[bins == one].mean()) - float(right[bins == one].mean())) * np.mean(bins == one)
        for one in np.unique(bins)
    ]
    return float(np.sum(gaps))
