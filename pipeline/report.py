"""The report of a period: one HTML file that needs nothing else, to be read, printed and sent around.

It says how the period went, against the one before, where it hurts, and shows messages. Every figure comes
from the functions that the service answers with. What customers wrote is escaped; there is no script, and
the page forbids itself to load anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine

from models.labels import Sentiment
from pipeline.aggregate_feedback import find_feedback
from pipeline.aggregates import BucketLength, Calendar, Journey, StageFigures, Trend, journey, trend
from pipeline.change_sentences import tell_comparison
from pipeline.comparing import Comparison, compare
from pipeline.errors import BadRequest
from pipeline.found_feedback import FoundFeedback
from pipeline.intervals import Estimate
from pipeline.jalali import week_start
from pipeline.pains import Pain, Pains, describe_pains, pains
from pipeline.report_charts import HEIGHT, LEFT, WIDTH, Bar, Line, bar, line
from pipeline.report_words import TEXTS
from pipeline.selection import Dimension, Selection, last_days
from pipeline.sentences import Names, Words, write_count, write_day, write_label, write_number, write_percent

TEMPLATES = Path(__file__).parent / "templates"
N_WEEKS, N_PAINS, N_MESSAGES, N_PER_PAIN = 12, 5, 10, 3
MAX_DAYS = 366
Language = Literal["fa", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report tells: ``first`` to ``last``, both days included, after the weeks up to them."""

    first: date
    last: date
    weeks: Trend
    journey: Journey
    changes: Comparison
    pains: Pains
    messages: tuple[FoundFeedback, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    text: str
    interval: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class _StageLine:
    name: str
    n: str
    share: str
    net: _Figure | None
    intents: str


@dataclass(frozen=True, slots=True)
class _PainLine:
    name: str
    n_negative: str
    share: str
    before: str


@dataclass(frozen=True, slots=True)
class _Quote:
    text: str
    about: str
    sentiment: Sentiment


def last_week(zone: ZoneInfo, now: datetime) -> tuple[date, date]:
    """Return first day and end (exclusive) of the last whole week, Saturday to Friday."""
    end = week_start(last_days(1, zone, now)[0])
    return end - timedelta(days=7), end


def read_report(
    engine: Engine, first: date, end: date, *, zone: ZoneInfo, now: datetime, brands: tuple[str, ...] = ()
) -> Report:
    """Return the report of the days from ``first`` up to ``end``, exclusive.

    Its messages are the newest negative ones of the places where it hurts most.

    Args:
        zone: Business time zone, whose days are meant.
        now: The present moment.
        brands: Only what is said of these; empty: everything.

    Raises:
        BadRequest: The period ends before it starts or is longer than 366 days.
    """
    if not 0 < (end - first).days <= MAX_DAYS:
        raise BadRequest(
            f"a report is of 1 to {MAX_DAYS} days, not from {first} up to {end}; end is the day after the last one",
            parameter="to",
        )
    selection = Selection(from_=first, to=end, brand=brands)
    weeks = Selection(from_=week_start(end - timedelta(weeks=N_WEEKS - 1, days=1)), to=end, brand=brands)
    hurts = pains(engine, selection, zone=zone, limit=N_PAINS)
    return Report(
        first=first,
        last=end - timedelta(days=1),
        weeks=trend(engine, weeks, bucket=BucketLength.WEEK, calendar=Calendar.GREGORIAN, zone=zone, now=now),
        journey=journey(engine, selection, zone=zone),
        changes=compare(engine, selection, by=Dimension.STAGE, zone=zone),
        pains=hurts,
        messages=_messages(engine, selection, hurts, zone),
    )


def write_report(report: Report, names: Names, *, language: Language) -> str:
    """Return the report as one HTML document.

    Args:
        names: Display names of the labels by table.
        language: ``fa``: Persian from right to left with Jalali dates; ``en``: English.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    say = _Sayer(names, language)
    counted = report.weeks
    return environment.get_template("report.html.j2").render(
        language=language,
        direction="rtl" if language == "fa" else "ltr",
        text={name: say(words) for name, words in TEXTS.items()},
        period=f"{say(write_day(report.first))} – {say(write_day(report.last))}",
        n=say(write_count(report.journey.basis.n)),
        n_weeks=say(write_number(len(counted.points))),
        net=say.figure(report.changes.total.now.net_sentiment),
        chart=say.chart(counted),
        size=(WIDTH, HEIGHT, LEFT),
        changes=say(tell_comparison(report.changes, names)),
        stages=[say.stage(one) for one in report.journey.stages if one.counts.n],
        hurts=say(describe_pains(report.pains, names)),
        pains=[say.pain(one) for one in report.pains.cells],
        quotes=[say.quote(one) for one in report.messages],
        models="، ".join(report.journey.basis.model_versions),
    )


def _messages(
    engine: Engine, selection: Selection, hurts: Pains, zone: ZoneInfo
) -> tuple[FoundFeedback, ...]:
    of_pains = [
        replace(
            selection,
            stage=(one.stage,),
            aspect=(one.aspect,),
            intent=(one.intent,),
            sentiment=(Sentiment.NEGATIVE,),
        )
        for one in hurts.cells
    ]
    found: dict[int, FoundFeedback] = {}
    for one, most in [*((one, N_PER_PAIN) for one in of_pains), (selection, 2 * N_MESSAGES)]:
        if len(found) < N_MESSAGES:
            found |= {item.id: item for item in find_feedback(engine, one, zone=zone, limit=most).items}
    return tuple(found.values())[:N_MESSAGES]


class _Sayer:
    """Says figures and names in one language."""

    def __init__(self, names: Names, language: Language) -> None:
        self._names, self._language = names, language

    def __call__(self, words: Words) -> str:
        return words.fa if self._language == "fa" else words.en

    def label(self, dimension: str, value: str | None) -> str:
        return self(write_label(self._names, dimension, value))

    def number(self, value: float, *, signed: bool = False) -> str:
        return self(write_number(value, signed=signed))

    def figure(self, one: Estimate | None) -> _Figure | None:
        if one is None:
            return None
        ends = [self.number(end, signed=True) for end in (one.low, one.high)]
        return _Figure(self.number(one.value, signed=True), self._between(ends), bar(one.value))

    def _between(self, ends: list[str]) -> str:
        between = Words(" تا ", " to ")
        return self(between).join(ends)

    def chart(self, weeks: Trend) -> Line:
        points = []
        for one in weeks.points:
            figure = self.figure(one.net_sentiment)
            day = self(write_day(one.start.date()))
            title = f"{day}: {figure.text} ({figure.interval})" if figure else day
            points.append((day.rpartition(" ")[0], title, one.net_sentiment))
        return line(points)

    def stage(self, one: StageFigures) -> _StageLine:
        share = self(write_percent(one.share.value)) if one.share else ""
        tops = [f"{self.label('intent', top.label)} {self.number(top.n)}" for top in one.top_intents]
        return _StageLine(
            self.label("stage", one.stage.value),
            self.number(one.counts.n),
            share,
            self.figure(one.net_sentiment),
            self(Words("، ", ", ")).join(tops),
        )

    def pain(self, one: Pain) -> _PainLine:
        labels = ("stage", one.stage), ("aspect", one.aspect), ("intent", one.intent)
        return _PainLine(
            " · ".join(self.label(dimension, value.value) for dimension, value in labels),
            self.number(one.counts.n_negative),
            self(write_percent(one.negative_share.value)) if one.negative_share else "",
            self.number(one.n_negative_before),
        )

    def quote(self, one: FoundFeedback) -> _Quote:
        about = [self(write_day(one.created_at.date())), self.label("channel", one.channel.value), one.brand]
        return _Quote(one.text, " · ".join(part for part in about if part), one.sentiment)
