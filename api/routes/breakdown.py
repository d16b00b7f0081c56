"""``GET /v1/breakdown``: what a whole is made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.queries import BreakdownQuery, selection_of
from api.schemas import BreakdownOut
from api.service import service_of
from pipeline.aggregate_adjusted import adjust_breakdown
from pipeline.aggregates import breakdown

router = APIRouter(tags=["answers"])


@router.get("/breakdown", response_model=BreakdownOut)
def get_breakdown(request: Request, query: Annotated[BreakdownQuery, Query()]) -> Response:
    """Return counts, shares (with Wilson's 95 % interval) and net sentiment by one or two dimensions.

    By emotion whole messages are counted, unless stage, intent or aspect is asked for too; `unit` says so.
    """
    service = service_of(request)
    selection = selection_of(request, query)
    found = breakdown(
        service.store.engine,
        selection,
        by=tuple(query.by),
        zone=service.zone,
        limit=query.limit,
    )
    if query.estimate == "adjusted":
        found = adjust_breakdown(
            service.store.engine, found, selection, zone=service.zone, known=service.analyzer.known_errors
        )
    out = BreakdownOut.of(found)
    return answer(out, out.groups, query.format, "breakdown")
