"""``GET /v1/sources``: where feedback comes from and how that is going."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.schemas import SourceOut, SourcesOut
from api.service import service_of

router = APIRouter(tags=["operation"])


@router.get("/sources")
def get_sources(request: Request) -> SourcesOut:
    """Return for each source when it last ran, what it brought, what waits and what went wrong."""
    return SourcesOut(sources=[SourceOut.of(state) for state in service_of(request).store.sources()])
