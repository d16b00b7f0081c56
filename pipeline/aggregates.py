"""Answers to the questions of a customer experience team: trend, breakdown and journey.

Every answer says what it counted, how many, how sure the figures are, whether tallies gave them, which
model judged, and for which time there is any feedback at all. Figures of nothing are ``None``, never 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from models.labels import Sentiment, Stage
from pipeline import intervals
from pipeline.aggregate_counts import (
    NOTHING,
    QUARTER_HOUR_S,
    Counted,
    Counts,
    Key,
    When,
    count,
    data_range,
    model_versions,
    sum_counts,
)
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate
from pipeline.jalali import Bucket, buckets
from pipeline.selection import Dimension, Selection, Span, Unit, span_of

MAX_POINTS = 20_000
MAX_GROUPS = 1_000
N_TOP = 3
PERIODS_PER_DAY = {"hour": 24.0, "day": 1.0, "week": 1 / 7, "month": 1 / 29}


class BucketLength(StrEnum):
    """How long the points of a trend are."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Calendar(StrEnum):
    """Whose months and dates are meant."""

    GREGORIAN = "gregorian"
    JALALI = "jalali"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an answer rests on. Times stand in the business zone.

    ``n`` is how many mentions or messages (``unit``) were counted. ``data_from`` and ``data_to`` are the
    oldest and the newest message of the whole store; ``None`` where it is empty.
    """

    from_: datetime
    to: datetime
    unit: Unit
    n: int
    from_tallies: bool
    model_versions: tuple[str, ...]
    data_from: datetime | None
    data_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One stretch of a trend; ``complete`` is false where it is not over or sticks out of the period."""

    start: datetime
    end: datetime
    label: str
    complete: bool
    counts: Counts
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How sentiment moved; points without feedback are there with counts of 0."""

    basis: Basis
    bucket: BucketLength
    calendar: Calendar
    points: tuple[Point, ...]
    total: Counts
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line of a breakdown: a value for each dimension (``None``: the source gave none) and its part.

    ``net_sentiment`` is ``None`` where sentiment is one of the dimensions.
    """

    values: tuple[str | None, ...]
    counts: Counts
    share: Estimate
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Parts of a whole, largest first; shares are of all ``basis.n``, also of what was left out."""

    basis: Basis
    by: tuple[Dimension, ...]
    groups: tuple[Group, ...]
    n_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """A frequent intent or aspect of a stage and its share of the stage."""

    label: str
    n: int
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """How one stage of the journey is doing, and how it did in the period of equal length before."""

    stage: Stage
    counts: Counts
    share: Estimate | None
    net_sentiment: Estimate | None
    counts_before: Counts
    net_sentiment_before: Estimate | None
    change: Estimate | None
    top_intents: tuple[Top, ...]
    top_aspects: tuple[Top, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """All stages in their order, those without feedback with figures of ``None``."""

    basis: Basis
    before_from: datetime
    before_to: datetime
    stages: tuple[StageFigures, ...]


def trend(
    engine: Engine,
    selection: Selection,
    *,
    bucket: BucketLength,
    calendar: Calendar,
    zone: ZoneInfo,
    now: datetime | None = None,
    use_tallies: bool = True,
) -> Trend:
    """Return counts of mentions and net sentiment for each hour, day, week or month of a period.

    Args:
        zone: Business time zone: its hours, days, weeks (from Saturday) and months are meant.
        now: The present moment; a stretch that ends later is not complete.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: The period ends before it starts or has more than 20,000 points; or mentions that are
            ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    n_points = (span.end - span.start).days * PERIODS_PER_DAY[bucket]
    if n_points > MAX_POINTS:
        raise BadRequest(
            f"a trend by {bucket} over this period would have about {n_points:.0f} points, at most {MAX_POINTS} are "
            "given; take a longer bucket or a shorter period",
            parameter="bucket",
        )
    when = _when(bucket, calendar)
    with reading(engine) as connection:
        counted = count(connection, selection, span, when=when, use_tallies=use_tallies)
        basis = _basis(connection, selection, span, Unit.MENTIONS, [counted])
    stretches = _stretches(span.start, span.end, bucket, calendar, zone)
    totals = _by_stretch(counted.cells, stretches, when)
    complete = _complete(stretches, span.start, min(span.end, now or datetime.now(UTC)))
    points = tuple(
        Point(
            start=one.start,
            end=one.end,
            label=one.label,
            complete=place in complete,
            counts=counts,
            net_sentiment=_net(counts),
        )
        for place, (one, counts) in enumerate(zip(stretches, totals, strict=True))
    )
    total = sum_counts(counted.cells.values())
    return Trend(
        basis=basis,
        bucket=bucket,
        calendar=calendar,
        points=points,
        total=total,
        net_sentiment=_net(total),
    )


