"""Where traces go: to a collector over OTLP, if one is named. Needs the extra ``otel``; without it, nothing happens.

What spans say is in measuring.py (steps of pulling and classifying) and api/tracing.py (requests): names and
numbers, never a text, an address as it was asked, or the values of a query.
"""

from __future__ import annotations

import atexit
import os
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry import trace

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

NAMED_BY = "OTEL_EXPORTER_OTLP_ENDPOINT"


def start_traces(endpoint: str) -> TracerProvider | None:
    """Spans are sent from now on until the process ends; return what sends them, ``None``: nobody asked for it.

    Args:
        endpoint: Of the collector; empty: the one that OTEL_EXPORTER_OTLP_ENDPOINT names, if any.

    Raises:
        SettingsError: One is named, and the extra is not installed.
    """
    place = endpoint or os.environ.get(NAMED_BY, "")
    if not place or _is_started():
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError(
            "traces are to be sent, but what sends them is not installed: pip install 'bazkhord[otel]', or leave "
            f"traces_endpoint and {NAMED_BY} empty"
        ) from None
    resource = Resource.create({"service.name": "bazkhord", "service.version": version("bazkhord")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{place.removesuffix('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    atexit.register(provider.shutdown)
    return provider


def _is_started() -> bool:
    return type(trace.get_tracer_provider()).__module__.startswith("opentelemetry.sdk")
