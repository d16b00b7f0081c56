"""The model in processes of its own, one for each thread that it may have.

Pulling and writing are Python, which runs one thread at a time; beside them in one process the model waited for its
turn a third of the time (``make bench``). ``concurrent.futures`` does it, and starts a process only when one is wanted:
a few messages now and then need one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TypeVar

from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Classifier, load_analyzer
from pipeline.collector import spare_collector
from pipeline.errors import RetryLater
from pipeline.known_errors import Confusion

Load = Callable[[], Classifier]
Answer = TypeVar("Answer")
# Reading the next texts holds up the network for a fifth of what is Python's default.
SWITCH_S = 0.001


class Apart:
    """A classifier that judges in other processes, which end with this one, however that ends. Safe to share.

    Args:
        load: Loads the model in a process.
        n_processes: How many there may be; so many calls are worked on at once.

    Raises:
        SettingsError: As ``load_analyzer``.
        RetryLater: The process that loads was ended from outside.
    """

    def __init__(self, load: Load, *, n_processes: int = 1) -> None:
        self.n_processes = n_processes
        self._load = load
        self._pool = self._new_pool()
        try:
            self._about: tuple[str, Levels, Confusion] = self._ask(_describe)
        except BaseException:
            self.close()  # a pool dropped unclosed may be ending still when Python exits, which then prints a traceback
            raise

    @property
    def version(self) -> str:
        """Identifier of the weights."""
        return self._about[0]

    @property
    def levels(self) -> Levels:
        """From which confidences its labels are called high and medium."""
        return self._about[1]

    @property
    def confusion(self) -> Confusion:
        """How often it took which label for which in cross-validation, by head and kind of text."""
        return self._about[2]

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction for each text, in order.

        Raises:
            RetryLater: One of the other processes was ended from outside. New ones are there.
        """
        return self._ask(_predict, list(texts))

    def close(self) -> None:
        """The other processes end."""
        self._pool.shutdown()

    def _ask(self, work: Callable[..., Answer], *given: object) -> Answer:
        pool = self._pool
        try:
            return pool.submit(work, self._load, *given).result()
        except BrokenProcessPool:
            if pool is self._pool:
                self._pool = self._new_pool()
            pool.shutdown()
            raise RetryLater(
                "a process that judges was ended from outside, perhaps as the machine's memory was full; it is "
                "started anew, and nothing stored is lost"
            ) from None

    def _new_pool(self) -> ProcessPoolExecutor:
        # Copies of a process that has only read the code: soon there, and what they do not change they share.
        context = get_context("forkserver")
        context.set_forkserver_preload(["models.classifier", "pipeline.apart"])
        return ProcessPoolExecutor(self.n_processes, mp_context=context, initializer=_begin)


def load_apart(weights_dir: Path | None, n_threads: int, *, engine: str = "onnx", device: str = "") -> Apart:
    """Return the classifier that ``load_analyzer`` loads, in processes of one thread each; torch in one of all threads.

    Raises:
        SettingsError: As there.
    """
    threads = n_threads or os.cpu_count() or 1
    n_processes = threads if engine == "onnx" else 1
    load = partial(_classifier, weights_dir, threads // n_processes, engine, device)
    return Apart(load, n_processes=n_processes)


def _begin() -> None:
    spare_collector()
    sys.setswitchinterval(SWITCH_S)
    for number in (signal.SIGINT, signal.SIGTERM):  # are for the parent, who lets a batch end
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(0)


@lru_cache(maxsize=1)
def _classifier(weights_dir: Path | None, n_threads: int, engine: str, device: str) -> Classifier:
    return load_analyzer(weights_dir, n_threads, engine=engine, device=device).classifier


def _describe(load: Load) -> tuple[str, Levels, Confusion]:
    classifier = load()
    return classifier.version, classifier.levels, classifier.confusion


def _predict(load: Load, texts: Sequence[str]) -> list[Prediction]:
    return load().predict(texts)
