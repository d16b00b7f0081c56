from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pipeline import keeping_columns
from pipeline.store import Store
from tests.builders import NOON, clean_feedback

SETTLED_S = 1.0


def store_one(store: Store, name: str) -> None:
    store.save_page("shop", "push", [clean_feedback(name)], [], None, now=NOON)


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_so()


def has_columns(store: Store) -> bool:
    with store.engine.connect() as connection:
        return keeping_columns.columns_of(connection) is not None


def test_columns_are_read_anew_once_the_store_has_settled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_columns, "PAUSE_S", 0.02)
    monkeypatch.setattr(keeping_columns, "SETTLED_S", SETTLED_S)
    monkeypatch.setattr(keeping_columns, "REST", 0)
    read_at: list[float] = []
    read = keeping_columns.keep_columns

    def told(*given: object) -> None:
        read_at.append(time.monotonic())
        read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping_columns, "keep_columns", told)
    store_one(store, "first")

    with keeping_columns.keeping_columns(store.engine):
        wait_for(lambda: has_columns(store))
        n_before = len(read_at)
        changed_at: list[float] = []
        for number in range(15):
            changed_at.append(time.monotonic())
            store_one(store, str(number))
            time.sleep(0.1)
        wait_for(lambda: has_columns(store))

    later = read_at[n_before:]
    assert n_before == 1
    assert later
    assert [1 for read in later for changed in changed_at if 0 < read - changed < SETTLED_S] == []
