"""``/metrics``, ``/healthz`` and ``/readyz`` of a process that pulls and classifies, for Prometheus and orchestrators.

Off unless a port is set, and on this machine only unless an address is: it asks for no key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, ThreadingWSGIServer, generate_latest
from prometheus_client.registry import Collector

from pipeline.errors import SettingsError, StoreError
from pipeline.lookout import Lookout
from pipeline.measuring import REGISTRY
from pipeline.readiness import Readiness, oldest_pending
from pipeline.staging import n_left
from pipeline.store import Store

RECLASSIFY = "bazkhord_reclassify_messages_left"

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Lag(Collector):
    """What waits to be classified and for how long, asked of the data base whenever the figures are."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def describe(self) -> Iterable[Metric]:
        """Nothing: the data base is not asked when the figures are registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the lag, and whether the data base could be asked for it."""
        try:
            n, oldest, n_old = self._store.n_pending(), oldest_pending(self._store), n_left(self._store)
        except StoreError:
            yield GaugeMetricFamily("bazkhord_database_up", "Whether the data base answers", value=0)
            return
        age = max(0.0, (self._clock() - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily("bazkhord_database_up", "Whether the data base answers", value=1)
        yield GaugeMetricFamily("bazkhord_pending_messages", "Messages to be classified", value=n)
        yield GaugeMetricFamily(
            "bazkhord_oldest_pending_age_seconds",
            "Seconds since the message came that waits longest to be classified",
            value=age,
        )
        yield GaugeMetricFamily(RECLASSIFY, "Messages that still need a new model's labels", value=n_old)


@contextmanager
def listening(
    host: str,
    port: int,
    store: Store,
    *,
    clock: Callable[[], datetime],
    lookout: Lookout | None = None,
) -> Iterator[None]:
    """Meanwhile figures and health are told on a port; 0: on none.

    Args:
        lookout: Whom health is asked of; ``None``: one of its own.

    Raises:
        SettingsError: Somebody else listens there, or the address is none of this machine.
    """
    if not port:
        yield
        return
    try:
        server = make_server(
            host,
            port,
            build_app(store, clock=clock, lookout=lookout or Lookout(store, clock)),
            ThreadingWSGIServer,
            _Quiet,
        )
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port} for metrics: {error.strerror}; set metrics_port to another port, or to 0"
        ) from None
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def build_app(store: Store, *, clock: Callable[[], datetime], lookout: Lookout) -> WSGIApplication:
    """Return what answers at the three addresses."""
    lag = CollectorRegistry()
    lag.register(Lag(store, clock))

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        status, kind, body = (
            "404 Not Found",
            "text/plain; charset=utf-8",
            b"use /metrics, /healthz or /readyz\n",
        )
        if environ["PATH_INFO"] == "/metrics":
            body = generate_latest(REGISTRY) + generate_latest(lag)
            status, kind = "200 OK", CONTENT_TYPE_PLAIN_0_0_4
        elif environ["PATH_INFO"] == "/healthz":
            status, kind, body = "200 OK", "application/json", b'{"status":"ok"}'
        elif environ["PATH_INFO"] == "/readyz":
            found = lookout.look()
            status = "200 OK" if found.ready else "503 Service Unavailable"
            kind, body = "application/json", _written(found)
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _written(found: Readiness) -> bytes:
    status = "ready" if found.ready else "not ready"
    told = {"status": status, "checks": found.checks, "troubles": found.troubles}
    return json.dumps(told, ensure_ascii=False).encode()


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Nothing is written."""
