"""A span for each request: the template of its address and its status, never what was asked."""

from __future__ import annotations

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_state import route_of
from pipeline.logs import request_id

_tracer = trace.get_tracer("bazkhord.api")


class TraceRequests:
    """Puts each request into the trace that its caller began (``traceparent``), or into a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered within its span."""
        if scope["type"] != "http" or not _is_recording():
            await self.app(scope, receive, send)
            return
        parent = propagate.extract(dict(Headers(scope=scope)))
        status = 500
        with _tracer.start_as_current_span(
            "request", parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    span.set_attribute("bazkhord.request_id", request_id.get() or "")
                await send(message)

            try:
                await self.app(scope, receive, watch)
            finally:
                route = route_of(scope) or "none"
                span.update_name(f"{scope['method']} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status})
                if status >= 500:
                    span.set_status(StatusCode.ERROR)


def _is_recording() -> bool:
    return type(trace.get_tracer_provider()).__module__.startswith("opentelemetry.sdk")
