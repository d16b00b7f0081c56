"""``GET /v1/customers`` and ``GET /v1/customers/{key}/journey``: who said most, and one customer's way."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import answer
from api.cursors import PageCursor, PageLimit, write_cursor
from api.customer_schemas import CustomersOut, WayOut
from api.queries import Format, Name, SelectionQuery, between, selection_of
from api.security import brands_of
from api.service import service_of
from pipeline.customers import MAX_CUSTOMERS, Order, find_customers
from pipeline.ways import customer_way

router = APIRouter(tags=["answers"])
Key = Annotated[Name, Path(max_length=64, description="`customer_key` of the messages.")]


class CustomersQuery(SelectionQuery):
    """What is asked of a list of customers."""

    estimate: Literal["raw"] = Field("raw", description="These figures are given raw only.")
    order: Order = Field(
        Order.MESSAGES,
        description="The most messages, the most negative mentions, or the most channels, first.",
    )
    limit: Annotated[int, *between(1, MAX_CUSTOMERS)] = Field(50, description="Most customers.")


class WayQuery(BaseModel):
    """What is asked of one customer's way."""

    model_config = ConfigDict(frozen=True)

    limit: PageLimit = Field(50, description="Messages on a page.")
    cursor: PageCursor | None = Field(
        None, description="`next` of the page before.", json_schema_extra={"type": "string"}
    )
    format: Format = Format.JSON


@router.get("/customers", response_model=CustomersOut)
def get_customers(request: Request, query: Annotated[CustomersQuery, Query()]) -> Response:
    """Return the customers of a selection with the most messages, negative mentions or channels.

    Customers are keyed digests that nobody can turn back into a phone number or a name.
    """
    service = service_of(request)
    found = find_customers(
        service.store.engine,
        selection_of(request, query),
        zone=service.zone,
        order=query.order,
        limit=query.limit,
    )
    out = CustomersOut.of(found)
    return answer(out, out.customers, query.format, "customers")


@router.get("/customers/{key}/journey", response_model=WayOut)
def get_customer_journey(request: Request, key: Key, query: Annotated[WayQuery, Query()]) -> Response:
    """Return one customer's messages over all channels, oldest first, with what each says of which stage."""
    service = service_of(request)
    way = customer_way(
        service.store.engine,
        key,
        zone=service.zone,
        brands=brands_of(request),
        limit=query.limit,
        after=query.cursor,
    )
    if way is None:
        raise HTTPException(
            404, "no message has this customer_key; take one from the answers of /v1/feedback"
        )
    out = WayOut.of(way, cursor=write_cursor(way.next) if way.next else None)
    return answer(out, out.steps, query.format, "customer_journey")
