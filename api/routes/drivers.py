"""``GET /v1/drivers``: what a change of net sentiment is made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.change_queries import DriversQuery
from api.change_schemas import DriversOut
from api.queries import selection_of
from api.service import service_of
from pipeline.drivers import drivers
from pipeline.periods import periods_of

router = APIRouter(tags=["answers"])


@router.get("/drivers", response_model=DriversOut)
def get_drivers(request: Request, query: Annotated[DriversQuery, Query()]) -> Response:
    """Return what each value of a dimension added to the change of net sentiment between two periods.

    The parts add up to the change exactly (Kitagawa's midpoint split): `mix` as there were more or fewer of a
    kind, `within` as they were judged otherwise. Each part leads to its messages.
    """
    service, selection = service_of(request), selection_of(request, query)
    zone, before_from, before_to = service.zone, query.before_from, query.before_to
    found = drivers(
        service.store.engine,
        selection,
        by=query.by,
        zone=zone,
        before_from=before_from,
        before_to=before_to,
    )
    periods = periods_of(selection, zone, before_from=before_from, before_to=before_to)
    out = DriversOut.of(found, names=service.names, selection=selection, periods=periods)
    return answer(out, out.drivers, query.format, "drivers")
