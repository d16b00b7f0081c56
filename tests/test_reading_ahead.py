"""Terms are read before anybody asks for phrases."""

from __future__ import annotations

import gc
import time
from threading import Event
from threading import enumerate as threads

from models.labels import Stage
from pipeline.reading_ahead import read_ahead, reading_ahead
from pipeline.store import Store
from pipeline.terms import TermMemories, TermMemory
from tests.content_feedback import Clause, message, tell

LATE = Clause("پیک دیر رسید", stage=Stage.DELIVERY)


def fingerprints(store: Store) -> set[str]:
    with store.engine.connect() as connection:
        return set(connection.exec_driver_sql("SELECT fingerprint FROM feedback").scalars())


def test_stored_messages_are_known_before_anybody_asks(store: Store) -> None:
    tell(store, [message(LATE), message("طعم خوبی داشت")])
    memory = TermMemory()

    read_ahead(store.engine, memory, Event())

    known = fingerprints(store)
    assert len(known) == 2
    assert memory.missing(known) == set()


def test_reading_ahead_stops_where_it_is_told_to(store: Store) -> None:
    tell(store, [message(LATE)])
    memory, stop = TermMemory(), Event()
    stop.set()

    read_ahead(store.engine, memory, stop)

    assert memory.missing(fingerprints(store)) == fingerprints(store) != set()


def test_no_thread_is_left_behind(store: Store) -> None:
    with reading_ahead(store.engine, TermMemories()):
        during = [one.name for one in threads()]

    assert "reading-ahead" in during
    assert "reading-ahead" not in [one.name for one in threads()]


def test_what_was_read_is_not_looked_through_for_cycles_again(store: Store) -> None:
    tell(store, [message(LATE)])
    gc.unfreeze()

    with reading_ahead(store.engine, TermMemories()):
        give_up_at = time.monotonic() + 30
        while not gc.get_freeze_count() and time.monotonic() < give_up_at:
            time.sleep(0.02)

    assert gc.get_freeze_count() > 0
    gc.unfreeze()
