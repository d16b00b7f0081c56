"""What a process that pulls and classifies tells of its work: counts and seconds (Prometheus), spans (OpenTelemetry).

Labels are names from the configuration and of steps; never a text, an id or a customer. Without anybody who asks
for them the figures cost some microseconds a page; spans nothing, unless tracing.py was started.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from opentelemetry import trace
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry, Counter, Histogram

from pipeline.errors import SourceBusy
from pipeline.records import SaveCounts

REGISTRY = CollectorRegistry()
KINDS = {
    "new": "n_new",
    "updated": "n_updated",
    "duplicate": "n_duplicate",
    "dead": "n_dead",
    "left_out": "n_left_out",
}
BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_rows = Counter(
    "bazkhord_pulled_rows", "Rows that were read and stored", ("source", "kind"), registry=REGISTRY
)
_classified = Counter("bazkhord_classified_messages", "Messages that were classified", registry=REGISTRY)
_errors = Counter("bazkhord_errors", "Steps that failed", ("step", "source"), registry=REGISTRY)
_seconds = Histogram(
    "bazkhord_step_seconds",
    "Seconds of a step: a page or a batch",
    ("step",),
    buckets=BUCKETS_S,
    registry=REGISTRY,
)
_tracer = trace.get_tracer("bazkhord")
Item = TypeVar("Item")


@contextmanager
def step(name: str, *, source: str = "", n: int | None = None) -> Iterator[None]:
    """The seconds of this block count for a step, and so does its failure.

    Args:
        source: Whose page it is, where it is one.
        n: How many messages it is about.
    """
    given = {"bazkhord.source": source or None, "bazkhord.n": n}
    attributes = {key: value for key, value in given.items() if value is not None}
    began = perf_counter()
    with _tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            if not isinstance(error, SourceBusy):
                _errors.labels(name, source).inc()
            raise
        finally:
            _seconds.labels(name).observe(perf_counter() - began)


def timed_pages(pages: Iterable[Item], source: str) -> Iterator[Item]:
    """Yield pages as they come; waiting for each counts as the step ``fetch``."""
    waiting = iter(pages)
    while True:
        with step("fetch", source=source):
            page = next(waiting, None)
        if page is None:
            return
        yield page


def count_rows(source: str, counts: SaveCounts) -> None:
    """What became of the rows of a page is counted."""
    for kind, name in KINDS.items():
        if n := getattr(counts, name):
            _rows.labels(source, kind).inc(n)


def count_classified(n: int) -> None:
    """So many messages more were classified."""
    _classified.inc(n)
