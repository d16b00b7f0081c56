"""The terms of stored messages are read before anybody asks for phrases, a few at a time and out of the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import numpy as np
from sqlalchemy import Engine, select

from pipeline.collector import spare_collector
from pipeline.database import mark_of, reading
from pipeline.errors import StoreError
from pipeline.keeping_columns import kept
from pipeline.reading_terms import place_in_sample
from pipeline.tables import FeedbackRow
from pipeline.tallies import in_chunks
from pipeline.terms import TermMemories, TermMemory

MAX_AHEAD = 80_000
CHUNK = 500
AT_ONCE = 5
REST_S = 0.002
PAUSE_S = 60.0


@contextmanager
def reading_ahead(engine: Engine, memories: TermMemories) -> Iterator[None]:
    """Meanwhile a thread reads the terms of stored messages, also of those that come later; it ends at the end.

    Of more than 80,000 messages it reads those that the sample of any question takes first. It leaves the
    interpreter to others two thirds of the time, and gives up for a while where the data base does not answer.
    """
    stop = Event()
    thread = Thread(target=_keep_reading, args=(engine, memories, stop), name="reading-ahead", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def read_ahead(engine: Engine, memory: TermMemory, stop: Event) -> None:
    """The memory knows the counted messages that samples take first, or as many as it got to before ``stop``.

    Raises:
        StoreError: The data base does not answer.
    """
    wanted = select(FeedbackRow.id, FeedbackRow.fingerprint).where(FeedbackRow.counted.expression)
    unknown: list[int] = []
    sample = wanted.order_by(place_in_sample()).limit(MAX_AHEAD).execution_options(yield_per=CHUNK)
    with reading(engine) as connection, connection.execute(sample) as rows:
        for part in rows.partitions():
            missing = memory.missing(row.fingerprint for row in part)
            unknown += [row.id for row in part if row.fingerprint in missing]
            if stop.wait(REST_S):
                return
    for ids in in_chunks(unknown, CHUNK):
        if stop.is_set():
            return
        texts = select(FeedbackRow.fingerprint, FeedbackRow.text).where(FeedbackRow.id.in_(ids))
        with reading(engine) as connection:
            found = [(row.fingerprint, row.text) for row in connection.execute(texts)]
        for some in in_chunks(found, AT_ONCE):
            memory.read(dict(some))
            if stop.wait(REST_S):
                return


def find_places(engine: Engine, memory: TermMemory, stop: Event) -> None:
    """The memory knows where the terms of each message of the columns are, as far as these are at hand."""
    columns = kept.get(engine)
    if columns is None:
        return
    for first in range(0, len(columns.id), CHUNK):
        memory.places_among(columns.fingerprint, np.arange(first, min(first + CHUNK, len(columns.id))))
        if stop.wait(REST_S):
            return


def _keep_reading(engine: Engine, memories: TermMemories, stop: Event) -> None:
    known: tuple[str, TermMemory] | None = None
    while not stop.is_set():
        try:
            now = mark_of(engine), memories.current()
            if now != known:
                read_ahead(engine, now[1], stop)
                find_places(engine, now[1], stop)
                if known is None:
                    spare_collector()
                known = now
        except StoreError:
            known = None
        stop.wait(PAUSE_S)
