"""Who works on which message: claiming what is pending, writing what the model said, giving claims back."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select, text, update

from models.labels import Mention, Prediction, Sentiment, Stage
from pipeline.database import lock_tallies
from pipeline.reattaching import reattach
from pipeline.records import Pending
from pipeline.saving import Values, delete_mentions
from pipeline.tallies import feedback, flag_bits, in_chunks, kept_up, mentions, promote

# As the index ix_feedback_pending has it; SQLite uses the index only for the same words.
PENDING = text("state = 'pending'")
MENTION_COLUMNS = [column.name for column in mentions.columns if column.name != "id"]


def worker_name() -> str:
    """Return a name for this process, from which others on this machine can tell whether it still runs."""
    return f"{socket.gethostname()[:80]}/{os.getpid()}"


def is_dead(worker: str) -> bool:
    """Whether a worker ran on this machine and does not any more; one of another machine counts as alive."""
    host, _, pid = worker.rpartition("/")
    if host != socket.gethostname()[:80] or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def claim(
    connection: Connection, worker: str, *, limit: int, lease_s: int, now: datetime
) -> tuple[Pending, ...]:
    """Up to ``limit`` pending messages belong to this worker until the lease ends."""
    free = (
        select(feedback.c.id)
        .where(PENDING, or_(feedback.c.lease_until.is_(None), feedback.c.lease_until <= now))
        .order_by(feedback.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    claimed = connection.execute(
        update(feedback)
        .where(feedback.c.id.in_(select(free.c.id)))
        .values(lease_owner=worker, lease_until=now + timedelta(seconds=lease_s))
        .returning(feedback.c.id, feedback.c.fingerprint, feedback.c.text, feedback.c.touchpoint)
    )
    return tuple(sorted((Pending(*row) for row in claimed), key=lambda pending: pending.id))


def save_labels(
    connection: Connection,
    results: Iterable[tuple[Pending, Prediction]],
    *,
    worker: str,
    touchpoint_stages: Mapping[str, str],
    now: datetime,
) -> int:
    """Messages carry what the model said, and the tallies know it; return how many do.

    Passed over are messages that were edited or deleted since they were claimed, and those that
    another worker has claimed after the lease ended.
    """
    lock_tallies(connection)
    by_id = {pending.id: (pending, prediction) for pending, prediction in results}
    current = _still_ours(connection, [pending for pending, _ in by_id.values()], worker)
    if not current:
        return 0
    with kept_up(connection, current) as touched:
        delete_mentions(connection, current)
        _write_labels(
            connection,
            [_labels(key, by_id[key][1], counted=counted, now=now) for key, (_, counted) in current.items()],
        )
        _write_mentions(connection, (by_id[key] for key in current), touchpoint_stages)
        reattach(connection, current)
        touched.update(promote(connection, (group for group, _ in current.values() if group is not None)))
    return len(current)


def _still_ours(
    connection: Connection, claimed: Sequence[Pending], worker: str
) -> dict[int, tuple[str | None, bool]]:
    fingerprints = {pending.id: pending.fingerprint for pending in claimed}
    columns = feedback.c
    return {
        key: (group, counted or group is None)
        for chunk in in_chunks(sorted(fingerprints))
        for key, fingerprint, owner, group, counted in connection.execute(
            select(columns.id, columns.fingerprint, columns.lease_owner, columns.group_key, columns.counted)
            .where(columns.id.in_(chunk))
            .order_by(columns.id)
            .with_for_update()
        )
        if fingerprint == fingerprints[key] and owner in {None, worker}
    }


def _labels(feedback_id: int, prediction: Prediction, *, counted: bool, now: datetime) -> Values:
    probabilities = prediction.sentiment_probabilities
    return {
        "row_id": feedback_id,
        "counted": counted,
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


def _write_labels(connection: Connection, rows: list[Values]) -> None:
    given: dict[str, BindParameter[object]] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
    written = update(feedback).where(feedback.c.id == bindparam("row_id")).values(given)
    connection.execute(written.values(state="classified", lease_owner=None, lease_until=None), rows)


def _write_mentions(
    connection: Connection,
    results: Iterable[tuple[Pending, Prediction]],
    touchpoint_stages: Mapping[str, str],
) -> None:
    rows = [
        _mention(pending.id, mention, touchpoint_stages.get(pending.touchpoint or ""))
        for pending, prediction in results
        for mention in prediction.mentions
    ]
    if rows:
        # Straight to the driver, as the tallies are: plain texts and numbers need no conversion.
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        columns = ", ".join(f'"{column}"' for column in MENTION_COLUMNS)
        marks = ", ".join([mark] * len(MENTION_COLUMNS))
        connection.exec_driver_sql(f"INSERT INTO mentions ({columns}) VALUES ({marks})", rows)


def _mention(feedback_id: int, mention: Mention, fixed_stage: str | None) -> tuple[object, ...]:
    return (
        feedback_id,
        mention.start,
        mention.end,
        mention.stage.value if fixed_stage is None else Stage(fixed_stage).value,
        mention.intent.value,
        mention.aspect.value,
        mention.sentiment.value,
        float(mention.stage_confidence) if fixed_stage is None else 1.0,
        float(mention.intent_confidence),
        float(mention.aspect_confidence),
        float(mention.sentiment_confidence),
        fixed_stage is not None,
        False,
    )


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


def requeue(connection: Connection, *, not_version: str) -> int:
    """Messages that another version of the model labelled are pending again; return how many.

    They keep their labels and their place in the tallies until the new ones replace them.
    """
    lock_tallies(connection)
    waiting = connection.execute(
        update(feedback)
        .where(feedback.c.state == "classified", feedback.c.model_version != not_version)
        .values(state="pending", lease_owner=None, lease_until=None)
    )
    return waiting.rowcount


def n_pending(connection: Connection) -> int:
    """Return how many messages wait to be classified."""
    return connection.scalar(select(func.count()).select_from(feedback).where(PENDING)) or 0
