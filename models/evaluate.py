"""Measures a weights folder on every labelled set, prints the figures and writes the model card.

``bazkhord evaluate`` calls it. The test sets are for the figures of a released model; what to train is chosen
with ``--split dev``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from models.card import write_card
from models.checkpoint import SHIPPED, load_checkpoint, save_manifest
from models.corpora import DEFAULT_DATA
from models.evaluation.judge import Watch
from models.evaluation.records import Evaluation, EvaluationError, save_evaluation
from models.evaluation.run import measure, measure_transfers

EVALUATION_FILE = "evaluation.json"


def evaluate(
    *,
    data: Path = DEFAULT_DATA,
    weights: Path = SHIPPED,
    split: str = "test",
    out: Path | None = None,
    card: bool = False,
    transfer: bool | None = None,
    seeds: int = 1,
    limit: int | None = None,
    threads: int = 2,
) -> Evaluation:
    """Measures the model, prints the figures, and writes what is asked for.

    Args:
        data: The data folder.
        weights: The weights folder.
        split: dev or test.
        out: JSON file for all that was measured; ``None``: none.
        card: Whether to write ``evaluation.json``, ``CARD.md`` and the manifest's figures.
        transfer: Whether to fine-tune on other sets too; ``None``: on the test sets only.
        seeds: Fine-tunings of each of those sets.
        limit: The most messages of each set; ``None``: all.
        threads: Threads of the matrix work.

    Raises:
        EvaluationError: The data or an option is not as it should be; the message names the remedy.
        CheckpointError: The weights folder is not whole.
    """
    if card and limit is not None:
        raise EvaluationError("--card tells of whole sets: leave out --limit, or write to a file with --out")
    with _bars() as watch:
        found = measure(data, weights, split, limit=limit, threads=threads, watch=watch)
        if split == "test" if transfer is None else transfer:
            transfers = measure_transfers(
                data, weights, n_seeds=seeds, limit=limit, threads=threads, watch=watch
            )
            found = replace(found, transfers=transfers)
    show(found)
    if out is not None:
        save_evaluation(out, found)
    if card:
        write_reports(weights, found)
    return found


def write_reports(weights: Path, evaluation: Evaluation) -> None:
    """Writes ``evaluation.json``, ``CARD.md`` and the figures of the manifest into the weights folder."""
    save_evaluation(weights / EVALUATION_FILE, evaluation)
    write_card(weights, evaluation)
    manifest = load_checkpoint(weights).manifest
    prefix = f"{evaluation.split} "
    kept = {name: value for name, value in manifest.figures.items() if not name.startswith(prefix)}
    measured = {prefix + name: round(one.value, 4) for name, one in evaluation.headlines().items()}
    save_manifest(weights, replace(manifest, figures={**kept, **measured}))


def show(evaluation: Evaluation) -> None:
    """Prints each figure with its interval, and the pass rates of the behaviour cases."""
    table = Table("figure", "value", "95 % interval", "n", box=box.SIMPLE)
    for name, one in evaluation.headlines().items():
        interval = f"{one.low:.3f} – {one.high:.3f}" if one.low < one.high else ""
        table.add_row(name, f"{one.value:.3f}", interval, f"{one.n:,}")
    for name, rate in evaluation.behaviours.items():
        row = (f"{rate.n_passed / rate.n:.3f}", f"{rate.low:.3f} – {rate.high:.3f}", f"{rate.n:,}")
        table.add_row(f"behaviour: {name}", *row)
    console = Console()
    console.print(f"{evaluation.model_version}, {evaluation.split} sets; macro F1 where nothing else is said")
    console.print(table)
    if (cost := evaluation.cost) is not None:
        console.print(
            f"loads in {cost.load_s:.2f} s and {cost.memory_mb:.0f} MB beside the {cost.hazm_load_s:.1f} s and "
            f"{cost.hazm_memory_mb:.0f} MB of hazm; {cost.weights_mb:.1f} MB on disk",
            highlight=False,
        )


@contextmanager
def _bars() -> Iterator[Watch]:
    """Shows a bar for each step, on standard error so that the figures can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def note(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done)

        yield note
