"""How sentiment moved from one hour, day, week or month to the next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from pipeline.aggregate_basis import Basis, basis_of, net_of
from pipeline.aggregate_counts import NOTHING, QUARTER_HOUR_S, Counts, Key, When, count, sum_counts
from pipeline.clusters import (
    NO_MOMENTS,
    Design,
    Moments,
    Whole,
    count_moments,
    cuts_mentions,
    design_of_net,
    read_whole,
    sum_moments,
)
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, Method
from pipeline.jalali import Bucket, buckets
from pipeline.selection import Selection, Span, Unit, span_of

MAX_POINTS = 20_000
Summed = TypeVar("Summed", Counts, Moments)
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
    when = when_of(bucket, calendar)
    with reading(engine) as connection:
        counted = count(connection, selection, span, when=when, use_tallies=use_tallies)
        basis = basis_of(connection, selection, span, Unit.MENTIONS, [counted], method=Method.CLUSTERED)
        clusters = _clusters(connection, selection, span, when, use_tallies=use_tallies)
    stretches, local = _stretches(span.start, span.end, bucket, calendar, zone)
    totals = _by_stretch(counted.cells, stretches, when, NOTHING)
    designs = _designs(clusters, totals, stretches, when)
    complete = _complete(stretches, span.start, min(span.end, now or datetime.now(UTC)))
    points = tuple(
        Point(
            start=start,
            end=end,
            label=one.label,
            complete=place in complete,
            counts=counts,
            net_sentiment=net_of(counts, design),
        )
        for place, (one, (start, end), counts, design) in enumerate(
            zip(stretches, pairwise(local), totals, designs, strict=True)
        )
    )
    total = sum_counts(counted.cells.values())
    return Trend(
        basis=basis,
        bucket=bucket,
        calendar=calendar,
        points=points,
        total=total,
        net_sentiment=net_of(total, _design_of_all(clusters, total)),
    )


def _clusters(
    connection: Connection, selection: Selection, span: Span, when: When, *, use_tallies: bool
) -> Whole | Mapping[Key, Moments]:
    """The clusters of each stretch, or of the whole where a stretch holds parts of messages."""
    if cuts_mentions(selection):
        return read_whole(connection, selection, span, use_tallies=use_tallies)
    return count_moments(connection, selection, span, when=when, use_tallies=use_tallies)


def _designs(
    clusters: Whole | Mapping[Key, Moments],
    totals: Sequence[Counts],
    stretches: tuple[Bucket, ...],
    when: When,
) -> list[Design]:
    if isinstance(clusters, Whole):
        return [clusters.of_net] * len(totals)
    moments = _by_stretch(clusters, stretches, when, NO_MOMENTS)
    return [design_of_net(counts, here) for counts, here in zip(totals, moments, strict=True)]


def _design_of_all(clusters: Whole | Mapping[Key, Moments], total: Counts) -> Design:
    if isinstance(clusters, Whole):
        return clusters.of_net
    return design_of_net(total, sum_moments(clusters.values()))


def when_of(bucket: BucketLength, calendar: Calendar) -> When:
    """Return the time by which mentions are counted for points of this length."""
    if bucket == BucketLength.HOUR:
        return When.QUARTER_HOUR
    if bucket == BucketLength.MONTH:
        return When.JALALI_MONTH if calendar == Calendar.JALALI else When.GREGORIAN_MONTH
    return When.DAY


@lru_cache(maxsize=64)
def _stretches(
    start: datetime, end: datetime, bucket: BucketLength, calendar: Calendar, zone: ZoneInfo
) -> tuple[tuple[Bucket, ...], tuple[datetime, ...]]:
    """The buckets, and where each starts in the business zone and the last one ends: where the next would start."""
    cut = tuple(buckets(start, end, bucket.value, calendar.value, zone))
    moments = [*(one.start for one in cut), cut[-1].end]
    return cut, tuple(one.astimezone(zone) for one in moments)


def _complete(stretches: tuple[Bucket, ...], start: datetime, until: datetime) -> range:
    """Places of the stretches that lie whole between two moments."""
    return range(
        bisect_left(stretches, start, key=lambda one: one.start),
        bisect_right(stretches, until, key=lambda one: one.end),
    )


def _by_stretch(
    cells: Mapping[Key, Summed], stretches: tuple[Bucket, ...], when: When, nothing: Summed
) -> list[Summed]:
    starts: list[float] | list[date]
    if when == When.QUARTER_HOUR:
        starts = [one.start.timestamp() / QUARTER_HOUR_S for one in stretches]
    else:
        starts = [one.local_date for one in stretches]
    totals = [nothing] * len(stretches)
    for (time, *_), summed in cells.items():
        place = bisect_right(starts, time) - 1
        totals[place] = summed if totals[place] is nothing else totals[place] + summed
    return totals
