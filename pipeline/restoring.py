"""A backup is put back: all of it or nothing, and not those who were forgotten since."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

from sqlalchemy import Connection, Engine, delete, func, insert, inspect, select, text, update

from pipeline import audit, presence  # noqa: F401 - its table is taken away before another is put back
from pipeline.admitting import forgotten, identity_state
from pipeline.audit import audit_log
from pipeline.backing_up import check_sqlite
from pipeline.backup_file import DATA, Manifest, OnBytes, check_data, open_backup
from pipeline.database import bring_up_to_date, connect, lock_tallies, upgrade, writing
from pipeline.errors import SettingsError, StoreError
from pipeline.forgetting import keep_forgotten
from pipeline.forgotten_list import Mark
from pipeline.identity import KEY_BYTES
from pipeline.key_ring import Chain, find_stage, ring_of, wrap, wrap_all
from pipeline.keys import keys
from pipeline.postgres_tools import drop_everything, load
from pipeline.removing import remove_messages, take_from_alerts
from pipeline.rotating import note_key, rekey
from pipeline.sessions import sessions
from pipeline.tables import Row
from pipeline.tallies import feedback, find_wrong, in_chunks, rebuild


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of a backup.

    Args:
        n_messages: That are in the data base now.
        n_forgotten: Messages that were left out, as their customers were forgotten since.
        tallies_rebuilt: The backup's did not equal a recount.
        links_broken: It was made with an identity key that is not known any more.
    """

    manifest: Manifest
    n_messages: int
    n_forgotten: int
    tallies_rebuilt: bool
    links_broken: bool


@dataclass(slots=True)
class _Carried:
    """What of the data base that is replaced must not be undone."""

    marks: set[Mark] = field(default_factory=set)
    revoked: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """How a backup is put back.

    Args:
        identity_key: The one in use now, which may have been rotated since.
        marks: The list of the forgotten that lies beside it.
        replace: Whether a data base that holds something is replaced.
        break_links: Whether a backup under an unknown identity key is put back without links to persons.
        by: Who does it, for the audit log.
    """

    identity_key: bytes
    marks: Iterable[Mark]
    by: str
    now: datetime
    replace: bool = False
    break_links: bool = False
    on_bytes: OnBytes = lambda n: None


def restore(url: str, path: Path, how: Restoring) -> Restored:
    """The data base is what it was when the backup was made, without those who were forgotten since.

    Keys revoked since stay revoked, the audit log keeps what was added since, and everybody is signed out. A backup
    of an older schema is brought up to date.

    Raises:
        StoreError: The backup is damaged, of another kind of data base or a newer schema, or the data base is not
            empty and ``replace`` is false. Nothing was changed.
        SettingsError: The identity key is not the backup's. Nothing was changed.
    """
    engine = connect(url)
    try:
        with open_backup(path) as (archive, manifest):
            if manifest.data_base != engine.dialect.name:
                raise StoreError(
                    f"the backup is of {manifest.data_base}, the data base is {engine.dialect.name}: put it back into "
                    "one of its kind"
                )
            check_data(archive, manifest, on_bytes=how.on_bytes)
            put = _put_sqlite if manifest.data_base == "sqlite" else _put_postgresql
            return put(engine, archive, manifest, how)
    finally:
        engine.dispose()


def _put_postgresql(engine: Engine, archive: ZipFile, manifest: Manifest, how: Restoring) -> Restored:
    with writing(engine) as connection, archive.open(DATA["postgresql"]) as script:
        carried = _carry(connection, replace=how.replace)
        drop_everything(connection, Row.metadata.tables)
        load(connection, cast("Any", script))
        upgrade(connection)
        return _settle(connection, manifest, carried, how)


def _put_sqlite(engine: Engine, archive: ZipFile, manifest: Manifest, how: Restoring) -> Restored:
    with writing(engine, seen=False) as connection:
        carried = _carry(connection, replace=how.replace)
    place = Path(str(engine.url.database))
    draft = place.with_name(f".{place.name}.restoring")
    try:
        _extract(archive, draft)
        check_sqlite(draft)
        done = _settle_copy(draft, manifest, carried, how)
        _copy_over(draft, engine)
    finally:
        for left in draft.parent.glob(f"{draft.name}*"):
            left.unlink()
    return done


def _extract(archive: ZipFile, draft: Path) -> None:
    with archive.open(DATA["sqlite"]) as source, draft.open("wb") as target:
        draft.chmod(0o600)
        shutil.copyfileobj(source, target)


def _settle_copy(draft: Path, manifest: Manifest, carried: _Carried, how: Restoring) -> Restored:
    copy = connect(f"sqlite:///{draft}")
    try:
        bring_up_to_date(copy, migrate=True)
        with writing(copy) as connection:
            return _settle(connection, manifest, carried, how)
    finally:
        copy.dispose()


def _copy_over(draft: Path, engine: Engine) -> None:
    """The live data base has the content of the copy, at once; whoever has it open goes on with that."""
    source = sqlite3.connect(draft)
    try:
        with engine.connect() as connection:
            source.backup(cast("sqlite3.Connection", connection.connection.driver_connection))
    finally:
        source.close()


