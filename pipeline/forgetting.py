"""A customer is forgotten: all that they said is gone, and what a source brings of them again is not stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, or_, select, tuple_

from pipeline import audit
from pipeline.admitting import forgotten
from pipeline.database import hold_keeping, insert_into, lock_tallies, reading, writing
from pipeline.forgotten_list import Mark, add_marks
from pipeline.identity import identities as parts_of
from pipeline.identity import normalize_email, normalize_phone
from pipeline.key_ring import Chain, id_of, key_id, ring_of, stages
from pipeline.prepare import masked_id
from pipeline.records import Author
from pipeline.removing import (
    count_about,
    count_sources,
    overwrite_deleted,
    remove_messages,
    settle_file,
    take_from_alerts,
)
from pipeline.search_index import purge_index
from pipeline.tables import DeadLetterRow
from pipeline.tallies import feedback, in_chunks

dead_letters = cast("Table", DeadLetterRow.__table__)
NATIONAL_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """All that somebody may be found by; never printed or logged.

    Args:
        marks: Customer keys, under the present secrets and those of before the links were broken; and ``ids``.
        written: The identities in every spelling in which a source may have used one as an identifier.
        ids: Those as identifiers of messages and conversations are stored.
    """

    marks: tuple[Mark, ...]
    written: tuple[str, ...]
    ids: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Customer keys."""
        return tuple(mark.key for mark in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is of a person: messages by source, and what hangs on them."""

    by_source: dict[str, int]
    n_corrections: int
    n_dead_letters: int

    @property
    def n_messages(self) -> int:
        """Messages of all sources."""
        return sum(self.by_source.values())


def identify(identities: Sequence[str], *, sources: Sequence[str] = (), identity_key: bytes) -> Person:
    """Return what somebody may be found by.

    Args:
        identities: Phones, e-mail addresses and CRM ids; with ``sources`` also user names or ids there.
        sources: Names of sources in which an identity is the author's name or id.
        identity_key: Secret of ``load_identity_key``.
    """
    written = tuple(dict.fromkeys(form for one in identities for form in _spellings(one)))
    parts = [part for one in identities for part in parts_of(Author(None, one, one, one), "")]
    parts += [part for name in sources for form in written for part in parts_of(Author(form), name)]
    chains = ring_of(identity_key).chains
    ids = [one for form in written if (one := masked_id(form, identity_key)) not in written]
    marks = [_mark(part, chain) for part in parts for chain in chains]
    marks += [Mark(key_id(identity_key), one) for one in ids]
    return Person(marks=tuple(dict.fromkeys(marks)), written=written, ids=tuple(dict.fromkeys(ids)))


def _mark(identity: tuple[str, ...], chain: Chain) -> Mark:
    *_, key = stages(identity, chain)
    return Mark(id_of(chain), key)


def _spellings(identity: str) -> list[str]:
    """The ways in which one identity is written: as given, and as sources write phones and names."""
    given = identity.strip()
    forms = [given, given.removeprefix("@"), f"@{given.removeprefix('@')}"]
    if phone := normalize_phone(given):
        national = phone[-NATIONAL_DIGITS:]
        forms += [phone, phone.removeprefix("+"), f"00{phone[1:]}", f"0{national}", national]
    elif email := normalize_email(given):
        forms.append(email)
    return [form for form in forms if form and form != "@"]


def find_person(engine: Engine, person: Person) -> Found:
    """Return what there is of somebody, before anything is removed."""
    with reading(engine) as connection:
        return _found(connection, person, _messages_of(connection, person))


def forget(engine: Engine, person: Person, *, remember_in: Path | None, by: str, now: datetime) -> Found:
    """All that somebody said is gone, with mentions, corrections, dead letters and what alerts name of it.

    One transaction, with the entry in the audit log; the tallies equal a recount. In an embedded data base the
    words are overwritten.

    Args:
        remember_in: File of those who stay forgotten, for backups that are put back; what comes again is not
            stored. ``None``: it may come again.
        by: Who does it, for the audit log.

    Returns:
        What was removed.
    """
    if remember_in is not None:
        # First: named twice is no harm, not named would bring them back with the next backup.
        add_marks(remember_in, person.marks)
    with writing(engine) as connection:
        hold_keeping(connection)
        lock_tallies(connection)
        overwrite_deleted(connection)
        ids = _messages_of(connection, person)
        found = _found(connection, person, ids)
        for chunk in in_chunks(_dead_letters_of(connection, person, ids)):
            connection.execute(delete(dead_letters).where(dead_letters.c.id.in_(chunk)))
        remove_messages(connection, ids)
        purge_index(connection)
        take_from_alerts(connection)
        if remember_in is not None:
            keep_forgotten(connection, person.marks, now=now)
        details = {
            "n_messages": found.n_messages,
            "n_dead_letters": found.n_dead_letters,
            "remembered": remember_in is not None,
        }
        audit.note(connection, "forget", details, by=by, now=now)
    settle_file(engine)
    return found


def keep_forgotten(connection: Connection, marks: Iterable[Mark], *, now: datetime) -> None:
    """Nothing of the customers with these marks is stored from now on."""
    rows = [{"customer_key": mark.key, "keyed_by": mark.keyed_by, "forgotten_at": now} for mark in marks]
    if rows:
        connection.execute(insert_into(connection, forgotten).on_conflict_do_nothing(), rows)


def _messages_of(connection: Connection, person: Person) -> list[int]:
    columns = feedback.c
    named = [columns.customer_key.in_(person.keys)]
    if person.ids:
        named += [columns.native_id.in_(person.ids), columns.conversation_id.in_(person.ids)]
    return list(connection.scalars(select(columns.id).where(or_(*named)).order_by(columns.id)))


def _found(connection: Connection, person: Person, ids: Sequence[int]) -> Found:
    return Found(
        by_source=count_sources(connection, ids),
        n_corrections=count_about(connection, "corrections", ids),
        n_dead_letters=len(_dead_letters_of(connection, person, ids)),
    )


def _dead_letters_of(connection: Connection, person: Person, ids: Sequence[int]) -> set[int]:
    """Rows that could not be read and have the id of one of the messages, or an identity as their own id."""
    columns = dead_letters.c
    known = (*person.written, *person.ids)
    places = (*known, *(f"message {one}" for one in known))
    found = {*_ids(connection, columns.native_id.in_(known)), *_ids(connection, columns.position.in_(places))}
    for chunk in in_chunks(ids):
        names = connection.execute(
            select(feedback.c.source, feedback.c.native_id).where(feedback.c.id.in_(chunk))
        ).all()
        for part in in_chunks(names, 1_000):
            pairs = [tuple(name) for name in part]
            found |= _ids(connection, tuple_(columns.source, columns.native_id).in_(pairs))
    return found


def _ids(connection: Connection, condition: ColumnElement[bool]) -> set[int]:
    return set(connection.scalars(select(dead_letters.c.id).where(condition)))


def texts_of(engine: Engine, person: Person) -> list[str]:
    """Return what somebody said, to look for it in files; never to be shown."""
    with reading(engine) as connection:
        ids = _messages_of(connection, person)
        return [
            text
            for chunk in in_chunks(ids)
            for text in connection.scalars(select(feedback.c.text).where(feedback.c.id.in_(chunk)))
        ]
