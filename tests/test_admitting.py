"""What may not be stored: messages of the forgotten, those older than is kept, keys of another secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from pipeline.admitting import forgotten, identity_state
from pipeline.database import writing
from pipeline.errors import SettingsError
from pipeline.records import SaveCounts
from pipeline.retention import Retention
from pipeline.store import Store, open_store
from tests.builders import NOON, clean_feedback
from tests.conftest import TEHRAN


def forget(store: Store, key: str) -> None:
    with writing(store.engine) as connection:
        row = {"customer_key": key, "keyed_by": "k", "forgotten_at": NOON}
        connection.execute(insert(forgotten).values(row))


def test_messages_of_the_forgotten_are_left_out_whatever_they_are_known_by(store: Store) -> None:
    forget(store, "gone")
    page = [
        clean_feedback("1", customer_key="gone"),
        clean_feedback("2", customer_key="phone", known_as=("phone", "gone")),
        clean_feedback("3", customer_key="other", known_as=("other",)),
        clean_feedback("4"),
    ]

    counts = store.save_page("shop", "push", page, [], "b", now=NOON)

    assert counts == SaveCounts(n_new=2, n_left_out=2)
    assert (counts.n_rows, store.n_feedback(), store.bookmark("shop")) == (4, 2, "b")


def test_messages_older_than_is_kept_are_left_out(store_url: str) -> None:
    two_years = Retention(days=730, by_source={"shop": 10, "reviews": 0})
    page = [
        clean_feedback("old", created_at=NOON - timedelta(days=10, seconds=1)),
        clean_feedback("new", created_at=NOON - timedelta(days=10)),
        clean_feedback("undated", created_at=None),
    ]

    with open_store(store_url, zone=TEHRAN, retention=two_years) as store:
        counts = [store.save_page(name, "push", page, [], None, now=NOON) for name in ("shop", "reviews")]

    assert counts == [SaveCounts(n_new=2, n_left_out=1), SaveCounts(n_new=3)]


def test_a_process_with_the_key_of_before_a_rotation_stores_nothing(store: Store) -> None:
    with writing(store.engine) as connection:
        connection.execute(insert(identity_state).values(id=1, keyed_by="new"))

    with pytest.raises(SettingsError, match="the identity key was rotated"):
        store.save_page("shop", "push", [clean_feedback()], [], "b", now=NOON, keyed_by="old")

    assert (store.n_feedback(), store.bookmark("shop")) == (0, None)
    assert store.save_page("shop", "push", [clean_feedback()], [], "b", now=NOON, keyed_by="new").n_new == 1
