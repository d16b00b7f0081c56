"""Reads the sets that the model is measured on, and says plainly what is missing."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from models.corpora import Corpora, LabelledMessage
from models.evaluation.records import EvaluationError
from models.twins import FinglishPair, finglish_pairs

SENTIMENT_SETS = ("snappfood", "dksf", "deepsentipers")
SPLITS = ("dev", "test")
Row = TypeVar("Row")
_REMEDY = "give the folder of the corpora with --data (default: ../shared/data)"


@dataclass(frozen=True, slots=True)
class TestSets:
    """The texts of one split.

    Attributes:
        sentiment: Messages of which only the sentiment is known, by name of the set.
        held_out: Fully labelled messages.
        pairs: A text in Finglish beside the same in Persian letters.
    """

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    sentiment: dict[str, list[LabelledMessage]]
    held_out: list[LabelledMessage]
    pairs: list[FinglishPair]


def load_sets(folder: Path, split: str, *, limit: int | None = None) -> TestSets:
    """Returns the sets of a split.

    Args:
        folder: The data folder.
        split: dev or test.
        limit: The most messages of each set, drawn with a fixed seed; ``None``: all.

    Raises:
        EvaluationError: The folder or one of its files is missing or cannot be read.
    """
    if split not in SPLITS:
        raise EvaluationError(f"--split is {split!r}, expected dev or test")
    if not folder.is_dir():
        raise EvaluationError(f"{folder}: no such folder; {_REMEDY}")
    corpora = Corpora(folder)
    with readable(folder):
        return TestSets(
            {name: some(corpora.sentiment(name, split), limit) for name in SENTIMENT_SETS},
            some([*corpora.annotated(split), *corpora.authored(split)], limit),
            some(finglish_pairs(folder), limit),
        )


def read_rows(path: Path, parse: Callable[[dict[str, object]], Row]) -> list[Row]:
    """Returns each line of an xz-compressed file of JSON objects, parsed."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [parse(json.loads(line)) for line in lines]


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Turns what may go wrong in reading the data into one sentence.

    Raises:
        EvaluationError: A file is missing, damaged, or has other fields than expected.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise EvaluationError(f"{error.filename}: is missing; {_REMEDY}") from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise EvaluationError(f"{folder}: a file cannot be read ({error}); copy the folder anew") from error
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(
            f"{folder}: a row has other fields than expected ({type(error).__name__}); copy the folder anew"
        ) from error


def some(rows: list[Row], limit: int | None) -> list[Row]:
    """Returns at most ``limit`` of the rows, drawn with a fixed seed, in their order."""
    if limit is None or len(rows) <= limit:
        return rows
    chosen = np.sort(np.random.default_rng(1).permutation(len(rows))[:limit])
    return [rows[i] for i in chosen.tolist()]
