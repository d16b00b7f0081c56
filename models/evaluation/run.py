"""Measures everything, step by step: the whole story of an evaluation on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from models.behaviour import load_cases, pass_rates, run_cases
from models.checkpoint import load_checkpoint
from models.classifier import Classifier
from models.corpora import LabelledMessage
from models.evaluation.boundaries import boundary_figures
from models.evaluation.cost import measure_cost
from models.evaluation.heads import measure_flags, measure_head
from models.evaluation.judge import HeadScores, Judge, Judged, Watch, three_class, two_class
from models.evaluation.records import Evaluation, EvaluationError, HeadResult, Transfer
from models.evaluation.robustness import measure_finglish, measure_rewritten
from models.evaluation.sets import load_sets
from models.evaluation.slices import measure_slices
from models.heads import EXCLUSIVE_HEADS, HEADS
from models.labels import MENTION_SENTIMENTS, Sentiment
from models.metrics import Resampling

Found = TypeVar("Found")
_TORCH = frozenset(("torch", "onnx"))
_NOTED = ("parity", "throughput")
_POLES = (Sentiment.NEGATIVE, Sentiment.POSITIVE)


def measure(
    data: Path, weights: Path, split: str, *, limit: int | None = None, threads: int = 2, watch: Watch
) -> Evaluation:
    """Returns all that is measured without training anything.

    Args:
        data: The data folder.
        weights: The weights folder.
        split: dev or test.
        limit: The most messages of each set; ``None``: all.
        threads: Threads of the matrix work.
        watch: Told what is being done, how much of it is done, and how much there is.

    Raises:
        EvaluationError: The data cannot be read.
        CheckpointError: The weights folder is not whole.
    """
    sets = load_sets(data, split, limit=limit)
    judge = Judge(weights, threads=threads)
    sentiment = _sentiment_heads(judge, sets.sentiment, watch)
    held_out = judge.judge(sets.held_out, name="held-out messages", watch=watch)
    rewritten = _told(watch, "rewritten", lambda: measure_rewritten(judge, sets.held_out))
    predict = Classifier(weights, threads=threads).predict
    return Evaluation(
        model_version=judge.manifest.model_version,
        split=split,
        limit=limit,
        heads=sentiment | _told(watch, "heads", lambda: _held_out_heads(held_out)),
        flags=measure_flags(held_out, judge.manifest.flag_thresholds),
        boundaries=_told(watch, "clauses", lambda: boundary_figures(sets.held_out)),
        slices=[*_told(watch, "slices", lambda: measure_slices(held_out)), *rewritten],
        finglish=_told(watch, "Finglish", lambda: measure_finglish(predict, sets.pairs, sets.held_out)),
        behaviours=_told(watch, "behaviours", lambda: pass_rates(run_cases(predict, load_cases()))),
        cost=_told(watch, "load time", lambda: measure_cost(weights)),
        noted={name: value for name, value in judge.manifest.figures.items() if name.startswith(_NOTED)},
    )


def measure_transfers(
    data: Path,
    weights: Path,
    *,
    n_seeds: int = 1,
    limit: int | None = None,
    threads: int = 2,
    watch: Watch,
) -> list[Transfer]:
    """Returns what the encoder reaches on each task of :mod:`models.evaluation.tasks` by fine-tuning.

    Args:
        data: The data folder.
        weights: The weights folder; it is not changed.
        n_seeds: Fine-tunings of each task.
        limit: The most texts of each part of a task; ``None``: all.
        threads: Threads of the matrix work.
        watch: As in :func:`measure`.

    Raises:
        EvaluationError: The data cannot be read, or torch is not installed.
        CheckpointError: The weights folder is not whole.
    """
    try:
        import torch

        from models.evaluation.transfer import FineTuning, measure_transfer
    except ModuleNotFoundError as error:
        if error.name not in _TORCH:
            raise
        raise EvaluationError(
            "fine-tuning needs torch and onnx: pip install 'bazkhord[train]' (WITH_TORCH=1 make setup), "
            "or leave it out with --no-transfer"
        ) from None
    from models.evaluation.tasks import load_tasks

    torch.set_num_threads(threads)
    checkpoint, recipe = load_checkpoint(weights), FineTuning()
    return [
        measure_transfer(
            checkpoint,
            task,
            recipe,
            n_seeds=n_seeds,
            watch=partial(watch, f"fine-tune {task.name}"),
        )
        for task in load_tasks(data, limit=limit)
    ]


def _told(watch: Watch, name: str, work: Callable[[], Found]) -> Found:
    watch(name, 0, 1)
    found = work()
    watch(name, 1, 1)
    return found


def _sentiment_heads(
    judge: Judge, sets: Mapping[str, Sequence[LabelledMessage]], watch: Watch
) -> dict[str, HeadResult]:
    found: dict[str, HeadResult] = {}
    for name, messages in sets.items():
        scores = judge.judge(messages, name=name, watch=watch).head("sentiment")
        labels = _POLES if name == "snappfood" else MENTION_SENTIMENTS
        shares = two_class(scores.probabilities) if name == "snappfood" else three_class(scores.probabilities)
        truth = np.searchsorted([list(Sentiment).index(one) for one in labels], scores.truth)
        chosen = HeadScores(shares, truth, scores.places)
        found[name] = measure_head(chosen, [str(one) for one in labels], Resampling(len(messages)))
    return found


def _held_out_heads(judged: Judged) -> dict[str, HeadResult]:
    samples = Resampling(len(judged.messages))
    return {
        name: measure_head(judged.head(name), [str(one) for one in HEADS[name]], samples)
        for name in EXCLUSIVE_HEADS
    }
