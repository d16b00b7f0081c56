"""``/healthz`` and ``/readyz``: for whatever watches the service; they need no key."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.operation_schemas import HealthOut
from api.service import service_of

router = APIRouter(tags=["operation"])


@router.get("/healthz")
def get_health() -> HealthOut:
    """Return that the service lives."""
    return HealthOut(status="ok")


@router.get("/readyz")
def get_readiness(request: Request) -> HealthOut:
    """Return that model and data base can be used (one row is looked up); 503 where the data base does not answer."""
    service_of(request).store.bookmark("readiness")
    return HealthOut(status="ready")
