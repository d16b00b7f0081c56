"""What every route works with, made when the service starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request

from pipeline.analyze import Analyzer
from pipeline.backlog import Backlog
from pipeline.readiness import Readiness
from pipeline.sentences import Names
from pipeline.source_log import SourceState
from pipeline.store import Store
from pipeline.webhooks import Webhook

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Service:
    """The open store, the loaded analyzer and the settings that routes need.

    ``sources`` tells how the sources are doing, at most some seconds late, ``readiness`` what is well here;
    ``host`` is the address it was told to listen on; ``session_hours`` is how long somebody stays signed in; ``clock`` gives the present moment, aware;
    ``identity_key`` gives the secret of the customers' keys; ``environment`` holds the webhooks' secrets;
    ``pulled`` names the sources that are pulled; ``names`` are the display names of the labels by table;
    ``backlog`` says whether too much waits to be classified.
    """

    store: Store
    analyzer: Analyzer
    zone: ZoneInfo
    host: str
    max_analyze_texts: int
    max_analyze_chars: int
    max_body_bytes: int
    session_hours: int
    clock: Callable[[], datetime]
    sources: Callable[[], tuple[SourceState, ...]]
    readiness: Callable[[], Readiness]
    identity_key: Callable[[], bytes]
    webhooks: Mapping[str, Webhook]
    pulled: tuple[str, ...]
    names: Names
    environment: Mapping[str, str]
    backlog: Backlog


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service


def kept_for(seconds: float, ask: Callable[[], Found]) -> Callable[[], Found]:
    """Return what answers as ``ask`` does, which is asked once in so many seconds, by one at a time."""
    lock, kept = Lock(), list[tuple[float, Found]]()

    def answer() -> Found:
        with lock:
            if not kept or time.monotonic() - kept[0][0] >= seconds:
                kept[:] = [(time.monotonic(), ask())]
            return kept[0][1]

    return answer
