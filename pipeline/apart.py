"""The model in a process of its own.

Pulling and writing are Python, which runs one thread at a time; beside them in one process the model waited for its
turn a third of the time (``make bench``). A library's pool of one process does it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer, Classifier, load_analyzer
from pipeline.errors import RetryLater
from pipeline.known_errors import Confusion

Load = Callable[[], Classifier]


class Apart:
    """A classifier that judges in another process, which ends with this one, however that ends. Safe to share.

    Raises:
        SettingsError: As ``load_analyzer``.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._pool = _new_pool()
        self._about: tuple[str, Levels, Confusion] = self._pool.submit(_describe, load).result()

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
            RetryLater: The other process was ended from outside. A new one is there.
        """
        pool = self._pool
        try:
            judging: Future[list[Prediction]] = pool.submit(_predict, self._load, list(texts))
            return judging.result()
        except BrokenProcessPool:
            if pool is self._pool:
                self._pool = _new_pool()
            raise RetryLater(
                "the process that judges was ended from outside, perhaps as the machine's memory was full; it is "
                "started anew, and nothing stored is lost"
            ) from None

    def close(self) -> None:
        """The other process ends."""
        self._pool.shutdown()


def load_apart(
    weights_dir: Path | None, n_threads: int, *, engine: str = "onnx", device: str = ""
) -> Analyzer:
    """Return an analyzer as ``load_analyzer`` does, whose model is in a process of its own.

    Raises:
        SettingsError: As there.
    """
    return Analyzer(Apart(partial(_classifier, weights_dir, n_threads, engine, device)))


def _new_pool() -> ProcessPoolExecutor:
    # spawn: a copy of a process with threads may hang
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who lets a batch end
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
