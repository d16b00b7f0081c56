"""Around every request: a line in the log, a limit for the body, headers for safety, no bare failure."""

from __future__ import annotations

import logging
import traceback
from time import perf_counter
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.page import POLICY
from api.problems import problem
from api.request_state import given_headers, route_of

log = logging.getLogger("bazkhord.api")
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
WITH_SCRIPTS = ("/docs", "/redoc")
STREAMED = "application/x-ndjson"
JSON = "application/json"
WITH_TEXTS = ("/v1/analyze", "/v1/feedback", "/v1/webhooks/")
SMALL_BYTES = 65_536  # what the other addresses are sent is written by hand
MAX_DIGITS = 18


class AccessLog:
    """Writes method, path, status and milliseconds; never the query string (``q`` is private)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered and logged; what fails unexpectedly is answered with 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 0
        scope.setdefault("state", {})  # before the scope is copied on its way to the route

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(given_headers(scope))
                _protect(headers, scope["path"])
                if status in {200, 304}:
                    _let_ask_again(headers, scope["state"].get("etag"))
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            log.info("%s: the client went away before its request was whole", _route(scope))
        except Exception as error:  # noqa: BLE001 - the outermost place: answered with 500 and logged
            log.error("%s failed: %s", _route(scope), _where(error))  # noqa: TRY400 - its message may hold text
            if not status:
                answer = problem(500, "an unexpected error; the service's log says where it happened")
                await answer(scope, receive, watch)
        seconds, method = perf_counter() - started, scope["method"]
        log.info(
            "%s %d %.1f ms",
            _route(scope),
            status,
            seconds * 1000,
            extra=_fields(method, scope, status, seconds),
        )


class BodyLimit:
    """Refuses bodies that are too large, by their announced length or, where none is, while they come.

    So are bodies under /v1 that do not say that they are JSON; what a webhook brings says what it likes. A page
    of the internet can send any other kind to this machine without being asked whether it may (CORS).

    A stream of lines to ``streamed_path`` may be as long as it likes: it is never held as a whole.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, streamed_path: str) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.streamed_path = streamed_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on, or is answered with 413."""
        if scope["type"] != "http" or self._is_streamed(scope):
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        detail = f"at most {limit} bytes are taken; send fewer or shorter texts at once"
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or len(announced) > MAX_DIGITS or int(announced) > limit:
            await problem(413, detail)(scope, receive, send)
            return
        if _is_unknown_kind(scope):
            await problem(415, f"send {JSON}, named so in Content-Type")(scope, receive, send)
            return
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise HTTPException(413, detail)
            return message

        await self.app(scope, counted, send)

    def _limit(self, path: str) -> int:
        return self.max_body_bytes if path.startswith(WITH_TEXTS) else min(self.max_body_bytes, SMALL_BYTES)

    def _is_streamed(self, scope: Scope) -> bool:
        return scope["path"] == self.streamed_path and is_streamed(Headers(scope=scope))


def _is_unknown_kind(scope: Scope) -> bool:
    path, headers = scope["path"], Headers(scope=scope)
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if not has_body or scope["method"] in {"GET", "HEAD"} or path.startswith("/v1/webhooks/"):
        return False
    return path.startswith("/v1/") and _kind(headers) != JSON


def is_streamed(headers: Headers) -> bool:
    """Whether the body is a stream of lines."""
    return _kind(headers) == STREAMED


def _kind(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _protect(headers: MutableHeaders, path: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    if not path.startswith(WITH_SCRIPTS):
        headers["Content-Security-Policy"] = JSON_POLICY if path.startswith("/v1") else POLICY
    if path.startswith("/v1"):
        headers["Cache-Control"] = "no-store"


def _let_ask_again(headers: MutableHeaders, etag: str | None) -> None:
    """The reader may keep the answer, for itself alone, and has to ask each time whether it still holds."""
    if etag is not None:
        headers.setdefault("ETag", etag)
        headers["Cache-Control"] = "private, no-cache"
        headers["Vary"] = "Authorization, X-API-Key, Cookie, Accept-Language"


def _route(scope: Scope) -> str:
    """Method and template of the address: as it was asked it may name a customer."""
    return f"{quote(scope['method'])[:20]} {route_of(scope) or '(no such address)'}"


def _fields(method: str, scope: Scope, status: int, seconds: float) -> dict[str, object]:
    named = {"method": quote(method)[:20], "route": route_of(scope) or "none"}
    return {**named, "status": status, "seconds": round(seconds, 4)}


def _where(error: Exception) -> str:
    """Kind and place of an error; its message is left out, as it may hold what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
