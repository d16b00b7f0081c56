"""The service: ``create_app(settings)`` puts it together, ``create_app_from_environment()`` is for uvicorn."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline

from api.description import describe_all
from api.etags import answer_not_modified, check_etag
from api.kept_answers import KeepAnswers, KeptAnswers
from api.marks import Marks
from api.metrics import Measure, Metrics
from api.middleware import AccessLog, BodyLimit
from api.page import serve_page
from api.problems import PROBLEMS, answer_with_problems, problem_schemas
from api.queries import dimension_schema, only_known_parameters
from api.rate_limits import Kind, RateLimits
from api.request_ids import RequestIds
from api.request_limits import LimitRequests, RequestLimits
from api.routes import (
    alerts,
    analyze,
    brands,
    breakdown,
    compare,
    corrections,
    customers,
    cx,
    drivers,
    emotions,
    events,
    export,
    feedback,
    health,
    hours,
    journey,
    metrics,
    options,
    pains,
    phrases,
    push,
    session,
    sources,
    trend,
    why,
)
from api.security import BrandGuard, needs
from api.service import Service, kept_for
from api.tracing import TraceRequests
from config.journey import Journey, load_journey
from config.settings import Settings, load_settings, read_toml
from pipeline.analyze import Analyzer, load_analyzer
from pipeline.backlog import Backlog
from pipeline.collector import spare_collector
from pipeline.database import share_memory
from pipeline.identity import load_identity_key
from pipeline.keeping_columns import keeping_columns
from pipeline.keys import Scope
from pipeline.logs import start_logs
from pipeline.lookout import Lookout
from pipeline.phrases import memories
from pipeline.reading_ahead import reading_ahead
from pipeline.sentences import Words
from pipeline.store import Store, open_store
from pipeline.tracing import start_traces
from pipeline.webhooks import build_webhooks

ANSWERS = (
    trend,
    breakdown,
    journey,
    feedback,
    export,
    analyze,
    sources,
    alerts,
    corrections,
    pains,
    phrases,
    emotions,
    hours,
    brands,
    compare,
    drivers,
    events,
    cx,
    customers,
    options,
)
LABELS = {
    "Stage": "stages",
    "Intent": "intents",
    "Aspect": "aspects",
    "Sentiment": "sentiments",
    "Emotion": "emotions",
    "Flag": "flags",
    "Channel": "channels",
}
SIGN_INS_PER_MINUTE = 10
# FastAPI's own would put addresses with their questions into spans; api/tracing.py has the templates.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
# Threads that count answers: with more of them each would only wait longer for the others.
N_THREADS = 10
# How old the mark may be by which the store is taken as unchanged.
MARK_S = 0.1
SOURCES_S = 5.0
READY_S = 1.0
DESCRIPTION = """What customers say unasked, in Persian, and where in their journey it hurts.

Periods: `from` is inclusive, `to` exclusive, days are days of the business time zone. Every answer says how
many mentions or messages it rests on and how sure it is (95 % intervals). Errors are problem details (RFC 9457).

Whole days filtered by source, channel, brand, sentiment, and stage with intent or stage with aspect, are read
from tallies (`from_tallies: true`) and as fast for millions of messages. Hours, product, segment, `q`, intent
together with aspect, and emotion or flag of mentions are counted one by one.
"""


def create_app(
    settings: Settings,
    *,
    analyzer: Analyzer | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the service. Store and model are opened when it starts, closed when it stops.

    Args:
        analyzer: The model; ``None``: loaded from the settings' weights folder at the start.
        clock: Gives the present moment, aware.

    Raises:
        SettingsError: The journey file or a webhook is wrong.
    """
    names = load_journey(settings.journey_file)
    configured = read_toml(settings.sources_file) if settings.sources_file.exists() else {}
    build_webhooks(configured)  # refused before anything is opened

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _start_log(settings)
        start_traces(settings.traces_endpoint)
        with (
            _open_store(settings) as store,
            keeping_columns(store.engine),
            reading_ahead(store.engine, memories),
        ):
            app.state.service = _open_service(
                settings, configured, store, analyzer, clock=clock, journey=names
            )
            app.state.marks = Marks(store.engine, max_age_s=MARK_S if settings.answers_lag_s else 0.0)
            app.state.kept_answers = KeptAnswers(lag_s=settings.answers_lag_s)
            to_thread.current_default_thread_limiter().total_tokens = N_THREADS
            app.state.metrics.watch(app.state.service)
            _spare_what_stays()
            yield

    # The pages under /docs come with the package, not from elsewhere: there may be no internet.
    app = FastAPIOffline(
        title="bazkhord", version="1", description=DESCRIPTION, lifespan=lifespan, telemetry=NO_TELEMETRY
    )
    app.state.metrics = Metrics()
    app.state.rate_limits = RateLimits(
        {
            Kind.ANSWERS: settings.rate_limit_per_minute,
            Kind.ANALYZE: settings.rate_limit_analyze_per_minute,
            Kind.PUSH: settings.rate_limit_push_per_minute,
            Kind.SIGN_IN: SIGN_INS_PER_MINUTE,
        }
    )
    answer_with_problems(app)
    answer_not_modified(app)
    app.add_middleware(BrandGuard)
    app.add_middleware(KeepAnswers)
    app.add_middleware(BodyLimit, max_body_bytes=settings.max_body_bytes, streamed_path="/v1/feedback")
    app.add_middleware(LimitRequests, limits=_limits_of(settings))
    app.add_middleware(AccessLog)
    app.add_middleware(RequestIds)
    app.add_middleware(Measure, metrics=app.state.metrics)
    app.add_middleware(TraceRequests)
    known = Depends(only_known_parameters)
    for one in ANSWERS:
        checks = [Depends(needs(Scope.READ)), known, Depends(check_etag)]
        app.include_router(one.router, prefix="/v1", dependencies=checks, responses=PROBLEMS)
    for changes in (push.router, push.webhooks, corrections.mentions, why.router, events.changes):
        app.include_router(changes, prefix="/v1", dependencies=[known], responses=PROBLEMS)
    app.include_router(
        health.router,
        dependencies=[known],
        responses={status: PROBLEMS[status] for status in (408, 414, 422, 431, 500, 503)},
    )
    app.include_router(
        metrics.router,
        dependencies=[Depends(needs(Scope.READ)), known],
        responses={status: PROBLEMS[status] for status in (401, 403, 408, 414, 422, 429, 431, 500, 503)},
    )
    app.include_router(session.router, prefix="/v1", dependencies=[known], responses=PROBLEMS)
    serve_page(app)
    app.openapi = lambda: _openapi(app, names)  # type: ignore[method-assign]
    return app


