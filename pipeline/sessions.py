"""Who is signed in on the page: a key is exchanged once for a secret that a browser holds and cannot read.

As of keys, only the digest of a secret is stored. What a session may do is asked of its key each time, so
that a revoked key ends its sessions at once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, delete, insert, select

from pipeline.database import reading, writing
from pipeline.keys import SHOWN, KeyInfo, digest_of, info_of, keys, note_use
from pipeline.store import Store
from pipeline.tables import SessionRow

sessions = cast("Table", SessionRow.__table__)
N_BYTES = 32


def open_session(store: Store, key: KeyInfo, *, lifetime: timedelta, now: datetime) -> str:
    """Somebody is signed in with a key; return the secret. Sessions that have ended are forgotten."""
    secret = secrets.token_urlsafe(N_BYTES)
    row = {
        "sha256": digest_of(secret),
        "key_id": key.id,
        "created_at": now,
        "expires_at": now + lifetime,
    }
    with writing(store.engine, seen=False) as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
        connection.execute(insert(sessions).values(row))
    return secret


def find_session(store: Store, secret: str, *, now: datetime) -> KeyInfo | None:
    """Return the key that a secret stands for; ``None``: it is none of ours, has ended, or the key was revoked."""
    digest = digest_of(secret)
    found = (
        select(sessions.c.sha256.label("digest"), *SHOWN)
        .join_from(sessions, keys)
        .where(sessions.c.sha256 == digest, sessions.c.expires_at > now, keys.c.revoked_at.is_(None))
    )
    with reading(store.engine) as connection:
        row = connection.execute(found).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    key = info_of(row)
    note_use(store, key, now)
    return key


def close_session(store: Store, secret: str) -> None:
    """The secret opens nothing any more."""
    with writing(store.engine, seen=False) as connection:
        connection.execute(delete(sessions).where(sessions.c.sha256 == digest_of(secret)))


def csrf_token_of(secret: str) -> str:
    """Return what a page has to send with whatever it writes: only who may read the session's answers knows it.

    It follows from the secret, which stays hidden from scripts, and tells nothing about it (HMAC).
    """
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"csrf", hashlib.sha256).hexdigest()
