"""What people say of mentions: a label is set right or found right, and what the model had said is kept.

A correction holds all four labels of a mention: who changes one has seen the others and let them stand. Where
all equal the prediction it is a confirmation. Both say how often the model is right (correction_answers.py)
and outlive edits and new models (reattaching.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Table,
    and_,
    delete,
    insert,
    select,
    update,
)

from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.database import lock_tallies, reading, writing
from pipeline.errors import BazkhordError
from pipeline.mention_ids import HEADS, etag_of
from pipeline.tallies import feedback, kept_up, mentions
from pipeline.team_tables import CorrectionRow

corrections = cast("Table", CorrectionRow.__table__)
# A correction and the mention that it is of; none where the message waits or the correction is orphaned.
IS_ATTACHED = and_(
    mentions.c.feedback_id == corrections.c.feedback_id,
    mentions.c.start == corrections.c.start,
    mentions.c.end == corrections.c.end,
    mentions.c.corrected,
    corrections.c.orphaned.is_(False),
)


class NoSuchMention(BazkhordError):
    """No message has this mention, or not any more."""


class MentionChanged(BazkhordError):
    """The mention is not what the caller last saw."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mention is: its message, and its first code point and the one after its last."""

    feedback_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is said of a mention."""

    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person says of a mention; ``None``: as it stands."""

    stage: Stage | None = None
    intent: Intent | None = None
    aspect: Aspect | None = None
    sentiment: Sentiment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Who judged a mention last, when, for which time, and what the model had said of it."""

    predicted: Labels
    corrected_by: str
    corrected_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMention:
    """A stored mention; ``correction`` is ``None`` where nobody judged it and the labels are the model's.

    ``stage_from_touchpoint``: the stage before any correction was the touchpoint's and not the model's.
    """

    address: Address
    text: str
    labels: Labels
    stage_from_touchpoint: bool
    model_version: str
    etag: str
    correction: Correction | None


def find_mention(engine: Engine, address: Address, *, brands: Collection[str] | None = None) -> JudgedMention:
    """Return a mention.

    Args:
        brands: Those whose messages may be seen, ``""`` for none; ``None``: all.

    Raises:
        NoSuchMention: There is none.
    """
    with reading(engine) as connection:
        return _judged(connection, address, brands)


def correct(
    engine: Engine,
    address: Address,
    verdict: Verdict,
    *,
    seen: Collection[str] | None,
    by: str,
    now: datetime,
    brands: Collection[str] | None = None,
) -> JudgedMention:
    """The mention has the labels of the verdict and counts under them; the prediction is kept beside it.

    Labels that equal the prediction confirm it.

    Args:
        seen: Entity tags of which one must be the mention's; ``None``: any.
        by: Name of who says so, at most 100 characters.
        now: When, aware.
        brands: As in ``find_mention``.

    Returns:
        The mention as it is now.

    Raises:
        NoSuchMention: There is none.
        MentionChanged: It is none of those seen.
    """
    with writing(engine) as connection:
        lock_tallies(connection)
        before = _expected(connection, address, seen, brands)
        labels = {head: str(getattr(verdict, head) or getattr(before.labels, head)) for head in HEADS}
        _set_labels(connection, address, labels, corrected=True)
        values = labels | {"corrected_by": by, "corrected_at": now}
        if before.correction:
            counted_up = values | {"version": corrections.c.version + 1}
            connection.execute(update(corrections).where(_attached_to(address)).values(counted_up))
        else:
            connection.execute(insert(corrections).values(_first(before) | values))
        return _judged(connection, address, brands)


def withdraw(
    engine: Engine,
    address: Address,
    *,
    seen: Collection[str] | None,
    brands: Collection[str] | None = None,
) -> JudgedMention:
    """The mention is as the model sees it, as though nobody had judged it; return it.

    Args:
        seen: Entity tags of which one must be the mention's; ``None``: any.
        brands: As in ``find_mention``.

    Raises:
        NoSuchMention: There is none.
        MentionChanged: It is none of those seen.
    """
    with writing(engine) as connection:
        lock_tallies(connection)
        before = _expected(connection, address, seen, brands)
        if before.correction is None:
            return before
        predicted = {head: str(getattr(before.correction.predicted, head)) for head in HEADS}
        _set_labels(connection, address, predicted, corrected=False)
        connection.execute(delete(corrections).where(_attached_to(address)))
        return _judged(connection, address, brands)


def clause_digest(text: str) -> str:
    """Return the digest by which the words of a clause are known again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _expected(
    connection: Connection,
    address: Address,
    seen: Collection[str] | None,
    brands: Collection[str] | None,
) -> JudgedMention:
    mention = _judged(connection, address, brands)
    if seen is not None and mention.etag not in seen:
        raise MentionChanged(
            "the mention has changed since you read it; read it again, and send the etag that it has now"
        )
    return mention


