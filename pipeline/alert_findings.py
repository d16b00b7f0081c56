"""Where a rule strikes: the figures that it is about, and whether they are beyond what it allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import exp
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select

from models.labels import Flag, Sentiment
from pipeline import intervals
from pipeline.aggregates import BucketLength, Calendar, Trend, trend
from pipeline.alert_change import find_change
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
from pipeline.alert_phrases import find_new_phrases
from pipeline.alert_rules import Change, NewPhrase, Rule, Silence, Threshold, Urgent
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.intervals import MIN_N, Estimate
from pipeline.selection import Selection, Span, last_days
from pipeline.silence import HISTORY, expect_hours
from pipeline.source_health import Health, judge
from pipeline.source_log import SourceState
from pipeline.store import Store
from pipeline.tables import FeedbackRow, MentionRow

MOST_IDS = 200
SENTIMENT_OF = {"negative_share": Sentiment.NEGATIVE, "positive_share": Sentiment.POSITIVE}


def find(rule: Rule, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:
    """Return where a rule strikes now, in the order in which it should be told.

    Args:
        now: The present, aware.
        told: What it has said before, so that a state that lasts is not told again and again.

    Raises:
        BadRequest: Its filters ask for what cannot be counted.
        StoreError: The data base does not answer.
    """
    search: Callable[..., tuple[Finding, ...]] = SEARCHES[type(rule)]
    return search(rule, store, now=now, told=told)


def _find_threshold(rule: Threshold, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:
    if told.last_at is not None and now - told.last_at < timedelta(days=rule.again_after_days):
        return ()
    selection = select_feedback(rule.filters, *last_days(rule.days, store.zone, now))
    estimate, n = _measure(rule, store, selection, now)
    if estimate is None or (n < MIN_N and rule.figure != "volume"):
        return ()
    filters = write_filters(rule.filters, sentiment=SENTIMENT_OF.get(rule.figure))
    is_above, is_below = estimate.low > rule.bound, estimate.high < rule.bound
    if not (is_above if rule.above is not None else is_below):
        return ()
    evidence = Evidence(
        figure=rule.figure,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=n,
        unit="mentions",
        bound=rule.bound,
        side="above" if is_above else "below",
        method="the whole 95 % interval lies beyond the bound",
        from_=write_moment(selection.from_, store.zone),
        to=write_moment(selection.to, store.zone),
        filters=filters,
        feedback=feedback_address(filters, selection.from_, selection.to, store.zone),
    )
    return (found(rule, now.astimezone(store.zone).date().isoformat(), evidence),)


def _measure(
    rule: Threshold, store: Store, selection: Selection, now: datetime
) -> tuple[Estimate | None, int]:
    """The figure with its interval, and of how many mentions it is."""
    over_days = _trend(store, selection, now)
    if rule.figure == "net_sentiment":
        return over_days.net_sentiment, over_days.total.n
    if rule.figure == "volume":
        return count_interval(over_days.total.n), over_days.total.n
    if rule.figure == "share":
        whole = _trend(store, _whole_of(selection), now).total.n
        return intervals.share(over_days.total.n, whole), whole
    part = over_days.total.of(SENTIMENT_OF[rule.figure])
    return intervals.share(part, over_days.total.n), over_days.total.n


def _trend(store: Store, selection: Selection, now: datetime) -> Trend:
    return trend(
        store.engine,
        selection,
        bucket=BucketLength.DAY,
        calendar=Calendar.GREGORIAN,
        zone=store.zone,
        now=now,
    )


def _whole_of(selection: Selection) -> Selection:
    return replace(selection, stage=(), intent=(), aspect=(), sentiment=(), emotion=(), flag=(), q=None)


def _find_silence(rule: Silence, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:  # noqa: ARG001
    silent = [
        source
        for source in store.sources()
        if (not rule.source or source.name in rule.source) and judge(source, now=now).health == Health.SILENT
    ]
    return tuple(_silence(rule, source, store.zone, now) for source in silent)


def _silence(rule: Silence, source: SourceState, zone: ZoneInfo, now: datetime) -> Finding:
    fell_silent = source.active_hours[-1]
    expected = expect_hours(source.active_hours, now=now)
    evidence = Evidence(
        figure="hours_silent",
        value=float((now - fell_silent) // timedelta(hours=1)),
        n=len(source.active_hours),
        unit="active hours",
        usual=expected,
        chance=exp(-expected),
        side="above",
        about=source.name,
        method=f"by its rhythm of the {HISTORY.days // 7} weeks before (Poisson)",
        from_=fell_silent.astimezone(zone).isoformat(),
        to=now.astimezone(zone).isoformat(),
    )
    return found(rule, f"{source.name} since {fell_silent:%Y-%m-%dT%H}Z", evidence)


def _find_urgent(rule: Urgent, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:
    start = now - timedelta(hours=rule.within_hours)
    end = now - timedelta(minutes=rule.older_than_minutes)
    selection = replace(select_feedback(rule.filters, start, end), flag=(Flag.URGENT,))
    resolved = [one.lower() for one in rule.resolved]
    conditions = [
        *message_conditions(selection, Span(start, end, store.zone)),
        func.lower(func.coalesce(FeedbackRow.status, "")).not_in(resolved),
    ]
    if of_mention := mention_conditions(selection):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    statement = select(FeedbackRow.id, FeedbackRow.created_at).where(*conditions).order_by(FeedbackRow.id)
    with reading(store.engine) as connection:
        waiting = connection.execute(statement).all()
    filters = write_filters(rule.filters, flag=Flag.URGENT)
    fresh = [row for row in waiting if row.id not in told.message_ids][:MOST_IDS]
    if not fresh:
        return ()
    evidence = Evidence(
        figure="urgent_unresolved",
        value=float(len(fresh)),
        n=len(waiting),
        unit="messages",
        bound=float(rule.older_than_minutes),
        side="above",
        method=f"flag urgent, status none of {', '.join(rule.resolved) or '(none)'}, older than "
        f"{rule.older_than_minutes} minutes; n also counts those told before",
        message_ids=tuple(row.id for row in fresh),
        from_=min(row.created_at for row in fresh).astimezone(store.zone).isoformat(),
        to=end.astimezone(store.zone).isoformat(),
        filters=filters,
        feedback=feedback_address(filters, start, end, store.zone),
    )
    return (found(rule, f"message {fresh[0].id}", evidence),)


SEARCHES: dict[type[Rule], Callable[..., tuple[Finding, ...]]] = {
    Threshold: _find_threshold,
    Change: find_change,
    NewPhrase: find_new_phrases,
    Silence: _find_silence,
    Urgent: _find_urgent,
}
