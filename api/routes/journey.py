"""``GET /v1/journey``: how each stage of the customer journey is doing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.queries import SelectionQuery, selection_of
from api.schemas import JourneyOut
from api.service import service_of
from pipeline.aggregates import journey

router = APIRouter(tags=["answers"])


@router.get("/journey", response_model=JourneyOut)
def get_journey(request: Request, query: Annotated[SelectionQuery, Query()]) -> Response:
    """Return each stage's volume, net sentiment, main intents and aspects, and the change.

    The change is against the period of equal length that ends where this one starts.
    """
    service = service_of(request)
    out = JourneyOut.of(journey(service.store.engine, selection_of(request, query), zone=service.zone))
    return answer(out, out.stages, query.format, "journey")
