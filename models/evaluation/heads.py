"""How one head did: F1 and accuracy, each label, the confusion, and what its confidence is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.evaluation.judge import HeadScores, Judged
from models.evaluation.records import AtConfidence, ConfidenceBin, FlagResult, HeadResult
from models.heads import MESSAGE_HEADS
from models.inference import Floats
from models.metrics import (
    Labels,
    Resampling,
    average_precision,
    calibration_error,
    class_scores,
    confusion,
    score,
)

CONFIDENCES = (0.5, 0.7, 0.8, 0.9, 0.95)
_N_BINS = 10


def measure_head(scores: HeadScores, labels: Sequence[str], samples: Resampling) -> HeadResult:
    """Returns all that is reported of a head.

    Args:
        scores: What it said beside the truth.
        labels: Its labels, in the order of the probabilities.
        samples: Bootstrap samples of the messages.
    """
    guesses = scores.probabilities.argmax(axis=1)
    counts = confusion(scores.truth, guesses, n_labels=len(labels))
    return HeadResult(
        labels=tuple(labels),
        scores=score(scores.truth, guesses, scores.places, samples, n_labels=len(labels)),
        classes=dict(zip(labels, class_scores(counts), strict=True)),
        confusion=counts.astype(int).tolist(),
        calibration_error=calibration_error(scores.probabilities, scores.truth),
        reliability=reliability(scores.probabilities, scores.truth),
        at_confidence={
            "all": at_confidence(scores.probabilities, scores.truth),
            **{
                label: at_confidence(scores.probabilities[guesses == i], scores.truth[guesses == i])
                for i, label in enumerate(labels)
            },
        },
    )


def reliability(probabilities: Floats, truth: Labels) -> list[ConfidenceBin]:
    """Returns for each tenth of confidence what was promised and what was kept; empty tenths left out.

    Args:
        probabilities: Shape: (items, labels).
        truth: Shape: (items,).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    return [
        ConfidenceBin(
            low=one / _N_BINS,
            high=(one + 1) / _N_BINS,
            mean_confidence=float(confidence[bins == one].mean()),
            accuracy=float(right[bins == one].mean()),
            n=int((bins == one).sum()),
        )
        for one in np.unique(bins).tolist()
    ]


def at_confidence(probabilities: Floats, truth: Labels) -> list[AtConfidence]:
    """Returns precision and coverage of the guesses at or above each of ``CONFIDENCES``."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    rows: list[AtConfidence] = []
    for least in CONFIDENCES:
        kept = confidence >= least
        n, n_right = int(kept.sum()), int(right[kept].sum())
        rows.append(AtConfidence(least, n_right / max(1, n), n / max(1, len(kept)), n))
    return rows


def measure_flags(judged: Judged, thresholds: Mapping[str, float]) -> dict[str, FlagResult]:
    """Returns for each flag its average precision, and how it does at its threshold.

    Args:
        judged: Messages that carry flags.
        thresholds: From which probability each flag is raised.
    """
    probabilities, truth = judged.flags()
    results: dict[str, FlagResult] = {}
    for column, flag in enumerate(map(str, MESSAGE_HEADS["flags"])):
        threshold = thresholds.get(flag, 0.5)
        raised = (probabilities[:, column] >= threshold).astype(np.int64)
        scored = class_scores(confusion(truth[:, column], raised, n_labels=2))[1]
        figure = average_precision(truth[:, column], probabilities[:, column])
        results[flag] = FlagResult(figure, threshold, scored)
    return results
