"""Rules of change: does today, or the last hour, bring more or less than that day of the week mostly does?

A day is looked at four times and an hour once, and each look may be wrong with the chance that makes up,
over all looks of a year, the number of false alarms that the rule states (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models.labels import Sentiment
from pipeline.aggregate_counts import QUARTER_HOUR_S, When, count
from pipeline.alert_evidence import (
    Evidence,
    Finding,
    Told,
    count_interval,
    feedback_address,
    found,
    select_feedback,
    write_filters,
    write_moment,
)
from pipeline.alert_rules import Change, Filters
from pipeline.database import reading
from pipeline.jalali import day_start
from pipeline.selection import Span
from pipeline.store import Store
from pipeline.tables import FeedbackRow
from pipeline.usual import Usual, compare_with_usual

SETTLES_IN = timedelta(minutes=30)
LOOKS_AT_DAY = (6, 12, 18, 24)
HOURS_A_DAY = 24
DAYS_A_YEAR = 365.25
FEWEST_WEEKS = 4
Stretch = tuple[datetime, datetime]


def find_change(rule: Change, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:  # noqa: ARG001
    """Return whether the present day or hour is unusual for that day of the week; at most one finding a day."""
    start, end = latest_look(rule.every, now, store.zone)
    rows = _stretches_before(start, end, rule.weeks, store.zone)
    begin = _first_message(rule.filters, store)
    n_weeks = sum(begin is not None and stretch[0] >= begin for stretch in rows[0][1:])
    if n_weeks < FEWEST_WEEKS:
        return ()
    counts = _count_stretches(rule, store, [stretch for row in rows for stretch in row[: n_weeks + 1]])
    present, *before = [counts[stretch] for stretch in rows[0][: n_weeks + 1]]
    others = [[counts[stretch] for stretch in row[:n_weeks]] for row in rows[1:]]
    if rule.direction == "up" and present < rule.at_least:
        return ()
    usual = compare_with_usual(present, before, others, direction=rule.direction)
    if usual.chance >= allowed_chance(rule):
        return ()
    evidence = _evidence(rule, present, usual, when=(start, end), n_weeks=n_weeks, zone=store.zone)
    return (found(rule, start.astimezone(store.zone).date().isoformat(), evidence),)


def allowed_chance(rule: Change) -> float:
    """Return the chance with which one look may be wrong.

    >>> round(1 / allowed_chance(Change(name="late", false_alarms_per_year=1)))
    1461
    """
    looks_a_day = HOURS_A_DAY if rule.every == "hour" else len(LOOKS_AT_DAY)
    return rule.false_alarms_per_year / DAYS_A_YEAR / looks_a_day


def _evidence(
    rule: Change, present: int, usual: Usual, *, when: Stretch, n_weeks: int, zone: ZoneInfo
) -> Evidence:
    filters = write_filters(rule.filters, sentiment=Sentiment.NEGATIVE if rule.of == "negative" else None)
    interval = count_interval(present)
    return Evidence(
        figure=rule.of,
        value=float(present),
        low=interval.low,
        high=interval.high,
        n=present,
        unit="mentions",
        side="above" if rule.direction == "up" else "below",
        usual=usual.mean,
        usual_low=float(usual.lowest),
        usual_high=float(usual.highest),
        chance=usual.chance,
        method=f"negative binomial against the same weekday of {n_weeks} weeks; "
        f"at most {rule.false_alarms_per_year:g} false alarms a year; interval: Garwood",
        from_=write_moment(when[0], zone),
        to=write_moment(when[1], zone),
        filters=filters,
        feedback=feedback_address(filters, *when, zone),
    )


def latest_look(every: str, now: datetime, zone: ZoneInfo) -> Stretch:
    """Return the stretch of time that a rule of change is about now.

    Half an hour is left for messages to come in. ``hour``: the last whole hour before that. ``day``: from
    midnight to the last of 6, 12, 18 and 24 o'clock before that, so that a day is looked at four times.
    """
    settled = (now - SETTLES_IN).astimezone(zone)
    if every == "hour":
        end = settled.replace(minute=0, second=0, microsecond=0)
        return end - timedelta(hours=1), end
    hours = [hour for hour in LOOKS_AT_DAY if hour <= settled.hour]
    day = settled.date() if hours else settled.date() - timedelta(days=1)
    return day_start(day, zone), _clock(day, hours[-1] if hours else 24, zone)


def _clock(day: date, hour: int, zone: ZoneInfo) -> datetime:
    if hour == HOURS_A_DAY:
        return day_start(day + timedelta(days=1), zone)
    return datetime.combine(day, time(hour), zone) if hour else day_start(day, zone)


def _stretches_before(start: datetime, end: datetime, weeks: int, zone: ZoneInfo) -> list[list[Stretch]]:
    """The same hours of earlier days by weekday, newest first; the first row begins with the present one.

    Each row has ``weeks`` + 1 stretches.
    """
    first = start.astimezone(zone)
    day = first.date()
    last = end.astimezone(zone)
    hours = first.hour, last.hour if last.date() == day else HOURS_A_DAY
    rows = []
    for weekday in range(7):
        days = [day - timedelta(days=weekday + 7 * week) for week in range(weeks + 1)]
        rows.append([(_clock(one, hours[0], zone), _clock(one, hours[1], zone)) for one in days])
    return rows


def _count_stretches(rule: Change, store: Store, stretches: Sequence[Stretch]) -> dict[Stretch, int]:
    ordered = sorted(stretches)
    selection = select_feedback(rule.filters, ordered[0][0], ordered[-1][1])
    span = Span(ordered[0][0], ordered[-1][1], store.zone)
    with reading(store.engine) as connection:
        cells = count(connection, selection, span, when=When.QUARTER_HOUR).cells
    # SQLite gives whole numbers, PostgreSQL decimal ones.
    quarters = {
        int(cast("int", key[0])): cell.n_negative if rule.of == "negative" else cell.n
        for key, cell in cells.items()
    }
    return {
        (start, end): sum(
            quarters.get(one, 0)
            for one in range(int(start.timestamp()) // QUARTER_HOUR_S, int(end.timestamp()) // QUARTER_HOUR_S)
        )
        for start, end in stretches
    }


def _first_message(filters: Filters, store: Store) -> datetime | None:
    """When the first message was written of the sources, channels and brands that a rule is about."""
    conditions = [
        getattr(FeedbackRow, name).in_(getattr(filters, name))
        for name in ("source", "channel", "brand")
        if getattr(filters, name)
    ]
    oldest = select(FeedbackRow.created_at).where(*conditions).order_by(FeedbackRow.created_at).limit(1)
    with reading(store.engine) as connection:
        return connection.scalar(oldest)
