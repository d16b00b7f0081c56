"""How answers look in a terminal: colours, bars, tables, and Persian that can be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

import arabic_reshaper
from bidi.algorithm import get_display
from rich import box
from rich.console import Console, JustifyMethod
from rich.markup import escape
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
from pipeline.source_health import Health, SourceHealth, judge
from pipeline.source_log import SourceState


class TableLook(TypedDict):
    """How all tables look: narrow enough for eighty columns."""

    box: box.Box
    title_justify: JustifyMethod
    title_style: str


COLOURS = {"negative": "red", "neutral": "yellow", "positive": "green", "mixed": "magenta"}
PLAIN: TableLook = {"box": box.SIMPLE, "title_justify": "left", "title_style": "bold"}
HEALTH_COLOURS = {
    Health.OK: "green",
    Health.FAILING: "red",
    Health.SILENT: "red",
    Health.NEVER_RAN: "yellow",
    Health.DISABLED: "dim",
}
OVERDUE = timedelta(minutes=10)
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


def show_sources(states: tuple[SourceState, ...], *, now: datetime, zone: ZoneInfo) -> None:
    """Print how each source is doing, what it brought, and in words what is wrong where something is.

    Args:
        now: The present, which ages are counted from.
        zone: Whose clock the next runs are told by.
    """
    judged = {state.name: judge(state, now=now) for state in states}
    out.print(_health_table(states, judged, now, zone))
    out.print(_brought_table(states))
    for name, found in judged.items():
        if found.reason:
            sentence = f"{escape(name)} is {_spoken(found.health)}: {escape(found.reason)}"
            out.print(sentence, highlight=False, soft_wrap=True)


def _health_table(
    states: tuple[SourceState, ...], judged: dict[str, SourceHealth], now: datetime, zone: ZoneInfo
) -> Table:
    headings = ("source", "connector", "state", "newest", "success", "next run")
    table = Table(*headings, title="Sources (newest message and last success: ago)", **PLAIN)
    for state in states:
        found = judged[state.name]
        table.add_row(
            escape(state.name),
            state.connector,
            f"[{HEALTH_COLOURS[found.health]}]{_spoken(found.health)}[/]",
            _age(found.lag),
            _age(found.since_success),
            _next(state, now, zone),
        )
    return table


def _brought_table(states: tuple[SourceState, ...]) -> Table:
    table = Table(title="Rows of the last run / of all runs; stored now", **PLAIN)
    for heading in ("source", "new", "updated", "duplicate", "dead", "stored", "pending"):
        table.add_column(heading, justify="left" if heading == "source" else "right")
    for state in states:
        table.add_row(
            escape(state.name),
            f"{state.last_n_new:,} / {state.n_new:,}",
            f"{state.last_n_updated:,} / {state.n_updated:,}",
            f"{state.last_n_duplicate:,} / {state.n_duplicate:,}",
            f"{state.last_n_dead:,} / {state.n_dead_letters:,}",
            f"{state.n_stored:,}",
            f"{state.n_pending:,}",
        )
    return table


def _spoken(health: Health) -> str:
    return health.replace("_", " ")


def _next(state: SourceState, now: datetime, zone: ZoneInfo) -> str:
    if state.next_run_at is None or not state.enabled:
        return ""
    if state.next_run_at < now - OVERDUE:
        return "overdue"
    return f"{state.next_run_at.astimezone(zone):%m-%d %H:%M}"


def _age(age: timedelta | None) -> str:
    if age is None:
        return "never"
    minutes = age // timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{age.days:,} d"


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
