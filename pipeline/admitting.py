"""Which messages of a page may be stored: not those of the forgotten, nor those older than is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, select

from pipeline.database import share_keeping
from pipeline.errors import SettingsError
from pipeline.keeping_tables import ForgottenRow, IdentityStateRow
from pipeline.records import CleanFeedback
from pipeline.retention import Retention
from pipeline.tallies import in_chunks

forgotten = cast("Table", ForgottenRow.__table__)
identity_state = cast("Table", IdentityStateRow.__table__)


def admit(
    connection: Connection,
    source: str,
    items: Sequence[CleanFeedback],
    *,
    keyed_by: str | None,
    retention: Retention,
    now: datetime,
) -> list[CleanFeedback]:
    """Return the messages that may be stored; until the transaction ends that does not change.

    Args:
        keyed_by: Identifier of the secrets behind their customers' keys; ``None``: it is not checked.

    Raises:
        SettingsError: The data base was rotated to other secrets than these.
    """
    share_keeping(connection)
    _check_key(connection, keyed_by)
    gone = _forgotten_among(connection, items)
    cutoff = retention.cutoff(source, now)
    return [
        item
        for item in items
        if gone.isdisjoint(_keys_of(item))
        and not (cutoff and item.created_at is not None and item.created_at < cutoff)
    ]


def keyed_by_of(connection: Connection) -> str | None:
    """Return the identifier of the secrets behind all stored customer keys; ``None``: never rotated."""
    return connection.scalar(select(identity_state.c.keyed_by))


def _check_key(connection: Connection, keyed_by: str | None) -> None:
    known = keyed_by_of(connection)
    if keyed_by is not None and known not in (None, keyed_by):
        raise SettingsError(
            "the identity key was rotated and this process has another one: finish the rotation where it was "
            "begun (bazkhord keys rotate-identity), give every machine the new key, and start this again"
        )


def _keys_of(item: CleanFeedback) -> set[str]:
    """What the item's customer may be known by; identifiers that are personal data are digests by now."""
    given = item.customer_key, item.native_id, item.conversation_id, *(item.known_as or ())
    return {key for key in given if key}


def _forgotten_among(connection: Connection, items: Sequence[CleanFeedback]) -> frozenset[str]:
    if connection.scalar(select(forgotten.c.customer_key).limit(1)) is None:
        return frozenset()
    keys = {key for item in items for key in _keys_of(item)}
    return frozenset(
        key
        for chunk in in_chunks(sorted(keys))
        for key in connection.scalars(
            select(forgotten.c.customer_key).where(forgotten.c.customer_key.in_(chunk))
        )
    )
