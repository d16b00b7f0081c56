"""The identity key is replaced, and every stored customer key with it, all or nothing.

The new key is first written beside the old one, then one transaction changes the data base, then the new key takes
the old one's place. Whatever ends this in the middle, doing it again finishes it; meanwhile nobody stores messages
under the wrong key, as each writer's key is compared with the data base's (admitting.py).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, exists, func, select, text

from pipeline import audit
from pipeline.admitting import forgotten, identity_state, keyed_by_of
from pipeline.database import hold_keeping, insert_into, lock_tallies, reading, writing
from pipeline.errors import SettingsError
from pipeline.identity import KEY_BYTES, load_identity_key
from pipeline.key_ring import KeyRing, key_id, ring_of, wrap, wrap_all, write_ring
from pipeline.removing import overwrite_deleted, settle_file
from pipeline.tables import Row

N_AT_ONCE = 10_000
Change = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What a rotation did.

    Args:
        n_customers: How many have another key; 0 where an earlier try had done that already.
        links_broken: Whether they cannot be linked to their past keys any more.
    """

    n_customers: int
    links_broken: bool


def following(present: bytes, *, break_links: bool, keep_past: bool) -> bytes:
    """Return the identity key that comes after one.

    Args:
        break_links: Whether customers begin anew instead of having their keys wrapped.
        keep_past: Whether the past secrets are kept, to know again who was forgotten under them.
    """
    ring, new = ring_of(present), secrets.token_bytes(KEY_BYTES)
    if not break_links:
        return write_ring(KeyRing((*ring.chains[:-1], (*ring.present, new))))
    return write_ring(KeyRing((*(ring.chains if keep_past else ()), (new,))))


def rotate(
    engine: Engine,
    present: bytes,
    next_file: Path,
    *,
    break_links: bool = False,
    by: str,
    now: datetime,
    on_keys: Callable[[int], None] = lambda n: None,
) -> Rotated:
    """Every customer has another key, made with the identity key in ``next_file``; that is made if it is missing.

    Args:
        present: The identity key in use.
        next_file: Where the new one is written before anything changes, with mode 0600; it has to take the place
            of the present one afterwards (``take_place``).
        break_links: Replace the keys by random ones: nobody can link them to a person or to new messages.
        by: Who does it, for the audit log.
        on_keys: Called with a number of customers as they are done, for a progress bar.

    Raises:
        SettingsError: The data base has another identity key, or an unfinished rotation was of the other kind.
    """
    new = _next_key(engine, present, next_file, break_links=break_links)
    with writing(engine) as connection:
        hold_keeping(connection)
        lock_tallies(connection)
        known = keyed_by_of(connection)
        if known == key_id(new):
            return Rotated(n_customers=0, links_broken=break_links)
        if known not in (None, key_id(present)):
            raise SettingsError(
                "the data base was rotated to another identity key than the one given; give the present one"
            )
        overwrite_deleted(connection)
        n = rekey(connection, _change(new, break_links=break_links), on_keys=on_keys)
        note_key(connection, new)
        details = {"n_customers": n, "links_broken": break_links}
        audit.note(connection, "rotate identity key", details, by=by, now=now)
    settle_file(engine)
    return Rotated(n_customers=n, links_broken=break_links)


def is_rotated_to(engine: Engine, key: bytes) -> bool:
    """Whether all customer keys of the data base are made with this identity key."""
    with reading(engine) as connection:
        return keyed_by_of(connection) == key_id(key)


def _next_key(engine: Engine, present: bytes, next_file: Path, *, break_links: bool) -> bytes:
    if not next_file.exists():
        with reading(engine) as connection:
            keep_past = connection.scalar(select(exists().select_from(forgotten))) or False
        new = following(present, break_links=break_links, keep_past=keep_past)
        write_private(next_file, new + b"\n")
        return new
    new = load_identity_key(next_file)
    goes_on = ring_of(new).present[: len(ring_of(present).present)] == ring_of(present).present
    if goes_on == break_links and key_id(new) != key_id(present):
        kind = "without" if goes_on else "with"
        raise SettingsError(
            f"a rotation {kind} --break-links was begun and is not finished: finish it {kind} that option first"
        )
    return new


def _change(new: bytes, *, break_links: bool) -> Change:
    if break_links:
        # Known to nobody and kept nowhere: the same customer of the past stays one, and that is all.
        return partial(wrap, secret=secrets.token_bytes(KEY_BYTES))
    return partial(wrap_all, secrets=ring_of(new).present[-1:])


def rekey(connection: Connection, change: Change, *, on_keys: Callable[[int], None] = lambda n: None) -> int:
    """Every stored customer key is another one; return how many there are. No two customers fall together.

    Raises:
        SettingsError: They would.
    """
    connection.execute(
        text("CREATE TEMPORARY TABLE new_keys (was VARCHAR(64) PRIMARY KEY, made VARCHAR(64))")
    )
    n = 0
    for keys in _keys(connection):
        rows = [{"was": key, "made": change(key)} for key in keys]
        connection.execute(text("INSERT INTO new_keys (was, made) VALUES (:was, :made)"), rows)
        n += len(rows)
        on_keys(len(rows))
    if connection.scalar(text("SELECT count(DISTINCT made) FROM new_keys")) != n:
        raise SettingsError("two customers would fall together, nothing was changed; do it again")
    for table in _tables_of_customers():
        connection.execute(
            text(
                f"UPDATE {table.name} SET customer_key = "  # noqa: S608 - our own tables' names
                f"(SELECT made FROM new_keys WHERE was = {table.name}.customer_key) WHERE customer_key IS NOT NULL"
            )
        )
    connection.execute(text("DROP TABLE new_keys"))
    return n


def count_customers(engine: Engine) -> int:
    """Return how many customers have a key."""
    column = Row.metadata.tables["feedback"].c.customer_key
    with reading(engine) as connection:
        return connection.scalar(select(func.count(column.distinct()))) or 0


def _tables_of_customers() -> list[Table]:
    """Every table with a ``customer_key``, but for the forgotten, whose keys say under which secrets they are."""
    tables = Row.metadata.sorted_tables
    return [table for table in tables if "customer_key" in table.c and table is not forgotten]


def _keys(connection: Connection) -> Iterator[list[str]]:
    for table in _tables_of_customers():
        column, last = table.c.customer_key, ""
        while found := list(
            connection.scalars(
                select(column).where(column > last).distinct().order_by(column).limit(N_AT_ONCE)
            )
        ):
            yield found
            last = found[-1]


def note_key(connection: Connection, key: bytes) -> None:
    """It is on record that all customer keys are made with this identity key."""
    statement = insert_into(connection, identity_state).values(id=1, keyed_by=key_id(key))
    replaced = {"keyed_by": statement.excluded["keyed_by"]}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=replaced))


def take_place(next_file: Path, key_file: Path) -> None:
    """The new key lies where the old one was; the old one is gone. At once or not at all."""
    next_file.replace(key_file)
    folder = os.open(key_file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_private(path: Path, content: bytes) -> None:
    """The file is there with this content, whole or not at all, and only its owner may read it.

    Raises:
        SettingsError: It cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SettingsError(
            f"cannot write {path}: {error.strerror}; give this user the right to write there"
        ) from None
