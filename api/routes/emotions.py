"""``GET /v1/emotions``: the emotional curve along the journey."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.feeling_schemas import FeelingsOut
from api.queries import SelectionQuery, selection_of
from api.service import service_of
from pipeline.feelings import describe_feelings, feelings

router = APIRouter(tags=["answers"])


@router.get("/emotions", response_model=FeelingsOut)
def get_emotions(request: Request, query: Annotated[SelectionQuery, Query()]) -> Response:
    """Return for each stage the share of each emotion (Wilson's interval) and net sentiment, its ends marked."""
    service = service_of(request)
    found = feelings(service.store.engine, selection_of(request, query), zone=service.zone)
    out = FeelingsOut.of(found, describe_feelings(found, service.names))
    return answer(out, out.stages, query.format, "emotions")
