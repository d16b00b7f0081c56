"""Pulls every source in its own rhythm until told to stop, and classifies what they bring.

The times of the next runs are in the data base and a source is leased while it is pulled, so that several
processes, also on several machines, share the sources. APScheduler keeps the time and the threads: one for
each source, one for the model and one for the alerts, so that a slow or broken one holds up nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from pipeline.connectors.base import Connector
from pipeline.errors import BazkhordError, SourceBusy, StoreError
from pipeline.leases import LEASE_S, Lease, leased
from pipeline.records import SaveCounts
from pipeline.run import never, note_failure, pull_leased, utc_now
from pipeline.schedules import back_off
from pipeline.store import Store

log = logging.getLogger(__name__)
CLASSIFY_EVERY_S = 5
WATCH_EVERY_S = 15
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
    """

    name: str
    identity_key: bytes
    lease_s: float = LEASE_S
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What became of one turn of a source.

    Args:
        next_at: When its turn comes again.
        pulled: ``False``: it was not due, or another process had it.
        counts: What was stored, also where it stopped in the middle.
        error: Why it stopped, in words.
    """

    source: str
    next_at: datetime
    pulled: bool = True
    counts: SaveCounts = NOTHING
    error: str | None = None


def take_turn(
    source: RunningSource, store: Store, worker: Worker, *, stop: Callable[[], bool] = never
) -> Turn:
    """The source was pulled, if it was due and nobody else had it; return what became of it.

    Whatever goes wrong is in the answer and on record with the time of the next try; nothing is raised.
    """
    stored: list[SaveCounts] = []
    try:
        with leased(
            store, source.name, worker=worker.name, clock=worker.clock, lease_s=worker.lease_s
        ) as lease:
            planned, _ = store.next_run(source.name)
            if planned is not None and planned > worker.clock():
                return Turn(source=source.name, next_at=planned, pulled=False)
            error = _pull(source, store, worker, lease=lease, stop=stop, stored=stored)
            next_at = store.next_run(source.name)[0] or worker.clock()
    except SourceBusy as busy:
        log.info("%s", busy)
        again = worker.clock() + timedelta(seconds=min(source.every_s, BUSY_RETRY_S))
        return Turn(source=source.name, next_at=again, pulled=False, counts=sum(stored, NOTHING))
    except StoreError as fault:
        error, next_at = str(fault), _later(source, worker)
    return Turn(source=source.name, next_at=next_at, counts=sum(stored, NOTHING), error=error)


def _pull(
    source: RunningSource,
    store: Store,
    worker: Worker,
    *,
    lease: Lease,
    stop: Callable[[], bool],
    stored: list[SaveCounts],
) -> str | None:
    """Pull the source; return why it stopped, ``None`` where nothing went wrong."""
    try:
        pull_leased(
            source.connector,
            store,
            lease=lease,
            identity_key=worker.identity_key,
            on_page=lambda page, counts: stored.append(counts),
            clock=worker.clock,
            every_s=source.every_s,
            stop=stop,
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


def _later(source: RunningSource, worker: Worker) -> datetime:
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


class Runner:
    """Sources that are pulled in turn, each in its own rhythm and its own thread.

    Args:
        classify: Classifies what waits until its argument says to stop; returns how many messages.
        tell: Called after each turn in which a source was pulled.
        tell_classified: Called with the number of messages whenever some were classified.
        watch: Checks the alerts and delivers them until its argument says to stop.
        classify_every_s: Seconds between looking for messages that wait.
        watch_every_s: Seconds between two looks at the alerts.
    """

    def __init__(
        self,
        store: Store,
        sources: Sequence[RunningSource],
        worker: Worker,
        *,
        classify: Callable[[Callable[[], bool]], int],
        tell: Callable[[Turn], None] = lambda turn: None,
        tell_classified: Callable[[int], None] = lambda n: None,
        watch: Callable[[Callable[[], bool]], None] = lambda stop: None,
        classify_every_s: float = CLASSIFY_EVERY_S,
        watch_every_s: float = WATCH_EVERY_S,
    ) -> None:
        self._store = store
        self._sources = sources
        self._worker = worker
        self._classify = classify
        self._tell = tell
        self._tell_classified = tell_classified
        self._watch = watch
        self._classify_every_s = classify_every_s
        self._watch_every_s = watch_every_s
        self._stopped = Event()
        self._planning = Lock()
        threads = ThreadPoolExecutor(len(sources) + 2)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": threads})

    def run(self, stop: Event) -> None:
        """All sources are pulled and what they bring is classified, until ``stop`` is set.

        The pages and the batch at hand are stored before this returns; what was left waits for the next start.

        Raises:
            StoreError: The data base cannot be used at the start; later, its failures are waited out.
        """
        now = self._worker.clock()
        for source in self._sources:
            self._plan(self._take_turn, source, at=plan_first_turn(source, self._store, now=now))
        self._plan(self._classify_waiting, at=now)
        self._plan(self._watch_alerts, at=now + timedelta(seconds=self._watch_every_s))
        self._scheduler.start()
        stop.wait()
        # once this is set nothing is planned any more: planning would wait for a scheduler that waits for it
        with self._planning:
            self._stopped.set()
        self._scheduler.shutdown(wait=True)

    def _plan(self, job: Callable[..., None], *arguments: object, at: datetime) -> None:
        with self._planning:
            if not self._stopped.is_set():
                self._scheduler.add_job(job, "date", arguments, run_date=at, misfire_grace_time=None)

    def _take_turn(self, source: RunningSource) -> None:
        try:
            turn = take_turn(source, self._store, self._worker, stop=self._stopped.is_set)
        except Exception as error:  # a source whose turn ended without a plan would never run again
            log.warning("source %s: unexpected %s, it is tried again", source.name, type(error).__name__)
            log.debug("unexpected", exc_info=True)
            turn = Turn(source=source.name, next_at=_later(source, self._worker), pulled=False)
        self._plan(self._take_turn, source, at=turn.next_at)
        if turn.pulled:
            self._tell(turn)

    def _classify_waiting(self) -> None:
        try:
            if self._store.n_pending() and (n_classified := self._classify(self._stopped.is_set)):
                self._tell_classified(n_classified)
        except BazkhordError as error:
            log.warning("classifying failed, it is tried again: %s", error)
        except Exception as error:  # pulling goes on, what waits is classified later
            log.warning("classifying failed (%s), it is tried again", type(error).__name__)
            log.debug("unexpected", exc_info=True)
        again = datetime.now(UTC) + timedelta(seconds=self._classify_every_s)
        self._plan(self._classify_waiting, at=again)

    def _watch_alerts(self) -> None:
        try:
            self._watch(self._stopped.is_set)
        except Exception as error:  # pulling goes on, alerts that wait are delivered later
            log.warning("watching the alerts failed (%s), it is tried again", type(error).__name__)
            log.debug("unexpected", exc_info=True)
        again = datetime.now(UTC) + timedelta(seconds=self._watch_every_s)
        self._plan(self._watch_alerts, at=again)
