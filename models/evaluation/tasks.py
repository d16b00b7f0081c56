"""The sets that the shipped encoder is fine-tuned on for a like-for-like figure beside other models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.evaluation.records import EvaluationError
from models.evaluation.sets import read_rows, readable, some

Labelled = tuple[str, str]
SIGNS = {"negative": "negative", "positive": "positive"}
POLARITIES = {"-2": "negative", "-1": "negative", "0": "neutral", "1": "positive", "2": "positive"}
EMOTIONS = {
    "ANGRY": "anger", "FEAR": "worry", "HAPPY": "joy", "HATE": "anger",
    "OTHER": "none", "SAD": "disappointment", "SURPRISE": "surprise",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """Texts with one label each.

    Attributes:
        name: As it is reported.
        head: The head of the shipped network that the new one starts from.
        labels: All labels of the training texts, sorted.
        alike: For some of them the label of ``head`` that means about the same.
        train: What is learnt from.
        dev: What the best moment is chosen by.
        test: What is reported.
    """

    name: str
    head: str
    labels: tuple[str, ...]
    alike: Mapping[str, str]
    train: list[Labelled]
    dev: list[Labelled]
    test: list[Labelled]


def load_tasks(folder: Path, *, limit: int | None = None) -> list[Task]:
    """Returns DeepSentiPers with two and with five classes, and ArmanEmo with seven emotions.

    ArmanEmo may be used for evaluation only (CC BY-NC-SA); DeepSentiPers binary drops 0 and joins the signs.

    Args:
        folder: The data folder.
        limit: The most texts of each part; ``None``: all.

    Raises:
        EvaluationError: A file is missing or cannot be read, or dev and test have labels that train lacks.
    """
    polarity, emotion = "sentiment/deepsentipers", "emotion/armanemo"
    with readable(folder):
        return [
            _task(
                "DeepSentiPers binary",
                "sentiment",
                alike=SIGNS,
                stem=folder / polarity,
                label=_sign,
                limit=limit,
            ),
            _task(
                "DeepSentiPers 5-class",
                "sentiment",
                alike=POLARITIES,
                stem=folder / polarity,
                label=_polarity,
                limit=limit,
            ),
            _task("ArmanEmo", "emotion", alike=EMOTIONS, stem=folder / emotion, label=_emotion, limit=limit),
        ]


def _task(
    name: str,
    head: str,
    *,
    alike: Mapping[str, str],
    stem: Path,
    label: Callable[[dict[str, object]], str],
    limit: int | None,
) -> Task:
    train, dev, test = (
        read_rows(stem.with_name(f"{stem.name}.{split}.jsonl.xz"), lambda row: (str(row["text"]), label(row)))
        for split in ("train", "dev", "test")
    )
    labels = tuple(sorted({known for _, known in train} - {""}))
    strange = {known for _, known in (*dev, *test)} - {*labels, ""}
    if strange or not labels:
        raise EvaluationError(f"{stem}: {len(strange)} labels of dev or test are not in the training texts")
    parts = ([one for one in part if one[1]] for part in (train, dev, test))
    return Task(name, head, labels, alike, *(some(part, limit) for part in parts))


def _sign(row: dict[str, object]) -> str:
    polarity = int(str(row["polarity"]))
    return "positive" if polarity > 0 else "negative" if polarity < 0 else ""


def _polarity(row: dict[str, object]) -> str:
    return str(int(str(row["polarity"])))


def _emotion(row: dict[str, object]) -> str:
    return str(row["emotion"])
