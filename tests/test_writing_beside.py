"""A batch is written while the next is judged: nothing is lost by it, whatever fails, and nobody waits for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from models.labels import Prediction
from pipeline.errors import StoreError
from pipeline.run import classify_pending
from pipeline.store import Store
from tests.builders import NOON, clean_feedback
from tests.test_run import Praising
from tests.test_workers import n_claimed

PATIENCE_S = 30
N_MESSAGES, N_BATCH = 7, 2


@pytest.fixture
def backlog(store: Store) -> Store:
    """A store in which seven messages wait."""
    items = [clean_feedback(str(number), text=f"پیام {number}") for number in range(N_MESSAGES)]
    store.save_page("shop", "table_file", items, [], None, now=NOON)
    return store


class Watched(Praising):
    """A classifier that tells when it judges, and fails at a batch if it is to."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.judges = [Event() for _ in range(N_MESSAGES)]
        self.n_batches, self.fails_at = 0, fails_at

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.judges[self.n_batches].set()
        self.n_batches += 1
        if self.n_batches == self.fails_at:
            raise MemoryError
        return super().predict(texts)


def classify(store: Store, classifier: Praising, **options: Any) -> int:
    return classify_pending(store, classifier, worker="w", batch_messages=N_BATCH, at_once=2, **options)


def test_all_that_waited_is_classified_once(backlog: Store) -> None:
    batches: list[int] = []

    n_classified = classify(backlog, Praising(), on_batch=batches.append)

    assert (n_classified, batches) == (N_MESSAGES, [2, 2, 2, 1])
    assert (backlog.n_pending(), n_claimed(backlog)) == (0, 0)
    assert backlog.check_tallies() == frozenset()


def test_a_batch_is_judged_before_the_one_before_it_is_written(
    backlog: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, waited, write = Watched(), list[bool](), Store.save_predictions

    def patiently(store: Store, *given: Any, **options: Any) -> int:
        if not waited:
            waited.append(classifier.judges[1].wait(PATIENCE_S))
        return write(store, *given, **options)

    monkeypatch.setattr(Store, "save_predictions", patiently)
    n_classified = classify(backlog, classifier)

    assert (waited, n_classified) == ([True], N_MESSAGES)


def test_what_was_judged_is_written_when_it_is_told_to_stop(backlog: Store) -> None:
    classifier = Watched()

    n_classified = classify(backlog, classifier, stop=lambda: classifier.n_batches >= 2)

    assert n_classified in {4, 6}
    assert (backlog.n_pending(), n_claimed(backlog)) == (N_MESSAGES - n_classified, 0)


def test_what_was_judged_before_the_model_failed_is_kept_and_the_rest_given_back(backlog: Store) -> None:
    with pytest.raises(MemoryError):
        classify(backlog, Watched(fails_at=3))

    assert (backlog.n_pending(), n_claimed(backlog)) == (3, 0)
    assert backlog.check_tallies() == frozenset()


def test_when_writing_fails_it_is_told_and_nothing_is_written_after_it(
    backlog: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_options: Any) -> int:
        raise StoreError("no room") from sqlite3.OperationalError("disk full")

    monkeypatch.setattr(Store, "save_predictions", fail)
    classifier = Watched()
    with pytest.raises(StoreError, match="no room"):
        classify(backlog, classifier)

    assert classifier.n_batches * N_BATCH < N_MESSAGES
    assert (backlog.n_pending(), n_claimed(backlog)) == (N_MESSAGES, 0)
