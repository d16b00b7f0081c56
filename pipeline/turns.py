"""One turn of a source: whether it is due and free, what it brought, and when its turn comes again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.connectors.base import Connector
from pipeline.errors import BazkhordError, SourceBusy, StoreError
from pipeline.leases import LEASE_S, Lease, leased
from pipeline.records import SaveCounts
from pipeline.run import never, note_failure, pull_leased, utc_now
from pipeline.schedules import back_off
from pipeline.store import Store

log = logging.getLogger(__name__)
BUSY_RETRY_S = 60
NOTHING = SaveCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSource:
    """A source and the seconds between the beginnings of two runs."""

    connector: Connector
    every_s: int

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.connector.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who pulls: its name, unique among running processes, its key of identities and its clock.

    Args:
        identity_key: Secret of the customers' keys, at least 32 bytes.
        lease_s: Seconds after which another process may go on if this one dies.
        is_full: Whether so much waits to be classified that no more is to be pulled.
    """

    name: str
    identity_key: bytes
    lease_s: float = LEASE_S
    is_full: Callable[[], bool] = never
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What became of one turn of a source.

    Args:
        next_at: When its turn comes again.
        pulled: ``False``: it was not due, another process had it, or it was put off.
        put_off: Whether it was left alone because too much waits to be classified.
        counts: What was stored, also where it stopped in the middle.
        error: Why it stopped, in words.
    """

    source: str
    next_at: datetime
    pulled: bool = True
    put_off: bool = False
    counts: SaveCounts = NOTHING
    error: str | None = None


def take_turn(
    source: RunningSource,
    store: Store,
    worker: Worker,
    *,
    stop: Callable[[], bool] = never,
    moved: Callable[[], None] = lambda: None,
) -> Turn:
    """The source was pulled, if it was due, nobody else had it and not too much waits; return what became of it.

    Whatever goes wrong is in the answer and on record with the time of the next try; nothing is raised.

    Args:
        moved: Called after each page.
    """
    stored: list[SaveCounts] = []

    def keep(counts: SaveCounts) -> None:
        stored.append(counts)
        moved()

    try:
        with leased(
            store, source.name, worker=worker.name, clock=worker.clock, lease_s=worker.lease_s
        ) as lease:
            planned = _planned(source, store, worker)
            if planned is not None and planned > worker.clock():
                return Turn(source=source.name, next_at=planned, pulled=False)
            if worker.is_full():
                return Turn(source=source.name, next_at=_soon(source, worker), pulled=False, put_off=True)
            error = _pull(source, store, worker, lease=lease, stop=stop, keep=keep)
            next_at = store.next_run(source.name)[0] or worker.clock()
    except SourceBusy as busy:
        log.info("%s", busy)
        again = _soon(source, worker)
        return Turn(source=source.name, next_at=again, pulled=False, counts=sum(stored, NOTHING))
    except StoreError as fault:
        # As soon as the data base is back, the source is too; it is not the one that failed.
        error, next_at = str(fault), _soon(source, worker)
    return Turn(source=source.name, next_at=next_at, counts=sum(stored, NOTHING), error=error)


def _pull(
    source: RunningSource,
    store: Store,
    worker: Worker,
    *,
    lease: Lease,
    stop: Callable[[], bool],
    keep: Callable[[SaveCounts], None],
) -> str | None:
    """Pull the source; return why it stopped, ``None`` where nothing went wrong."""
    try:
        pull_leased(
            source.connector,
            store,
            lease=lease,
            identity_key=worker.identity_key,
            on_page=lambda page, counts: keep(counts),
            clock=worker.clock,
            every_s=source.every_s,
            stop=lambda: stop() or worker.is_full(),
        )
    except (SourceBusy, StoreError):
        raise
    except BazkhordError as error:
        return str(error)
    except Exception as error:  # a defect of one connector must not end the others
        log.debug("source %s: unexpected", source.name, exc_info=True)
        reason = (
            f"source {source.name}: unexpected {type(error).__name__}; what was stored stays. Please report it, "
            "with what `BAZKHORD_LOG_LEVEL=debug bazkhord pull` says"
        )
        note_failure(source.connector, store, reason, every_s=source.every_s, now=worker.clock())
        return reason
    return None


def _planned(source: RunningSource, store: Store, worker: Worker) -> datetime | None:
    """Return when the source is to be pulled; ``None``: at once, also where a clock that was ahead has planned it."""
    planned, n_failures = store.next_run(source.name)
    latest = worker.clock() + back_off(source.every_s, max(1, n_failures))
    return planned if planned is None or planned <= latest else None


def _soon(source: RunningSource, worker: Worker) -> datetime:
    return worker.clock() + timedelta(seconds=min(source.every_s, BUSY_RETRY_S))


def later(source: RunningSource, worker: Worker) -> datetime:
    """Return when a source that failed once is tried again."""
    return worker.clock() + back_off(source.every_s, 1)


def plan_first_turn(source: RunningSource, store: Store, *, now: datetime) -> datetime:
    """The source is known and its next run on record; return when that is.

    What the data base has planned is kept, so that a restart hurries nobody, but a source that failed is
    tried at once: somebody may have mended it.
    """
    planned, n_failures = store.next_run(source.name)
    latest = now + timedelta(seconds=source.every_s)
    first = now if planned is None or n_failures else min(planned, latest)
    store.register_source(source.name, source.connector.kind)
    store.plan_run(source.name, first)
    return first
