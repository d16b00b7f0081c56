"""The figures to reach, beside what a linear classifier and larger models have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.evaluation.records import Evaluation
from models.evaluation.tables import markdown_table, with_interval
from models.heads import EXCLUSIVE_HEADS

PEERS = {
    "DeepSentiPers binary": "F1 (mean not named) of ParsBERT v1 0.9213, v2 0.9242",
    "DeepSentiPers 5-class": "F1 (mean not named) of ParsBERT v1 0.7111, v2 0.7131",
    "ArmanEmo": "macro F1 of XLM-R large 0.7539",
}
_MIN_CALIBRATED = 200


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach.

    Attributes:
        title: What it is called in the card.
        figure: Its name among :meth:`Evaluation.headlines`.
        floor: What it must not fall below.
        aim: What it should reach.
        others: What others have.
    """

    title: str
    figure: str
    floor: str
    aim: str
    others: str = ""


GOALS = (
    Goal(
        "Snappfood, macro F1",
        "snappfood",
        "0.870",
        "> 0.8812",
        "linear 0.855; F1 of ParsBERT v1 0.8812, v2 0.8798, mBERT 0.8787, with twice the training comments",
    ),
    Goal("DKSF, accuracy", "dksf accuracy", "0.84", "high"),
    Goal("DKSF, macro F1", "dksf", "0.75", "high"),
    Goal(
        "DeepSentiPers binary, fine-tuned, macro F1",
        "fine-tuned DeepSentiPers binary",
        "0.92",
        "> 0.9242",
        PEERS["DeepSentiPers binary"],
    ),
    Goal(
        "DeepSentiPers 5-class, fine-tuned, macro F1",
        "fine-tuned DeepSentiPers 5-class",
        "0.69",
        "> 0.7131",
        PEERS["DeepSentiPers 5-class"],
    ),
    Goal(
        "DeepSentiPers 5-class, fine-tuned, weighted F1",
        "fine-tuned DeepSentiPers 5-class weighted F1",
        "0.69",
        "> 0.7131",
        PEERS["DeepSentiPers 5-class"],
    ),
    Goal("ArmanEmo, fine-tuned, macro F1", "fine-tuned ArmanEmo", "0.60", "> 0.7539", PEERS["ArmanEmo"]),
    Goal("stage, macro F1", "stage", "0.66", "0.80", "linear 0.553; two readings agree at 0.92"),
    Goal("intent, macro F1", "intent", "0.77", "0.87", "linear 0.711; two readings agree at 0.95"),
    Goal("aspect, macro F1", "aspect", "0.68", "0.80", "linear 0.603; two readings agree at 0.92"),
    Goal(
        "mention sentiment, macro F1",
        "mention_sentiment",
        "0.85",
        "0.92",
        "linear 0.804; two readings agree at 0.97",
    ),
    Goal("message sentiment (4 classes), macro F1", "sentiment", "0.82", "0.90", "linear 0.760"),
    Goal("emotion, macro F1", "emotion", "0.68", "0.78", "linear 0.634"),
    Goal("urgent, average precision", "urgent average precision", "0.50", "0.75"),
    Goal("effort, average precision", "effort average precision", "0.50", "0.75"),
    Goal("sarcasm, average precision", "sarcasm average precision", "0.50", "0.75"),
    Goal("clause boundaries, F1", "clause boundaries", "0.85", "0.95"),
    Goal("Finglish twin of a Persian message: same sentiment", "Finglish twins", "0.85", "0.95"),
)


def goal_table(evaluation: Evaluation) -> list[str]:
    """Returns the figures to reach with what was measured; what was not measured is left out."""
    found = evaluation.headlines()
    rows: list[tuple[str, ...]] = [
        (goal.title, with_interval(found[goal.figure]), goal.floor, goal.aim, goal.others)
        for goal in GOALS
        if goal.figure in found
    ]
    rows += [row for make in _COSTS for row in make(evaluation)]
    return markdown_table(("figure", "measured [95 % interval]", "floor", "aim", "others"), rows)


def _calibration(evaluation: Evaluation) -> list[tuple[str, ...]]:
    errors = [
        evaluation.heads[name].calibration_error
        for name in EXCLUSIVE_HEADS
        if name in evaluation.heads and evaluation.heads[name].scores.accuracy.n >= _MIN_CALIBRATED
    ]
    if not errors:
        return []
    return [("largest calibration error of a head", f"{max(errors):.3f}", "0.03", "0.03", "")]


def _loading(evaluation: Evaluation) -> list[tuple[str, ...]]:
    cost = evaluation.cost
    if cost is None:
        return []
    return [
        ("weights on disk", f"{cost.weights_mb:.1f} MB", "40 MB", "20 MB", ""),
        ("load time without hazm's", f"{cost.load_s:.2f} s", "1 s", "0.5 s", ""),
        ("added memory without hazm's", f"{cost.memory_mb:.0f} MB", "300 MB", "150 MB", ""),
    ]


def _noted(evaluation: Evaluation) -> list[tuple[str, ...]]:
    return [(name, f"{value:,.4g}", "", "", "") for name, value in evaluation.noted.items()]


_COSTS: tuple[Callable[[Evaluation], list[tuple[str, ...]]], ...] = (_calibration, _loading, _noted)
