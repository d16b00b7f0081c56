"""`bazkhord analyze`, `train` and `evaluate`: the language model by hand."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from config.settings import load_settings
from pipeline import console
from pipeline.analyze import analysis_as_json
from pipeline.commands.opening import Visual, open_analyzer
from pipeline.errors import SettingsError


def analyze(
    text: Annotated[str | None, typer.Argument(help="A message in Persian.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="A text per line, or JSON Lines with `text` and perhaps `id`; - : stdin."
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per text instead of colours.")
    ] = False,
    visual: Visual = False,
) -> None:
    """Say sentiment, emotion, flags and mentions of a text; nothing is stored.

    Example: bazkhord analyze "غذا عالی بود ولی پیک دیر رسید"
    """
    if (text is None) == (file is None):
        raise SettingsError(
            'give either a text, bazkhord analyze "…", or a file, bazkhord analyze --file FILE'
        )
    settings = load_settings()
    faults: list[str] = []
    texts = [("1", text)] if text is not None else list(_read_texts(file or Path("-"), faults))
    analyzer = open_analyzer(settings)
    for start in range(0, len(texts), settings.classify_batch_messages):
        batch = texts[start : start + settings.classify_batch_messages]
        for (id_, one), prediction in zip(batch, analyzer.analyze([one for _, one in batch]), strict=True):
            if as_json:
                answer = analysis_as_json(id_, one, prediction, analyzer.levels)
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
            else:
                console.show_analysis(one, prediction, visual=visual)
    for fault in faults:
        console.err.print(f"[red]left out:[/] {fault}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if faults else 0)


def train(
    *,
    base: Annotated[
        str, typer.Option(metavar="PATH_OR_HUB_ID", help="Encoder in Hugging Face form: folder or hub id.")
    ],
    out: Annotated[Path, typer.Option(help="Weights folder to write.")],
    data: Annotated[Path, typer.Option(help="Folder of the labelled messages.")] = Path("../shared/data"),
    minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of training in all.")] = 60.0,
    batch_tokens: Annotated[int, typer.Option(min=256, help="Tokens of a batch, padding included.")] = 2048,
    rate: Annotated[
        float, typer.Option(help="Highest learning rate; the heads learn ten times as fast.")
    ] = 3e-5,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda; default: the setting device, a GPU where there is one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    work: Annotated[
        Path | None, typer.Option(help="Folder of the run, to go on after a break; default: OUT.work.")
    ] = None,
) -> None:
    """Fine-tune another encoder, such as ParsBERT, on the same heads and data; needs torch and transformers.

    Example: bazkhord train --base HooshvareLab/bert-fa-base-uncased --out parsbert
    """
    from models.checkpoint import CheckpointError

    settings = load_settings()
    try:
        from models.fine_tune import RECIPE, fine_tune
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"training needs {error.name}: install bazkhord[train] (WITH_TORCH=1 make setup)"
        ) from None
    recipe = replace(RECIPE, minutes=minutes, batch_tokens=batch_tokens, peak_rate=rate, seed=seed)
    chosen = settings.device if device is None else device
    try:
        with console.new_progress() as progress:
            task = progress.add_task("train", total=100, rate="")
            made = fine_tune(
                base,
                out,
                data=data,
                work=work,
                recipe=recipe,
                device=chosen,
                threads=settings.n_threads,
                on_step=lambda share: progress.update(task, completed=round(100 * share)),
            )
    except CheckpointError as error:
        raise SettingsError(str(error)) from None
    console.out.print(
        f"{made.model_version} is in {out}\n"
        f"Measure it:  bazkhord evaluate --weights {out} --data {data}\n"
        f"Serve it:    BAZKHORD_WEIGHTS_DIR={out} BAZKHORD_ENGINE=torch bazkhord serve",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def evaluate(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the labelled sets.")] = Path("../shared/data"),
    weights: Annotated[
        Path | None, typer.Option(help="Weights folder to measure; default: the setting weights_dir.")
    ] = None,
    split: Annotated[str, typer.Option(help="dev or test.")] = "test",
    out: Annotated[Path | None, typer.Option(help="JSON file for all that was measured.")] = None,
    card: Annotated[
        bool, typer.Option("--card/--no-card", help="Write evaluation.json, CARD.md, the manifest's figures.")
    ] = False,
    transfer: Annotated[
        bool | None,
        typer.Option(
            "--transfer/--no-transfer",
            help="Fine-tune the encoder on DeepSentiPers and ArmanEmo as well (minutes each, needs torch). "
            "Default: with --split test.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Fine-tunings of each set; their mean counts.")] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="For a quick look: at most so many messages of each set.")
    ] = None,
) -> None:
    """Measure the model on every labelled set, with 95 % intervals.

    A quick look: bazkhord evaluate --limit 200 --no-transfer
    """
    from models.checkpoint import SHIPPED, CheckpointError
    from models.evaluate import evaluate as measure
    from models.evaluation.records import EvaluationError

    settings = load_settings()
    try:
        measure(
            data=data,
            weights=weights or settings.weights_dir or SHIPPED,
            split=split,
            out=out,
            card=card,
            transfer=transfer,
            seeds=seeds,
            limit=limit,
            threads=settings.n_threads or os.cpu_count() or 1,
        )
    except (EvaluationError, CheckpointError) as error:
        raise SettingsError(str(error)) from None


def _read_texts(path: Path, faults: list[str]) -> Iterator[tuple[str, str]]:
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            if read := _read_line(line.decode("utf-8").strip(), number):
                yield read
        except ValueError as error:
            faults.append(f"{path}, line {number}: {error}")


def _read_line(line: str, number: int) -> tuple[str, str] | None:
    if not line.startswith("{"):
        return (str(number), line) if line else None
    row = json.loads(line)
    if not isinstance(row.get("text"), str):
        raise ValueError(  # noqa: TRY004 - a wrong line, not a wrong call
            'needs a string under "text"'
        )
    return str(row.get("id", number)), row["text"]
