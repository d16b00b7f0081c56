"""``GET /v1/feedback/{id}/mentions/{mention_id}/why``: which words carried a label."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from api.routes.corrections import FeedbackId, MentionId
from api.security import brands_of, needs
from api.service import service_of
from api.why_schemas import WhyOut, WhyQuery
from pipeline.corrections import Address, NoSuchMention
from pipeline.keys import Scope
from pipeline.mention_ids import read_mention_id
from pipeline.occlusion import CannotExplain, explain

router = APIRouter(tags=["answers"])


@router.get(
    "/feedback/{feedback_id}/mentions/{mention_id}/why",
    response_model=WhyOut,
    dependencies=[Depends(needs(Scope.READ))],
)
def get_why(
    request: Request, feedback_id: FeedbackId, mention_id: MentionId, query: Annotated[WhyQuery, Query()]
) -> Response:
    """Return how much of a label's probability each word carries, by hiding one after the other from the model.

    Occlusion (Zeiler & Fergus 2014; Li et al. 2016). Words that only work together each seem to carry little.
    """
    service = service_of(request)
    address = Address(feedback_id, *read_mention_id(mention_id))
    try:
        why = explain(
            service.store.engine,
            service.analyzer.classifier,
            address,
            head=query.head.value,
            brands=brands_of(request),
        )
    except (NoSuchMention, CannotExplain) as error:
        raise HTTPException(404, str(error)) from None
    return Response(WhyOut.of(why).model_dump_json(), media_type="application/json")
