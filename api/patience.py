"""How uvicorn speaks HTTP here: a client that does not get on with its request is not waited for.

uvicorn itself waits without end for the rest of a request's head, and answers what is no HTTP in plain text.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.problems import MEDIA_TYPE, problem

SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Connection": "close"}


class PatientProtocol(H11Protocol):
    """One connection, which is closed where the head of a request takes too long, or where there are too many."""

    slow_client_s: ClassVar[float] = 20.0
    max_connections: ClassVar[int] = 1000
    _deadline: asyncio.TimerHandle | None = None
    _has_begun: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The client has some seconds for the head of its first request."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(503, f"{self.max_connections} connections are open; try again in a second")
        else:
            self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """A request begins, or what is missing of its head is waited for no longer than before."""
        self._has_begun = True
        super().data_received(data)
        if self._is_answering():
            self._end_waiting()
        elif self._deadline is None:
            self._begin_to_wait()

    def on_response_complete(self) -> None:
        """The next request has its own seconds, from its first byte on."""
        self._end_waiting()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._end_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered like any other wrong question."""
        del msg
        self._refuse(400, "this is no HTTP/1.1 request, or its address and headers are too long")

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin_to_wait(self) -> None:
        self._deadline = self.loop.call_later(self.slow_client_s, self._give_up)

    def _end_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self._has_begun:
            self.transport.close()
        elif not self._is_answering():
            self._refuse(408, f"the head of the request did not come within {self.slow_client_s:g} seconds")

    def _refuse(self, status: int, detail: str) -> None:
        if self.transport.is_closing():
            return
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(_response(status, detail))
        self.transport.close()


def patient_protocol(*, slow_client_s: float, max_connections: int) -> type[PatientProtocol]:
    """Return the protocol with limits of its own, for uvicorn's ``http``.

    Args:
        slow_client_s: Seconds for the head of a request.
        max_connections: Connections that are open at the same time.
    """
    chosen: dict[str, Any] = {"slow_client_s": slow_client_s, "max_connections": max_connections}
    return type("PatientProtocol", (PatientProtocol,), chosen)


def _response(status: int, detail: str) -> bytes:
    body = bytes(problem(status, detail).body)
    headers = SAFE | {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