def _limits_of(settings: Settings) -> RequestLimits:
    return RequestLimits(
        max_address_bytes=settings.max_address_bytes,
        max_header_bytes=settings.max_header_bytes,
        max_at_once=settings.max_requests_at_once,
        slow_client_s=settings.slow_client_s,
    )


def _open_store(settings: Settings) -> Store:
    store = open_store(settings.store_url, zone=settings.zone, retention=settings.retention)
    share_memory(store.engine)
    return store


def _open_service(
    settings: Settings,
    configured: Mapping[str, Any],
    store: Store,
    analyzer: Analyzer | None,
    *,
    clock: Callable[[], datetime],
    journey: Journey,
) -> Service:
    @cache
    def identity_key() -> bytes:
        return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())

    return Service(
        store=store,
        analyzer=analyzer
        or load_analyzer(
            settings.weights_dir, settings.n_threads, engine=settings.engine, device=settings.device
        ),
        zone=settings.zone,
        host=settings.host,
        max_analyze_texts=settings.max_analyze_texts,
        max_analyze_chars=settings.max_analyze_chars,
        max_body_bytes=settings.max_body_bytes,
        session_hours=settings.session_hours,
        clock=clock,
        sources=kept_for(min(SOURCES_S, settings.answers_lag_s), store.sources),
        readiness=kept_for(min(READY_S, settings.answers_lag_s), Lookout(store, clock).look),
        identity_key=identity_key,
        webhooks=build_webhooks(configured),
        pulled=tuple(configured.get("sources", {})),
        names={
            table: {label: Words(name.fa, name.en) for label, name in labels.items()}
            for table, labels in journey.names.items()
        },
        environment=os.environ,
        backlog=Backlog(store, settings.pending_limit_messages),
    )


@cache
def _spare_what_stays() -> None:
    """A look of the garbage collector through all that was loaded held answers up for 0.2 s.

    Once in a process: what is spared is never freed.
    """
    spare_collector()


def create_app_from_environment() -> FastAPI:
    """Return the service for ``uvicorn --factory api.app:create_app_from_environment``.

    Raises:
        SettingsError: A setting is wrong.
    """
    return create_app(load_settings())


def _start_log(settings: Settings) -> None:
    """Lines go to stderr, unless whoever runs the service has arranged something else."""
    if settings.log_format == "json" or not logging.getLogger().hasHandlers():
        start_logs(level=settings.log_level, form=settings.log_format)
    logging.getLogger("bazkhord").setLevel(settings.log_level.upper())


def _openapi(app: FastAPI, journey: Journey) -> dict[str, Any]:
    """The description of the API, its labels explained by their display names."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        tagged = {
            f"/v1{route.path}"
            for one in ANSWERS
            for route in one.router.routes
            if isinstance(route, APIRoute)
        }
        describe_all(app.openapi_schema["paths"], tagged=frozenset(tagged))
        schemas = app.openapi_schema["components"]["schemas"]
        schemas.update(problem_schemas() | push.schemas())
        schemas["Dimension"] = dimension_schema(schemas["Dimension"])
        for schema, table in LABELS.items():
            names = journey.names[table].items()
            schemas[schema]["description"] = "\n".join(
                f"- `{id_}`: {name.fa} ({name.en})" for id_, name in names
            )
    return app.openapi_schema
