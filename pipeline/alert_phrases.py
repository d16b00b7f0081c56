"""Rules of new phrases: what several customers say of late and nobody said in the year before."""

from __future__ import annotations

from datetime import datetime

from pipeline.alert_evidence import (
    Evidence,
    Finding,
    Told,
    feedback_address,
    found,
    select_feedback,
    write_filters,
    write_moment,
)
from pipeline.alert_rules import NewPhrase
from pipeline.selection import last_days
from pipeline.store import Store

MOST_AT_ONCE = 3


def find_new_phrases(rule: NewPhrase, store: Store, *, now: datetime, told: Told) -> tuple[Finding, ...]:  # noqa: ARG001
    """Return the most frequent new phrases of the last days, at most three; each phrase is one occasion."""
    # Loaded here: it brings hazm, which takes seconds that other rules need not wait for.
    from pipeline.phrases import new_phrases

    start, end = last_days(rule.days, store.zone, now)
    selection = select_feedback(rule.filters, start, end)
    answer = new_phrases(store.engine, selection, zone=store.zone, min_n=rule.at_least, limit=MOST_AT_ONCE)
    findings = []
    for phrase in answer.more:
        filters = write_filters(rule.filters)
        filters["q"] = [" ".join([*filters.get("q", []), f'"{phrase.text}"'])]
        evidence = Evidence(
            figure="new_phrase",
            value=phrase.share.value,
            low=phrase.share.low,
            high=phrase.share.high,
            n=phrase.n,
            unit="messages",
            about=phrase.text,
            method=f"in no message of the {answer.n_other_read} read of the time before, and said by "
            f"{phrase.n_customers} customers; value: its share of the messages (Wilson)",
            from_=write_moment(start, store.zone),
            to=write_moment(end, store.zone),
            filters=filters,
            feedback=feedback_address(filters, start, end, store.zone),
        )
        findings.append(found(rule, phrase.text, evidence))
    return tuple(findings)
