"""What every route works with, made when the service starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Request

from pipeline.analyze import Analyzer
from pipeline.sentences import Names
from pipeline.store import Store
from pipeline.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Service:
    """The open store, the loaded analyzer and the settings that routes need.

    ``host`` is the address it was told to listen on; ``session_hours`` is how long somebody stays signed in; ``clock`` gives the present moment, aware;
    ``identity_key`` gives the secret of the customers' keys; ``environment`` holds the webhooks' secrets;
    ``pulled`` names the sources that are pulled; ``names`` are the display names of the labels by table.
    """

    store: Store
    analyzer: Analyzer
    zone: ZoneInfo
    host: str
    max_analyze_texts: int
    max_body_bytes: int
    session_hours: int
    clock: Callable[[], datetime]
    identity_key: Callable[[], bytes]
    webhooks: Mapping[str, Webhook]
    pulled: tuple[str, ...]
    names: Names
    environment: Mapping[str, str]


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service