def _carry(connection: Connection, *, replace: bool) -> _Carried:
    """Return what must not be undone of the data base that is there.

    Raises:
        StoreError: It holds something and is not to be replaced.
    """
    there = set(inspect(connection).get_table_names())
    holds = [
        name
        for name in ("feedback", "sources", "api_keys")
        if name in there and connection.scalar(text(f"SELECT count(*) FROM {name}"))  # noqa: S608 - one of three
    ]
    if holds and not replace:
        raise StoreError(
            f"the data base is not empty ({', '.join(holds)}); name an empty one, or replace it with --replace"
        )
    carried = _Carried()
    if "forgotten" in there:
        rows = connection.execute(select(forgotten.c.keyed_by, forgotten.c.customer_key))
        carried.marks = {Mark(*row) for row in rows}
    if "api_keys" in there:
        revoked = select(keys.c.sha256, keys.c.revoked_at).where(keys.c.revoked_at.is_not(None))
        carried.revoked = [dict(row) for row in connection.execute(revoked).mappings()]
    if "audit_log" in there:
        carried.log = [dict(row) for row in connection.execute(select(audit_log)).mappings()]
    return carried


def _settle(connection: Connection, manifest: Manifest, carried: _Carried, how: Restoring) -> Restored:
    lock_tallies(connection)
    rebuilt = bool(find_wrong(connection))
    if rebuilt:
        rebuild(connection)
    known = connection.execute(select(forgotten.c.keyed_by, forgotten.c.customer_key))
    marks = {*carried.marks, *how.marks, *(Mark(*row) for row in known)}
    broken, n_forgotten = _apply(connection, manifest, marks, how)
    keep_forgotten(connection, marks, now=how.now)
    take_from_alerts(connection)
    _keep_revoked(connection, carried.revoked)
    connection.execute(delete(sessions))
    _keep_log(connection, carried.log)
    n_messages = connection.scalar(select(func.count()).select_from(feedback)) or 0
    details = {
        "made_at": manifest.made_at.isoformat(),
        "n_messages": n_messages,
        "n_forgotten": n_forgotten,
        "links_broken": broken,
    }
    audit.note(connection, "restore", details, by=how.by, now=how.now)
    return Restored(
        manifest=manifest,
        n_messages=n_messages,
        n_forgotten=n_forgotten,
        tallies_rebuilt=rebuilt,
        links_broken=broken,
    )


def _apply(connection: Connection, manifest: Manifest, marks: set[Mark], how: Restoring) -> tuple[bool, int]:
    """Who was forgotten is so here too, and all customers have the keys of today; return what that took."""
    stage = _stage(manifest, how.identity_key)
    if stage is None and marks and not how.break_links:
        raise SettingsError(
            "the backup was made with an identity key that is not known here, so that those who were forgotten since "
            "cannot be found in it: put back the identity key, or take --break-links"
        )
    gone = {mark.key for mark in marks}
    is_past = stage is None or sum(stage, ()) != ring_of(how.identity_key).present
    if stage is not None:
        was, added = stage
        if added:
            rekey(connection, partial(wrap_all, secrets=added))
        gone |= _today(marks, (*was, *added), how.identity_key)
    n = _remove(connection, gone)
    if is_past:
        rekey(connection, partial(wrap, secret=secrets.token_bytes(KEY_BYTES)))
    if (
        is_past
        or connection.scalar(select(identity_state.c.keyed_by))
        or ring_of(how.identity_key).present[1:]
    ):
        note_key(connection, how.identity_key)
    return is_past, n


def _stage(manifest: Manifest, identity_key: bytes) -> tuple[Chain, Chain] | None:
    if manifest.keyed_by is not None:
        return find_stage(identity_key, manifest.keyed_by)
    chain = ring_of(identity_key).present
    return chain, ()


def _today(marks: set[Mark], chain: Chain, identity_key: bytes) -> set[str]:
    """The keys that the forgotten of a chain have at its end."""
    found = ((mark, find_stage(identity_key, mark.keyed_by)) for mark in marks)
    return {
        wrap_all(mark.key, stage[1]) for mark, stage in found if stage is not None and sum(stage, ()) == chain
    }


def _remove(connection: Connection, gone: set[str]) -> int:
    columns = feedback.c
    ids: set[int] = set()
    for chunk in in_chunks(sorted(gone)):
        for column in (columns.customer_key, columns.native_id, columns.conversation_id):
            ids.update(connection.scalars(select(columns.id).where(column.in_(chunk))))
    remove_messages(connection, sorted(ids))
    return len(ids)


def _keep_revoked(connection: Connection, revoked: Sequence[dict[str, Any]]) -> None:
    for row in revoked:
        same = (keys.c.sha256 == row["sha256"]) & keys.c.revoked_at.is_(None)
        connection.execute(update(keys).where(same).values(revoked_at=row["revoked_at"]))


def _keep_log(connection: Connection, log: Sequence[dict[str, Any]]) -> None:
    of_backup = {
        (row.at, row.actor, row.action)
        for row in connection.execute(select(audit_log.c.at, audit_log.c.actor, audit_log.c.action))
    }
    new = [
        {name: value for name, value in row.items() if name != "id"}
        for row in log
        if (row["at"], row["actor"], row["action"]) not in of_backup
    ]
    if new:
        connection.execute(insert(audit_log), new)
