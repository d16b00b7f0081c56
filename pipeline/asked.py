"""What customers answered when they were asked: NPS, CSAT, CES and stars, beside what they say unasked.

docs/cx.md says what each figure is. Every row with a score counts, also a copy and one without words, as each is
an answer of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, exists, func, select

from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import count, mention_conditions, message_conditions
from pipeline.aggregate_trend import PERIODS_PER_DAY, BucketLength, Calendar
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, Method
from pipeline.jalali import Bucket, buckets
from pipeline.scores import (
    OF_NPS,
    SURVEYS,
    Measure,
    Scale,
    Score,
    ScoreFigures,
    figures_of,
    scale_of,
    scale_of_stars,
)
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.unasked import IS_SURVEYED, Unasked, find_unasked, unasked_said

MAX_POINTS = 1_000


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
    span = span_of(selection, zone)
    stretches = _stretches(span, bucket, calendar) if bucket else []
    complete = _complete(stretches, span, now)
    with reading(engine) as connection:
        counted = count(connection, selection, span)
        basis = basis_of(connection, selection, span, Unit.MENTIONS, [counted], method=Method.CLUSTERED)
        n_customers = _n_customers(connection, selection, span)
        found = sorted(_read_scores(connection, selection, span).items(), key=_order)
        of_all = {
            is_rating: unasked_said(connection, selection, span, counted, is_rating=is_rating)
            for is_rating in {measure == Measure.RATING for (measure, _), _ in found}
        }
        unasked = [
            find_unasked(
                connection,
                selection,
                span,
                and_(*_conditions(selection, span), _answered(measure, scale, scores)),
                unasked=of_all[measure == Measure.RATING],
                is_rating=measure == Measure.RATING,
            )
            for (measure, scale), scores in found
        ]
    asked = tuple(
        Asked(
            measure=measure,
            scale=scale,
            sources=_sources(scores),
            figures=(figures := figures_of(measure, scale, scores)),
            coverage=intervals.share(figures.n_customers, n_customers),
            unasked=said,
            points=_points(measure, scale, scores, stretches, complete),
        )
        for ((measure, scale), scores), said in zip(found, unasked, strict=True)
    )
    return AskedAndUnasked(basis, n_customers, asked)


Found = dict[tuple[Measure, Scale], list[Score]]


def _read_scores(connection: Connection, selection: Selection, span: Span) -> Found:
    found: Found = defaultdict(list)
    conditions = _conditions(selection, span)
    who = FeedbackRow.created_at, FeedbackRow.customer_key, FeedbackRow.id, FeedbackRow.source
    surveyed = select(*who, FeedbackRow.nps, FeedbackRow.csat, FeedbackRow.ces)
    rows = connection.execute(surveyed.where(*conditions, IS_SURVEYED)).mappings().all()
    scales = _read_scales(connection) if rows else {}
    for row in rows:
        for measure in SURVEYS:
            if (value := row[measure.value]) is not None:
                scale = OF_NPS if measure == Measure.NPS else scales[row["source"], measure]
                found[measure, scale].append(_score(row, value))
    stars = select(*who, FeedbackRow.rating, FeedbackRow.rating_lowest, FeedbackRow.rating_highest)
    for row in connection.execute(stars.where(*conditions, FeedbackRow.rating.is_not(None))).mappings():
        scale = scale_of_stars(row["rating_lowest"], row["rating_highest"])
        found[Measure.RATING, scale].append(_score(row, row["rating"]))
    return found


def _score(row: RowMapping, value: float) -> Score:
    return Score(row["created_at"], row["customer_key"] or row["id"], row["source"], value)


def _read_scales(connection: Connection) -> dict[tuple[str, Measure], Scale]:
    """The scale of each source, from all of its answers, so that it does not change with the question."""
    csat, ces = FeedbackRow.csat, FeedbackRow.ces
    ends = select(FeedbackRow.source, func.min(csat), func.max(csat), func.min(ces), func.max(ces))
    scales: dict[tuple[str, Measure], Scale] = {}
    for row in connection.execute(ends.where(IS_SURVEYED).group_by(FeedbackRow.source)):
        values: tuple[Any, ...] = tuple(row)
        source, found = values[0], values[1:]
        for measure, (least, most) in ((Measure.CSAT, found[:2]), (Measure.CES, found[2:])):
            if least is not None:
                scales[source, measure] = scale_of(least, most)
    return scales


def _n_customers(connection: Connection, selection: Selection, span: Span) -> int:
    known = select(func.count(FeedbackRow.customer_key.distinct()))
    return connection.scalar(known.where(*_conditions(selection, span))) or 0


def _conditions(selection: Selection, span: Span) -> list[ColumnElement[bool]]:
    conditions = message_conditions(selection, span, with_unlabelled=True)
    if of_mention := mention_conditions(selection):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return conditions


def _sources(scores: Iterable[Score]) -> tuple[str, ...]:
    return tuple(sorted({one.source for one in scores}))


def _answered(measure: Measure, scale: Scale, scores: Iterable[Score]) -> ColumnElement[bool]:
    """What tells the rows of these answers from all others."""
    if measure == Measure.RATING:
        return and_(
            FeedbackRow.rating.is_not(None),
            FeedbackRow.rating_lowest == scale.lowest,
            FeedbackRow.rating_highest == scale.highest,
        )
    column = getattr(FeedbackRow, measure.value)
    return and_(IS_SURVEYED, column.is_not(None), FeedbackRow.source.in_(_sources(scores)))


def _order(item: tuple[tuple[Measure, Scale], list[Score]]) -> tuple[int, int, float, float]:
    (measure, scale), scores = item
    return list(Measure).index(measure), -len(scores), scale.lowest, scale.highest


def _stretches(span: Span, bucket: BucketLength, calendar: Calendar) -> list[Bucket]:
    n_points = (span.end - span.start).days * PERIODS_PER_DAY[bucket]
    if n_points > MAX_POINTS:
        raise BadRequest(
            f"a trend by {bucket} over this period would have about {n_points:.0f} points for each measure, at most "
            f"{MAX_POINTS} are given; take a longer bucket or a shorter period",
            parameter="bucket",
        )
    return buckets(span.start, span.end, bucket.value, calendar.value, span.zone)


def _complete(stretches: Sequence[Bucket], span: Span, now: datetime | None) -> list[bool]:
    until = min(span.end, now or span.end)
    return [span.start <= one.start and one.end <= until for one in stretches]


def _points(
    measure: Measure,
    scale: Scale,
    scores: Sequence[Score],
    stretches: Sequence[Bucket],
    complete: Sequence[bool],
) -> tuple[AskedPoint, ...]:
    inside: list[list[Score]] = [[] for _ in stretches]
    starts = [one.start for one in stretches]
    for score in scores if stretches else ():
        inside[bisect_right(starts, score.at) - 1].append(score)
    return tuple(
        AskedPoint(one, is_complete, figures_of(measure, scale, here))
        for one, is_complete, here in zip(stretches, complete, inside, strict=True)
    )
