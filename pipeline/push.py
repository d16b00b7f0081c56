"""Feedback that arrives by itself instead of being pulled: stored page by page, pending like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.key_ring import key_id
from pipeline.records import DeadLetter, Feedback, Page, SaveCounts
from pipeline.run import prepare_page
from pipeline.source_log import sources
from pipeline.store import Store

PUSH, WEBHOOK = "push", "webhook"


def save_pushed(
    store: Store,
    source: str,
    kind: str,
    items: Sequence[Feedback],
    dead_letters: Sequence[DeadLetter] = (),
    *,
    identity_key: bytes,
    now: datetime,
) -> SaveCounts:
    """The messages are cleaned, masked and stored as pending; one that came before changes nothing.

    Args:
        kind: ``PUSH`` or ``WEBHOOK``.
        items: Of one source; of equal ids the last counts.
        dead_letters: What arrived beside them and could not be read.
        identity_key: Secret of the customers' keys, at least 32 bytes.
        now: Time of arrival.
    """
    page = Page(tuple(items), tuple(dead_letters))
    clean, dead = prepare_page(page, identity_key=identity_key)
    counts = store.save_page(source, kind, clean, dead, None, now=now, keyed_by=key_id(identity_key))
    store.note_success(source, kind, now=now)
    return counts


def check_source(store: Store, source: str, kind: str, *, configured: Sequence[str]) -> None:
    """A source that is pulled, or that arrives another way, is not pushed to.

    Args:
        configured: Names of the sources in ``sources.toml``.

    Raises:
        BadRequest: It is.
    """
    with reading(store.engine) as connection:
        known = connection.scalar(select(sources.c.connector).where(sources.c.name == source))
    if source in configured or known not in (None, kind):
        raise BadRequest(
            f"the source {source!r} gets its messages another way, see GET /v1/sources; give another name",
            parameter="source",
        )
