"""``GET /v1/journey``: how each stage of the customer journey is doing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.queries import AdjustableQuery, selection_of
from api.schemas import JourneyOut
from api.service import service_of
from pipeline.aggregate_adjusted import adjust_journey
from pipeline.aggregates import journey

router = APIRouter(tags=["answers"])


@router.get("/journey", response_model=JourneyOut)
def get_journey(request: Request, query: Annotated[AdjustableQuery, Query()]) -> Response:
    """Return each stage's volume, net sentiment, main intents and aspects, and the change.

    The change is against the period of equal length that ends where this one starts.
    """
    service = service_of(request)
    selection = selection_of(request, query)
    found = journey(service.store.engine, selection, zone=service.zone)
    if query.estimate == "adjusted":
        found = adjust_journey(
            service.store.engine, found, selection, zone=service.zone, known=service.analyzer.known_errors
        )
    out = JourneyOut.of(found)
    return answer(out, out.stages, query.format, "journey")
