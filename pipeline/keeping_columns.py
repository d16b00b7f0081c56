"""The columns are read from the store and kept as long as they are the same; meanwhile a thread reads new ones.

Whoever counts asks for the columns of the state of the data base that is being read. Where they are of another
state, or not read yet, there are none, and the data base counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, thread_time
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Select, func, select

from pipeline.columns import OF_MENTIONS, OF_MESSAGES, Answers, Coded, Columns, Ints
from pipeline.database import last_change, mark_of, reading
from pipeline.errors import StoreError
from pipeline.tables import FeedbackRow, MentionRow

MAX_MESSAGES = 1_000_000
SCORES = ("nps", "csat", "ces", "rating")
ENDS = ("rating_lowest", "rating_highest")
N_AT_ONCE = 500
PAUSE_S = 1.0
SETTLED_S = 15.0
REST = 10
kept: WeakKeyDictionary[Engine, Columns] = WeakKeyDictionary()
Reader = Callable[[Sequence[Any]], NDArray[Any]]


def columns_of(connection: Connection) -> Columns | None:
    """Return the columns of what a connection reads; ``None`` where they are not at hand."""
    columns = kept.get(connection.engine)
    if columns is None or columns.mark != _mark(connection):
        return None
    return columns


def read_columns(engine: Engine, stop: Event | None = None) -> Columns | None:
    """Return the columns of the store, 71,536 messages with 125,253 mentions in 17 MB.

    Returns:
        ``None`` where there are more than a million messages, nothing was ever written, or ``stop`` was set.

    Raises:
        StoreError: The data base does not answer.
    """
    with reading(engine) as connection:
        mark = _mark(connection)
        n = select(func.count()).select_from(FeedbackRow)
        if not mark or (connection.scalar(n) or 0) > MAX_MESSAGES:
            return None
        everything, words = _read_messages(connection, stop)
        messages = {name: column[everything["counted"]] for name, column in everything.items()}
        mentions = _read_mentions(connection, messages["id"], stop)
    if stop and stop.is_set():
        return None
    return Columns(
        mark=mark,
        id=messages["id"],
        at_us=messages["created_at"],
        flags=messages["flags"],
        is_arrival=messages["created_at_is_arrival"],
        voice=messages["voice"],
        fingerprint=messages["fingerprint"],
        message=mentions["message"],
        start=mentions["start"],
        end=mentions["end"],
        words=_words(messages, words) | {name: mentions[name] for name in OF_MENTIONS},
        answers=_answers(everything, words),
    )


@contextmanager
def keeping_columns(engine: Engine) -> Iterator[None]:
    """Meanwhile a thread reads the columns anew after each change of the store; at the end they are let go.

    It waits until the store has stayed the same for ``SETTLED_S``: while a backlog is classified, what it read would be
    out of date before it was read, and every answer would wait for the interpreter that reads. And it rests ten
    times as long as it worked.
    """
    stop = Event()
    thread = Thread(target=_keep, args=(engine, stop), name="keeping-columns", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        kept.pop(engine, None)


def keep_columns(engine: Engine, stop: Event | None = None) -> None:
    """The columns of the store are at hand, unless there are too many.

    Raises:
        StoreError: The data base does not answer.
    """
    columns = read_columns(engine, stop)
    if columns is None:
        kept.pop(engine, None)
    else:
        kept[engine] = columns


def _keep(engine: Engine, stop: Event) -> None:
    known, seen, since = "", None, 0.0
    while not stop.is_set():
        began = thread_time()
        try:
            now = mark_of(engine)
            if seen not in {None, now}:
                since = monotonic()
            seen = now
            if now != known and monotonic() - since >= SETTLED_S:
                keep_columns(engine, stop)
                known = now
        except StoreError:
            known = ""
        stop.wait(max(PAUSE_S, REST * (thread_time() - began)))


def _mark(connection: Connection) -> str:
    return connection.scalar(select(last_change.c.mark)) or ""


class _Coder:
    """Gives each word a number, in the order in which they come."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def __call__(self, values: Sequence[Any]) -> NDArray[np.int32]:
        codes = self.codes
        return np.array([codes.setdefault(one or "", len(codes)) for one in values], dtype=np.int32)

    def coded(self, codes: NDArray[np.int32]) -> Coded:
        return Coded(tuple(self.codes), codes)


