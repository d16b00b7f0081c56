"""``GET /v1/pains``: where it hurts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers import answer
from api.pain_schemas import PainsOut
from api.queries import SelectionQuery, between, selection_of
from api.service import service_of
from pipeline.pains import Rank, describe_pains, pains

router = APIRouter(tags=["answers"])


class PainsQuery(SelectionQuery):
    """What is asked of pain points."""

    rank: Rank = Field(
        Rank.VOLUME,
        description="volume: most negative mentions; unusual: furthest above what stage, aspect and intent let "
        "one expect; growth: by the lower end of the rate ratio, so that few mentions do not lead.",
    )
    limit: Annotated[int, *between(1, 200)] = Field(20, description="Most cells.")


@router.get("/pains", response_model=PainsOut)
def get_pains(request: Request, query: Annotated[PainsQuery, Query()]) -> Response:
    """Return cells of stage, aspect and intent with negative mentions, ranked.

    Growth is against the period of equal length before; a cell that was empty then has no ratio but a lower
    end of its interval.
    """
    service = service_of(request)
    selection = selection_of(request, query)
    found = pains(service.store.engine, selection, zone=service.zone, rank=query.rank, limit=query.limit)
    out = PainsOut.of(found, selection, describe_pains(found, service.names))
    return answer(out, out.cells, query.format, "pains")
