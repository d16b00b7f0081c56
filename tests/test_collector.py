"""The garbage collector leaves alone what is there, and still frees what refers to itself in a circle."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pipeline.collector import LOOKS_AFTER, spare_collector


class Circle:
    """An object that refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_is_looked_through_no_more() -> None:
    here = [Circle()]

    spare_collector()

    assert not any(one is here[0] for one in gc.get_objects())


def test_circles_that_come_later_are_still_freed() -> None:
    spare_collector()
    first = weakref.ref(Circle())

    kept = [Circle() for _ in range(LOOKS_AFTER[0] + 1)]

    assert first() is None
    assert len(kept) > LOOKS_AFTER[0]
