"""``GET /v1/trend``: how sentiment moves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.queries import TrendQuery, selection_of
from api.schemas import EventMarkOut, TrendOut
from api.security import brands_of
from api.service import service_of
from pipeline.aggregate_adjusted import adjust_trend
from pipeline.aggregates import trend
from pipeline.events import list_events

router = APIRouter(tags=["answers"])


@router.get("/trend", response_model=TrendOut)
def get_trend(request: Request, query: Annotated[TrendQuery, Query()]) -> Response:
    """Return counts of mentions and net sentiment (% positive minus % negative) with its 95 % interval.

    Below 30 mentions no figure is told (`too_few`). The interval allows for several mentions in one message.
    """
    service = service_of(request)
    selection = selection_of(request, query)
    found = trend(
        service.store.engine,
        selection,
        bucket=query.bucket,
        calendar=query.calendar,
        zone=service.zone,
        now=service.clock(),
    )
    if query.estimate == "adjusted":
        found = adjust_trend(
            service.store.engine, found, selection, zone=service.zone, known=service.analyzer.known_errors
        )
    basis = found.basis
    marked = list_events(
        service.store.engine, selection, start=basis.from_, end=basis.to, brands=brands_of(request)
    )
    out = TrendOut.of(found, events=[EventMarkOut.of(one, service.zone) for one in marked])
    return answer(out, out.points, query.format, "trend")
