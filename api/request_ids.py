"""Each request has an id: that of the proxy or client in front (``X-Request-Id``), or a new one.

It stands in every line that the log has of the request, in the answer's headers and in a problem's body, so that what
somebody reports can be found.
"""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.logs import request_id

HEADER = "X-Request-Id"
# What cannot break a line of a log or be mistaken for a field of it; all else is replaced.
FIT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class RequestIds:
    """Gives each request its id while it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered, under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        own = given if FIT.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(own)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            request_id.reset(token)
