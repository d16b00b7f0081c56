"""Lets teachers judge every training text, for the shipped network to learn from.

``python -m models.teach`` trains the networks of all folds (see :mod:`models.folds`) and linear classifiers (see
:mod:`models.linear`), and writes ``taught.npz`` (what the teachers think; a labelled message is judged only by
the network that never saw it) and ``crossed.json`` (how often each label was taken for which, by source).

With ``--by`` a weights folder teaches instead of the folds, for when labels were added to those it learned from;
``crossed.json`` is then what its manifest says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import track
from tokenizers import Tokenizer

from models.calibration import fit_temperatures
from models.checkpoint import TOKENIZER_FILE, load_checkpoint
from models.classifier import Probabilities
from models.corpora import DEFAULT_DATA, Corpora
from models.crossed import CROSSED, Crossed, cross_validate, save_crossed
from models.examples import Example
from models.export import export_onnx, load_trained
from models.folds import N_FOLDS, fold_folder, fold_numbers, train_folds
from models.heads import MENTION_HEADS
from models.inference import Scores, score_windows
from models.linear import mix, teach_linearly
from models.onnx_engine import OnnxForward
from models.taught import N_UNLABELLED, TAUGHT, load_taught_texts, save_taught
from models.training_set import TrainingSet, full_messages, partial_messages
from models.vocabulary import WORK_FOLDER


class Teacher:
    """A network whose confidences are calibrated on the dev set."""

    def __init__(self, model: Path, data: TrainingSet, *, threads: int) -> None:
        self._forward, self._threads = OnnxForward(model), threads
        scores = self._scores(self._forward, data.dev_full)
        self._probabilities = Probabilities(self._forward, fit_temperatures(scores, data.dev_full))

    @classmethod
    def of_fold(cls, folder: Path, data: TrainingSet, *, threads: int) -> Teacher:
        """Returns the network that :func:`models.folds.train_folds` left in the folder."""
        model = folder / "teacher.onnx"
        export_onnx(load_trained(folder), model)
        return cls(model, data, threads=threads)

    def judge(self, examples: Sequence[Example]) -> list[Scores]:
        """Returns for each example the probability of each label of each head."""
        return self._scores(self._probabilities, examples)

    def _scores(self, forward: OnnxForward | Probabilities, examples: Sequence[Example]) -> list[Scores]:
        return score_windows(forward, [example.window for example in examples], threads=self._threads)


def judge_all(teachers: Sequence[Teacher], data: TrainingSet) -> tuple[list[Scores], list[Scores]]:
    """Returns what the teachers think of ``data.full`` (each of its own fold) and of ``data.partial`` (mean)."""
    numbers = fold_numbers(len(data.full))
    full: list[Scores] = [{}] * len(data.full)
    for fold, teacher in enumerate(teachers):
        held = np.flatnonzero(numbers == fold)
        for i, scores in zip(held, teacher.judge([data.full[i] for i in held]), strict=True):
            full[i] = scores
    sums: list[Scores] = []
    for teacher in track(teachers, description="teachers read"):
        some = teacher.judge(data.partial)
        sums = [_sum(a, b) for a, b in zip(sums, some, strict=True)] if sums else some
    mean = [{name: values / len(teachers) for name, values in one.items()} for one in sums]
    return full, mean


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the corpora.")] = DEFAULT_DATA,
    work: Annotated[Path, typer.Option(help="Folder of the checkpoints.")] = WORK_FOLDER,
    minutes: Annotated[float, typer.Option(help="Minutes of training of each fold, in all.")] = 24.0,
    threads: Annotated[int, typer.Option(help="Folds trained at once, each on one thread.")] = 2,
    compiled: Annotated[bool, typer.Option(help="Compile the encoders (needs a C++ compiler).")] = True,
    by: Annotated[
        Path | None, typer.Option(help="A weights folder of ours that teaches instead of networks of folds.")
    ] = None,
) -> None:
    """Trains the teachers and has them judge all training texts; run it again to go on."""
    corpora = Corpora(data)
    texts = load_taught_texts(corpora, Tokenizer.from_file(str(work / TOKENIZER_FILE)))
    typer.echo(f"{len(texts.full):,} fully and {len(texts.partial):,} partly labelled messages")
    labelled, others = full_messages(corpora), partial_messages(corpora, n_unlabelled=N_UNLABELLED)
    if by is not None:
        checkpoint = load_checkpoint(by)
        teacher = Teacher(checkpoint.model, texts, threads=threads)
        full, partly = teacher.judge(texts.full), teacher.judge(texts.partial)
        crossed = Crossed(checkpoint.manifest.confusion, checkpoint.manifest.levels)
    else:
        train_folds(work, texts, minutes=minutes, processes=threads, compiled=compiled)
        folders = [fold_folder(work, fold) for fold in range(N_FOLDS)]
        full, partly = judge_all([Teacher.of_fold(one, texts, threads=threads) for one in folders], texts)
        crossed = cross_validate(full, texts.full, [message.source for message in labelled])
    save_crossed(work / CROSSED, crossed)
    for head in track(MENTION_HEADS, description="linear teachers"):
        linear = teach_linearly(labelled, others, fold_numbers(len(labelled)), head)
        full, partly = mix(full, linear[0], head), mix(partly, linear[1], head)
    save_taught(work / TAUGHT, full, partly)
    typer.echo("taught")


def _sum(first: Scores, second: Scores) -> Scores:
    return {name: values + second[name] for name, values in first.items()}


if __name__ == "__main__":
    typer.run(main)
