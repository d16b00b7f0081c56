"""A question that is asked again is answered with 304 while nothing changed, before anything is counted.

The tag of an answer is made of all that it depends on: the mark of the last change in the data base, the
address with its query, the hour of the business zone (which periods end "today", and whether a stretch of
time is over, changes with it), the model and this program, the key's brands and the reader's language. It is
taken before the data is read, so an answer may be newer than its tag says, never older. An answer that is kept
(kept_answers.py) goes by the tag that it had.
"""

from __future__ import annotations

import hashlib
import json
import time
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.responses import Response

from api.kept_answers import KeptAnswer, Question, kept_answers_of
from api.marks import marks_of
from api.request_state import route_of
from api.security import key_of
from api.service import service_of
from api.sheets import is_right_to_left

# What changes from second to second by itself: how long ago a source last did something.
WITHOUT_TAG = frozenset({"/v1/sources"})
PROGRAM = version("bazkhord")


class NotModified(Exception):
    """Who asks already has the answer."""


class AlreadyAnswered(Exception):
    """The same question was answered a moment ago."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__()
        self.answer = answer


def answer_not_modified(app: FastAPI) -> None:
    """An answer that its reader already has is 304, without a body; one that is kept is given again."""

    async def not_modified(_request: Request, _error: Exception) -> Response:
        return Response(status_code=304)

    async def again(_request: Request, error: Exception) -> Response:
        if not isinstance(error, AlreadyAnswered):
            raise TypeError("registered for AlreadyAnswered only") from error
        return Response(error.answer.body, headers=error.answer.headers)

    app.add_exception_handler(NotModified, not_modified)
    app.add_exception_handler(AlreadyAnswered, again)


async def check_etag(request: Request) -> None:
    """The answer to a GET will carry its tag, and be kept for those who ask the same.

    Raises:
        NotModified: Who asks named that tag.
        AlreadyAnswered: It is kept.
        StoreError: The data base does not answer.
    """
    if request.method not in {"GET", "HEAD"} or route_of(request.scope) in WITHOUT_TAG:
        return
    kept, marks, name = kept_answers_of(request), marks_of(request), _digest(_asked(request))
    at_s, mark = time.monotonic(), await marks.current()
    while (answer := kept.find(name, mark)) is None and await kept.wait(name):
        at_s, mark = time.monotonic(), await marks.current()
    tag = answer.etag if answer else f'W/"{_digest([mark, name])}"'
    request.state.etag = tag
    if tag in _named(request):
        request.state.kept_to_brands = True
        raise NotModified
    if request.method != "GET":
        return
    if answer is not None:
        request.state.kept_to_brands = True  # its key sees the same brands as the one it was made for
        raise AlreadyAnswered(answer)
    kept.begin(name)
    request.state.question = Question(name, tag, mark, at_s)


def _asked(request: Request) -> list[object]:
    """All that an answer depends on but the store."""
    service, key = service_of(request), key_of(request)
    hour = service.clock().astimezone(service.zone).replace(minute=0, second=0, microsecond=0)
    return [
        request.url.path,
        request.query_params.multi_items(),
        hour.isoformat(),
        service.zone.key,
        [service.analyzer.version, PROGRAM],
        key.brands if key else None,
        is_right_to_left(request.headers.get("accept-language", "")),
    ]


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _named(request: Request) -> set[str]:
    written = ",".join(request.headers.getlist("if-none-match"))
    # Weak comparison (RFC 9110, 8.8.3.2): W/ in front of a tag does not count.
    return {f"W/{one.strip().removeprefix('W/')}" for one in written.split(",")}
