"""``GET /v1/compare``: what changed between two periods."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.change_queries import CompareQuery
from api.change_schemas import CompareOut
from api.queries import selection_of
from api.service import service_of
from pipeline.comparing import compare
from pipeline.periods import periods_of

router = APIRouter(tags=["answers"])


@router.get("/compare", response_model=CompareOut)
def get_compare(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """Return shares and net sentiment of two periods by one dimension, each change with interval and test.

    The other period is the equal stretch before unless `before_from` and `before_to` name it. Many comparisons
    are held in check (Benjamini and Hochberg): `significant` holds for the whole answer. What matters most
    comes first, and is said in Persian and English.
    """
    service, selection = service_of(request), selection_of(request, query)
    zone, before_from, before_to = service.zone, query.before_from, query.before_to
    found = compare(
        service.store.engine,
        selection,
        by=query.by,
        zone=zone,
        before_from=before_from,
        before_to=before_to,
        limit=query.limit,
    )
    periods = periods_of(selection, zone, before_from=before_from, before_to=before_to)
    out = CompareOut.of(found, names=service.names, selection=selection, periods=periods)
    return answer(out, [out.total, *out.lines], query.format, "compare")
