"""Did it help? Net sentiment before and after an event, against the trend and against what it did not touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from pipeline import intervals
from pipeline.aggregate_basis import net_of
from pipeline.aggregate_counts import NOTHING, Counts, When, count, sum_counts
from pipeline.clusters import Design, read_whole
from pipeline.database import reading
from pipeline.events import Event, list_events
from pipeline.intervals import Z95, Estimate
from pipeline.jalali import day_start
from pipeline.selection import Selection, Span, moment
from pipeline.steps import step_at
from pipeline.two_samples import Difference, compare_net_sentiments, two_sided

TREND_TIMES = 3
SMALL = 10.0
Series = Mapping[date, Counts]


class Verdict(StrEnum):
    """What came of an event, by the 95 % interval of its effect beyond the trend and the rest.

    ``helped`` and ``worsened``: it lies on one side of 0. ``no_effect``: it lies within 10 points of 0.
    ``cannot_tell``: it is wider than that. ``too_few``: not enough was said before or after.
    """

    HELPED = "helped"
    WORSENED = "worsened"
    NO_EFFECT = "no_effect"
    CANNOT_TELL = "cannot_tell"
    TOO_FEW = "too_few"


class Allowance(StrEnum):
    """What the effect is told beyond of.

    ``trend``: beyond the straight line that net sentiment followed from three times as many days before the
    event on. ``trend_and_rest``: and less the same step of what the event was not meant to touch (difference in
    differences). Daily means weighted by mentions, errors HC3 by day, t-test (``steps.py``).
    """

    TREND = "trend"
    TREND_AND_REST = "trend_and_rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of whole days of the business zone, and what was said in it."""

    start: datetime
    end: datetime
    counts: Counts
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeAfter:
    """The days before and those after; ``change`` is ``None`` where either holds fewer than 30."""

    before: Stretch
    after: Stretch
    change: Difference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What came of an event.

    ``rest`` is what its scope leaves out, in the same days; ``None`` where it leaves out nothing or too little.
    ``difference`` is the change less that of the rest; ``beyond`` is what the verdict rests on. ``between`` is the
    day of the event, where it happened within a day: that day counts neither as before nor as after.
    ``n_days_after`` may be fewer than ``n_days``, as the present one is the last. ``other_events`` happened in the
    same days, and may be what did it.
    """

    event: Event
    n_days: int
    n_days_after: int
    scoped: BeforeAfter
    rest: BeforeAfter | None
    between: Stretch | None
    difference: Difference | None
    beyond: Difference | None
    allowance: Allowance
    verdict: Verdict
    other_events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Days:
    """First days of the trend, of the days before, of the day of the event, after it, and the end."""

    trend: date
    before: date
    event: date
    after: date
    end: date


def effect_of(
    engine: Engine,
    event: Event,
    within: Selection,
    *,
    n_days: int,
    zone: ZoneInfo,
    now: datetime,
    brands: tuple[str, ...] | None = None,
) -> Effect | None:
    """Return what came of an event; ``None`` where nothing of its scope is in the selection.

    Args:
        within: What may be seen at all; its period is of no matter.
        n_days: Days before and after that are held against each other.
        zone: Business time zone, whose days are meant.
        now: The present moment, aware; its day is the last.
        brands: Of which alone other events may be told; ``None``: of all.
    """
    days = _days(event.happened_at, n_days, zone, now)
    everything = replace(within, from_=days.trend, to=max(days.end, days.after + timedelta(days=1)))
    scoped = event.scope.within(everything)
    if scoped is None:
        return None
    with reading(engine) as connection:
        of_scope = _by_day(connection, scoped, zone)
        of_rest = _without(_by_day(connection, everything, zone), of_scope)
        scope_sides = _before_after(connection, scoped, of_scope, days, zone)
        rest_sides = _before_after(connection, everything, of_rest, days, zone)
    has_rest = rest_sides.change is not None
    beyond = None
    if scope_sides.change is not None:
        trend, rest_trend = (_of_days(one, days) for one in (of_scope, of_rest))
        beyond = step_at(days.after, trend, rest_trend if has_rest else None)
    same_days = {"start": moment(days.before, zone), "end": moment(everything.to, zone)}
    others = list_events(engine, scoped, **same_days, brands=brands)
    return Effect(
        event=event,
        n_days=n_days,
        n_days_after=(days.end - days.after).days,
        scoped=scope_sides,
        rest=rest_sides if has_rest else None,
        between=_between(of_scope, days, zone),
        difference=_difference(scope_sides.change, rest_sides.change),
        beyond=beyond,
        allowance=Allowance.TREND_AND_REST if has_rest else Allowance.TREND,
        verdict=judge(beyond),
        other_events=tuple(one for one in others if one.id != event.id),
    )


def judge(beyond: Difference | None) -> Verdict:
    """Return what an effect means, by its 95 % interval; ``None``: there is too little to say."""
    if beyond is None:
        return Verdict.TOO_FEW
    estimate = beyond.estimate
    if estimate.low > 0:
        return Verdict.HELPED
    if estimate.high < 0:
        return Verdict.WORSENED
    return Verdict.NO_EFFECT if estimate.low >= -SMALL and estimate.high <= SMALL else Verdict.CANNOT_TELL


def _days(happened_at: datetime, n_days: int, zone: ZoneInfo, now: datetime) -> _Days:
    day = happened_at.astimezone(zone).date()
    after = day if day_start(day, zone) == happened_at else day + timedelta(days=1)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return _Days(
        trend=day - timedelta(days=TREND_TIMES * n_days),
        before=day - timedelta(days=n_days),
        event=day,
        after=after,
        end=max(after, min(after + timedelta(days=n_days), tomorrow)),
    )


def _by_day(connection: Connection, selection: Selection, zone: ZoneInfo) -> Series:
    span = Span(moment(selection.from_, zone), moment(selection.to, zone), zone)
    cells = count(connection, selection, span, when=When.DAY).cells
    return {day: counts for (day,), counts in cells.items() if isinstance(day, date)}


def _without(everything: Series, part: Series) -> Series:
    rest = {}
    for day, counts in everything.items():
        gone = part.get(day, NOTHING)
        rest[day] = Counts(
            counts.n_negative - gone.n_negative,
            counts.n_neutral - gone.n_neutral,
            counts.n_positive - gone.n_positive,
        )
    return rest


def _of_days(series: Series, days: _Days) -> Series:
    """Days of the trend and after, without the day of the event itself where it is neither."""
    return {
        day: counts
        for day, counts in series.items()
        if days.trend <= day < days.event or days.after <= day < days.end
    }


def _before_after(
    connection: Connection, selection: Selection, series: Series, days: _Days, zone: ZoneInfo
) -> BeforeAfter:
    spans = [
        Span(moment(first, zone), moment(end, zone), zone)
        for first, end in ((days.before, days.event), (days.after, days.end))
    ]
    designs = [read_whole(connection, selection, span).of_net for span in spans]
    before, after = (_stretch(series, span, design) for span, design in zip(spans, designs, strict=True))
    worth = designs[1].effective(after.counts.n), designs[0].effective(before.counts.n)
    return BeforeAfter(
        before=before, after=after, change=compare_net_sentiments(after.counts, before.counts, worth=worth)
    )


def _stretch(series: Series, span: Span, design: Design) -> Stretch:
    first, end = (one.astimezone(span.zone).date() for one in (span.start, span.end))
    counts = sum_counts(counts for day, counts in series.items() if first <= day < end)
    return Stretch(
        start=span.start.astimezone(span.zone),
        end=span.end.astimezone(span.zone),
        counts=counts,
        net_sentiment=net_of(counts, design),
    )


def _between(series: Series, days: _Days, zone: ZoneInfo) -> Stretch | None:
    if days.after == days.event:
        return None
    return _stretch(series, Span(moment(days.event, zone), moment(days.after, zone), zone), Design())


def _difference(change: Difference | None, of_rest: Difference | None) -> Difference | None:
    """Difference in differences; its p-value is read off its interval (Altman and Bland, BMJ 343, 2011)."""
    if change is None or of_rest is None:
        return None
    found = intervals.change(change.estimate, of_rest.estimate)
    if found is None:
        return None
    return Difference(found, two_sided(found.value / ((found.high - found.low) / (2 * Z95))))
