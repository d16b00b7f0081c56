"""``GET /v1/brands``: brands side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers import answer
from api.brand_schemas import BrandsOut
from api.queries import SelectionQuery, between, selection_of
from api.service import service_of
from pipeline.brands import MAX_BRANDS, brands, describe_brands

router = APIRouter(tags=["answers"])


class BrandsQuery(SelectionQuery):
    """What is asked of brands; `brand` names those that are compared."""

    limit: Annotated[int, *between(1, MAX_BRANDS)] = Field(MAX_BRANDS, description="Most brands.")
    phrases: Annotated[int, *between(0, 50)] = Field(10, description="Most phrases of each; 0 reads no text.")


@router.get("/brands", response_model=BrandsOut)
def get_brands(request: Request, query: Annotated[BrandsQuery, Query()]) -> Response:
    """Return each brand's share of voice, net sentiment by stage and aspect, and what is said of it alone.

    Each is compared with all others of the selection together; name two brands to compare these two.
    """
    service = service_of(request)
    selection = selection_of(request, query)
    found = brands(
        service.store.engine,
        selection,
        zone=service.zone,
        limit=query.limit,
        n_phrases=query.phrases,
    )
    out = BrandsOut.of(found, selection, describe_brands(found))
    return answer(out, out.brands, query.format, "brands")
