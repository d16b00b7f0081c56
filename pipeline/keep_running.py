"""Pulls every source in its own rhythm until told to stop, and classifies what they bring.

The times of the next runs are in the data base and a source is leased while it is pulled, so that several
processes, also on several machines, share the sources. APScheduler keeps the time and the threads: one for
each source, one for the model, one for the alerts and one that looks around, so that a slow or broken one holds
up nobody. While too much waits to be classified, the sources are put off (backlog.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Condition, Event, Lock

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.jobstores.base import JobLookupError  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from pipeline.clocks import Clocks
from pipeline.errors import BazkhordError, StoreError
from pipeline.hanging import HANGS_AFTER_S, Pulls
from pipeline.presence import SAY_EVERY_S
from pipeline.run import utc_now
from pipeline.store import Store
from pipeline.turns import RunningSource, Turn, Worker, later, plan_first_turn, take_turn

log = logging.getLogger(__name__)
CLASSIFY_EVERY_S = 5
WATCH_EVERY_S = 15
LOOK_EVERY_S = 0.5
GRACE_S = 8.0


class Runner:
    """Sources that are pulled in turn, each in its own rhythm and its own thread.

    Args:
        classify: Classifies what waits until its argument says to stop; returns how many messages. ``None``: others
            do.
        tell: Called after each turn in which a source was pulled or put off.
        tell_classified: Called with the number of messages whenever some were classified.
        watch: Checks the alerts and delivers them until its argument says to stop. ``None``: others do.
        attend: Called every quarter of a minute with the sources whose pull hangs.
        clocks: Notices that the clock of the machine was set, so that what is planned is not put off by it.
        classify_every_s: Seconds between looking for messages that wait.
        watch_every_s: Seconds between two looks at the alerts.
        attend_every_s: Seconds between two calls of ``attend``.
        hangs_after_s: Seconds without a page after which a pull under way is said to hang.
        grace_s: Seconds for which the end waits for the pages and the batch at hand.
    """

    def __init__(
        self,
        store: Store,
        sources: Sequence[RunningSource],
        worker: Worker,
        *,
        classify: Callable[[Callable[[], bool]], int] | None,
        tell: Callable[[Turn], None] = lambda turn: None,
        tell_classified: Callable[[int], None] = lambda n: None,
        watch: Callable[[Callable[[], bool]], None] | None = None,
        attend: Callable[[Sequence[str]], None] | None = None,
        clocks: Clocks | None = None,
        classify_every_s: float = CLASSIFY_EVERY_S,
        watch_every_s: float = WATCH_EVERY_S,
        attend_every_s: float = SAY_EVERY_S,
        hangs_after_s: float = HANGS_AFTER_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._store = store
        self._sources = sources
        self._worker = worker
        self._classify = classify
        self._tell = tell
        self._tell_classified = tell_classified
        self._watch = watch
        self._attend = attend
        self._clocks = clocks or Clocks(utc_now)
        self._pulls = Pulls()
        self._classify_every_s = classify_every_s
        self._watch_every_s = watch_every_s
        self._attend_every_s = attend_every_s
        self._hangs_after_s = hangs_after_s
        self._grace_s = grace_s
        self._n_at_work, self._done = 0, Condition()
        self._stopped = Event()
        self._planning = Lock()
        threads = ThreadPoolExecutor(len(sources) + 3)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": threads})

    def run(self, stop: Event) -> bool:
        """All sources are pulled and what they bring is classified, until ``stop`` is set.

        Returns:
            Whether the pages and the batch at hand were stored in time. If not, some thread still works on them;
            what it holds can be given back and the process ended, as nothing that is stored is lost.

        Raises:
            StoreError: The data base cannot be used at the start; later, its failures are waited out.
        """
        now = self._worker.clock()
        for source in self._sources:
            self._plan(self._take_turn, source, at=plan_first_turn(source, self._store, now=now))
        if self._classify is not None:
            self._plan(self._classify_waiting, self._classify, at=now)
        if self._watch is not None:
            watch_at = now + timedelta(seconds=self._watch_every_s)
            self._plan(self._watch_alerts, self._watch, at=watch_at)
        if self._attend is not None:
            self._plan(self._look_around, self._attend, at=now)
        self._scheduler.start()
        # looked at again and again: a signal that another thread was given wakes nobody who waits without an end
        while not stop.wait(LOOK_EVERY_S):
            if jump_s := self._clocks.look():
                self._move_plans(jump_s)
        # once this is set nothing is planned any more: planning would wait for a scheduler that waits for it
        with self._planning:
            self._stopped.set()
        self._scheduler.shutdown(wait=False)
        with self._done:
            return self._done.wait_for(lambda: not self._n_at_work, self._grace_s)

    def _plan(self, job: Callable[..., None], *arguments: object, at: datetime) -> None:
        with self._planning:
            if not self._stopped.is_set():
                self._scheduler.add_job(
                    self._work, "date", (job, *arguments), run_date=at, misfire_grace_time=None
                )

    def _move_plans(self, seconds: float) -> None:
        """What is planned comes after as many seconds as before the clock was set."""
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # its turn has come meanwhile
                job.modify(next_run_time=job.next_run_time + timedelta(seconds=seconds))

    def _work(self, job: Callable[..., None], *arguments: object) -> None:
        with self._done:
            if self._stopped.is_set():
                return
            self._n_at_work += 1
        try:
            job(*arguments)
        finally:
            with self._done:
                self._n_at_work -= 1
                self._done.notify_all()

    def _take_turn(self, source: RunningSource) -> None:
        try:
            with self._pulls.under_way(source.name) as moved:
                turn = take_turn(source, self._store, self._worker, stop=self._stopped.is_set, moved=moved)
        except Exception as error:  # a source whose turn ended without a plan would never run again
            log.warning("source %s: unexpected %s, it is tried again", source.name, type(error).__name__)
            log.debug("unexpected", exc_info=True)
            turn = Turn(source=source.name, next_at=later(source, self._worker), pulled=False)
        self._plan(self._take_turn, source, at=turn.next_at)
        if turn.pulled or turn.put_off:
            self._tell(turn)

    def _classify_waiting(self, classify: Callable[[Callable[[], bool]], int]) -> None:
        try:
            if n_classified := classify(self._stopped.is_set):
                self._tell_classified(n_classified)
        except BazkhordError as error:
            log.warning("classifying failed, it is tried again: %s", error)
        except Exception as error:  # pulling goes on, what waits is classified later
            log.warning("classifying failed (%s), it is tried again", type(error).__name__)
            log.debug("unexpected", exc_info=True)
        again = datetime.now(UTC) + timedelta(seconds=self._classify_every_s)
        self._plan(self._classify_waiting, classify, at=again)

    def _watch_alerts(self, watch: Callable[[Callable[[], bool]], None]) -> None:
        try:
            watch(self._stopped.is_set)
        except Exception as error:  # pulling goes on, alerts that wait are delivered later
            log.warning("watching the alerts failed (%s), it is tried again", type(error).__name__)
            log.debug("unexpected", exc_info=True)
        again = datetime.now(UTC) + timedelta(seconds=self._watch_every_s)
        self._plan(self._watch_alerts, watch, at=again)

    def _look_around(self, attend: Callable[[Sequence[str]], None]) -> None:
        try:
            attend(self._pulls.hanging(after_s=self._hangs_after_s))
        except StoreError:
            pass  # it is in the log that the data base is away
        except Exception as error:  # the work goes on, and it is told again in a moment
            log.warning("looking around failed (%s), it is tried again", type(error).__name__)
            log.debug("unexpected", exc_info=True)
        again = datetime.now(UTC) + timedelta(seconds=self._attend_every_s)
        self._plan(self._look_around, attend, at=again)
