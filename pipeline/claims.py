"""Who works on which message: claiming what is pending, writing what the model said, giving claims back."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, func, literal, or_, select, text, update

from models.labels import Mention, Prediction, Sentiment, Stage
from pipeline.bulk import insert_rows, one_of, update_rows
from pipeline.database import lock_tallies
from pipeline.reattaching import reattach
from pipeline.records import Pending
from pipeline.saving import Values, delete_mentions
from pipeline.tallies import (
    feedback,
    find_later_copies,
    flag_bits,
    in_chunks,
    kept_up,
    mentions,
    promote,
    uncount,
)

# As the index ix_feedback_waiting has it; SQLite uses the index only for the same words.
PENDING = text("state = 'pending'")
CLASSIFIED: Values = {"state": "classified", "lease_owner": None, "lease_until": None}


def worker_name(name: str | None = None) -> str:
    """Return a name for this process that no other has, not even one that is called the same.

    Args:
        name: What it is called, at most 80 characters; ``None``: by its machine and process number, from which
            others on that machine can tell whether it still runs.
    """
    called = name or f"{_machine()}/{os.getpid()}"
    return f"{called[:80]}#{_lot(os.getpid())}"


@cache
def _lot(_pid: int) -> str:
    return secrets.token_hex(4)


@cache
def _machine() -> str:
    """The host's name with a digest of what else makes process numbers unique: this start of it, this container."""
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname()[:60]
    return f"{socket.gethostname()[:60]}.{hashlib.sha256(f'{started}/{space}'.encode()).hexdigest()[:8]}"


def is_dead(worker: str) -> bool:
    """Whether a worker ran on this machine and does not any more; one of another machine counts as alive."""
    called, _, lot = worker.partition("#")
    machine, _, pid = called.rpartition("/")
    if machine != _machine() or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return lot != _lot(os.getpid())
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def claim(
    connection: Connection,
    worker: str,
    *,
    limit: int,
    lease_s: float,
    now: datetime,
    after: int | None = None,
) -> tuple[Pending, ...]:
    """Up to ``limit`` pending messages, those written last, belong to this worker until the lease ends.

    Args:
        after: Only messages with a higher number, those that were stored first.
    """
    free = select(feedback.c.id).where(
        PENDING, or_(feedback.c.lease_until.is_(None), feedback.c.lease_until <= now)
    )
    if after is None:
        free = free.order_by(feedback.c.created_at.desc(), feedback.c.id.desc())
    else:
        free = free.where(feedback.c.id > after).order_by(feedback.c.id)
    chosen = free.limit(limit).with_for_update(skip_locked=True).cte("free")
    claimed = connection.execute(
        update(feedback)
        .where(feedback.c.id.in_(select(chosen.c.id)))
        .values(lease_owner=worker, lease_until=now + timedelta(seconds=lease_s))
        .returning(feedback.c.id, feedback.c.fingerprint, feedback.c.text, feedback.c.touchpoint)
    )
    return tuple(sorted((Pending(*row) for row in claimed), key=lambda pending: pending.id))


def renew(connection: Connection, worker: str, ids: Collection[int], *, lease_s: float, now: datetime) -> int:
    """These messages stay the worker's for ``lease_s`` from now; return how many still are."""
    return sum(
        connection.execute(
            update(feedback)
            .where(PENDING, one_of(connection, feedback.c.id, chunk), feedback.c.lease_owner == worker)
            .values(lease_until=now + timedelta(seconds=lease_s))
        ).rowcount
        for chunk in in_chunks(sorted(ids))
    )


def save_labels(
    connection: Connection,
    results: Iterable[tuple[Pending, Prediction]],
    *,
    worker: str,
    touchpoint_stages: Mapping[str, str],
    now: datetime,
) -> int:
    """Messages carry what the model said, and the tallies know it; return how many do.

    Passed over are messages that were edited or deleted since they were claimed, and those that are not the
    worker's any more: it gave them back, or another has claimed them after the lease ended.
    """
    by_id = {pending.id: (pending, prediction) for pending, prediction in results}
    rows = {key: labels_of(prediction, now=now) for key, (_, prediction) in by_id.items()}
    lock_tallies(connection)
    groups = _still_ours(connection, [pending for pending, _ in by_id.values()], worker)
    if not groups:
        return 0
    later = find_later_copies(connection, {key: group for key, group in groups.items() if group})
    with kept_up(connection, {*groups, *later}) as touched:
        uncount(connection, later)
        delete_mentions(connection, groups)
        labelled = {key: rows[key] | {"counted": group is None} for key, group in groups.items()}
        update_rows(connection, feedback, labelled, key="id", fixed=CLASSIFIED)
        found = [row for key in groups for row in mention_rows(*by_id[key], touchpoint_stages)]
        insert_rows(connection, mentions, [row | {"corrected": False} for row in found])
        reattach(connection, groups)
        touched.update(promote(connection, filter(None, groups.values())))
    return len(groups)


