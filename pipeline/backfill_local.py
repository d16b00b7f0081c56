"""A backfill on all cores of this machine: processes with a model each, a unit at a time."""

from __future__ import annotations

import _thread
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event as SharedEvent
from threading import Event, Thread
from types import FrameType

from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_plan import Unit
from pipeline.backfill_work import UnitWorker
from pipeline.errors import StopRun

ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
LOOK_S, TIDY_S = 0.5, 10.0
_workers: list[UnitWorker] = []
_busy, _leaving = Event(), Event()


def on_this_machine(job: Job, units: Sequence[Unit], *, processes: int = 0) -> Iterator[Outcome]:
    """Yield what came of each unit as it is done.

    The processes end with this one, however it ends: what they have in hand they drop, with their scratch files.

    Args:
        processes: How many at once, each with a model of its own (some 300 MB); 0: one for each core.

    Raises:
        StopRun: A process was killed, as a rule because memory was short.
    """
    n_processes = min(processes or os.cpu_count() or 1, len(units))
    if n_processes == 1:
        with closing(UnitWorker(job)) as worker:
            yield from map(worker.work, units)
        return
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    with ProcessPoolExecutor(n_processes, mp_context=spawn, initializer=_begin, initargs=(job, stop)) as pool:
        try:
            for one in as_completed([pool.submit(_work, unit) for unit in units]):
                yield one.result()
        except BrokenProcessPool:
            raise StopRun(
                "a process of the backfill was killed, perhaps because memory was short: do it again, it goes on where "
                f"it stopped; fewer than {n_processes} --processes take less memory"
            ) from None
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _begin(job: Job, stop: SharedEvent) -> None:
    os.environ.update(ONE_THREAD)
    signal.signal(signal.SIGINT, _interrupt)
    parent = multiprocessing.parent_process()
    Thread(target=_leave_with, args=(parent, stop), daemon=True).start()
    _workers[:] = [UnitWorker(job)]


def _work(unit: Unit) -> Outcome:
    _busy.set()
    try:
        return _workers[0].work(unit)
    finally:
        _busy.clear()
        if _leaving.is_set():
            os._exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C, which a terminal sends to every process, ends a unit; one that waits is ended by who began it."""
    if _busy.is_set():
        raise KeyboardInterrupt


def _leave_with(parent: BaseProcess | None, stop: SharedEvent) -> None:
    """End this process with the one that began it, or when that one says so; scratch files are tidied up."""
    while not stop.is_set() and parent is not None and parent.is_alive():
        time.sleep(LOOK_S)
    _leaving.set()
    if _busy.is_set():
        _thread.interrupt_main()
        time.sleep(TIDY_S)
    os._exit(1)