def _read_messages(
    connection: Connection, stop: Event | None
) -> tuple[dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
    """The columns of all messages in the order of time, and the words of those that have some."""
    coders = {name: _Coder() for name in ("customer_key", *OF_MESSAGES)}
    readers: dict[str, Reader] = {
        "id": _numbers(np.int64),
        "created_at": _microseconds,
        "counted": _numbers(np.bool_),
        "flags": _numbers(np.int16),
        "created_at_is_arrival": _numbers(np.bool_),
        "fingerprint": _numbers(np.bytes_),
        **{name: _numbers(np.float64) for name in (*SCORES, *ENDS)},
        **coders,
    }
    found = _read(connection, select(*(getattr(FeedbackRow, name) for name in readers)), readers, stop)
    in_time = np.lexsort((found["id"], found["created_at"]))
    nobody = coders["customer_key"].codes.get("", -1)
    whose = found["customer_key"]
    found["voice"] = np.where(whose == nobody, -found["id"], whose)
    words = {name: tuple(coders[name].codes) for name in OF_MESSAGES}
    return {name: column[in_time] for name, column in found.items()}, words


def _words(columns: Mapping[str, NDArray[Any]], words: Mapping[str, tuple[str, ...]]) -> dict[str, Coded]:
    return {name: Coded(of_them, columns[name]) for name, of_them in words.items()}


def _answers(columns: Mapping[str, NDArray[Any]], words: Mapping[str, tuple[str, ...]]) -> Answers:
    ends = np.nan_to_num(np.stack([columns[name] for name in ENDS], axis=1))
    kinds, stars = np.unique(ends, axis=0, return_inverse=True)
    return Answers(
        at_us=columns["created_at"],
        flags=columns["flags"],
        voice=columns["voice"],
        words=_words(columns, words),
        values={name: columns[name] for name in SCORES},
        stars=stars.astype(np.int64),
        ends=tuple((lowest, highest) for lowest, highest in kinds.tolist()),
    )


def _read_mentions(connection: Connection, ids: Ints, stop: Event | None) -> dict[str, Any]:
    """The columns of the mentions of some messages, in the order of these."""
    coders = {name: _Coder() for name in OF_MENTIONS}
    readers: dict[str, Reader] = {name: _numbers(np.int32) for name in ("start", "end")}
    readers |= {"feedback_id": _numbers(np.int64), **coders}
    found = _read(connection, select(*(getattr(MentionRow, name) for name in readers)), readers, stop)
    by_id = np.argsort(ids)
    place = np.minimum(np.searchsorted(ids, found["feedback_id"], sorter=by_id), max(0, len(ids) - 1))
    message = by_id[place] if len(ids) else place
    theirs = np.flatnonzero(ids[message] == found["feedback_id"]) if len(ids) else place[:0]
    in_order = theirs[np.argsort(message[theirs], kind="stable")]
    kept_ones = {name: column[in_order] for name, column in found.items()}
    kept_ones["message"] = message[in_order].astype(np.int64)
    return kept_ones | {name: coders[name].coded(kept_ones[name]) for name in OF_MENTIONS}


def _read(
    connection: Connection, statement: Select[Any], readers: Mapping[str, Reader], stop: Event | None
) -> dict[str, NDArray[Any]]:
    """The columns of an answer, read in small parts so that no other thread waits long."""
    parts: list[list[NDArray[Any]]] = [[read(()) for read in readers.values()]]
    for rows in connection.execute(statement).partitions(N_AT_ONCE):
        columns = zip(*rows, strict=True)
        parts.append([read(values) for read, values in zip(readers.values(), columns, strict=True)])
        if stop and stop.is_set():
            break
    return {name: np.concatenate(some) for name, some in zip(readers, zip(*parts, strict=True), strict=True)}


def _numbers(kind: type[np.generic]) -> Reader:
    def read(values: Sequence[Any]) -> NDArray[Any]:
        return np.array(values, dtype=kind)

    return read


def _microseconds(values: Sequence[Any]) -> NDArray[np.int64]:
    times = np.array([one.replace(tzinfo=None) for one in values], dtype="datetime64[us]")
    return times.astype(np.int64)
