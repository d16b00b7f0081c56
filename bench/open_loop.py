"""Requests at a constant rate, each at its own moment, whether or not the ones before were answered.

The wait is counted from the moment at which a request was due, not from when a connection was free for it: a
service that stands still for a second makes everybody wait who came in that second (Tene's "coordinated omission").
"""

from __future__ import annotations

import http.client
import queue
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock, Thread

N_CONNECTIONS = 64
TIMEOUT_S = 30.0
FAILED = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. ``kind`` is what its wait is told under; ``reader`` keeps the tags of answers it was given."""

    kind: str
    path: str
    reader: int
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Waited:
    """A request that was answered: when it was due, counted from the start, and its seconds; status 0: it failed."""

    kind: str
    due_s: float
    seconds: float
    status: int


@dataclass
class _Readers:
    """Who asks remembers the tag of each answer, as a browser does."""

    tags: dict[tuple[int, str], str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def headers(self, request: Request) -> Mapping[str, str]:
        with self.lock:
            tag = self.tags.get((request.reader, request.path))
        return {} if tag is None else {"If-None-Match": tag}

    def note(self, request: Request, tag: str | None) -> None:
        if tag is not None:
            with self.lock:
                self.tags[request.reader, request.path] = tag


def ask_at_rate(
    host: str,
    port: int,
    requests: Iterable[Request],
    *,
    rate: float,
    headers: Mapping[str, str],
    on_tick: Callable[[int], None] = lambda n: None,
) -> list[Waited]:
    """Return the wait of every request, in the order in which they were answered.

    Args:
        rate: Requests a second.
        headers: Sent with each.
        on_tick: Called with the number of requests sent so far, once for each.
    """
    waiting: queue.Queue[tuple[float, Request] | None] = queue.Queue()
    answered: list[Waited] = []
    readers = _Readers()
    start = time.perf_counter() + 0.5

    def serve() -> None:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        while (taken := waiting.get()) is not None:
            due, request = taken
            status = _ask(connection, request, {**headers, **readers.headers(request)}, readers)
            answered.append(Waited(request.kind, due - start, time.perf_counter() - due, status))
        connection.close()

    threads = [Thread(target=serve, daemon=True) for _ in range(N_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for n, request in enumerate(requests):
        due = start + n / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, request))
        on_tick(n + 1)
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    return answered


def _ask(
    connection: http.client.HTTPConnection, request: Request, headers: Mapping[str, str], readers: _Readers
) -> int:
    method = "GET" if request.body is None else "POST"
    kind = {} if request.body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, request.path, request.body, {**headers, **kind})
        answer = connection.getresponse()
        answer.read()
        readers.note(request, answer.getheader("ETag"))
    except (OSError, http.client.HTTPException):
        connection.close()
        return FAILED
    return answer.status
