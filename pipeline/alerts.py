"""The alerts on record: raised once for each occasion, delivered until every channel has them, acknowledged.

Whoever delivers an alert puts its next try off first, so that no other process delivers it meanwhile; if it
dies, that time comes and another one delivers it: at most twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Engine, Row, Table, func, select, update

from pipeline.alert_evidence import Evidence, Finding, Told
from pipeline.database import insert_into, reading, writing
from pipeline.schedules import back_off
from pipeline.sentences import Words
from pipeline.team_tables import AlertRow

DELIVERING = timedelta(minutes=5)
RETRY_S = 60
MAX_ERROR = 500
alerts = cast("Table", AlertRow.__table__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule that struck.

    Args:
        title: What happened, in a sentence.
        undelivered: Channels that have not got it yet.
        next_try_at: When they are tried again; ``None``: not any more.
        delivered_at: When the last channel got it; ``None``: not yet, or it has none.
        n_failures: How often delivering failed.
        delivery_error: Why, the last time.
    """

    id: int
    rule: str
    occasion: str
    kind: str
    raised_at: datetime
    title: Words
    evidence: Evidence
    undelivered: tuple[str, ...]
    next_try_at: datetime | None
    delivered_at: datetime | None
    n_failures: int
    delivery_error: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which alerts are asked for; ``None`` and ``()`` let everything pass.

    Args:
        from_: Raised at this moment or later, aware.
        to: Raised before it.
        acknowledged: Only those that somebody has, or nobody has acknowledged.
        before_id: Only older ones: where a page goes on.
    """

    from_: datetime | None = None
    to: datetime | None = None
    rule: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    acknowledged: bool | None = None
    before_id: int | None = None


def raise_alert(
    engine: Engine, finding: Finding, title: Words, *, send_to: Sequence[str], now: datetime
) -> bool:
    """The alert is on record and waits to be delivered; return whether it is new.

    Args:
        send_to: Names of channels; none: it is only listed.
    """
    same = (alerts.c.rule == finding.rule) & (alerts.c.occasion == finding.occasion)
    with reading(engine) as connection:
        if connection.scalar(select(alerts.c.id).where(same)) is not None:
            return False
    values = {
        "rule": finding.rule,
        "occasion": finding.occasion,
        "kind": finding.kind,
        "raised_at": now,
        "title_fa": title.fa,
        "title_en": title.en,
        "evidence": finding.evidence.as_json(),
        "undelivered": list(send_to),
        "next_try_at": now if send_to else None,
        "n_failures": 0,
    }
    with writing(engine) as connection:
        statement = insert_into(connection, alerts).values(values).on_conflict_do_nothing()
        return connection.execute(statement.returning(alerts.c.id)).first() is not None


def told_by(engine: Engine, rule: str, *, since: datetime) -> Told:
    """Return what a rule has said since a moment."""
    said = select(alerts.c.raised_at, alerts.c.evidence).where(
        alerts.c.rule == rule, alerts.c.raised_at >= since
    )
    with reading(engine) as connection:
        rows = connection.execute(said).all()
    return Told(
        last_at=max((row.raised_at for row in rows), default=None),
        message_ids=frozenset(id_ for row in rows for id_ in row.evidence.get("message_ids", ())),
    )


def list_alerts(engine: Engine, wanted: Wanted, *, limit: int) -> tuple[tuple[Alert, ...], int | None]:
    """Return alerts, newest first, and the id after which the next page begins; ``None``: there is none."""
    newest = select(alerts).where(*_conditions(wanted)).order_by(alerts.c.id.desc()).limit(limit + 1)
    with reading(engine) as connection:
        rows = connection.execute(newest).all()
    found = tuple(_alert(row) for row in rows[:limit])
    return found, found[-1].id if len(rows) > limit else None


def count_alerts(engine: Engine, wanted: Wanted) -> int:
    """Return how many alerts there are."""
    counted = select(func.count()).select_from(alerts).where(*_conditions(wanted))
    with reading(engine) as connection:
        return connection.scalar(counted) or 0


def acknowledge(engine: Engine, id_: int, *, by: str, now: datetime) -> Alert | None:
    """Somebody has seen the alert and it is delivered no more; return it, ``None`` where there is none.

    Whoever was first stays on record.
    """
    one = alerts.c.id == id_
    seen = {"acknowledged_at": now, "acknowledged_by": by[:100], "next_try_at": None}
    with writing(engine) as connection:
        connection.execute(update(alerts).where(one, alerts.c.acknowledged_at.is_(None)).values(seen))
        row = connection.execute(select(alerts).where(one)).one_or_none()
    return None if row is None else _alert(row)


def claim_due(engine: Engine, *, now: datetime) -> Alert | None:
    """Return the oldest alert that is to be delivered now, which nobody else delivers for five minutes."""
    due = alerts.c.next_try_at <= now
    oldest = select(alerts.c.id).where(due).order_by(alerts.c.id).limit(1)
    with reading(engine) as connection:
        id_ = connection.scalar(oldest)
    if id_ is None:
        return None
    mine = update(alerts).where(alerts.c.id == id_, due).values(next_try_at=now + DELIVERING)
    with writing(engine, seen=False) as connection:
        row = connection.execute(mine.returning(*alerts.c)).one_or_none()
    return None if row is None else _alert(row)


def note_delivered(engine: Engine, alert: Alert, undelivered: Sequence[str], *, now: datetime) -> None:
    """Only these channels still wait for the alert; where there is none it is delivered."""
    values: dict[str, Any] = {"undelivered": list(undelivered)}
    if not undelivered:
        values |= {"delivered_at": now, "next_try_at": None, "delivery_error": None}
    with writing(engine) as connection:
        connection.execute(update(alerts).where(alerts.c.id == alert.id).values(values))


def note_failed(engine: Engine, alert: Alert, error: str, *, now: datetime) -> datetime:
    """It is on record why delivering failed; return when it is tried again, later each time.

    Args:
        error: In words, without addresses or secrets.
    """
    n_failures = alert.n_failures + 1
    again = now + back_off(RETRY_S, n_failures)
    values = {"n_failures": n_failures, "delivery_error": error[:MAX_ERROR], "next_try_at": again}
    waits = (alerts.c.id == alert.id) & alerts.c.acknowledged_at.is_(None)
    with writing(engine) as connection:
        connection.execute(update(alerts).where(waits).values(values))
    return again


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.from_ is not None:
        conditions.append(alerts.c.raised_at >= wanted.from_)
    if wanted.to is not None:
        conditions.append(alerts.c.raised_at < wanted.to)
    if wanted.rule:
        conditions.append(alerts.c.rule.in_(wanted.rule))
    if wanted.kind:
        conditions.append(alerts.c.kind.in_(wanted.kind))
    if wanted.acknowledged is not None:
        seen = alerts.c.acknowledged_at.is_not(None)
        conditions.append(seen if wanted.acknowledged else ~seen)
    if wanted.before_id is not None:
        conditions.append(alerts.c.id < wanted.before_id)
    return conditions


def _alert(row: Row[Any]) -> Alert:
    values = {name: value for name, value in row._asdict().items() if not name.startswith("title_")}
    ids = tuple(row.evidence.get("message_ids", ()))
    return Alert(
        **values
        | {
            "title": Words(row.title_fa, row.title_en),
            "evidence": Evidence(**row.evidence | {"message_ids": ids}),
            "undelivered": tuple(row.undelivered),
        }
    )