def _judged(connection: Connection, address: Address, brands: Collection[str] | None) -> JudgedMention:
    row = connection.execute(
        select(mentions, feedback.c.text, feedback.c.model_version, feedback.c.brand)
        .join_from(mentions, feedback, mentions.c.feedback_id == feedback.c.id)
        .where(_is_at(mentions, address))
        .order_by(mentions.c.id)
    ).first()
    if row is None or (brands is not None and (row.brand or "") not in brands):
        raise NoSuchMention(
            "there is no such mention, or not any more; GET /v1/feedback gives each its mention_id"
        )
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public way to read a row by names
    text = row.text[address.start : address.end]
    return JudgedMention(
        address=address,
        text=text,
        labels=labels_of(values),
        stage_from_touchpoint=row.stage_from_touchpoint,
        model_version=row.model_version,
        etag=etag_of({**values}, text=text, model_version=row.model_version),
        correction=_correction(connection, address) if row.corrected else None,
    )


def _correction(connection: Connection, address: Address) -> Correction:
    row = connection.execute(select(corrections).where(_attached_to(address))).one()
    return Correction(
        predicted=labels_of(row._mapping, "predicted_"),  # noqa: SLF001 - as above
        corrected_by=row.corrected_by,
        corrected_at=row.corrected_at,
        version=row.version,
    )


def labels_of(row: RowMapping, prefix: str = "") -> Labels:
    """Return the labels in the columns of these names, each behind the prefix."""
    return Labels(
        stage=Stage(row[f"{prefix}stage"]),
        intent=Intent(row[f"{prefix}intent"]),
        aspect=Aspect(row[f"{prefix}aspect"]),
        sentiment=Sentiment(row[f"{prefix}sentiment"]),
    )


def _is_at(table: Table, address: Address) -> ColumnElement[bool]:
    return and_(
        table.c.feedback_id == address.feedback_id,
        table.c.start == address.start,
        table.c.end == address.end,
    )


def _attached_to(address: Address) -> ColumnElement[bool]:
    return and_(_is_at(corrections, address), corrections.c.orphaned.is_(False))


def _set_labels(
    connection: Connection, address: Address, labels: Mapping[str, str], *, corrected: bool
) -> None:
    first = select(mentions.c.id).where(_is_at(mentions, address)).order_by(mentions.c.id).limit(1)
    with kept_up(connection, [address.feedback_id]):
        changed = update(mentions).where(mentions.c.id == first.scalar_subquery())
        connection.execute(changed.values({**labels, "corrected": corrected}))


def _first(mention: JudgedMention) -> dict[str, object]:
    """A correction's row but for what the person says."""
    predicted = {f"predicted_{head}": str(getattr(mention.labels, head)) for head in HEADS}
    return predicted | {
        "feedback_id": mention.address.feedback_id,
        "start": mention.address.start,
        "end": mention.address.end,
        "clause_sha256": clause_digest(mention.text),
        "model_version": mention.model_version,
        "version": 1,
        "orphaned": False,
    }
