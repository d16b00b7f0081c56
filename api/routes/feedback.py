"""``GET /v1/feedback``: the messages behind any number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.cursors import write_cursor
from api.feedback_schemas import FeedbackOut
from api.message_queries import FeedbackQuery
from api.queries import selection_of
from api.service import service_of
from pipeline.aggregate_feedback import find_feedback

router = APIRouter(tags=["answers"])


@router.get("/feedback", response_model=FeedbackOut)
def get_feedback(request: Request, query: Annotated[FeedbackQuery, Query()]) -> Response:
    """Return messages with their mentions; personal data in them is masked.

    Ask with the filters of any other answer to see what its numbers count; a mention that is counted
    there has `matches: true` here.
    """
    service = service_of(request)
    page = find_feedback(
        service.store.engine,
        selection_of(request, query),
        zone=service.zone,
        unit=query.unit,
        with_copies=query.copies == "show",
        narrowing=query.narrowing(service.clock()),
        order=query.order,
        limit=query.limit,
        after=query.cursor,
    )
    out = FeedbackOut.of(page, cursor=write_cursor(page.next) if page.next else None)
    return answer(out, out.items, query.format, "feedback")
