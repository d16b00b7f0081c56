"""Which terms some messages or clauses hold: read from the store as far as memory does not know them.

Of more than ``MAX_READ`` messages a fixed sample is read: those whose number, spread by a multiplication, falls
below a bound. The same question reads the same messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from pipeline.columns import Columns, Lines
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import in_chunks
from pipeline.terms import Ints, Occurrences, TermMemory

MAX_READ = 3_000
BUCKETS = 65_536
SPREAD = 40_503  # odd, and BUCKETS by the golden ratio: neighbours come far apart (Knuth, volume 3, 6.4)
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Group:
    """Messages, or clauses of them, as they were read, one line each.

    ``n`` is how many messages there are, ``n_read`` how many of them were read. ``message`` and ``voice``
    number the messages and the customers from 0; a message without a customer is a voice of its own.
    ``places`` is where a memory keeps their terms. ``start`` and ``end`` bound the clause of a line; ``None``: whole
    messages, each on one line.
    """

    n: int
    n_read: int
    places: Ints
    message: Ints
    voice: Ints
    start: Ints | None
    end: Ints | None


@dataclass(frozen=True, slots=True)
class TermCounts:
    """In how many of ``n_read`` messages each term stands, and of how many customers. Shape of each: (terms,).

    Groups that were counted side by side have the same array of terms, each of which one of them holds.
    """

    terms: Ints
    n_messages: Ints
    n_voices: Ints
    n_read: int


def read_group(
    connection: Connection,
    memory: TermMemory,
    of_message: Sequence[ColumnElement[bool]],
    of_mention: Sequence[ColumnElement[bool]] | None,
    *,
    max_read: int = MAX_READ,
) -> Group:
    """Return the messages that pass; the memory knows their terms then.

    Args:
        of_message: Conditions on ``FeedbackRow``.
        of_mention: Conditions on ``MentionRow``: only clauses that pass are read, of messages that have one;
            ``None``: whole messages.
        max_read: Of more messages about so many are read.
    """
    passing = _passing(of_message, of_mention)
    n = connection.scalar(select(func.count()).select_from(FeedbackRow).where(*passing)) or 0
    sample = [_in_sample(max_read, n)] if n > max_read else []
    rows = connection.execute(_statement([*of_message, *sample], of_mention)).all()
    fingerprints = [row[1] for row in rows]
    _read_texts(connection, memory, [(row[0], row[1]) for row in rows])
    return _grouped(n, rows, memory.places(fingerprints), has_clauses=of_mention is not None)


def read_lines(
    connection: Connection, memory: TermMemory, lines: Lines, *, max_read: int = MAX_READ
) -> Group:
    """Return what ``read_group`` does, of messages or clauses that were chosen among columns."""
    columns, messages, n = lines.columns, lines.messages, len(lines.messages)
    if n > max_read:
        places = columns.id[messages] % BUCKETS * SPREAD % BUCKETS
        messages = messages[places < ceil(BUCKETS * (max_read / n))]
    read = messages if lines.mentions is None else columns.message[lines.mentions]
    mentions = lines.mentions
    if mentions is not None and len(messages) < n:
        is_read = np.isin(read, messages)
        read, mentions = read[is_read], mentions[is_read]
    return Group(
        n=n,
        n_read=len(messages),
        places=_places_of(connection, memory, columns, read),
        message=np.searchsorted(messages, read),
        voice=np.unique(columns.voice[read], return_inverse=True)[1],
        start=None if mentions is None else columns.start[mentions].astype(np.int64),
        end=None if mentions is None else columns.end[mentions].astype(np.int64),
    )


def place_in_sample() -> ColumnElement[int]:
    """Return the column by which samples are taken: whatever the sample, the messages with the lowest are in it."""
    return ((FeedbackRow.id % BUCKETS) * SPREAD) % BUCKETS


def start_of_newest(
    connection: Connection,
    of_message: Sequence[ColumnElement[bool]],
    of_mention: Sequence[ColumnElement[bool]] | None,
    n: int,
) -> datetime | None:
    """Return the time of the ``n``-th newest of the messages that pass; ``None`` where there are fewer."""
    newest_first = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
    times = select(FeedbackRow.created_at).where(*_passing(of_message, of_mention))
    found: datetime | None = connection.scalar(times.order_by(*newest_first).offset(n - 1).limit(1))
    return found


def count_terms(memory: TermMemory, groups: Sequence[Group]) -> list[TermCounts]:
    """Return for each group in how many of its messages each term stands, and of how many customers."""
    found = [_said(memory, group) for group in groups]
    in_any = np.bincount(np.concatenate([said.term for said in found]))
    terms = np.flatnonzero(in_any)
    rank = np.zeros(len(in_any), dtype=np.int64)
    rank[terms] = np.arange(len(terms))
    return [
        _counts(group, terms, replace(said, term=rank[said.term]))
        for group, said in zip(groups, found, strict=True)
    ]


def added(many: Sequence[TermCounts]) -> TermCounts:
    """Return the counts of groups side by side that share no message as one; a customer of two counts twice."""
    n_messages, n_voices = (
        np.add.reduce(columns)
        for columns in ([one.n_messages for one in many], [one.n_voices for one in many])
    )
    return TermCounts(many[0].terms, n_messages, n_voices, sum(one.n_read for one in many))


def without(whole: TermCounts, part: TermCounts) -> TermCounts:
    """Return the counts of the groups that were added to a whole but for one of them; terms may have 0."""
    return TermCounts(
        whole.terms,
        whole.n_messages - part.n_messages,
        whole.n_voices - part.n_voices,
        whole.n_read - part.n_read,
    )


def _said(memory: TermMemory, group: Group) -> Occurrences:
    """The terms of a group; ``message`` is the line of the group that holds it."""
    if group.start is None or group.end is None:
        return memory.occurrences(group.places, once=True)
    found = memory.occurrences(group.places)
    line = found.message
    inside = np.flatnonzero((found.start >= group.start[line]) & (found.end <= group.end[line]))
    return Occurrences(line[inside], found.term[inside], found.start[inside], found.end[inside])


def _counts(group: Group, terms: Ints, said: Occurrences) -> TermCounts:
    n = len(terms)
    is_whole = group.start is None
    n_messages = _n_times(said.term, n) if is_whole else _n_different(said, group.message, n)
    if group.voice.max(initial=-1) + 1 == group.n_read:
        return TermCounts(terms, n_messages, n_messages, group.n_read)
    n_voices = _n_voices(said, group.voice, n) if is_whole else _n_different(said, group.voice, n)
    return TermCounts(terms, n_messages, n_voices, group.n_read)


def _n_times(term: Ints, n_terms: int) -> Ints:
    return np.bincount(term, minlength=n_terms)


def _n_different(said: Occurrences, who: Ints, n_terms: int) -> Ints:
    """With how many different ``who`` each term occurs."""
    size = int(who.max(initial=0)) + 1
    return _n_times(np.unique(said.term * size + who[said.message]) // size, n_terms)


def _n_voices(said: Occurrences, voice: Ints, n_terms: int) -> Ints:
    """Of how many customers each term is; only the messages of those who wrote several are compared."""
    wrote_more = (np.bincount(voice) > 1)[voice][said.message]
    rest = np.flatnonzero(wrote_more)
    of_them = Occurrences(said.message[rest], said.term[rest], said.start[rest], said.end[rest])
    return _n_times(said.term[~wrote_more], n_terms) + _n_different(of_them, voice, n_terms)


def _places_of(connection: Connection, memory: TermMemory, columns: Columns, messages: Ints) -> Ints:
    places = memory.places_among(columns.fingerprint, messages)
    unknown = messages[places[:, 0] < 0]
    if not len(unknown):
        return places
    fingerprints = columns.fingerprint[unknown].astype(np.str_).tolist()
    _read_texts(connection, memory, list(zip(columns.id[unknown].tolist(), fingerprints, strict=True)))
    return memory.places_among(columns.fingerprint, messages)


def _passing(
    of_message: Sequence[ColumnElement[bool]], of_mention: Sequence[ColumnElement[bool]] | None
) -> list[ColumnElement[bool]]:
    if of_mention is None:
        return list(of_message)
    return [*of_message, exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention)]


def _in_sample(max_read: int, n: int) -> ColumnElement[bool]:
    return place_in_sample() < ceil(BUCKETS * (max_read / n))


def _statement(
    of_message: Sequence[ColumnElement[bool]], of_mention: Sequence[ColumnElement[bool]] | None
) -> Select[Any]:
    columns: list[Any] = [FeedbackRow.id, FeedbackRow.fingerprint, FeedbackRow.customer_key]
    if of_mention is None:
        return select(*columns).where(*of_message)
    clauses = select(*columns, MentionRow.start, MentionRow.end).select_from(FeedbackRow)
    return clauses.join(MentionRow, MentionRow.feedback_id == FeedbackRow.id).where(*of_message, *of_mention)


def _grouped(n: int, rows: Sequence[Any], places: Ints, *, has_clauses: bool) -> Group:
    messages: dict[int, int] = {}
    voices: dict[str | int, int] = {}
    message = [messages.setdefault(row[0], len(messages)) for row in rows]
    voice = [voices.setdefault(row[2] or row[0], len(voices)) for row in rows]
    bounds = _ints([row[3:5] for row in rows]).reshape(-1, 2) if has_clauses else None
    return Group(
        n=n,
        n_read=len(messages),
        places=places,
        message=_ints(message),
        voice=_ints(voice),
        start=None if bounds is None else bounds[:, 0],
        end=None if bounds is None else bounds[:, 1],
    )


def _ints(values: Sequence[Any]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _read_texts(connection: Connection, memory: TermMemory, rows: Sequence[tuple[int, str]]) -> None:
    unknown = memory.missing(fingerprint for _, fingerprint in rows)
    ids = {number for number, fingerprint in rows if fingerprint in unknown}
    for chunk in in_chunks(sorted(ids), CHUNK):
        texts = select(FeedbackRow.fingerprint, FeedbackRow.text).where(FeedbackRow.id.in_(chunk))
        memory.read({row.fingerprint: row.text for row in connection.execute(texts)})
