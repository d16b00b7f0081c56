"""How answers look in a terminal: colours, bars, tables, and Persian that can be read."""

from __future__ import annotations

from typing import TypedDict

import arabic_reshaper
from bidi.algorithm import get_display
from rich import box
from rich.console import Console, JustifyMethod
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from models.labels import Mention, Prediction
from pipeline.records import SaveCounts
from pipeline.source_log import SourceState


class TableLook(TypedDict):
    """How all tables look: narrow enough for eighty columns."""

    box: box.Box
    title_justify: JustifyMethod
    title_style: str


COLOURS = {"negative": "red", "neutral": "yellow", "positive": "green", "mixed": "magenta"}
PLAIN: TableLook = {"box": box.SIMPLE, "title_justify": "left", "title_style": "bold"}
BLOCKS = "▁▂▃▄▅▆▇█"

out = Console()
err = Console(stderr=True)


def readable(text: str, *, visual: bool) -> str:
    """Return Persian text for a terminal.

    Args:
        visual: True where the terminal does not order right-to-left text itself: letters are joined
            and put into the order in which they are seen (Unicode bidirectional algorithm, UAX 9).
    """
    return str(get_display(arabic_reshaper.reshape(text))) if visual else text


def new_progress() -> Progress:
    """Return a progress bar for long work, on standard error so that output can be piped."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
    )


def sparkline(values: list[float | None], *, lowest: float = -100.0, highest: float = 100.0) -> str:
    """Return one block per value, higher for more; a dot where there is none.

    >>> sparkline([-100, 0, 100, None])
    '▁▅█·'
    """
    steps = len(BLOCKS) - 1
    return "".join(
        "·" if value is None else BLOCKS[round((value - lowest) / (highest - lowest) * steps)]
        for value in values
    )


def show_analysis(text: str, prediction: Prediction, *, visual: bool) -> None:
    """Print the message with its mentions coloured by sentiment, and what was said of each."""
    coloured = Text()
    position = 0
    for mention in prediction.mentions:
        coloured.append(text[position : mention.start])
        coloured.append(mention.text, style=f"bold {COLOURS[mention.sentiment]}")
        position = mention.end
    coloured.append(text[position:])
    out.print(Text(readable(text, visual=True)) if visual else coloured)
    probabilities = prediction.sentiment_probabilities
    share = probabilities[prediction.sentiment]
    head = f"[{COLOURS[prediction.sentiment]}]{prediction.sentiment}[/] {share:.0%}"
    flags = f" · {', '.join(prediction.flags)}" if prediction.flags else ""
    out.print(f"{head} · emotion {prediction.emotion} {prediction.emotion_confidence:.0%}{flags}")
    if prediction.mentions:
        out.print(_mentions_table(prediction.mentions, visual=visual))
    out.print(f"[dim]model {prediction.model_version}[/]")


def show_counts(brought: dict[str, SaveCounts], failed: dict[str, str]) -> None:
    """Print what became of every row of every source, and why a source stopped."""
    table = Table(**PLAIN)
    for heading in ("source", "rows", "new", "updated", "duplicate", "dead", "no text"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "source" else "right")
    for name, counts in brought.items():
        table.add_row(name, *(f"{number:,}" for number in _numbers(counts)))
    if len(brought) > 1:
        table.add_row(
            "together", *(f"{number:,}" for number in _numbers(sum(brought.values(), SaveCounts())))
        )
    out.print(table)
    for name, reason in failed.items():
        err.print(f"[red]{name} stopped:[/] {reason}", highlight=False)


def show_sources(states: tuple[SourceState, ...]) -> None:
    """Print how each source is doing."""
    table = Table("source", "connector", "last success", "stored", "pending", "dead", "last error", **PLAIN)
    for state in states:
        succeeded = f"{state.last_success_at:%Y-%m-%d %H:%M}" if state.last_success_at else "never"
        numbers = (f"{state.n_stored:,}", f"{state.n_pending:,}", f"{state.n_dead_letters:,}")
        table.add_row(
            state.name,
            state.connector,
            succeeded,
            *numbers,
            (state.last_error or "") if state.failing else "",
        )
    out.print(table)


def _numbers(counts: SaveCounts) -> tuple[int, ...]:
    return (
        counts.n_rows,
        counts.n_new,
        counts.n_updated,
        counts.n_duplicate,
        counts.n_dead,
        counts.n_without_text,
    )


def _mentions_table(mentions: tuple[Mention, ...], *, visual: bool) -> Table:
    table = Table("stage", "intent", "aspect", "sentiment", "mention", box=None, header_style="dim")
    for mention in mentions:
        table.add_row(
            f"{mention.stage} [dim]{mention.stage_confidence:.0%}[/]",
            f"{mention.intent} [dim]{mention.intent_confidence:.0%}[/]",
            f"{mention.aspect} [dim]{mention.aspect_confidence:.0%}[/]",
            f"[{COLOURS[mention.sentiment]}]{mention.sentiment}[/] [dim]{mention.sentiment_confidence:.0%}[/]",
            Text(readable(mention.text, visual=visual)),
        )
    return table
