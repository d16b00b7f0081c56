"""Work of which the next pieces are begun before the first one is needed, and handed on in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Done = TypeVar("Done")


def in_order(work: Callable[[Given], Done], given: Iterable[Given], *, at_once: int) -> Iterator[Done]:
    """Yield what ``work`` makes of each, in their order; the first error ends it as without threads.

    No more than twice ``at_once`` pieces are under way or wait to be taken, so that memory stays flat
    however many there are. What is not begun when the caller stops is never done.

    Args:
        at_once: Pieces that are worked on at the same time, at least 1.
    """
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="ahead") as pool:
        try:
            for one in given:
                waiting.append(pool.submit(work, one))
                if len(waiting) >= 2 * at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
