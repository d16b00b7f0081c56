"""What customers answered when they were asked: NPS, CSAT, CES and stars, beside what they say unasked.

docs/cx.md says what each figure is. Every row with a score counts, also a copy and one without words, as each is
an answer of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, not_, select

from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import count
from pipeline.aggregate_trend import PERIODS_PER_DAY, BucketLength, Calendar
from pipeline.answer_columns import Found, Heard, hear
from pipeline.clusters import cuts_mentions
from pipeline.columns import is_known
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, Method
from pipeline.jalali import Bucket, buckets
from pipeline.keeping_columns import columns_of
from pipeline.remembering import remembered
from pipeline.scores import (
    OF_NPS,
    SURVEYS,
    Measure,
    Scale,
    ScoreFigures,
    Scores,
    figures_of,
    scale_of,
    scale_of_stars,
)
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.unasked import IS_SCORED, IS_SURVEYED, Unasked, find_unasked, unasked_said

MAX_POINTS = 1_000
N_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class AskedPoint:
    """The answers of one stretch of time; ``complete`` is false where it is not over or sticks out."""

    bucket: Bucket
    complete: bool
    figures: ScoreFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was answered on one scale, by how many of the customers, and what these say unasked.

    ``coverage`` is the share of the customers of the selection who gave such an answer.
    """

    measure: Measure
    scale: Scale
    sources: tuple[str, ...]
    figures: ScoreFigures
    coverage: Estimate | None
    unasked: Unasked
    points: tuple[AskedPoint, ...]


@dataclass(frozen=True, slots=True)
class AskedAndUnasked:
    """All that was asked in a selection; ``n_customers``: all customers of it who are known."""

    basis: Basis
    n_customers: int
    asked: tuple[Asked, ...]


