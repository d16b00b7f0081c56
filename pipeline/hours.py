"""When customers speak: volume and net sentiment by hour and day of the week of the business time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, and_, case, extract, func, select

from models.labels import MENTION_SENTIMENTS
from pipeline.aggregate_basis import Basis, basis_of, net_of
from pipeline.aggregate_counts import (
    NOTHING,
    Counted,
    Counts,
    Key,
    choose_among,
    mention_conditions,
    message_conditions,
)
from pipeline.clusters import read_whole
from pipeline.columns import Chosen, cross, microseconds
from pipeline.database import reading
from pipeline.intervals import Estimate, Method
from pipeline.remembering import remembered
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.sentences import Words, write_count
from pipeline.tables import FeedbackRow, MentionRow

HOUR_S = 3600
DAY_S = 24 * HOUR_S
HOURS_OF_WEEK = 168
# 1970-01-01 was a Thursday, the sixth day of a week that begins on Saturday.
FIRST_HOUR = 5 * 24
WEEKDAYS = (
    Words("شنبه", "Saturday"),
    Words("یکشنبه", "Sunday"),
    Words("دوشنبه", "Monday"),
    Words("سه‌شنبه", "Tuesday"),
    Words("چهارشنبه", "Wednesday"),
    Words("پنجشنبه", "Thursday"),
    Words("جمعه", "Friday"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfWeek:
    """One hour of the week; ``weekday`` is 0 on Saturday, 6 on Friday."""

    weekday: int
    hour: int
    counts: Counts
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """All 168 hours of the week from Saturday at 0.

    ``n_without_time`` mentions are left out: their messages came without a time and are dated by when they
    arrived here, or with nothing but a date, which is read as its very first second.
    """

    basis: Basis
    cells: tuple[HourOfWeek, ...]
    n_without_time: int


@remembered
def hours(engine: Engine, selection: Selection, *, zone: ZoneInfo) -> Hours:
    """Return how many mentions there are in each hour of the week, and their net sentiment.

    Args:
        zone: Business time zone, whose hours are meant, with its changes of the clocks.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        found = _count(connection, selection, span)
        whole = read_whole(connection, selection, span)
        timed: dict[Key, Counts] = {(one,): counts for one, counts in found.items() if one is not None}
        basis = basis_of(
            connection,
            selection,
            span,
            Unit.MENTIONS,
            [Counted(timed, from_tallies=False)],
            method=Method.CLUSTERED,
        )
    cells = []
    for place in range(HOURS_OF_WEEK):
        counts = found.get(place, NOTHING)
        net = net_of(counts, whole.of_net)
        cells.append(HourOfWeek(weekday=place // 24, hour=place % 24, counts=counts, net_sentiment=net))
    return Hours(basis=basis, cells=tuple(cells), n_without_time=found.get(None, NOTHING).n)


def describe_hours(found: Hours) -> Words:
    """Return when most is said, in one sentence of each language."""
    busiest = max(found.cells, key=lambda one: one.counts.n)
    if not busiest.counts.n:
        return Words("در این بازه نظری با زمان مشخص نیست.", "Nothing with a time was said in this period.")
    day, n = WEEKDAYS[busiest.weekday], write_count(busiest.counts.n)
    start, end = f"{busiest.hour:02}:00", f"{(busiest.hour + 1) % 24:02}:00"
    return Words(
        f"بیشترین نظرها {day.fa} از ساعت {_persian(start)} تا {_persian(end)} نوشته شده: {n.fa}.",
        f"Most is said on {day.en} from {start} to {end}: {n.en}.",
    )


def _persian(digits: str) -> str:
    return digits.translate({ord("0") + digit: chr(0x06F0 + digit) for digit in range(10)})


def _count(connection: Connection, selection: Selection, span: Span) -> dict[int | None, Counts]:
    """Mentions by hour of the week from Saturday at 0; under ``None`` those without a time."""
    if chosen := choose_among(connection, selection, span):
        return _count_columns(chosen, span)
    place = _hour_of_week(connection, span).label("hour_of_week")
    judged = [func.count().filter(MentionRow.sentiment == one.value) for one in MENTION_SENTIMENTS]
    statement = (
        select(place, *judged)
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(selection, span), *mention_conditions(selection))
        .group_by(place)
    )
    found: dict[int | None, Counts] = {}
    for hour, *counts in connection.execute(statement):
        found[None if hour is None else int(hour)] = Counts(*map(int, counts))
    return found


def _count_columns(chosen: Chosen, span: Span) -> dict[int | None, Counts]:
    ends, shifts = zip(*offsets(span), strict=True)
    at_us = chosen.columns.at_us[chosen.messages]
    shift = np.array(shifts)[np.searchsorted(microseconds(ends[:-1]), at_us, side="right")]
    local_s = at_us // 1_000_000 + shift
    is_timed = ~chosen.columns.is_arrival[chosen.messages] & (local_s % DAY_S != 0)
    hour = np.where(is_timed, (local_s // HOUR_S + FIRST_HOUR) % HOURS_OF_WEEK, HOURS_OF_WEEK)
    places = chosen.places - chosen.messages.start
    sentiments = chosen.columns.words["sentiment"].words
    kinds, n = cross([(hour[places], HOURS_OF_WEEK + 1), chosen.codes("sentiment")])
    found: dict[int | None, Counts] = {}
    for (one, sentiment), n_of_kind in zip(kinds, n, strict=True):
        place = None if one == HOURS_OF_WEEK else one
        counts = Counts(**{f"n_{sentiments[sentiment]}": n_of_kind})
        found[place] = found.get(place, NOTHING) + counts
    return found


def _hour_of_week(connection: Connection, span: Span) -> ColumnElement[int]:
    epoch: ColumnElement[Any] = extract("epoch", FeedbackRow.created_at)
    # SQLite gives whole seconds, PostgreSQL fractions of them.
    epoch = epoch if connection.dialect.name == "sqlite" else func.floor(epoch)
    steps = list(offsets(span))
    shift = (
        case(*((FeedbackRow.created_at < end, offset_s) for end, offset_s in steps), else_=steps[-1][1])
        if len(steps) > 1
        else steps[0][1]
    )
    local_s = epoch + shift
    hour = local_s // HOUR_S if connection.dialect.name == "sqlite" else func.floor(local_s / HOUR_S)
    has_time = and_(FeedbackRow.created_at_is_arrival.is_(False), local_s % DAY_S != 0)
    return case((has_time, (hour + FIRST_HOUR) % HOURS_OF_WEEK))


def offsets(span: Span) -> Iterator[tuple[datetime, int]]:
    """Yield the stretches of a span that have one offset from UTC: where each ends, and the offset in seconds.

    Clocks change on the full minute; more than one change within a day is not known anywhere.
    """
    at, day = span.start, timedelta(days=1)
    while at < span.end:
        offset_s = _offset_s(at, span.zone)
        end = at
        while end < span.end and _offset_s(min(end + day, span.end), span.zone) == offset_s:
            end = min(end + day, span.end)
        if end < span.end:
            end = _change(end, min(end + day, span.end), span.zone)
        yield end, offset_s
        at = end


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first minute with another offset than ``before``."""
    low = before.replace(second=0, microsecond=0)
    n_minutes = int((after - low).total_seconds() // 60) + 1
    first, last = 0, n_minutes
    while last - first > 1:
        middle = (first + last) // 2
        if _offset_s(low + timedelta(minutes=middle), zone) == _offset_s(before, zone):
            first = middle
        else:
            last = middle
    return low + timedelta(minutes=last)


def _offset_s(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return round(offset.total_seconds()) if offset else 0
