"""What people found right and wrong: the corrections one by one, and how often the model was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Row,
    and_,
    func,
    or_,
    select,
    tuple_,
)

from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.aggregate_feedback import Place
from pipeline.corrections import IS_ATTACHED, Labels, corrections, labels_of
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, share
from pipeline.mention_ids import HEADS, mention_id
from pipeline.selection import moment
from pipeline.tallies import feedback, mentions

Line = tuple[str, str | None]
LABELS: dict[str, type[StrEnum]] = dict(zip(HEADS, (Stage, Intent, Aspect, Sentiment), strict=True))
AS_PREDICTED = tuple_(*(corrections.c[head] for head in HEADS)) == tuple_(
    *(corrections.c[f"predicted_{head}"] for head in HEADS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which corrections a question is about; what is left out lets all pass.

    Args:
        from_: First day or moment (aware) of the judgement, inclusive.
        to: Day or moment at which the period has ended, exclusive.
        by: Names of those who judged.
        brand: Of the message; ``""`` stands for messages without one.
        orphaned: Whether they have lost their clause.
        confirmed: Whether they found the prediction right.
    """

    from_: date | None = None
    to: date | None = None
    by: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    orphaned: bool | None = None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCorrection:
    """What a person said of a clause, beside what the model says of it.

    ``mention_id`` and ``text`` are ``None`` where there is no clause to it: the message waits to be classified,
    or the correction is ``orphaned``. ``changed`` names the labels that are not the model's.
    """

    id: int
    feedback_id: int
    source: str
    mention_id: str | None
    text: str | None
    labels: Labels
    predicted: Labels
    changed: tuple[str, ...]
    model_version: str
    corrected_by: str
    corrected_at: datetime
    version: int
    orphaned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionsPage:
    """Corrections, the latest first. ``n`` counts all that were asked for, on the first page only."""

    n: int | None
    items: tuple[FoundCorrection, ...]
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePrecision:
    """Of the mentions that were predicted to have a label and that somebody judged, how many have it.

    ``label`` is ``None`` for all labels of the head together; ``precision`` is ``None`` where ``n`` is 0.
    """

    head: str
    label: str | None
    n: int
    n_right: int
    precision: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How often the model is right on the ``n`` mentions that somebody judged, by head and label."""

    n: int
    model_versions: tuple[str, ...]
    lines: tuple[LivePrecision, ...]


def find_corrections(
    engine: Engine, wanted: Wanted, *, zone: ZoneInfo, limit: int = 50, after: Place | None = None
) -> CorrectionsPage:
    """Return the corrections that are asked for, the latest first.

    Args:
        zone: Business time zone, in which days begin and times are told.
        limit: Most on a page.
        after: Where the page before ended; ``None``: the first page.

    Raises:
        BadRequest: The period ends before it starts.
    """
    conditions = _conditions(wanted, zone)
    columns = corrections.c
    query = select(
        *[*columns, feedback.c.source, feedback.c.text, mentions.c.id.label("attached")]
    ).select_from(_with_mentions(outer=True))
    page = query.where(*conditions, *_earlier(after)).order_by(columns.corrected_at.desc(), columns.id.desc())
    with reading(engine) as connection:
        n = None if after else _count(connection, conditions)
        rows = connection.execute(page.limit(limit + 1)).all()
    shown = rows[:limit]
    return CorrectionsPage(
        n=n,
        items=tuple(_found(row, zone) for row in shown),
        next=Place(shown[-1].corrected_at, shown[-1].id) if len(rows) > limit else None,
    )


def measure_precision(engine: Engine, wanted: Wanted, *, zone: ZoneInfo) -> Precision:
    """Return how often the model that labelled a mention last was right, of those that somebody judged.

    What is judged is no random sample: people look where something seems wrong, so that precision is rather
    underestimated, and of what one label misses it says nothing. A stage that a touchpoint fixed is none of
    the model's predictions and left out; so are corrections without a clause.

    Args:
        zone: Business time zone, in which days begin.

    Raises:
        BadRequest: The period ends before it starts.
    """
    columns = corrections.c
    predicted = [columns[f"predicted_{head}"] for head in HEADS]
    is_right = [columns[head] == columns[f"predicted_{head}"] for head in HEADS]
    alike = [*predicted, *is_right, mentions.c.stage_from_touchpoint, columns.model_version]
    query = select(*[*alike, func.count()]).select_from(_with_mentions(outer=False)).group_by(*alike)
    with reading(engine) as connection:
        rows = connection.execute(query.where(*_conditions(wanted, zone))).all()
    return Precision(
        n=sum(row[-1] for row in rows),
        model_versions=tuple(sorted({row[-2] for row in rows})),
        lines=tuple(_lines(rows)),
    )


def _lines(rows: Sequence[Row[Any]]) -> Iterator[LivePrecision]:
    """Each row has the predicted labels, whether each is right, whose the stage is, the model, and how many."""
    judged: Counter[Line] = Counter()
    right: Counter[Line] = Counter()
    for row in rows:
        *cell, from_touchpoint, _, n = cast("tuple[Any, ...]", row)
        for head, label, is_right in zip(HEADS, cell[:4], cell[4:], strict=True):
            if head != "stage" or not from_touchpoint:
                judged.update({(head, None): n, (head, label): n})
                right.update({(head, None): n if is_right else 0, (head, label): n if is_right else 0})
    for head in HEADS:
        for label in (None, *(label.value for label in LABELS[head])):
            n, n_right = judged[head, label], right[head, label]
            if n or label is None:
                yield LivePrecision(head=head, label=label, n=n, n_right=n_right, precision=share(n_right, n))


def _with_mentions(*, outer: bool) -> FromClause:
    of_message = corrections.join(feedback, feedback.c.id == corrections.c.feedback_id)
    return of_message.join(mentions, IS_ATTACHED, isouter=outer)


def _conditions(wanted: Wanted, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    start = None if wanted.from_ is None else moment(wanted.from_, zone)
    end = None if wanted.to is None else moment(wanted.to, zone)
    if start and end and start >= end:
        raise BadRequest(
            "to must be later than from; it is the first moment after the period", parameter="to"
        )
    conditions: list[ColumnElement[bool]] = []
    if start:
        conditions.append(corrections.c.corrected_at >= start)
    if end:
        conditions.append(corrections.c.corrected_at < end)
    if wanted.by:
        conditions.append(corrections.c.corrected_by.in_(wanted.by))
    if wanted.brand:
        conditions.append(func.coalesce(feedback.c.brand, "").in_(wanted.brand))
    if wanted.orphaned is not None:
        conditions.append(corrections.c.orphaned.is_(wanted.orphaned))
    if wanted.confirmed is not None:
        conditions.append(AS_PREDICTED if wanted.confirmed else ~AS_PREDICTED)
    return conditions


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    both = corrections.join(feedback, feedback.c.id == corrections.c.feedback_id)
    return connection.scalar(select(func.count()).select_from(both).where(*conditions)) or 0


def _earlier(after: Place | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    columns = corrections.c
    same_moment = and_(columns.corrected_at == after.created_at, columns.id < after.id)
    return [or_(columns.corrected_at < after.created_at, same_moment)]


def _found(row: Row[Any], zone: ZoneInfo) -> FoundCorrection:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public way to read a row by names
    is_attached = row.attached is not None
    return FoundCorrection(
        id=row.id,
        feedback_id=row.feedback_id,
        source=row.source,
        mention_id=mention_id(row.start, row.end) if is_attached else None,
        text=row.text[row.start : row.end] if is_attached else None,
        labels=labels_of(values),
        predicted=labels_of(values, "predicted_"),
        changed=tuple(head for head in HEADS if values[head] != values[f"predicted_{head}"]),
        model_version=row.model_version,
        corrected_by=row.corrected_by,
        corrected_at=row.corrected_at.astimezone(zone),
        version=row.version,
        orphaned=row.orphaned,
    )
