"""Two stretches of time that are held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipeline.errors import BadRequest
from pipeline.selection import Selection, Span, moment, span_of


@dataclass(frozen=True, slots=True)
class Periods:
    """A stretch of time and the one that it is compared with; they share no moment."""

    now: Span
    before: Span


def periods_of(
    selection: Selection, zone: ZoneInfo, *, before_from: date | None = None, before_to: date | None = None
) -> Periods:
    """Return the period of a selection and the one it is compared with.

    Args:
        zone: Business time zone, in which days begin.
        before_from: Start of the other period, inclusive, a day or an aware time. ``None``: so that it is as
            long as the first.
        before_to: Its end, exclusive. ``None``: where the first one starts.

    Raises:
        BadRequest: A period ends before it starts, or both share some time.
    """
    now = span_of(selection, zone)
    end = now.start if before_to is None else moment(before_to, zone)
    start = _as_long_before(now, end) if before_from is None else moment(before_from, zone)
    if start >= end:
        raise BadRequest(
            f"before_to must be later than before_from; they name {_named(end, zone)} and {_named(start, zone)}; "
            "before_to is the first day or moment that no longer belongs to the period",
            parameter="before_to",
        )
    if start < now.end and now.start < end:
        raise BadRequest(
            f"the two periods share the time from {_named(max(start, now.start), zone)} to "
            f"{_named(min(end, now.end), zone)}; what is in both cannot be compared with itself: move before_to",
            parameter="before_to",
        )
    return Periods(now, Span(start, end, zone))


def _as_long_before(now: Span, end: datetime) -> datetime:
    """The start of a stretch as long as ``now`` that ends at ``end``: as many days, where both are of days."""
    to_end = Span(now.start, end, now.zone) if now.start < end else Span(end, now.start, now.zone)
    if now.days is None or to_end.days is None:
        return end - (now.end - now.start)
    return moment(end.astimezone(now.zone).date() - (now.days[1] - now.days[0]), now.zone)


def _named(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()
