"""A page of messages on its way into the tables: what is new, what has changed, what does not fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, String, bindparam, delete, null, select, update

from pipeline.bulk import insert_rows, one_of, written
from pipeline.database import lock_tallies
from pipeline.errors import SkipRecord
from pipeline.jalali import local_day
from pipeline.reattaching import carry_over
from pipeline.records import CleanFeedback, DeadLetter, SaveCounts
from pipeline.search_index import index_arrivals
from pipeline.tallies import COUNTED, feedback, in_chunks, kept_up, mentions, promote

Values = dict[str, object]
LIMITED = [
    (column.name, column.type.length)
    for column in feedback.columns
    if isinstance(column.type, String) and column.type.length is not None
]
SMALLEST, LARGEST = -(2**15), 2**15 - 1


@dataclass(frozen=True, slots=True)
class Stored:
    """What the data base already holds of a message that came again."""

    id: int
    fingerprint: str
    created_at: datetime
    created_at_is_arrival: bool


def save_items(
    connection: Connection, source: str, items: Sequence[CleanFeedback], *, now: datetime, zone: ZoneInfo
) -> tuple[SaveCounts, list[DeadLetter]]:
    """New messages are stored, changed ones are pending again, unchanged ones are left alone.

    The caller holds the row of the source, so that nobody else saves the same messages meanwhile.
    Of equal ids the last counts; a row that cannot be stored becomes a dead letter and the rest goes on.

    Returns:
        What became of the rows, and the dead letters among them.
    """
    readable, dead_letters = rows_of(source, items)
    rows = {str(row["native_id"]): row for row in readable}
    known = _stored(connection, source, rows)
    new = [_arrived(row, now, zone) for native_id, row in rows.items() if native_id not in known]
    changed = [
        _changed(row, known[native_id], zone)
        for native_id, row in rows.items()
        if native_id in known and known[native_id].fingerprint != row["fingerprint"]
    ]
    if new:
        insert_rows(connection, feedback, written(connection, feedback, new))
        index_arrivals(connection)
    if changed:
        _write_changed(connection, changed)
    counts = SaveCounts(
        n_new=len(new),
        n_updated=len(changed),
        n_duplicate=len(readable) - len(new) - len(changed),
        n_without_text=sum(not str(row["text"]).strip() for row in readable),
        n_dead=len(dead_letters),
    )
    return counts, dead_letters


def rows_of(source: str, items: Iterable[CleanFeedback]) -> tuple[list[Values], list[DeadLetter]]:
    """Return the columns of each message that a data base can hold, and the dead letters of the others."""
    rows: list[Values] = []
    dead_letters: list[DeadLetter] = []
    for item in items:
        row = _columns(source, item)
        try:
            row["fingerprint"] = _fingerprint(row)
        except SkipRecord as error:
            dead_letters.append(_dead_letter(source, item, error))
        else:
            rows.append(row)
    return rows, dead_letters


def _columns(source: str, item: CleanFeedback) -> Values:
    rating = item.rating
    return {
        "source": source,
        "native_id": item.native_id,
        "text": item.text,
        "created_at": item.created_at,
        "channel": item.channel.value,
        "customer_key": item.customer_key,
        "group_key": item.group_key,
        "edited_at": item.edited_at,
        "conversation_id": item.conversation_id,
        "brand": item.brand,
        "product": item.product,
        "touchpoint": item.touchpoint,
        "segment": item.segment,
        "queue": item.queue,
        "status": item.status,
        "rating": rating.value if rating else None,
        "rating_lowest": rating.lowest if rating else None,
        "rating_highest": rating.highest if rating else None,
        "nps": item.nps,
        "csat": item.csat,
        "ces": item.ces,
        "permalink": item.permalink,
        "replies": [{"role": reply.role.value, "at": _in_utc(reply.at)} for reply in item.replies],
        "attributes": dict(item.attributes),
    }


def _in_utc(moment: object) -> str:
    if not isinstance(moment, datetime):
        raise TypeError(f"a {type(moment).__name__} where a time was expected")
    if moment.tzinfo is None:
        raise ValueError("a time without a zone; name the zone of the source in its configuration")
    return moment.astimezone(UTC).isoformat()


_WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, default=_in_utc).encode


def _fingerprint(row: Values) -> str:
    """Return a digest of all that the source says of a message.

    Raises:
        SkipRecord: A value cannot be stored: too long, out of range, no valid text.
    """
    for name, length in LIMITED:
        value = row.get(name)
        if isinstance(value, str) and len(value) > length:
            raise SkipRecord(
                f"{name} has {len(value)} characters, at most {length} fit; map another field to {name}"
            )
    nps = row["nps"]
    if isinstance(nps, int) and not SMALLEST <= nps <= LARGEST:
        raise SkipRecord("nps is far outside 0 to 10; map another field to nps")
    try:
        written = _WRITE(list(row.values()))
        if "\\u0000" in written and _has_nul(row):
            raise SkipRecord(
                "a value holds the character NUL, which no data base stores; take it out at the source"
            )
        return hashlib.sha256(written.encode()).hexdigest()
    except (TypeError, ValueError) as error:
        reason = "no valid Unicode" if isinstance(error, UnicodeEncodeError) else str(error)
        raise SkipRecord(f"a value cannot be stored: {reason}") from None


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def _dead_letter(source: str, item: CleanFeedback, error: SkipRecord) -> DeadLetter:
    digest = hashlib.sha256(repr(item).encode("utf-8", "backslashreplace")).hexdigest()
    return DeadLetter(source, f"message {item.native_id}", item.native_id, str(error), digest)


def _stored(connection: Connection, source: str, native_ids: Iterable[str]) -> dict[str, Stored]:
    columns = feedback.c
    query = select(
        columns.native_id, columns.id, columns.fingerprint, columns.created_at, columns.created_at_is_arrival
    ).where(columns.source == source)
    return {
        native_id: Stored(*stored)
        for chunk in in_chunks(native_ids)
        for native_id, *stored in connection.execute(query.where(columns.native_id.in_(chunk)))
    }


def _arrived(row: Values, now: datetime, zone: ZoneInfo) -> Values:
    return _waiting(row, cast("datetime | None", row["created_at"]) or now, zone) | {
        "created_at_is_arrival": row["created_at"] is None,
        "received_at": now,
        "counted": False,
        "flags": 0,
    }


def _changed(row: Values, stored: Stored, zone: ZoneInfo) -> Values:
    created_at = cast("datetime | None", row["created_at"])
    return _waiting(row, created_at or stored.created_at, zone) | {
        "created_at_is_arrival": created_at is None and stored.created_at_is_arrival,
        "row_id": stored.id,
    }


def _waiting(row: Values, created_at: datetime, zone: ZoneInfo) -> Values:
    day: date = local_day(created_at, zone)
    state = "pending" if str(row["text"]).strip() else "no_text"
    return row | {"created_at": created_at, "day": day, "state": state}


NO_LABELS = {
    "counted": False,
    "flags": 0,
    **dict.fromkeys(
        (
            "sentiment", "p_negative", "p_neutral", "p_positive", "p_mixed", "emotion", "emotion_confidence",
            "model_version", "classified_at", "lease_owner", "lease_until",
        ),
        null(),
    ),
}  # fmt: skip


def _write_changed(connection: Connection, changed: list[Values]) -> None:
    lock_tallies(connection)
    ids = [cast("int", row["row_id"]) for row in changed]
    names = [name for name in changed[0] if name not in {"row_id", "source", "native_id"}]
    statement = update(feedback).where(feedback.c.id == bindparam("row_id"))
    with kept_up(connection, ids) as touched:
        groups = counted_groups(connection, ids)
        delete_mentions(connection, ids)
        carry_over(connection, {cast("int", row["row_id"]): str(row["text"]) for row in changed})
        connection.execute(statement.values({name: bindparam(name) for name in names} | NO_LABELS), changed)
        touched.update(promote(connection, groups))


def counted_groups(connection: Connection, ids: Iterable[int]) -> set[str]:
    """Return the groups that one of these messages stands for."""
    return {
        group
        for chunk in in_chunks(ids)
        for group in connection.scalars(
            select(feedback.c.group_key).where(
                COUNTED, feedback.c.id.in_(chunk), feedback.c.group_key.is_not(None)
            )
        )
    }


def delete_mentions(connection: Connection, ids: Iterable[int]) -> None:
    """These messages have no mentions."""
    for chunk in in_chunks(ids):
        connection.execute(delete(mentions).where(one_of(connection, mentions.c.feedback_id, chunk)))
