"""``/healthz`` and ``/readyz``: for whatever watches the service; they need no key."""

from __future__ import annotations

import json

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.marks import marks_of
from api.operation_schemas import HealthOut, ReadinessOut
from api.problems import MEDIA_TYPE, problem
from api.service import service_of
from pipeline.errors import StoreError
from pipeline.readiness import Readiness

router = APIRouter(tags=["operation"])
RETRY_AFTER_S = "5"


@router.get("/healthz")
async def get_health() -> HealthOut:
    """Return that the process lives and its event loop turns; nothing else is asked."""
    return HealthOut(status="ok")


@router.get("/readyz", response_model=ReadinessOut)
async def get_readiness(request: Request) -> Response:
    """Return whether model, data base and its schema can be used, and in words what is not well.

    503 where one of them cannot, with `checks` and `troubles` in the problem. Troubles only need somebody's attention.
    """
    try:
        await marks_of(request).current()
        found = await to_thread.run_sync(service_of(request).readiness)
    except StoreError:
        found = Readiness({"data_base": "does not answer; the log says why"}, {})
    checks = {"data_base": "ok", "schema": "ok", "model": "ok"} | found.checks
    if found.ready:
        out = ReadinessOut(status="ready", checks=checks, troubles=found.troubles)
        return Response(out.model_dump_json(), media_type="application/json")
    failed = "; ".join(f"{name}: {words}" for name, words in checks.items() if words != "ok")
    told = problem(503, f"not ready: {failed}")
    body = json.loads(bytes(told.body)) | {"checks": checks, "troubles": found.troubles}
    return Response(json.dumps(body), 503, headers={"Retry-After": RETRY_AFTER_S}, media_type=MEDIA_TYPE)
