"""Leases that last as long as the work does: renewed in the background until it is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from pipeline.errors import StoreError

log = logging.getLogger(__name__)
# A lease that ends at once is never renewed in time; so seldom it at least costs nothing.
LEAST_S = 0.05


@contextmanager
def renewed(renew: Callable[[], object], *, lease_s: float, what: str) -> Iterator[None]:
    """``renew`` is called every third of the lease until the block ends; one that fails is tried again.

    Args:
        lease_s: Seconds that the lease lasts unless it is renewed.
        what: What is leased, for the log.
    """
    ended = Event()

    def keep() -> None:
        while not ended.wait(max(lease_s / 3, LEAST_S)):
            try:
                renew()
            except StoreError as error:
                log.warning("the lease of %s was not renewed: %s", what, error)

    keeper = Thread(target=keep, name=f"lease of {what}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
