"""Hours of the week of the business time zone, from Saturday at 0: of stored messages and of those in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, case, extract, func

from pipeline.columns import Columns, Ints, microseconds
from pipeline.selection import Span
from pipeline.tables import FeedbackRow

HOUR_S = 3600
DAY_S = 24 * HOUR_S
HOURS_OF_DAY = 24
DAYS_OF_WEEK = 7
HOURS_OF_WEEK = HOURS_OF_DAY * DAYS_OF_WEEK
# 1970-01-01 was a Thursday, the sixth day of a week that begins on Saturday.
FIRST_HOUR = 5 * HOURS_OF_DAY


def hour_of_week(connection: Connection, span: Span) -> ColumnElement[int]:
    """Return the column of a message's hour of the week from Saturday at 0; NULL where its time is not known.

    A message that is dated by its arrival here, or by nothing but a day, which is read as its very first second,
    tells no hour.

    Args:
        span: Holds the messages; its zone is the one whose hours are meant, with its changes of the clocks.
    """
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


def hours_of_week(columns: Columns, messages: slice, span: Span) -> Ints:
    """Return the same of a stretch of messages in memory, with ``HOURS_OF_WEEK`` in the place of NULL."""
    ends, shifts = zip(*offsets(span), strict=True)
    at_us = columns.at_us[messages]
    shift = np.array(shifts)[np.searchsorted(microseconds(ends[:-1]), at_us, side="right")]
    local_s = at_us // 1_000_000 + shift
    is_timed = ~columns.is_arrival[messages] & (local_s % DAY_S != 0)
    hours: Ints = np.where(is_timed, (local_s // HOUR_S + FIRST_HOUR) % HOURS_OF_WEEK, HOURS_OF_WEEK)
    return hours


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
