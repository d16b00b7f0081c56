"""Spans go to a collector over OTLP, with names and numbers in them and never a text or a question."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SECRET = "geheim-gesagt"
WORK = f"""
from contextlib import suppress
from fastapi import FastAPI
from fastapi.testclient import TestClient
from api.tracing import TraceRequests
from pipeline.measuring import step
from pipeline.tracing import start_traces

provider = start_traces("http://127.0.0.1:PORT")
assert start_traces("http://127.0.0.1:PORT") is None
with step("store", source="shop", n=2):
    pass
with suppress(ValueError), step("clean", source="shop"):
    raise ValueError("{SECRET}")
app = FastAPI(telemetry={{"tracing": False}})
app.get("/customers/{{key}}")(lambda key: key)
app.add_middleware(TraceRequests)
TestClient(app).get("/customers/{SECRET}?q={SECRET}")
provider.shutdown()
"""


@pytest.fixture
def collector() -> Iterator[tuple[int, list[bytes]]]:
    """Port of a receiver, and what it was sent."""
    received: list[bytes] = []

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Receive) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, received
        server.shutdown()


def test_steps_and_requests_become_spans_without_texts(collector: tuple[int, list[bytes]]) -> None:
    port, received = collector

    subprocess.run(
        [sys.executable, "-c", WORK.replace("PORT", str(port))],
        check=True,
        timeout=60,
        env={"OTEL_BSP_EXPORT_TIMEOUT": "5000", "PYTHONPATH": ":".join(sys.path)},
    )

    spans = {
        span.name: ({item.key for item in span.attributes}, span.status.message)
        for body in received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert spans == {
        "store": ({"bazkhord.source", "bazkhord.n"}, ""),
        "clean": ({"bazkhord.source"}, "ValueError"),
        "GET /customers/{key}": (
            {"http.route", "http.response.status_code", "bazkhord.request_id"},
            "",
        ),
    }
    assert SECRET.encode() not in b"".join(received)