def asked_and_unasked(
    engine: Engine,
    selection: Selection,
    *,
    zone: ZoneInfo,
    bucket: BucketLength | None = None,
    calendar: Calendar = Calendar.GREGORIAN,
    now: datetime | None = None,
) -> AskedAndUnasked:
    """Return NPS, CSAT, CES and stars of a selection, each beside the net sentiment of what is said unasked.

    Args:
        zone: Business time zone, in which days begin.
        bucket: Length of the points of a trend; ``None``: no trend.
        calendar: Whose months the points are.
        now: The present moment; a point that ends later is not complete. ``None``: all that began are.

    Raises:
        BadRequest: The period ends before it starts or has more than 1,000 points; or mentions that are
            ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    end = span_of(selection, zone).end
    until = min(end, now) if now and bucket else end
    return _asked_and_unasked(engine, selection, zone=zone, bucket=bucket, calendar=calendar, until=until)


@remembered
def _asked_and_unasked(
    engine: Engine,
    selection: Selection,
    *,
    zone: ZoneInfo,
    bucket: BucketLength | None,
    calendar: Calendar,
    until: datetime,
) -> AskedAndUnasked:
    span = span_of(selection, zone)
    stretches = _stretches(span, bucket, calendar) if bucket else []
    complete = [span.start <= one.start and one.end <= until for one in stretches]
    with reading(engine) as connection:
        counted = count(connection, selection, span)
        basis = basis_of(connection, selection, span, Unit.MENTIONS, [counted], method=Method.CLUSTERED)
        heard = _hear(connection, selection, span, with_times=bool(stretches))
        found, silent = sorted(heard.answers.items(), key=_order), heard.silent
        answered = [scores.customers for _, scores in found]
        n_customers = len(silent.union(*answered))
        of_all = {
            is_rating: unasked_said(connection, selection, span, counted, is_rating=is_rating)
            for is_rating in {measure == Measure.RATING for (measure, _), _ in found}
        }
        unasked = [
            find_unasked(
                connection,
                selection,
                span,
                None
                if measure == Measure.RATING and silent.isdisjoint(theirs)
                else and_(*_conditions(selection, span), _answered(measure, scale, scores)),
                unasked=of_all[measure == Measure.RATING],
                is_rating=measure == Measure.RATING,
            )
            for ((measure, scale), scores), theirs in zip(found, answered, strict=True)
        ]
    asked = tuple(
        Asked(
            measure=measure,
            scale=scale,
            sources=tuple(sorted(scores.sources)),
            figures=(figures := figures_of(measure, scale, scores)),
            coverage=intervals.share(figures.n_customers, n_customers),
            unasked=said,
            points=_points(measure, scale, scores, stretches, complete),
        )
        for ((measure, scale), scores), said in zip(found, unasked, strict=True)
    )
    return AskedAndUnasked(basis, n_customers, asked)


def _hear(connection: Connection, selection: Selection, span: Span, *, with_times: bool) -> Heard:
    columns = None if cuts_mentions(selection) or not is_known(selection) else columns_of(connection)
    if columns is None:
        scores = _read_scores(connection, selection, span, with_times=with_times)
        return Heard(scores, _customers_without_score(connection, selection, span))
    scales = partial(_read_scales, connection)
    return hear(columns.answers, selection, span, scales=scales, with_times=with_times)


def _read_scores(connection: Connection, selection: Selection, span: Span, *, with_times: bool) -> Found:
    conditions = _conditions(selection, span)
    found = _find_scales(connection, conditions)
    for (measure, scale), scores in found.items():
        columns: list[Any] = [FeedbackRow.customer_key, FeedbackRow.id, getattr(FeedbackRow, measure.value)]
        columns += [FeedbackRow.created_at] if with_times else []
        rows = connection.execute(select(*columns).where(*conditions, _answered(measure, scale, scores)))
        who: list[str | int] = []
        given: list[float] = []
        at: list[datetime] = []
        # In small parts, so that no row lives long enough for the garbage collector to look for more of them.
        for part in rows.partitions(N_AT_ONCE):
            keys, ids, values, *times = zip(*part, strict=True)
            who += [key or -id_ for key, id_ in zip(keys, ids, strict=True)]
            given += values
            at += times[0] if times else ()
        found[measure, scale] = replace(scores, who=who, values=given, at=at)
    return found


def _find_scales(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> Found:
    """What was asked on which scale and by which sources; the answers are still to come."""
    found: Found = defaultdict(Scores)
    given = [getattr(FeedbackRow, measure.value).is_not(None) for measure in SURVEYS]
    surveys = connection.execute(
        select(FeedbackRow.source, *given).where(*conditions, IS_SURVEYED).distinct()
    ).all()
    scales = _read_scales(connection) if surveys else {}
    for source, *are_given in map(tuple, surveys):
        for measure in (one for one, is_given in zip(SURVEYS, are_given, strict=True) if is_given):
            scale = OF_NPS if measure == Measure.NPS else scales[source, measure]
            found[measure, scale].sources.add(source)
    stars = select(FeedbackRow.source, FeedbackRow.rating_lowest, FeedbackRow.rating_highest).distinct()
    rated = stars.where(*conditions, FeedbackRow.rating.is_not(None))
    for row in connection.execute(rated).all():
        source, lowest, highest = cast("tuple[str, float, float]", tuple(row))
        found[Measure.RATING, scale_of_stars(lowest, highest)].sources.add(source)
    return found


def _customers_without_score(connection: Connection, selection: Selection, span: Span) -> set[str | int]:
    """Known customers with a message that carries no score."""
    conditions = *_conditions(selection, span), not_(IS_SCORED), FeedbackRow.customer_key.is_not(None)
    keys = connection.scalars(select(FeedbackRow.customer_key).where(*conditions))
    return {key for part in keys.partitions(N_AT_ONCE) for key in part if key}


def _read_scales(connection: Connection) -> dict[tuple[str, Measure], Scale]:
    """The scale of each source, from all of its answers, so that it does not change with the question."""
    csat, ces = FeedbackRow.csat, FeedbackRow.ces
    # An expression, as SQLite would else read the whole table in the order of its sources.
    source_of = func.coalesce(FeedbackRow.source, "")
    ends = select(source_of, func.min(csat), func.max(csat), func.min(ces), func.max(ces))
    scales: dict[tuple[str, Measure], Scale] = {}
    for row in connection.execute(ends.where(IS_SURVEYED).group_by(source_of)):
        values: tuple[Any, ...] = tuple(row)
        source, found = values[0], values[1:]
        for measure, (least, most) in ((Measure.CSAT, found[:2]), (Measure.CES, found[2:])):
            if least is not None:
                scales[source, measure] = scale_of(least, most)
    return scales


def _conditions(selection: Selection, span: Span) -> list[ColumnElement[bool]]:
    conditions = message_conditions(selection, span, with_unlabelled=True)
    if of_mention := mention_conditions(selection):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return conditions


def _answered(measure: Measure, scale: Scale, scores: Scores) -> ColumnElement[bool]:
    """What tells the rows of these answers from all others."""
    if measure == Measure.RATING:
        return and_(
            FeedbackRow.rating.is_not(None),
            FeedbackRow.rating_lowest == scale.lowest,
            FeedbackRow.rating_highest == scale.highest,
        )
    column = getattr(FeedbackRow, measure.value)
    return and_(IS_SURVEYED, column.is_not(None), FeedbackRow.source.in_(sorted(scores.sources)))


def _order(item: tuple[tuple[Measure, Scale], Scores]) -> tuple[int, int, float, float]:
    (measure, scale), scores = item
    return list(Measure).index(measure), -len(scores.values), scale.lowest, scale.highest


def _stretches(span: Span, bucket: BucketLength, calendar: Calendar) -> list[Bucket]:
    n_points = (span.end - span.start).days * PERIODS_PER_DAY[bucket]
    if n_points > MAX_POINTS:
        raise BadRequest(
            f"a trend by {bucket} over this period would have about {n_points:.0f} points for each measure, at most "
            f"{MAX_POINTS} are given; take a longer bucket or a shorter period",
            parameter="bucket",
        )
    return buckets(span.start, span.end, bucket.value, calendar.value, span.zone)


def _points(
    measure: Measure,
    scale: Scale,
    scores: Scores,
    stretches: Sequence[Bucket],
    complete: Sequence[bool],
) -> tuple[AskedPoint, ...]:
    who: list[list[str | int]] = [[] for _ in stretches]
    values: list[list[float]] = [[] for _ in stretches]
    starts = [one.start for one in stretches]
    for one, value, at in zip(scores.who, scores.values, scores.at, strict=True) if stretches else ():
        place = bisect_right(starts, at) - 1
        who[place].append(one)
        values[place].append(value)
    inside = [Scores(who=of_one, values=of_them) for of_one, of_them in zip(who, values, strict=True)]
    return tuple(
        AskedPoint(stretch, is_complete, figures_of(measure, scale, part))
        for stretch, is_complete, part in zip(stretches, complete, inside, strict=True)
    )
