"""What teachers think of the training texts, kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.corpora import Corpora
from models.heads import HEADS, MENTION_HEADS
from models.inference import Scores
from models.training_set import TrainingSet, load_training_set, with_teachers

TAUGHT = "taught.npz"
N_UNLABELLED = 12_000
COPY_SHARE = 0.8


def save_taught(path: Path, full: Sequence[Scores], partly: Sequence[Scores]) -> None:
    """Writes probabilities in half precision."""
    arrays: dict[str, NDArray[np.float16] | NDArray[np.int16]] = {}
    for part, scores in (("full", full), ("partial", partly)):
        arrays[f"{part}.mentions"] = np.array([len(one["stage"]) for one in scores], dtype=np.int16)
        for name in HEADS:
            join = np.concatenate if name in MENTION_HEADS else np.stack
            arrays[f"{part}.{name}"] = join([one[name] for one in scores]).astype(np.float16)
    np.savez(path, **arrays)


def load_taught(path: Path) -> tuple[list[Scores], list[Scores]]:
    """Returns what :func:`save_taught` wrote."""
    with np.load(path) as arrays:
        return _load_part(arrays, "full"), _load_part(arrays, "partial")


def load_taught_texts(corpora: Corpora, tokenizer: Tokenizer) -> TrainingSet:
    """Returns the training set with unlabelled texts, as the teachers are asked about it."""
    return load_training_set(corpora, tokenizer, n_unlabelled=N_UNLABELLED)


def load_taught_set(corpora: Corpora, tokenizer: Tokenizer, path: Path) -> TrainingSet:
    """Returns the training set with copies and what the teachers think of all of it.

    Raises:
        ValueError: The file is about other texts than the corpora hold now.
    """
    data = load_training_set(corpora, tokenizer, n_unlabelled=N_UNLABELLED, copy_share=COPY_SHARE)
    full, partly = load_taught(path)
    if (len(full), len(partly)) != (len(data.full), len(data.partial)):
        raise ValueError(f"{path}: made from other texts; run python -m models.teach again")
    return with_teachers(data, full, partly)


def _load_part(arrays: np.lib.npyio.NpzFile, part: str) -> list[Scores]:
    counts = arrays[f"{part}.mentions"].astype(np.int64)
    ends = np.cumsum(counts)[:-1]
    columns = {}
    for name in HEADS:
        values = arrays[f"{part}.{name}"].astype(np.float32)
        columns[name] = np.split(values, ends) if name in MENTION_HEADS else list(values)
    return [{name: columns[name][i] for name in HEADS} for i in range(len(counts))]
