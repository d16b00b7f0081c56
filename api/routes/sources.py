"""``GET /v1/sources``: where feedback comes from and how that is going."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.operation_schemas import SourceOut, SourcesOut
from api.service import service_of

router = APIRouter(tags=["operation"])


@router.get("/sources")
def get_sources(request: Request) -> SourcesOut:
    """Return how each source is doing: its state, its delays, what it brought, the next run, what went wrong."""
    service = service_of(request)
    now = service.clock()
    return SourcesOut(sources=[SourceOut.of(source, now=now) for source in service.sources()])
