"""A question that is asked again is answered with 304 while nothing changed, before anything is counted.

The tag of an answer is made of all that it depends on: the mark of the last change in the data base, the
address with its query, the hour of the business zone (which periods end "today", and whether a stretch of
time is over, changes with it), the model and this program, the key's brands and the reader's language. It is
taken before the data is read, so an answer may be newer than its tag says, never older.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.responses import Response

from api.request_state import route_of
from api.security import key_of
from api.service import Service, service_of
from api.sheets import is_right_to_left
from pipeline.database import mark_of

# What changes from second to second by itself: how long ago a source last did something.
WITHOUT_TAG = frozenset({"/v1/sources"})
PROGRAM = version("bazkhord")


class NotModified(Exception):
    """Who asks already has the answer."""


def answer_not_modified(app: FastAPI) -> None:
    """An answer that its reader already has is 304, without a body."""

    async def not_modified(_request: Request, _error: Exception) -> Response:
        return Response(status_code=304)

    app.add_exception_handler(NotModified, not_modified)


def check_etag(request: Request) -> None:
    """The answer to a GET will carry its tag.

    Raises:
        NotModified: Who asks named that tag.
    """
    if request.method not in {"GET", "HEAD"} or route_of(request.scope) in WITHOUT_TAG:
        return
    tag = f'W/"{_digest(service_of(request), request)}"'
    request.state.etag = tag
    if tag in _named(request):
        raise NotModified


def _digest(service: Service, request: Request) -> str:
    key = key_of(request)
    hour = service.clock().astimezone(service.zone).replace(minute=0, second=0, microsecond=0)
    parts = [
        mark_of(service.store.engine),
        request.url.path,
        request.query_params.multi_items(),
        hour.isoformat(),
        service.zone.key,
        [service.analyzer.version, PROGRAM],
        key.brands if key else None,
        is_right_to_left(request.headers.get("accept-language", "")),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _named(request: Request) -> set[str]:
    written = ",".join(request.headers.getlist("if-none-match"))
    # Weak comparison (RFC 9110, 8.8.3.2): W/ in front of a tag does not count.
    return {f"W/{one.strip().removeprefix('W/')}" for one in written.split(",")}
