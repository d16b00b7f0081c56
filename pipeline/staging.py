"""Re-classification: the labels of another version of the model, written beside those that answers rest on.

It is asked for once (``ask``). Workers then claim messages and stage what the model says of them, a batch at a
time, whenever nothing new waits; what is staged survives a crash and is not done again. When nothing is left,
one transaction puts the new labels in the place of the old (switching.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from models.labels import Prediction
from pipeline.bulk import insert_rows, one_of, update_rows
from pipeline.claims import is_dead, labels_of, mention_rows
from pipeline.database import lock_tallies, reading, writing
from pipeline.records import Pending
from pipeline.saving import Values
from pipeline.staging_tables import UNLABELLED, ReclassificationRow, StagedLabelsRow, StagedMentionRow
from pipeline.store import Store
from pipeline.tallies import feedback, in_chunks

reclassifications = cast("Table", ReclassificationRow.__table__)
staged = cast("Table", StagedLabelsRow.__table__)
staged_mentions = cast("Table", StagedMentionRow.__table__)
WAITING = text(UNLABELLED)
FREE: Values = {"lease_owner": None, "lease_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassification:
    """What was asked for, and how far it is: of ``n_messages`` so many have their new labels staged."""

    model_version: str
    asked_at: datetime
    n_staged: int
    n_messages: int


def ask(store: Store, model_version: str, *, now: datetime) -> int:
    """Every message that another version labelled is to have labels of this one; return how many those are.

    What was staged for the same version stays, for another one it is dropped. With nothing to do, nothing is
    asked for.
    """
    with writing(store.engine, seen=False) as connection:
        lock_tallies(connection)
        if _target(connection) not in {None, model_version}:
            drop(connection)
        add_missing(connection, model_version)
        n_messages = connection.scalar(select(func.count()).select_from(staged)) or 0
        if n_messages and _target(connection) is None:
            asked = {"id": 1, "model_version": model_version, "asked_at": now}
            connection.execute(insert(reclassifications).values(asked))
        return n_messages


def withdraw(store: Store) -> bool:
    """No re-classification is asked for any more, what was staged is dropped; return whether there was one."""
    with writing(store.engine, seen=False) as connection:
        lock_tallies(connection)
        there_was = _target(connection) is not None
        drop(connection)
        return there_was


def drop(connection: Connection) -> None:
    """Nothing is staged and nothing asked for; the caller holds the lock of the tallies."""
    for table in (staged_mentions, staged, reclassifications):
        connection.execute(delete(table))


def target(store: Store) -> str | None:
    """Return the version that all labels are to be of; ``None``: no re-classification is asked for."""
    with reading(store.engine) as connection:
        return _target(connection)


def progress(store: Store) -> Reclassification | None:
    """Return what was asked for and how far it is; ``None``: nothing is, or it is done."""
    with reading(store.engine) as connection:
        asked = connection.execute(select(reclassifications)).first()
        if asked is None:
            return None
        n_messages = connection.scalar(select(func.count()).select_from(staged)) or 0
        n_waiting = connection.scalar(select(func.count()).select_from(staged).where(WAITING)) or 0
    return Reclassification(
        model_version=asked.model_version,
        asked_at=asked.asked_at,
        n_staged=n_messages - n_waiting,
        n_messages=n_messages,
    )


def n_left(store: Store) -> int:
    """Return how many messages still need the labels that a re-classification asks for; read from an index."""
    with reading(store.engine) as connection:
        return connection.scalar(select(func.count()).select_from(staged).where(WAITING)) or 0


def claim_staged(
    store: Store, worker: str, model_version: str, *, limit: int, lease_s: float, now: datetime
) -> tuple[Pending, ...]:
    """Up to ``limit`` messages that need labels of this version belong to the worker until the lease ends.

    None, if no re-classification for this version is asked for.
    """
    with writing(store.engine, seen=False) as connection:
        if _target(connection) != model_version:
            return ()
        free = (
            select(staged.c.feedback_id)
            .where(WAITING, or_(staged.c.lease_until.is_(None), staged.c.lease_until <= now))
            .order_by(staged.c.feedback_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("free")
        )
        claimed = connection.scalars(
            update(staged)
            .where(staged.c.feedback_id.in_(select(free.c.feedback_id)))
            .values(lease_owner=worker, lease_until=now + timedelta(seconds=lease_s))
            .returning(staged.c.feedback_id)
        ).all()
        return tuple(_read(connection, claimed))


def _read(connection: Connection, ids: Collection[int]) -> Iterable[Pending]:
    columns = feedback.c
    query = select(columns.id, columns.fingerprint, columns.text, columns.touchpoint).order_by(columns.id)
    for chunk in in_chunks(sorted(ids)):
        for row in connection.execute(query.where(columns.id.in_(chunk))):
            yield Pending(*row)


def renew_staged(store: Store, worker: str, ids: Collection[int], *, lease_s: float, now: datetime) -> None:
    """These claims of the worker last for ``lease_s`` from now."""
    with writing(store.engine, seen=False) as connection:
        for chunk in in_chunks(sorted(ids)):
            connection.execute(
                update(staged)
                .where(
                    WAITING, one_of(connection, staged.c.feedback_id, chunk), staged.c.lease_owner == worker
                )
                .values(lease_until=now + timedelta(seconds=lease_s))
            )


def release_staged(store: Store, worker: str) -> None:
    """What the worker had claimed is free for others, and what workers of this machine had that died."""
    with writing(store.engine, seen=False) as connection:
        held = select(staged.c.lease_owner).where(WAITING, staged.c.lease_owner.is_not(None)).distinct()
        gone = {worker, *filter(is_dead, connection.scalars(held))}
        connection.execute(
            update(staged)
            .where(WAITING, staged.c.lease_owner.in_(sorted(gone)))
            .values(lease_owner=None, lease_until=None)
        )


def stage(
    store: Store,
    results: Sequence[tuple[Pending, Prediction]],
    *,
    worker: str,
    touchpoint_stages: Mapping[str, str],
    now: datetime,
) -> int:
    """What the model said of these messages is staged, all or nothing; return of how many.

    Passed over are those that are not the worker's any more. No answer changes.
    """
    by_id = {pending.id: (pending, prediction) for pending, prediction in results}
    with writing(store.engine, seen=False) as connection:
        ours = _still_ours(connection, list(by_id), worker)
        labelled = {
            key: labels_of(by_id[key][1], now=now) | {"fingerprint": by_id[key][0].fingerprint}
            for key in ours
        }
        update_rows(connection, staged, labelled, key="feedback_id", fixed=FREE)
        rows = [
            row | {"place": place}
            for key in ours
            for place, row in enumerate(mention_rows(*by_id[key], touchpoint_stages))
        ]
        insert_rows(connection, staged_mentions, rows)
    return len(ours)


def _still_ours(connection: Connection, ids: Collection[int], worker: str) -> list[int]:
    query = select(staged.c.feedback_id).order_by(staged.c.feedback_id).with_for_update()
    return [
        key
        for chunk in in_chunks(sorted(ids))
        for key in connection.scalars(
            query.where(
                WAITING, one_of(connection, staged.c.feedback_id, chunk), staged.c.lease_owner == worker
            )
        )
    ]


def add_missing(connection: Connection, model_version: str) -> None:
    """Every message that another version labelled has its row; those that are added wait.

    The caller holds the lock of the tallies, so that no message is labelled meanwhile.
    """
    known = select(literal(1)).where(staged.c.feedback_id == feedback.c.id).exists()
    missing = select(feedback.c.id).where(is_of_another(model_version), ~known)
    connection.execute(insert(staged).from_select(["feedback_id"], missing))


def is_of_another(model_version: str) -> ColumnElement[bool]:
    """Whether a message has labels, and of another version than this."""
    return and_(feedback.c.model_version.is_not(None), feedback.c.model_version != model_version)


def any_waiting(connection: Connection) -> bool:
    """Return whether some message still needs its staged labels, claimed or not."""
    return (
        connection.execute(select(literal(1)).select_from(staged).where(WAITING).limit(1)).first() is not None
    )


def _target(connection: Connection) -> str | None:
    return connection.scalar(select(reclassifications.c.model_version))
