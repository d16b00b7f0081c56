"""Trains a network for each fold of the labelled messages: judges of what they never saw, and teachers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.train import FOLD_FOLDERS, Recipe, Trainer, load_network
from models.training_set import Copies, TrainingSet

N_FOLDS = 4
_FULL_SHARE = 0.7
_SEED_OF_HEADS = 1


def fold_numbers(n_messages: int, *, seed: int = 1) -> NDArray[np.int64]:
    """Returns for each message the fold that holds it out; the folds are of like size.

    >>> sorted(fold_numbers(8).tolist())
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    return np.random.default_rng(seed).permutation(n_messages) % N_FOLDS


def without_fold(data: TrainingSet, fold: int) -> TrainingSet:
    """Returns the set without the messages that the fold holds out, and without copies."""
    kept = fold_numbers(len(data.full)) != fold
    full = [example for example, keep in zip(data.full, kept, strict=True) if keep]
    return replace(data, full=full, full_copies=Copies(), partial_copies=Copies())


def fold_folder(work: Path, fold: int) -> Path:
    """Returns where the network of a fold is kept."""
    return work / FOLD_FOLDERS.replace("*", str(fold))


def train_fold(work: Path, data: TrainingSet, fold: int, *, minutes: float, compiled: bool) -> None:
    """Leaves ``trained.pt`` in the fold's folder; goes on where an earlier run stopped.

    Args:
        work: Folder with ``pretrained.pt``.
        data: All messages; those of the fold are left out.
        fold: Its number.
        minutes: Time of training on one thread, over all runs.
        compiled: Whether to compile the encoder first.
    """
    torch.set_num_threads(1)
    torch.manual_seed(_SEED_OF_HEADS)
    folder = fold_folder(work, fold)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(minutes=minutes, full_share=_FULL_SHARE, evaluate_every_s=1e9, seed=fold + 1)
    network = load_network(work, dropout=recipe.dropout)
    torch.manual_seed(fold)
    Trainer(folder, without_fold(data, fold), recipe, network=network, compiled=compiled).run()


def train_folds(work: Path, data: TrainingSet, *, minutes: float, processes: int, compiled: bool) -> None:
    """Trains the networks of all folds, some at once, each on one thread.

    Raises:
        RuntimeError: A process ended before its fold was done.
    """
    processor = multiprocessing.get_context("fork")
    for first in range(0, N_FOLDS, processes):
        running = [
            processor.Process(
                target=train_fold, args=(work, data, fold), kwargs={"minutes": minutes, "compiled": compiled}
            )
            for fold in range(first, min(first + processes, N_FOLDS))
        ]
        _run(running, first)


def _run(running: Sequence[multiprocessing.process.BaseProcess], first: int) -> None:
    for process in running:
        process.start()
    for process in running:
        process.join()
    for place, process in enumerate(running):
        if process.exitcode:
            raise RuntimeError(f"fold {first + place} ended with {process.exitcode}; run it again to go on")
