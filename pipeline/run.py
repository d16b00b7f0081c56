"""The whole way of a message on one screen: pull a source, then classify what waits.

A crash anywhere repeats work and never loses or doubles it: a page and its bookmark are one transaction,
so are the mentions of a batch and the tallies they change.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from pipeline.analyze import Classifier
from pipeline.connectors.base import Connector
from pipeline.errors import BazkhordError, SkipRecord
from pipeline.prepare import prepare
from pipeline.records import CleanFeedback, DeadLetter, Feedback, Page, SaveCounts
from pipeline.store import Store

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


def pull(
    connector: Connector,
    store: Store,
    *,
    identity_key: bytes,
    on_page: Callable[[Page, SaveCounts], None] = lambda page, counts: None,
    clock: Callable[[], datetime] = utc_now,
) -> SaveCounts:
    """Everything that the source has since its bookmark is cleaned, masked and stored as pending.

    Args:
        connector: Where the messages come from; ``connector.name`` is the source.
        identity_key: Secret of the customers' keys, at least 32 bytes.
        on_page: Called after each page is stored, for a progress bar.

    Raises:
        BazkhordError: The source stopped. What came before is stored, the error is on record.
    """
    total = SaveCounts()
    store.note_start(connector.name, connector.kind, now=clock())
    try:
        for page in connector.fetch(store.bookmark(connector.name)):
            items, dead_letters = prepare_page(page, identity_key=identity_key)
            counts = store.save_page(
                connector.name, connector.kind, items, dead_letters, page.bookmark, now=clock()
            )
            total += counts
            on_page(page, counts)
    except BazkhordError as error:
        store.note_error(connector.name, connector.kind, str(error), now=clock())
        raise
    store.note_success(connector.name, connector.kind, now=clock())
    return total


def prepare_page(page: Page, *, identity_key: bytes) -> tuple[list[CleanFeedback], list[DeadLetter]]:
    """Return what of a page may be stored: cleaned and masked messages, and dead letters."""
    items: list[CleanFeedback] = []
    dead_letters = list(page.dead_letters)
    for feedback in page.items:
        try:
            items.append(prepare(feedback, identity_key=identity_key))
        except SkipRecord as error:
            dead_letters.append(_dead_letter(feedback, error))
    return items, dead_letters


def classify_pending(
    store: Store,
    classifier: Classifier,
    *,
    worker: str,
    batch_messages: int = 4096,
    lease_s: int = 300,
    touchpoint_stages: Mapping[str, str] | None = None,
    on_batch: Callable[[int], None] = lambda n: None,
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """Every message that was pending is classified and counted; return how many were.

    Args:
        worker: Name under which messages are claimed; unique among running workers.
        batch_messages: Messages per transaction.
        lease_s: Seconds after which another worker may take over what this one claimed.
        touchpoint_stages: Stage that a touchpoint fixes, whatever the model says.
        on_batch: Called with the number of messages after each batch, for a progress bar.
    """
    store.release_dead()
    n_classified = 0
    while claimed := store.claim_pending(worker, limit=batch_messages, lease_s=lease_s, now=clock()):
        predictions = classifier.predict([message.text for message in claimed])
        store.save_predictions(
            list(zip(claimed, predictions, strict=True)),
            worker=worker,
            touchpoint_stages=touchpoint_stages or {},
            now=clock(),
        )
        n_classified += len(claimed)
        on_batch(len(claimed))
    return n_classified


def pull_all(
    connectors: Sequence[Connector],
    store: Store,
    *,
    identity_key: bytes,
    on_page: Callable[[str, Page, SaveCounts], None] = lambda name, page, counts: None,
) -> tuple[dict[str, SaveCounts], dict[str, str]]:
    """Every source is pulled; one that fails does not hold up the others.

    Returns:
        What each source brought, and for each that failed the reason in words.
    """
    brought: dict[str, SaveCounts] = {}
    failed: dict[str, str] = {}
    for connector in connectors:
        name = connector.name
        counts: list[SaveCounts] = []

        def note(page: Page, saved: SaveCounts, name: str = name, counts: list[SaveCounts] = counts) -> None:
            counts.append(saved)
            on_page(name, page, saved)

        try:
            pull(connector, store, identity_key=identity_key, on_page=note)
        except BazkhordError as error:
            log.warning("source %s stopped: %s", name, error)
            failed[name] = str(error)
        brought[name] = sum(counts, SaveCounts())
    return brought, failed


def _dead_letter(feedback: Feedback, error: SkipRecord) -> DeadLetter:
    digest = hashlib.sha256(feedback.text.encode("utf-8", "surrogatepass")).hexdigest()
    return DeadLetter(
        feedback.source, f"message {feedback.native_id}", feedback.native_id, str(error), digest
    )
