"""``GET /metrics``: figures about the service itself, as Prometheus reads them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from api.metrics import Metrics

router = APIRouter(tags=["operation"])


@router.get("/metrics", response_class=PlainTextResponse)
def get_metrics(request: Request) -> Response:
    """Return requests and their seconds, what waits, and how each source is doing; never a text or a customer.

    A key with the scope `read` is needed that sees all brands: how much each source brings is no public matter.
    """
    metrics: Metrics = request.app.state.metrics
    return Response(
        generate_latest(metrics.registry) + generate_latest(metrics.others),
        media_type=CONTENT_TYPE_PLAIN_0_0_4,
    )
