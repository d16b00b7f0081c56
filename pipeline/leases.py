"""Whose turn a source is: one process at a time pulls it, also across machines.

A lease is a row of the data base that expires. Whoever holds it renews it in the background while the
pull lasts; a process that dies leaves it to the next one, at once on its own machine, else when it expires.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Table, delete, or_, select, update

from pipeline.claims import is_dead
from pipeline.database import insert_into, reading, writing
from pipeline.errors import SourceBusy, StoreError
from pipeline.renewing import renewed
from pipeline.source_tables import SourceLeaseRow
from pipeline.store import Store

log = logging.getLogger(__name__)
leases = cast("Table", SourceLeaseRow.__table__)
LEASE_S = 300
# What could not be given back, as the data base was away: the source, and the worker of this process that is done with it.
_owed: WeakKeyDictionary[Engine, set[tuple[str, str]]] = WeakKeyDictionary()


class Lease:
    """A source that this process may pull, until ``lost``."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lost = Event()

    def require(self) -> None:
        """Nothing, as long as nobody else has taken the source over.

        Raises:
            SourceBusy: Somebody has.
        """
        if self.lost.is_set():
            raise SourceBusy(
                f"source {self.source}: another process took it over, since this one was away for longer than "
                "its lease; what was stored stays, the other one goes on"
            )


@contextmanager
def leased(
    store: Store, source: str, *, worker: str, clock: Callable[[], datetime], lease_s: float = LEASE_S
) -> Iterator[Lease]:
    """The source is this worker's until the block ends, however long that takes.

    Args:
        worker: Name of this process, unique among those running (``claims.worker_name``).
        clock: Gives the present moment, aware.
        lease_s: Seconds after which another may take over, if this process dies or hangs.

    Raises:
        SourceBusy: Somebody pulls it already.
    """
    if not take_lease(store, source, worker, lease_s=lease_s, now=clock()):
        raise SourceBusy(f"source {source}: {_holder(store, source)} pulls it now; run again later")
    lease = Lease(source)

    def renew() -> None:
        if not renew_lease(store, source, worker, lease_s=lease_s, now=clock()):
            lease.lost.set()
            log.warning("the lease is lost: another process took the source over", extra={"source": source})

    try:
        with renewed(renew, lease_s=lease_s, what=f"source {source}"):
            yield lease
    finally:
        _give_back_quietly(store, source, worker)


def take_lease(store: Store, source: str, worker: str, *, lease_s: float, now: datetime) -> bool:
    """The source belongs to the worker, unless somebody holds it; return whether it does.

    A lease that this very worker holds is not given twice, as two of its threads do not share a source, unless it
    could not be given back.
    """
    owed = _owed.get(store.engine, set())
    until = now + timedelta(seconds=lease_s)
    with writing(store.engine, seen=False) as connection:
        holder = connection.scalar(select(leases.c.owner).where(leases.c.source == source))
        free = [leases.c.lease_until <= now]
        if holder is not None and (is_dead(holder) or (holder == worker and (source, holder) in owed)):
            free.append(leases.c.owner == holder)
        statement = insert_into(connection, leases).values(source=source, owner=worker, lease_until=until)
        taken = statement.on_conflict_do_update(
            index_elements=["source"], set_={"owner": worker, "lease_until": until}, where=or_(*free)
        )
        is_taken = connection.scalar(taken.returning(leases.c.source)) is not None
    owed.discard((source, worker))
    return is_taken


def renew_lease(store: Store, source: str, worker: str, *, lease_s: float, now: datetime) -> bool:
    """The lease lasts ``lease_s`` from now; return ``False`` where the source is not this worker's any more."""
    with writing(store.engine, seen=False) as connection:
        renewed = connection.execute(
            update(leases)
            .where(leases.c.source == source, leases.c.owner == worker)
            .values(lease_until=now + timedelta(seconds=lease_s))
        )
        return renewed.rowcount == 1


def give_back_lease(store: Store, source: str, worker: str) -> None:
    """The source is free, if it was this worker's."""
    with writing(store.engine, seen=False) as connection:
        connection.execute(delete(leases).where(leases.c.source == source, leases.c.owner == worker))


def give_back_leases(store: Store, worker: str) -> None:
    """Every source that is this worker's is free: for one that ends without waiting for its pulls."""
    with writing(store.engine, seen=False) as connection:
        connection.execute(delete(leases).where(leases.c.owner == worker))


def _holder(store: Store, source: str) -> str:
    with reading(store.engine) as connection:
        held = connection.execute(
            select(leases.c.owner, leases.c.lease_until).where(leases.c.source == source)
        ).first()
    return f"the process {held[0]} (lease until {held[1]:%H:%M:%S} UTC)" if held else "another process"


def _give_back_quietly(store: Store, source: str, worker: str) -> None:
    try:
        give_back_lease(store, source, worker)
    except StoreError as error:
        _owed.setdefault(store.engine, set()).add((source, worker))
        log.warning("the lease of source %s was not given back, it expires by itself: %s", source, error)
