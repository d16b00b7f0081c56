"""``/v1/alerts``: what the rules of the alerts file found, and who has seen it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import Response

from api.alert_schemas import LARGEST_ID, AlertOut, AlertsOut, AlertsQuery
from api.answers import answer
from api.problems import MEDIA_TYPE
from api.security import key_of, needs
from api.service import service_of
from pipeline.alerts import acknowledge, count_alerts, list_alerts
from pipeline.keys import Scope

THIS_MACHINE = "this machine"
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {
        "description": "There is no such alert",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
}
router = APIRouter(tags=["operation"])
AlertNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, description="`id` of the alert.")]


@router.get("/alerts", response_model=AlertsOut)
def get_alerts(request: Request, query: Annotated[AlertsQuery, Query()]) -> Response:
    """Return alerts, newest first, each with its figures and the address of the messages behind them."""
    service = service_of(request)
    wanted = query.wanted(service)
    found, more = list_alerts(service.store.engine, wanted, limit=query.limit)
    out = AlertsOut(
        n=count_alerts(service.store.engine, wanted) if query.cursor is None else None,
        items=[AlertOut.of(alert, service) for alert in found],
        next=None if more is None else str(more),
    )
    return answer(out, out.items, query.format, "alerts")


@router.post(
    "/alerts/{alert_id}/acknowledge", dependencies=[Depends(needs(Scope.WRITE))], responses=NOT_FOUND
)
def post_acknowledge(request: Request, alert_id: AlertNumber) -> AlertOut:
    """Note that somebody has seen the alert; who was first stays on record, and it is delivered no more."""
    service, key = service_of(request), key_of(request)
    by = THIS_MACHINE if key is None else key.name
    alert = acknowledge(service.store.engine, alert_id, by=by, now=service.clock())
    if alert is None:
        raise HTTPException(404, f"there is no alert {alert_id}; GET /v1/alerts lists those there are")
    return AlertOut.of(alert, service)
