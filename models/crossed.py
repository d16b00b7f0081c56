"""What cross-validation says of the model: which labels it takes for which, and how far to believe it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.calibration import gather
from models.examples import Example
from models.heads import EXCLUSIVE_HEADS, HEADS, MENTION_HEADS
from models.inference import Floats, Scores
from models.levels import HIGH_PRECISION, MEDIUM_PRECISION
from models.metrics import Labels

CROSSED = "crossed.json"
NEVER = 1.01
_MIN_CASES = 20
_CONFIDENCES = np.round(np.arange(0.2, 0.99, 0.01), 2)

Confusion = Mapping[str, Mapping[str, list[list[int]]]]
Levels = Mapping[str, Mapping[str, tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Crossed:
    """Judgements of messages by a network that never saw them, summed up.

    Attributes:
        confusion: For each head and source how often each label (row) was taken for which (column).
        levels: For each head and label the confidences from which it is right in at least 90 % and in at
            least 70 % of the cases; ``NEVER`` where it is not, or on too few cases to tell.
    """

    confusion: Confusion
    levels: Levels


def cross_validate(
    probabilities: Sequence[Scores], examples: Sequence[Example], sources: Sequence[str]
) -> Crossed:
    """Returns the summary of what was judged.

    Args:
        probabilities: Of each label of each head, for each message.
        examples: The messages with their right labels.
        sources: Where each message is from.
    """
    confusion: dict[str, dict[str, list[list[int]]]] = {}
    levels: dict[str, dict[str, tuple[float, float]]] = {}
    for head in EXCLUSIVE_HEADS:
        values, truth = gather(probabilities, examples, head)
        repeats = [len(one.mentions) if head in MENTION_HEADS else 1 for one in examples]
        places = np.repeat(np.asarray(sources, dtype=str), repeats)
        guesses = values.argmax(axis=1)
        confusion[head] = {
            str(source): _confusion(truth[places == source], guesses[places == source], len(HEADS[head]))
            for source in np.unique(places)
        }
        levels[head] = {
            str(label): _levels(values[guesses == i, i], truth[guesses == i] == i)
            for i, label in enumerate(HEADS[head])
        }
    return Crossed(confusion, levels)


def save_crossed(path: Path, crossed: Crossed) -> None:
    """Writes the summary as JSON."""
    path.write_text(json.dumps(asdict(crossed)) + "\n", encoding="utf-8")


def load_crossed(path: Path) -> Crossed:
    """Returns what :func:`save_crossed` wrote; an empty summary where there is none."""
    if not path.exists():
        return Crossed({}, {})
    content = json.loads(path.read_text(encoding="utf-8"))
    levels = {
        head: {label: (high, medium) for label, (high, medium) in labels.items()}
        for head, labels in content["levels"].items()
    }
    return Crossed(content["confusion"], levels)


def _confusion(truth: Labels, guesses: Labels, n_labels: int) -> list[list[int]]:
    counts = np.bincount(truth * n_labels + guesses, minlength=n_labels * n_labels)
    matrix: list[list[int]] = counts.reshape(n_labels, n_labels).tolist()
    return matrix


def _levels(confidences: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    high, medium = NEVER, NEVER
    for confidence in _CONFIDENCES[::-1].tolist():
        chosen = right[confidences >= confidence]
        if len(chosen) < _MIN_CASES:
            continue
        if chosen.mean() >= HIGH_PRECISION:
            high = confidence
        if chosen.mean() >= MEDIUM_PRECISION:
            medium = confidence
    return high, medium
