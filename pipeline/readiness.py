"""Whether a process can do its work, and what is not well beside: for whatever watches it.

``checks`` decide: one that fails means that it cannot work now. ``troubles`` are told and decide nothing, as starting
this process anew would not mend them: a disk that fills up, a clock that jumped, messages that nobody classifies,
sources that cannot be read, workers that fell silent.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from pipeline.away import last_failure
from pipeline.claims import PENDING
from pipeline.clocks import Clocks
from pipeline.database import reading, schema_is_known
from pipeline.errors import StoreError
from pipeline.presence import find_namesakes, find_present, find_silent
from pipeline.source_log import find_failing
from pipeline.store import Store
from pipeline.tallies import feedback

LEAST_FREE = 0.05
LEAST_FREE_BYTES = 500 * 2**20
WAITS_TOO_LONG = timedelta(minutes=15)
# A source that fails is tried again after four hours at most; one that nobody pulls any more is no trouble for ever.
FAILED_LATELY = timedelta(days=1)
_first = select(func.min(feedback.c.id)).where(PENDING).scalar_subquery()
OLDEST_PENDING = select(feedback.c.received_at).where(feedback.c.id == _first)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found: for each check ``"ok"`` or what is wrong, and other troubles by name.

    ``who`` names the sources or workers that a trouble is about; it is for the log, as readiness is told without a key.
    """

    checks: dict[str, str]
    troubles: dict[str, str]
    who: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether every check is passed."""
        return set(self.checks.values()) <= {"ok"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not well, in words, and the sources or workers that it is about."""

    name: str
    words: str
    who: tuple[str, ...] = ()


def check_store(store: Store, *, now: datetime, clocks: Clocks | None = None) -> Readiness:
    """Return whether the data base can be used, and what is not well about it and the machine."""
    checks, found = {"data_base": "ok", "schema": "ok"}, list[Trouble]()
    try:
        with reading(store.engine) as connection:
            if schema_is_known(connection):
                found += _troubles_on_record(connection, now)
            else:
                checks["schema"] = "was made by another version; run bazkhord migrate, or update this program"
        found += _writing_trouble(store)
    except StoreError:
        checks["data_base"] = "does not answer; the log says why"
    found += _disk_trouble(store)
    if clocks and (told := clocks.trouble()):
        found.append(Trouble("clock", told))
    troubles = {one.name: one.words for one in found}
    return Readiness(checks, troubles, {one.name: one.who for one in found if one.who})


def _troubles_on_record(connection: Connection, now: datetime) -> Iterator[Trouble]:
    yield from _waiting_trouble(connection, now)
    yield from _source_troubles(connection, now)
    yield from _worker_troubles(connection, now)


def _waiting_trouble(connection: Connection, now: datetime) -> Iterator[Trouble]:
    waiting = connection.scalar(OLDEST_PENDING)
    if waiting is not None and now - waiting > WAITS_TOO_LONG:
        minutes = (now - waiting) // timedelta(minutes=1)
        words = f"a message has waited for {minutes:,} minutes; see that bazkhord run or worker is running"
        yield Trouble("classifying", words)


def _source_troubles(connection: Connection, now: datetime) -> Iterator[Trouble]:
    if failing := find_failing(connection, since=now - FAILED_LATELY):
        words = f"{_number(failing, 'source')} could not be read when last pulled; bazkhord sources says why"
        yield Trouble("sources", words, failing)


def _worker_troubles(connection: Connection, now: datetime) -> Iterator[Trouble]:
    present = find_present(connection)
    if hanging := tuple(sorted({name for one in present for name in one.hanging})):
        words = f"the pull of {_number(hanging, 'source')} has brought nothing for an hour and does not end"
        yield Trouble("hanging", f"{words}; start the worker anew, nothing is lost by it", hanging)
    if silent := find_silent(present, now=now):
        minutes = max(now - one.heard_at for one in silent) // timedelta(minutes=1)
        words = f"{_number(silent, 'worker')} ended without a word or stands still, for {minutes:,} minutes"
        words += "; others take over what it held, the log names it"
        yield Trouble("workers", words, tuple(one.name for one in silent))
    if called := find_namesakes(present, now=now):
        words = (
            "several workers are called the same; no work is lost or done twice, but --name tells them apart"
        )
        yield Trouble("names", words, tuple(called))


def _number(some: Sized, word: str) -> str:
    return f"{len(some):,} {word}{'s' if len(some) > 1 else ''}"


def _writing_trouble(store: Store) -> Iterator[Trouble]:
    seconds = last_failure(store.engine, "write")
    if seconds is not None:
        words = f"the data base could not be written {seconds:,.0f} s ago; the log says why"
        yield Trouble("writing", words)


def oldest_pending(store: Store) -> datetime | None:
    """Return when the message came that waits longest; of all that wait the first, as ids go up with time.

    Raises:
        StoreError: The data base does not answer.
    """
    with reading(store.engine) as connection:
        return connection.scalar(OLDEST_PENDING)


def _disk_trouble(store: Store) -> Iterator[Trouble]:
    """What is said where the embedded data base has little room left; of a server's disk nothing is known here."""
    if store.engine.dialect.name != "sqlite":
        return
    folder = Path(str(store.engine.url.database)).absolute().parent
    try:
        total, _, free = shutil.disk_usage(folder)
    except OSError as error:
        yield Trouble("disk", f"the disk of {folder} cannot be looked at: {error.strerror}")
        return
    if free < min(LEAST_FREE * total, LEAST_FREE_BYTES):
        words = f"{free / 2**20:,.0f} MiB are free in {folder}; make room, or nothing more can be stored"
        yield Trouble("disk", words)
