"""What an evaluation found, and how it is kept as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.behaviour import PassRate
from models.evaluation.loading import Cost
from models.metrics import ClassScore, Figure, Scorecard


class EvaluationError(Exception):
    """The model cannot be measured as asked; the message names what was wrong and the remedy."""


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Items whose confidence lies in ``[low, high)``: what was promised, what was kept."""

    low: float
    high: float
    mean_confidence: float
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True)
class AtConfidence:
    """What is left of a label's guesses when those below a confidence are passed over.

    Attributes:
        confidence: The least confidence.
        precision: Share of right ones among the guesses left; 0 where none is left.
        coverage: Share of the label's guesses that are left.
        n: Guesses left.
    """

    confidence: float
    precision: float
    coverage: float
    n: int


@dataclass(frozen=True, slots=True)
class HeadResult:
    """How one head did on one set.

    Attributes:
        labels: In the order of ``confusion``.
        scores: Macro F1, weighted F1, accuracy.
        classes: Of each label.
        confusion: Counts, a row for each true label, a column for each guess.
        calibration_error: Expected calibration error.
        reliability: Bins of equal width that hold at least one item.
        at_confidence: Of each label, and under ``all`` of the head.
    """

    labels: tuple[str, ...]
    scores: Scorecard
    classes: dict[str, ClassScore]
    confusion: list[list[int]]
    calibration_error: float
    reliability: list[ConfidenceBin]
    at_confidence: dict[str, list[AtConfidence]]


@dataclass(frozen=True, slots=True)
class FlagResult:
    """How one flag was found: over all thresholds, and at the threshold of the manifest."""

    average_precision: Figure
    threshold: float
    at_threshold: ClassScore


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the held-out messages.

    Attributes:
        kind: source, channel, length, text (what is hard about it), or rewritten (made from all messages).
        name: Which of that kind.
        n_messages: Messages in it.
        n_mentions: Their mentions.
        scores: Of each head; macro F1 over labels with at least five cases in the slice.
    """

    kind: str
    name: str
    n_messages: int
    n_mentions: int
    scores: dict[str, Scorecard]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the shipped encoder reaches when it is fine-tuned on another set; those weights are thrown away."""

    task: str
    n_train: int
    n_test: int
    n_seeds: int
    scores: Scorecard


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured of one model on the dev or the test sets.

    Attributes:
        model_version: The model.
        split: dev or test.
        limit: The most messages read of each set; ``None``: all.
        heads: By name of the set or head.
        flags: By flag.
        boundaries: F1 of the cuts between clauses, over ``all`` and by source.
        slices: Of the held-out messages.
        finglish: Agreement of sentiment between Persian and Finglish, by set.
        behaviours: By capability.
        transfers: By fine-tuning.
        cost: ``None`` where it was not measured.
        noted: What other commands left in the manifest: parity of int8 with float32, throughput.
    """

    model_version: str
    split: str
    limit: int | None
    heads: dict[str, HeadResult]
    flags: dict[str, FlagResult]
    boundaries: dict[str, Figure]
    slices: list[Slice] = field(default_factory=list)
    finglish: dict[str, Figure] = field(default_factory=dict)
    behaviours: dict[str, PassRate] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    cost: Cost | None = None
    noted: dict[str, float] = field(default_factory=dict)

    def headlines(self) -> dict[str, Figure]:
        """Returns the figures that a model is compared by, by name.

        Macro F1 where the name says nothing else, over labels with at least 20 cases.
        """
        found: dict[str, Figure] = {}
        for name, head in self.heads.items():
            found[name] = head.scores.macro_f1
            found[f"{name} weighted F1"] = head.scores.weighted_f1
            found[f"{name} accuracy"] = head.scores.accuracy
            n, error = head.scores.accuracy.n, head.calibration_error
            found[f"{name} calibration error"] = Figure(error, error, error, n)
        for flag, result in self.flags.items():
            found[f"{flag} average precision"] = result.average_precision
        found["clause boundaries"] = self.boundaries["all"]
        found |= {f"Finglish {name}": figure for name, figure in self.finglish.items()}
        for one in self.transfers:
            found[f"fine-tuned {one.task}"] = one.scores.macro_f1
            found[f"fine-tuned {one.task} weighted F1"] = one.scores.weighted_f1
            found[f"fine-tuned {one.task} accuracy"] = one.scores.accuracy
        return found


_JSON: TypeAdapter[Evaluation] = TypeAdapter(Evaluation)


def save_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Writes the evaluation as JSON, a line for each part, numbers rounded to four digits after the point.

    Raises:
        EvaluationError: The file cannot be written.
    """
    content = json.dumps(_rounded(_JSON.dump_python(evaluation, mode="json")), ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace('}, "', '},\n"') + "\n", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(
            f"{path}: cannot be written ({error.strerror}); name another file with --out"
        ) from error


def load_evaluation(path: Path) -> Evaluation:
    """Returns the evaluation kept in a file.

    Raises:
        EvaluationError: The file is missing or is no evaluation.
    """
    try:
        return _JSON.validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror}); run: bazkhord evaluate") from error
    except ValidationError as error:
        raise EvaluationError(
            f"{path}: is no evaluation ({error.error_count()} faults); run: bazkhord evaluate"
        ) from error


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
