"""What every route works with, made when the service starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Request

from pipeline.analyze import Analyzer
from pipeline.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """The open store, the loaded analyzer and the settings that routes need.

    ``host`` is the address it was told to listen on; ``clock`` gives the present moment, aware.
    """

    store: Store
    analyzer: Analyzer
    zone: ZoneInfo
    host: str
    max_analyze_texts: int
    clock: Callable[[], datetime]


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service
