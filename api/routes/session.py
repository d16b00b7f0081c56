"""``/v1/session``: who the page is open for."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.operation_schemas import SessionOut
from api.service import service_of
from pipeline.keys import any_key

router = APIRouter(tags=["operation"])


@router.get("/session")
def get_session(request: Request) -> SessionOut:
    """Return who is signed in, and whether anybody has to."""
    return SessionOut(needs_key=any_key(service_of(request).store), signed_in=False)