def breakdown(
    engine: Engine,
    selection: Selection,
    *,
    by: tuple[Dimension, ...],
    zone: ZoneInfo,
    limit: int = MAX_GROUPS,
    use_tallies: bool = True,
) -> Breakdown:
    """Return how a whole is made up by one or two dimensions.

    Args:
        by: One dimension, or two different ones.
        zone: Business time zone, in which the days of the selection begin.
        limit: Most groups that are given, from 1 to 1,000.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: ``by`` names no dimension, the same one twice or more than two; the period ends
            before it starts; mentions that are ``mixed`` are asked for.
    """
    if not 1 <= len(by) <= 2 or len(set(by)) != len(by):
        raise BadRequest(f"by names one or two different ones of {', '.join(Dimension)}", parameter="by")
    span = span_of(selection, zone)
    keys = tuple(one for one in by if one != Dimension.SENTIMENT)
    unit = selection.unit(by)
    selection.check_sentiment(unit)
    with reading(engine) as connection:
        counted = count(connection, selection, span, keys, use_tallies=use_tallies)
        basis = _basis(connection, selection, span, unit, [counted])
    cells = _cut_by_sentiment(counted.cells, by) if Dimension.SENTIMENT in by else counted.cells
    total = sum_counts(cells.values())
    ordered = sorted(cells.items(), key=lambda item: (-item[1].n, item[0]))
    groups = tuple(
        Group(
            values=tuple(str(value) if value != "" else None for value in key),
            counts=counts,
            share=_share(counts.n, total.n),
            net_sentiment=None if Dimension.SENTIMENT in by else _net(counts),
        )
        for key, counts in ordered[:limit]
    )
    return Breakdown(basis=basis, by=by, groups=groups, n_groups=len(ordered))


