"""The figures that the model is judged by, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Counts = NDArray[np.float64]
MIN_SUPPORT = 20
N_SAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % interval and the number of items behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one label was found: of those guessed the share that is right, of those there the share found."""

    precision: float
    recall: float
    f1: float
    n: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Three views of the same guesses.

    Attributes:
        macro_f1: Mean F1 of the labels with enough cases, each counting alike.
        weighted_f1: Mean F1 of all labels, each counting by its cases.
        accuracy: Share of right guesses.
    """

    macro_f1: Figure
    weighted_f1: Figure
    accuracy: Figure


class Resampling:
    """Bootstrap samples of some messages, drawn once and used for all figures over them.

    Whole messages are drawn, not single mentions, as the mentions of one message are alike.

    Args:
        n_messages: How many there are to draw from; each sample has as many.
        n_samples: Samples drawn.
        seed: Seed of the drawing.
    """

    def __init__(self, n_messages: int, *, n_samples: int = N_SAMPLES, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.times = np.zeros((n_samples, n_messages), dtype=np.float32)
        for sample in range(n_samples if n_messages else 0):
            drawn = rng.integers(n_messages, size=n_messages)
            self.times[sample] = np.bincount(drawn, minlength=n_messages)

    def sums(self, values: NDArray[np.float32]) -> Counts:
        """Returns the sum of what each message brings, for each sample.

        Args:
            values: Shape: (messages, ...).

        Returns:
            Shape: (samples, ...).
        """
        flat = values.reshape(len(values), -1).astype(np.float32)
        return (self.times @ flat).astype(np.float64).reshape(-1, *values.shape[1:])


def macro_f1(truth: Labels, guesses: Labels, *, min_support: int = MIN_SUPPORT) -> float:
    """Returns the mean F1 over the labels that occur at least ``min_support`` times in the truth.

    Args:
        truth: The right labels, from 0.
        guesses: The predicted ones. Same shape.
        min_support: Labels rarer than this do not count.
    """
    n_labels = int(max(truth.max(initial=0), guesses.max(initial=0))) + 1
    counts = confusion(truth, guesses, n_labels=n_labels)
    return float(_macro(counts, counts.sum(axis=1) >= max(1, min_support)))


def confusion(truth: Labels, guesses: Labels, *, n_labels: int) -> Counts:
    """Returns how often each label was guessed for each. Shape: (labels, labels), a row for each truth."""
    counts = np.bincount(truth * n_labels + guesses, minlength=n_labels * n_labels)
    return counts.reshape(n_labels, n_labels).astype(np.float64)


def class_scores(counts: Counts) -> list[ClassScore]:
    """Returns precision, recall and F1 of each label of a confusion matrix; 0 where there is none."""
    right, there, guessed = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / np.maximum(guessed, 1), right / np.maximum(there, 1)
    rows = zip(precision.tolist(), recall.tolist(), _f1(counts).tolist(), there.tolist(), strict=True)
    return [ClassScore(p, r, f1, int(n)) for p, r, f1, n in rows]


def score(
    truth: Labels,
    guesses: Labels,
    places: Labels,
    samples: Resampling,
    *,
    n_labels: int,
    min_support: int = MIN_SUPPORT,
) -> Scorecard:
    """Returns macro F1, weighted F1 and accuracy with their 95 % bootstrap intervals.

    Which labels have enough cases is decided once, by the truth, and holds for all samples.

    Args:
        truth: The right labels.
        guesses: The predicted ones.
        places: The number of the message that each item belongs to, from 0.
        samples: Of the messages.
        n_labels: Number of labels.
        min_support: Labels rarer than this do not count in the macro F1.
    """
    by_message = np.zeros((samples.times.shape[1], n_labels, n_labels), dtype=np.float32)
    np.add.at(by_message, (places, truth, guesses), 1)
    drawn, whole = samples.sums(by_message), by_message.sum(axis=0, dtype=np.float64)
    common = whole.sum(axis=1) >= max(1, min_support)
    return Scorecard(
        _figure(_macro(whole, common), _macro(drawn, common), len(truth)),
        _figure(_weighted(whole), _weighted(drawn), len(truth)),
        _figure(_accuracy(whole), _accuracy(drawn), len(truth)),
    )


def share(right: NDArray[np.bool_], *, seed: int = 1) -> Figure:
    """Returns the share of what is true with its 95 % bootstrap interval; 0 where there is nothing."""
    n = len(right)
    if not n:
        return Figure(0.0, 0.0, 0.0, 0)
    drawn = Resampling(n, seed=seed).sums(right.astype(np.float32)) / n
    return _figure(right.mean(), drawn, n)


def average_precision(truth: Labels, scores: NDArray[np.float32], *, seed: int = 1) -> Figure:
    """Returns the area under precision over recall, with its interval; ``n`` counts what is true.

    Args:
        truth: 1 where it is so, else 0.
        scores: Higher where the model is surer. Same shape.
        seed: Seed of the bootstrap.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    positive = truth[order].astype(np.float64)
    drawn = Resampling(len(truth), seed=seed).times[:, order].astype(np.float64)
    value = _precision_area(positive, np.ones((1, len(order))), last)[0]
    return _figure(value, _precision_area(positive, drawn, last), int(truth.sum()))


def f1_with_interval(counts: Labels, *, seed: int = 1) -> Figure:
    """Returns the F1 of what was found, wrongly found and missed.

    Args:
        counts: Of each message. Shape: (messages, 3).
        seed: Seed of the bootstrap.

    Returns:
        ``n`` is the number of those that were to be found.
    """
    drawn = Resampling(len(counts), seed=seed).sums(counts.astype(np.float32))
    whole = counts.sum(axis=0).astype(np.float64)
    return _figure(_found_f1(whole), _found_f1(drawn), int(whole[0] + whole[2]))


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


def _f1(counts: Counts) -> Counts:
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    f1: Counts = 2 * right / np.maximum(counts.sum(axis=-1) + counts.sum(axis=-2), 1)
    return f1


def _macro(counts: Counts, common: NDArray[np.bool_]) -> Counts:
    mean: Counts = _f1(counts)[..., common].sum(axis=-1) / max(1, int(common.sum()))
    return mean


def _weighted(counts: Counts) -> Counts:
    there = counts.sum(axis=-1)
    mean: Counts = (_f1(counts) * there).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    return mean


def _accuracy(counts: Counts) -> Counts:
    right = np.diagonal(counts, axis1=-2, axis2=-1).sum(axis=-1)
    accuracy: Counts = right / np.maximum(counts.sum(axis=(-2, -1)), 1)
    return accuracy


def _found_f1(counts: Counts) -> Counts:
    right, wrong, missed = np.moveaxis(counts, -1, 0)
    f1: Counts = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    return f1


def _precision_area(positive: Counts, times: Counts, last: Labels) -> Counts:
    found = np.cumsum(times * positive, axis=1)[:, last]
    precision = found / np.maximum(np.cumsum(times, axis=1)[:, last], 1)
    steps = np.diff(found, axis=1, prepend=0.0)
    area: Counts = (precision * steps).sum(axis=1) / np.maximum(found[:, -1], 1)
    return area


def _figure(value: Counts | np.float64, drawn: Counts, n: int) -> Figure:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Figure(float(value), float(low), float(high), n)
