"""``GET /v1/options``: what there is to choose from, and what everything is called."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.operation_schemas import OptionsOut
from api.security import brands_of
from api.service import service_of
from pipeline.seen import seen_values

router = APIRouter(tags=["operation"])


@router.get("/options")
def get_options(request: Request) -> OptionsOut:
    """Return the values of every filter, the display names of all labels, and the days that there are messages of.

    Labels stand in the order of the journey, all else by the number of its messages among the newest 100,000, at most
    200 each.
    """
    service = service_of(request)
    seen = seen_values(service.store.engine, zone=service.zone, brands=brands_of(request))
    return OptionsOut.of(
        seen,
        service.names,
        zone=service.zone.key,
        today=service.clock().astimezone(service.zone).date(),
        model_version=service.analyzer.version,
        levels=service.analyzer.levels,
    )
