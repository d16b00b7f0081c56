"""What happened to the demo shop, told in the terminal: its journey, and its three events with their intervals."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.table import Table

from models.labels import Stage
from pipeline import console
from pipeline.aggregates import BucketLength, Calendar, journey, trend
from pipeline.demo.build import DemoFiles, write_exports
from pipeline.demo.material import N_DAYS
from pipeline.events import NewEvent, add_event, list_events
from pipeline.events import Scope as EventScope
from pipeline.intervals import Estimate, reported
from pipeline.selection import Selection, span_of
from pipeline.store import Store

DAY_FILE = "day.txt"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the shop, in days since the first, and the stage that it should move.

    ``told`` says in a Persian sentence what it was.
    """

    id: str
    fa: str
    en: str
    told: str
    first_day: int
    last_day: int
    stage: str
    expect: str


@dataclass(frozen=True, slots=True)
class Effect:
    """How an event's stage did during it, and in the period of equal length before.

    ``moved`` says whether net sentiment left the 95 % interval of the period before as expected.
    """

    event: Event
    before: Estimate
    during: Estimate
    n_before: int
    n_during: int

    @property
    def moved(self) -> bool:
        """Whether the stage went where the event should send it, beyond the interval of the period before."""
        if self.event.expect == "worse":
            return self.during.value < self.before.low
        return self.during.value > self.before.high


def prepare_demo(folder: Path, *, today: date, zone: ZoneInfo) -> DemoFiles:
    """The exports lie in ``folder``; a data base of another day's demo is gone, as its dates have moved on."""
    marker = folder / DAY_FILE
    if not marker.is_file() or marker.read_text(encoding="utf-8") != today.isoformat():
        for path in folder.glob("bazkhord.db*"):
            path.unlink()
    exports = write_exports(folder / "exports", today=today, zone=zone)
    marker.write_text(today.isoformat(), encoding="utf-8")
    return exports


def read_events() -> tuple[Event, ...]:
    """Return the three events in the order in which they happened."""
    written = tomllib.loads((files(__package__) / "events.toml").read_text("utf-8"))
    return tuple(Event(**event) for event in written["events"])


def record_events(store: Store, *, now: datetime) -> None:
    """The three events are on record, each at the beginning of its first day; asked again, once still."""
    today = now.astimezone(store.zone).date()
    whole = Selection(from_=_day(0, today), to=today)
    span = span_of(whole, store.zone)
    known = {one.title for one in list_events(store.engine, whole, start=span.start, end=span.end)}
    for event in read_events():
        if event.fa not in known:
            told = NewEvent(
                happened_at=datetime.combine(_day(event.first_day, today), time(), store.zone),
                title=event.fa,
                description=f"{event.told} ({event.en})",
                scope=EventScope(stage=(Stage(event.stage),)),
            )
            add_event(store.engine, told, created_by="demo", now=now)


def measure_effects(store: Store, *, today: date) -> list[Effect]:
    """Return for each event how its stage did during it and before."""
    effects = []
    for event in read_events():
        stage = (Stage(event.stage),)
        selection = Selection(
            from_=_day(event.first_day, today), to=_day(event.last_day + 1, today), stage=stage
        )
        figures = journey(store.engine, selection, zone=store.zone).stages[0]
        before = reported(figures.net_sentiment_before, figures.counts_before.n)
        during = reported(figures.net_sentiment, figures.counts.n)
        if before and during:
            effects.append(Effect(event, before, during, figures.counts_before.n, figures.counts.n))
    return effects


def show_story(store: Store, exports: DemoFiles, *, today: date, visual: bool) -> None:
    """Print the journey of the four months, the events, and how much of it the model had seen before."""
    console.out.print()
    console.out.print(_journey_table(store, today))
    console.out.print("[bold]What happened[/]")
    for effect in measure_effects(store, today=today):
        console.out.print(_event_line(effect, today, visual=visual), highlight=False)
    in_sample = ", ".join(
        f"{name} {count.n_in_sample:,} of {count.n_total:,}" for name, count in exports.sources.items()
    )
    console.out.print(
        f"In-sample: the model was trained on {exports.n_in_sample:,} of these {exports.n_total:,} messages "
        f"({exports.n_in_sample / exports.n_total:.0%}: {in_sample}); on those it looks better than it is.",
        highlight=False,
    )


def _day(number: int, today: date) -> date:
    return today - timedelta(days=N_DAYS - number)


def _journey_table(store: Store, today: date) -> Table:
    whole = Selection(from_=_day(0, today), to=today)
    table = Table(title="The journey in 120 days: net sentiment, % positive − % negative", **console.PLAIN)
    for heading in ("stage", "n", "net [95 %]", "week by week", "most about"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "n" else "left")
    for figures in journey(store.engine, whole, zone=store.zone).stages:
        selection = Selection(from_=whole.from_, to=whole.to, stage=(figures.stage,))
        weeks = trend(
            store.engine, selection, bucket=BucketLength.WEEK, calendar=Calendar.JALALI, zone=store.zone
        )
        line = console.sparkline(
            [
                net.value if (net := reported(one.net_sentiment, one.counts.n)) else None
                for one in weeks.points
            ]
        )
        topics = ", ".join(top.label for top in figures.top_aspects[:1])
        interval = _interval(reported(figures.net_sentiment, figures.counts.n))
        table.add_row(figures.stage, f"{figures.counts.n:,}", interval, line, topics)
    return table


def _event_line(effect: Effect, today: date, *, visual: bool) -> str:
    event = effect.event
    name = f"[bold]{event.en}[/] · {console.readable(event.fa, visual=visual)}"
    days = f"{_day(event.first_day, today):%d %b} to {_day(event.last_day, today):%d %b}"
    verdict = (
        f"[green]{event.expect}, outside the interval before[/]"
        if effect.moved
        else "[red]no clear change[/]"
    )
    before, during = _interval(effect.before), _interval(effect.during)
    return (
        f"• {name}, {days}: net sentiment of [bold]{event.stage}[/] was {before} (n={effect.n_before}) in the "
        f"{event.last_day - event.first_day + 1} days before and {during} (n={effect.n_during}) during it: {verdict}."
    )


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "too few"
    return f"{estimate.value:+.0f} [{estimate.low:+.0f}, {estimate.high:+.0f}]"