def _still_ours(connection: Connection, claimed: Sequence[Pending], worker: str) -> dict[int, str | None]:
    """Return the group of each message that waits as it was claimed, in order."""
    fingerprints = {pending.id: pending.fingerprint for pending in claimed}
    columns = feedback.c
    return {
        key: group
        for chunk in in_chunks(sorted(fingerprints))
        for key, fingerprint, group in connection.execute(
            select(columns.id, columns.fingerprint, columns.group_key)
            .where(PENDING, one_of(connection, columns.id, chunk), columns.lease_owner == worker)
            .order_by(columns.id)
            .with_for_update()
        )
        if fingerprint == fingerprints[key]
    }


def labels_of(prediction: Prediction, *, now: datetime) -> Values:
    """Return what is stored of a whole message, by column."""
    probabilities = prediction.sentiment_probabilities
    return {
        "sentiment": prediction.sentiment.value,
        "p_negative": float(probabilities[Sentiment.NEGATIVE]),
        "p_neutral": float(probabilities[Sentiment.NEUTRAL]),
        "p_positive": float(probabilities[Sentiment.POSITIVE]),
        "p_mixed": float(probabilities[Sentiment.MIXED]),
        "emotion": prediction.emotion.value,
        "emotion_confidence": float(prediction.emotion_confidence),
        "flags": flag_bits(prediction.flags),
        "model_version": prediction.model_version,
        "classified_at": now,
    }


def mention_rows(
    pending: Pending, prediction: Prediction, touchpoint_stages: Mapping[str, str]
) -> list[Values]:
    """Return what is stored of each clause of a message, by column."""
    fixed = touchpoint_stages.get(pending.touchpoint or "")
    return [_mention(pending.id, mention, fixed) for mention in prediction.mentions]


def _mention(feedback_id: int, mention: Mention, fixed_stage: str | None) -> Values:
    return {
        "feedback_id": feedback_id,
        "start": mention.start,
        "end": mention.end,
        "stage": mention.stage.value if fixed_stage is None else Stage(fixed_stage).value,
        "intent": mention.intent.value,
        "aspect": mention.aspect.value,
        "sentiment": mention.sentiment.value,
        "stage_confidence": float(mention.stage_confidence) if fixed_stage is None else 1.0,
        "intent_confidence": float(mention.intent_confidence),
        "aspect_confidence": float(mention.aspect_confidence),
        "sentiment_confidence": float(mention.sentiment_confidence),
        "stage_from_touchpoint": fixed_stage is not None,
    }


def release(connection: Connection, workers: Iterable[str]) -> int:
    """What these workers had claimed is free for others; return how many messages that are."""
    released = connection.execute(
        update(feedback)
        .where(PENDING, feedback.c.lease_owner.in_(list(workers)))
        .values(lease_owner=None, lease_until=None)
    )
    return released.rowcount


def owners(connection: Connection) -> frozenset[str]:
    """Return the workers that hold claims, expired ones included."""
    held = select(feedback.c.lease_owner).where(PENDING, feedback.c.lease_owner.is_not(None)).distinct()
    return frozenset(connection.scalars(held))


def n_pending(connection: Connection, *, at_most: int | None = None, after: int | None = None) -> int:
    """Return how many messages wait to be classified.

    Args:
        at_most: Where to stop counting; ``None``: count all. Either way only an index is read.
        after: Count those with a higher number; the table is read from there.
    """
    waiting = select(literal(1)).select_from(feedback).where(PENDING).limit(at_most)
    if after is not None:
        waiting = waiting.where(feedback.c.id > after)
    return connection.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def last_number(connection: Connection) -> int:
    """Return the number of the message that was stored last, 0 if there is none."""
    return connection.scalar(select(func.max(feedback.c.id))) or 0
