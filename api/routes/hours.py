"""``GET /v1/hours``: when customers speak."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.hour_schemas import HoursOut
from api.queries import SelectionQuery, selection_of
from api.service import service_of
from pipeline.hours import describe_hours, hours

router = APIRouter(tags=["answers"])


@router.get("/hours", response_model=HoursOut)
def get_hours(request: Request, query: Annotated[SelectionQuery, Query()]) -> Response:
    """Return volume and net sentiment of each hour of the week in the business time zone, from Saturday."""
    service = service_of(request)
    selection = selection_of(request, query)
    found = hours(service.store.engine, selection, zone=service.zone)
    out = HoursOut.of(found, describe_hours(found), selection)
    return answer(out, out.cells, query.format, "hours")
