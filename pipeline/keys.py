"""Keys of the API: made once, shown once, kept as a digest.

A key holds 256 bits from the system's random generator, so a plain SHA-256 is enough: slow hashes exist
for passwords that people choose and that can be guessed, and would cost every request its time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.audit import note, this_user
from pipeline.database import reading, writing
from pipeline.errors import BadRequest
from pipeline.store import Store
from pipeline.tables import ApiKeyRow

PREFIX = "bzk_"
N_SHOWN = 12
USE_NOTED_EVERY = timedelta(hours=1)
keys = cast("Table", ApiKeyRow.__table__)
OF_A_KEY = "id", "name", "prefix", "scope", "brands", "created_at", "last_used_at", "revoked_at"
SHOWN = [keys.c[name] for name in OF_A_KEY]
MAX_BRANDS = 100
MAX_BRAND_LENGTH = 200


class Scope(StrEnum):
    """What a key may do; each scope includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as it may be listed: everything but the key.

    ``prefix`` is its beginning, by which its owner knows it again. ``brands``: the only ones whose messages
    it sees, so none without a brand; ``None``: it sees all. ``last_used_at`` is exact to an hour.
    """

    id: int
    name: str
    prefix: str
    scope: Scope
    brands: tuple[str, ...] | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def allows(self, scope: Scope | str) -> bool:
        """Whether the key may do what needs this scope."""
        order = list(Scope)
        return self.revoked_at is None and order.index(self.scope) >= order.index(Scope(scope))


def add_key(
    store: Store,
    name: str,
    scope: Scope | str,
    *,
    brands: Collection[str] = (),
    now: datetime | None = None,
    by: str | None = None,
) -> str:
    """A new key is on record, in the audit log too; return it. Nobody can ever show it again.

    Args:
        name: Whose it is, 1 to 100 characters, not yet taken.
        scope: ``read``, ``write`` or ``admin``.
        brands: The only brands whose messages it sees; empty: it sees all messages.
        by: Who makes it, for the audit log; ``None``: who works at the command line here.

    Raises:
        BadRequest: The name is empty, too long or taken, there is no such scope, or a brand is none.
    """
    _check_brands(brands)
    if scope not in list(Scope):
        raise BadRequest(f"no scope {scope!r}; use {', '.join(Scope)}", parameter="scope")
    if not name.strip() or len(name) > 100:
        raise BadRequest("a key needs a name of 1 to 100 characters", parameter="name")
    key = PREFIX + secrets.token_urlsafe(32)
    made_at = now or datetime.now(UTC)
    row = {
        "name": name,
        "prefix": key[:N_SHOWN],
        "sha256": digest_of(key),
        "scope": Scope(scope).value,
        "brands": list(dict.fromkeys(brands)) or None,
        "created_at": made_at,
    }
    try:
        with writing(store.engine) as connection:
            connection.execute(insert(keys).values(row))
            told = {part: row[part] for part in ("name", "scope", "brands")}
            note(connection, "keys add", told, by=by or this_user(), now=made_at)
    except IntegrityError:
        raise BadRequest(
            f"a key named {name!r} exists or existed; choose another name", parameter="name"
        ) from None
    return key


def _check_brands(brands: Collection[str]) -> None:
    if len(brands) > MAX_BRANDS:
        raise BadRequest(
            f"{len(brands)} brands were given, a key is limited to at most {MAX_BRANDS}", parameter="brand"
        )
    for brand in brands:
        if not brand.strip() or len(brand) > MAX_BRAND_LENGTH or "\0" in brand:
            raise BadRequest(
                f"a brand is 1 to {MAX_BRAND_LENGTH} characters, as the messages carry it; leave --brand out for a "
                "key that sees all messages",
                parameter="brand",
            )


def list_keys(store: Store) -> tuple[KeyInfo, ...]:
    """Return every key that was ever made, oldest first, revoked ones included."""
    with reading(store.engine) as connection:
        return tuple(info_of(row) for row in connection.execute(select(*SHOWN).order_by(keys.c.id)))


def revoke_key(store: Store, name: str, *, now: datetime | None = None, by: str | None = None) -> bool:
    """The key of this name opens nothing any more; return whether it did until now.

    Args:
        by: As in ``add_key``.
    """
    at = now or datetime.now(UTC)
    open_key = (keys.c.name == name) & keys.c.revoked_at.is_(None)
    with writing(store.engine) as connection:
        revoked = connection.execute(update(keys).where(open_key).values(revoked_at=at)).rowcount > 0
        if revoked:
            note(connection, "keys revoke", {"name": name}, by=by or this_user(), now=at)
        return revoked


def find_key(store: Store, presented: str, *, now: datetime | None = None) -> KeyInfo | None:
    """Return what the presented key may do; ``None``: it is none of ours or was revoked."""
    if not presented.startswith(PREFIX):
        return None
    digest = digest_of(presented)
    with reading(store.engine) as connection:
        row = connection.execute(select(keys.c.sha256, *SHOWN).where(keys.c.sha256 == digest)).one_or_none()
    if row is None or not hmac.compare_digest(row.sha256, digest):
        return None
    found = info_of(row)
    if found.revoked_at is not None:
        return None
    note_use(store, found, now or datetime.now(UTC))
    return found


def any_key(store: Store) -> bool:
    """Whether a key was ever made. A revoked one counts: taking the last key away must not open the door."""
    with reading(store.engine) as connection:
        return bool(connection.scalar(select(func.count()).select_from(keys)))


def note_use(store: Store, key: KeyInfo, now: datetime) -> None:
    """It is on record, exact to an hour, that the key was used at this moment."""
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
        with writing(store.engine, seen=False) as connection:
            connection.execute(update(keys).where(keys.c.id == key.id).values(last_used_at=now))


def digest_of(key: str) -> str:
    """Return what is stored in the place of a secret of 256 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def info_of(row: Row[Any]) -> KeyInfo:
    """Return what a row with the columns ``SHOWN`` tells of a key."""
    return KeyInfo(
        row.id,
        row.name,
        row.prefix,
        Scope(row.scope),
        None if row.brands is None else tuple(row.brands),
        row.created_at,
        row.last_used_at,
        row.revoked_at,
    )
