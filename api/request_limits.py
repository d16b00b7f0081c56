"""What one request may take: the length of its head, the time of a slow client, a place among those at work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

MAX_HEADERS = 100
# Apache's mod_reqtimeout asks for as much by default: RequestReadTimeout body=20,MinRate=500
MIN_BYTES_PER_S = 500
ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz", "/metrics"})
CLOSE = {"Connection": "close"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """How much of the service one request, and all at once, may take.

    Args:
        max_address_bytes: Longest path with its parameters.
        max_header_bytes: Longest headers, names and values together.
        max_at_once: Requests that are answered at the same time.
        slow_client_s: Seconds that a client may keep us waiting beyond one for each 500 bytes that move.
    """

    max_address_bytes: int
    max_header_bytes: int
    max_at_once: int
    slow_client_s: float


class LimitRequests:
    """Refuses a head that is too long, a request too many, and a client that is too slow."""

    def __init__(self, app: ASGIApp, *, limits: RequestLimits) -> None:
        self.app = app
        self._limits = limits
        self._n_at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on, or is answered with 408, 414, 431 or 503."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if too_long := self._too_long(scope):
            await problem(*too_long, headers=CLOSE)(scope, receive, send)
            return
        if self._n_at_work >= self._limits.max_at_once and scope["path"] not in ALWAYS_ANSWERED:
            words = f"{self._limits.max_at_once} requests are answered at once; try again in a second"
            await problem(503, words, headers={"Retry-After": "1"} | CLOSE)(scope, receive, send)
            return
        self._n_at_work += 1
        try:
            await self.app(scope, self._patient(receive), self._unblocked(send))
        finally:
            self._n_at_work -= 1

    def _too_long(self, scope: Scope) -> tuple[int, str] | None:
        n_bytes = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if n_bytes > self._limits.max_address_bytes:
            return (
                414,
                f"an address may have {self._limits.max_address_bytes} bytes, ask with fewer parameters",
            )
        headers = scope["headers"]
        if len(headers) > MAX_HEADERS:
            return 431, f"{len(headers)} headers were sent, at most {MAX_HEADERS} are taken"
        if sum(len(name) + len(value) for name, value in headers) > self._limits.max_header_bytes:
            return (
                431,
                f"headers may have {self._limits.max_header_bytes} bytes together; send fewer or shorter ones",
            )
        return None

    def _patient(self, receive: Receive) -> Receive:
        patience, is_whole = _Patience(self._limits.slow_client_s), False

        async def received() -> Message:
            nonlocal is_whole
            if is_whole:  # what comes then is the end of the connection, however late
                return await receive()
            try:
                message = await patience.wait_for(receive())
            except TimeoutError:
                words = (
                    f"the body came slower than {MIN_BYTES_PER_S} bytes a second; send it faster, or in parts"
                )
                raise HTTPException(408, words, CLOSE) from None
            patience.credit(len(message.get("body", b"")))
            is_whole = not message.get("more_body", False)
            return message

        return received

    def _unblocked(self, send: Send) -> Send:
        patience = _Patience(self._limits.slow_client_s)

        async def sent(message: Message) -> None:
            await patience.wait_for(send(message))
            patience.credit(len(message.get("body", b"")))

        return sent


class _Patience:
    """Seconds that are left to a client; what moves gives new ones, never more than at the beginning."""

    def __init__(self, whole_s: float) -> None:
        self._whole_s = self._left_s = whole_s

    async def wait_for(self, moving: Awaitable[T]) -> T:
        started = monotonic()
        async with asyncio.timeout(max(self._left_s, 0.0)):
            moved = await moving
        self._left_s -= monotonic() - started
        return moved

    def credit(self, n_bytes: int) -> None:
        self._left_s = min(self._whole_s, self._left_s + n_bytes / MIN_BYTES_PER_S)