def journey(engine: Engine, selection: Selection, *, zone: ZoneInfo, use_tallies: bool = True) -> Journey:
    """Return for each stage its volume, net sentiment, main intents and aspects, and the change.

    The period before has the same length and ends where this one starts.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: The period ends before it starts; mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    before = span.before()
    stage = Dimension.STAGE
    with reading(engine) as connection:
        intents, aspects = (
            count(connection, selection, span, (stage, one), use_tallies=use_tallies)
            for one in (Dimension.INTENT, Dimension.ASPECT)
        )
        earlier = count(connection, selection, before, (stage,), use_tallies=use_tallies)
        basis = _basis(connection, selection, span, Unit.MENTIONS, [intents, aspects, earlier])
    stages = tuple(
        _stage_figures(
            one,
            basis.n,
            _of(one, intents.cells),
            _of(one, aspects.cells),
            earlier.cells.get((one.value,), NOTHING),
        )
        for one in selection.stage or Stage
    )
    return Journey(
        basis=basis,
        before_from=before.start.astimezone(zone),
        before_to=before.end.astimezone(zone),
        stages=stages,
    )


def _stage_figures(
    stage: Stage, n: int, intents: Mapping[str, Counts], aspects: Mapping[str, Counts], before: Counts
) -> StageFigures:
    counts = sum_counts(intents.values())
    return StageFigures(
        stage=stage,
        counts=counts,
        share=intervals.share(counts.n, n),
        net_sentiment=_net(counts),
        counts_before=before,
        net_sentiment_before=_net(before),
        change=intervals.change(_net(counts), _net(before)),
        top_intents=_top(intents, counts.n),
        top_aspects=_top(aspects, counts.n),
    )


def _of(stage: Stage, cells: Mapping[Key, Counts]) -> dict[str, Counts]:
    return {str(label): counts for (of, label), counts in cells.items() if of == stage.value}


def _top(cells: Mapping[str, Counts], n: int) -> tuple[Top, ...]:
    ordered = sorted(cells.items(), key=lambda item: (-item[1].n, item[0]))
    return tuple(Top(label=label, n=counts.n, share=_share(counts.n, n)) for label, counts in ordered[:N_TOP])


def _cut_by_sentiment(cells: Mapping[Key, Counts], by: tuple[Dimension, ...]) -> dict[Key, Counts]:
    place = by.index(Dimension.SENTIMENT)
    return {
        (*key[:place], sentiment.value, *key[place:]): replace(NOTHING, **{f"n_{sentiment.value}": n})
        for key, counts in cells.items()
        for sentiment in Sentiment
        if (n := counts.of(sentiment))
    }


def _when(bucket: BucketLength, calendar: Calendar) -> When:
    if bucket == BucketLength.HOUR:
        return When.QUARTER_HOUR
    if bucket == BucketLength.MONTH:
        return When.JALALI_MONTH if calendar == Calendar.JALALI else When.GREGORIAN_MONTH
    return When.DAY


@lru_cache(maxsize=64)
def _stretches(
    start: datetime, end: datetime, bucket: BucketLength, calendar: Calendar, zone: ZoneInfo
) -> tuple[Bucket, ...]:
    """The buckets with their ends told in the business zone; asked for again and again by a page."""
    return tuple(
        replace(one, start=one.start.astimezone(zone), end=one.end.astimezone(zone))
        for one in buckets(start, end, bucket.value, calendar.value, zone)
    )


def _complete(stretches: tuple[Bucket, ...], start: datetime, until: datetime) -> range:
    """Places of the stretches that lie whole between two moments."""
    return range(
        bisect_left(stretches, start, key=lambda one: one.start),
        bisect_right(stretches, until, key=lambda one: one.end),
    )


def _by_stretch(cells: Mapping[Key, Counts], stretches: tuple[Bucket, ...], when: When) -> list[Counts]:
    starts: list[float] | list[date]
    if when == When.QUARTER_HOUR:
        starts = [one.start.timestamp() / QUARTER_HOUR_S for one in stretches]
    else:
        starts = [one.local_date for one in stretches]
    totals = [NOTHING] * len(stretches)
    for (time, *_), counts in cells.items():
        place = bisect_right(starts, time) - 1
        totals[place] = counts if totals[place] is NOTHING else totals[place] + counts
    return totals


def _basis(
    connection: Connection, selection: Selection, span: Span, unit: Unit, counted: list[Counted]
) -> Basis:
    known = data_range(connection)
    return Basis(
        from_=span.start.astimezone(span.zone),
        to=span.end.astimezone(span.zone),
        unit=unit,
        n=sum_counts(counted[0].cells.values()).n,
        from_tallies=all(one.from_tallies for one in counted),
        model_versions=model_versions(connection, selection, span),
        data_from=known[0].astimezone(span.zone) if known else None,
        data_to=known[1].astimezone(span.zone) if known else None,
    )


def _net(counts: Counts) -> Estimate | None:
    return intervals.net_sentiment(counts.n_positive, counts.n_negative, counts.n)


def _share(n_part: int, n: int) -> Estimate:
    estimate = intervals.share(n_part, n)
    if estimate is None:
        raise ValueError("a part of nothing has no share")
    return estimate
