"""What Prometheus asks for at ``/metrics``: how the service answers and how its sources are doing.

Labels are names from the configuration, templates of addresses and numbers of statuses; never an address as
it was asked, a text, or anything about a customer. Requests are counted by each process for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_state import route_of
from api.service import Service
from pipeline.listener import RECLASSIFY
from pipeline.measuring import REGISTRY
from pipeline.source_log import SourceState
from pipeline.staging import n_left

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "none"
LABELS = "method", "route", "status"


class Metrics:
    """The figures of one process; ``registry`` gives them all."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.others = REGISTRY
        self._requests = Counter(
            "bazkhord_requests", "Requests that were answered", LABELS, registry=self.registry
        )
        self._seconds = Histogram(
            "bazkhord_request_seconds", "Seconds until an answer was sent", LABELS[:2], registry=self.registry
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more request was answered."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def watch(self, service: Service) -> None:
        """The figures of the store are among them, read whenever they are asked for."""
        self.registry.register(_StoreFigures(service))


class Measure:
    """Notes each request with the template of its address, its status and its seconds."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered and noted; one that fails with 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in METHODS else UNKNOWN
            self.metrics.note(method, route_of(scope) or UNKNOWN, status, perf_counter() - started)


class _StoreFigures(Collector):
    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> Iterable[Metric]:
        """Nothing: the data base is not asked when the figures are registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what the sources brought, what waits, and what program and model this is."""
        names = {"version": version("bazkhord"), "model_version": self._service.analyzer.version}
        yield InfoMetricFamily("bazkhord_build", "Version of the program and of its model", value=names)
        sources = self._service.sources()
        n_pending = sum(source.n_pending for source in sources)
        yield GaugeMetricFamily("bazkhord_pending_messages", "Messages to be classified", value=n_pending)
        n_old = n_left(self._service.store)
        yield GaugeMetricFamily(RECLASSIFY, "Messages that still need a new model's labels", value=n_old)
        yield _by_source("messages", "Stored messages", sources, lambda one: one.n_stored)
        yield _by_source(
            "dead_letters", "Rows that could not be read", sources, lambda one: one.n_dead_letters
        )
        yield _by_source(
            "failures", "Failed runs since the last success", sources, lambda one: one.n_failures
        )
        now = self._service.clock()
        yield _by_source(
            "last_success_age_seconds",
            "Seconds since a run came to its end",
            sources,
            lambda one: (now - one.last_success_at).total_seconds() if one.last_success_at else None,
        )


def _by_source(
    name: str, words: str, sources: Iterable[SourceState], value: Callable[[SourceState], float | None]
) -> Metric:
    family = GaugeMetricFamily(f"bazkhord_source_{name}", words, labels=["source"])
    for source in sources:
        figure = value(source)
        if figure is not None:
            family.add_metric([source.name], figure)
    return family
