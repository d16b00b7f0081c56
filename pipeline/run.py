"""The whole way of a message on one screen: pull a source, then classify what waits.

A crash anywhere repeats work and never loses or doubles it: a page and its bookmark are one transaction,
so are the mentions of a batch and the tallies they change.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from models.labels import Prediction
from pipeline.analyze import Classifier
from pipeline.claims import worker_name
from pipeline.connectors.base import Connector
from pipeline.errors import BazkhordError, SkipRecord, SourceBusy, StoreError
from pipeline.key_ring import key_id
from pipeline.leases import LEASE_S, Lease, leased
from pipeline.measuring import count_classified, count_rows, step, timed_pages
from pipeline.prepare import prepare
from pipeline.records import CleanFeedback, DeadLetter, Feedback, Page, Pending, SaveCounts
from pipeline.renewing import renewed
from pipeline.schedules import back_off, next_run
from pipeline.store import Store

log = logging.getLogger(__name__)
Judged = list[tuple[Pending, Prediction]]
LOOK_EVERY_S = 0.2


@dataclass
class Arrivals:
    """Messages that a pull stores while others are classified.

    They are taken in the order in which they come, and only full batches as long as more come, so that it does not
    hang on the speed of either which are judged together.

    Args:
        after: Number of the last message from before the pull.
        more: Whether more may come.
    """

    after: int
    more: Callable[[], bool]

    def wait_for(self, store: Store, n: int, stop: Callable[[], bool]) -> bool:
        """Return once ``n`` messages have come or no more will; whether there is any."""
        while self.more() and not stop() and store.n_pending(at_most=n, after=self.after) < n:
            time.sleep(LOOK_EVERY_S)
        return not stop() and store.n_pending(at_most=1, after=self.after) > 0


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


def never() -> bool:
    """Whether to stop: no."""
    return False


def pull(
    connector: Connector,
    store: Store,
    *,
    identity_key: bytes,
    on_page: Callable[[Page, SaveCounts], None] = lambda page, counts: None,
    clock: Callable[[], datetime] = utc_now,
    worker: str | None = None,
    lease_s: float = LEASE_S,
    stop: Callable[[], bool] = never,
) -> SaveCounts:
    """Everything that the source has since its bookmark is cleaned, masked and stored as pending.

    Args:
        connector: Where the messages come from; ``connector.name`` is the source.
        identity_key: Secret of the customers' keys, at least 32 bytes.
        on_page: Called after each page is stored, for a progress bar.
        worker: Name under which the source is held meanwhile; ``None``: that of this process.
        lease_s: Seconds after which another process may go on if this one dies.
        stop: As of ``pull_leased``.

    Raises:
        SourceBusy: Another process pulls it now; nothing was done.
        BazkhordError: The source stopped. What came before is stored, the error is on record.
    """
    name = worker or worker_name()
    with leased(store, connector.name, worker=name, clock=clock, lease_s=lease_s) as lease:
        return pull_leased(
            connector, store, lease=lease, identity_key=identity_key, on_page=on_page, clock=clock, stop=stop
        )


def pull_leased(
    connector: Connector,
    store: Store,
    *,
    lease: Lease,
    identity_key: bytes,
    on_page: Callable[[Page, SaveCounts], None] = lambda page, counts: None,
    clock: Callable[[], datetime] = utc_now,
    every_s: int | None = None,
    stop: Callable[[], bool] = never,
) -> SaveCounts:
    """As ``pull``, by a worker that holds the lease of the source.

    Args:
        every_s: Seconds between two runs, by which the next one is put on record; ``None``: nobody plans one.
        stop: Asked after each page; if it says so, the pull breaks off there and a later one goes on.

    Raises:
        SourceBusy: Another process took the source over; what came before is stored.
        BazkhordError: The source stopped. What came before is stored, the error is on record.
    """
    name, kind = connector.name, connector.kind
    total, started = SaveCounts(), clock()
    store.note_start(name, kind, now=started)
    log.info("a pull begins", extra={"source": name})
    try:
        for page in timed_pages(connector.fetch(store.bookmark(name)), name):
            lease.require()
            with step("clean", source=name, n=len(page.items)):
                items, dead_letters = prepare_page(page, identity_key=identity_key)
            with step("store", source=name, n=len(items)):
                counts = store.save_page(
                    name, kind, items, dead_letters, page.bookmark, now=clock(), keyed_by=key_id(identity_key)
                )
            count_rows(name, counts)
            total += counts
            on_page(page, counts)
            if stop():
                return total
    except SourceBusy:
        raise
    except BazkhordError as error:
        note_failure(connector, store, str(error), every_s=every_s, now=clock())
        raise
    store.note_success(name, kind, now=clock(), next_run_at=next_run(started, clock(), every_s))
    return total


def note_failure(
    connector: Connector, store: Store, reason: str, *, every_s: int | None, now: datetime
) -> None:
    """It is on record why the source stopped, and when it is tried again: later with each failure in a row."""
    _, n_failures = store.next_run(connector.name)
    again = now + back_off(every_s, n_failures + 1) if every_s else None
    store.note_error(connector.name, connector.kind, reason, now=now, next_run_at=again)


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
    lease_s: float = 300,
    touchpoint_stages: Mapping[str, str] | None = None,
    at_once: int = 1,
    arrivals: Arrivals | None = None,
    on_batch: Callable[[int], None] = lambda n: None,
    clock: Callable[[], datetime] = utc_now,
    stop: Callable[[], bool] = never,
) -> int:
    """Every message that was pending is classified and counted; return how many were.

    Args:
        worker: Name under which messages are claimed; unique among running workers.
        batch_messages: Messages per transaction. A model of eight bits judges those of a batch together, so that
            its labels are repeated exactly only by batches of the same size.
        lease_s: Seconds after which another worker may take over what this one claimed, if this one dies.
        touchpoint_stages: Stage that a touchpoint fixes, whatever the model says.
        at_once: Batches in the classifier's hands at once; if more than one, batches are claimed and written meanwhile.
        arrivals: What a pull stores meanwhile, which is waited for and classified as well.
        on_batch: Called with the number of messages after each batch, for a progress bar.
        stop: Asked before each batch; if it says so, the rest is left for later.
    """
    store.release_dead(and_of=worker)

    def claim() -> tuple[Pending, ...]:
        if arrivals and arrivals.wait_for(store, batch_messages, stop):
            claimed = store.claim_pending(
                worker, limit=batch_messages, lease_s=lease_s, now=clock(), after=arrivals.after
            )
            if claimed:
                arrivals.after = claimed[-1].id
                return claimed
        if stop():
            return ()
        return store.claim_pending(worker, limit=batch_messages, lease_s=lease_s, now=clock())

    def judge(claimed: Sequence[Pending]) -> Judged:
        with (
            _kept(store, claimed, worker=worker, lease_s=lease_s, clock=clock),
            step("classify", n=len(claimed)),
        ):
            return list(zip(claimed, classifier.predict([message.text for message in claimed]), strict=True))

    def write(judged: Judged) -> int:
        with step("write", n=len(judged)):
            n_written = store.save_predictions(
                judged, worker=worker, touchpoint_stages=touchpoint_stages or {}, now=clock()
            )
        count_classified(n_written)
        log.info("classified", extra={"n": n_written, "worker": worker})
        on_batch(len(judged))
        return n_written

    work = partial(_overlapping, at_once) if at_once > 1 else _taking_turns
    try:
        return work(claim, judge, write)
    except BaseException:
        with suppress(StoreError):
            store.release(worker)
        raise


def _taking_turns(
    claim: Callable[[], tuple[Pending, ...]],
    judge: Callable[[Sequence[Pending]], Judged],
    write: Callable[[Judged], int],
) -> int:
    n_written = 0
    while claimed := claim():
        n_written += write(judge(claimed))
    return n_written


def _overlapping(
    at_once: int,
    claim: Callable[[], tuple[Pending, ...]],
    judge: Callable[[Sequence[Pending]], Judged],
    write: Callable[[Judged], int],
) -> int:
    """As ``_taking_turns``; what fails in another thread is raised here, and nothing is written after it.

    Another batch is claimed while some are judged, so that the model never waits for one.
    """
    n_written, writing, judging = 0, Future[int](), deque[Future[Judged]]()
    writing.set_result(0)
    with ThreadPoolExecutor(at_once, "judging") as judges, ThreadPoolExecutor(1, "writing") as writer:
        while True:
            while len(judging) < at_once and (claimed := claim()):
                judging.append(judges.submit(judge, claimed))
            if not judging:
                return n_written + writing.result()
            judged = judging.popleft().result()
            n_written += writing.result()
            writing = writer.submit(write, judged)


def _kept(
    store: Store, claimed: Sequence[Pending], *, worker: str, lease_s: float, clock: Callable[[], datetime]
) -> AbstractContextManager[None]:
    """The messages stay the worker's until the block ends, however slow the model is."""
    ids = [message.id for message in claimed]
    return renewed(
        lambda: store.renew_claims(worker, ids, lease_s=lease_s, now=clock()),
        lease_s=lease_s,
        what=f"{len(ids)} messages",
    )


def pull_all(
    connectors: Sequence[Connector],
    store: Store,
    *,
    identity_key: bytes,
    on_page: Callable[[str, Page, SaveCounts], None] = lambda name, page, counts: None,
    clock: Callable[[], datetime] = utc_now,
    lease_s: float = LEASE_S,
    stop: Callable[[], bool] = never,
) -> tuple[dict[str, SaveCounts], dict[str, str]]:
    """Every source is pulled; one that fails does not hold up the others.

    Args:
        stop: Asked after each page; if it says so, the rest is left for a later pull.

    Returns:
        What each source brought, and for each that failed the reason in words.
    """
    brought: dict[str, SaveCounts] = {}
    failed: dict[str, str] = {}
    for connector in connectors:
        if stop():
            break
        name = connector.name
        counts: list[SaveCounts] = []

        def note(page: Page, saved: SaveCounts, name: str = name, counts: list[SaveCounts] = counts) -> None:
            counts.append(saved)
            on_page(name, page, saved)

        try:
            pull(
                connector,
                store,
                identity_key=identity_key,
                on_page=note,
                clock=clock,
                lease_s=lease_s,
                stop=stop,
            )
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
