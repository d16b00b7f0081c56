"""``GET /v1/cx`` and ``GET /v1/cx/response``: what was asked beside what is said unasked, and how long it took."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers import answer
from api.cx_schemas import CxOut, ResponseOut
from api.queries import Name, SelectionQuery, selection_of
from api.service import service_of
from pipeline.aggregates import BucketLength
from pipeline.asked import asked_and_unasked
from pipeline.response_times import CaseCut, response_times

router = APIRouter(tags=["answers"])
RAW = "These figures are given raw only."


class CxQuery(SelectionQuery):
    """What is asked of scores."""

    estimate: Literal["raw"] = Field("raw", description=RAW)
    bucket: BucketLength | None = Field(None, description="Gives `points`, a trend of each measure.")


class ResponseQuery(SelectionQuery):
    """What is asked of waits; all filters speak of the message that opened the case."""

    estimate: Literal["raw"] = Field("raw", description=RAW)
    by: CaseCut = Field(CaseCut.STAGE, description="A case that speaks of several stages is in each of them.")
    queue: list[Name] = Field([], max_length=50, description="Queue or team; an empty value: without one.")


@router.get("/cx", response_model=CxOut)
def get_cx(request: Request, query: Annotated[CxQuery, Query()]) -> Response:
    """Return NPS, CSAT, CES and stars, each with its coverage and beside the net sentiment of what is said unasked.

    The scale of CSAT and CES is the smallest usual one that fits all answers of a source. As a table: the points
    where `bucket` is given, else the measures.
    """
    service = service_of(request)
    found = asked_and_unasked(
        service.store.engine,
        selection_of(request, query),
        zone=service.zone,
        bucket=query.bucket,
        calendar=query.calendar,
        now=service.clock(),
    )
    out = CxOut.of(found)
    return answer(out, out.points if query.bucket else out.measures, query.format, "cx")


@router.get("/cx/response", response_model=ResponseOut)
def get_response(request: Request, query: Annotated[ResponseQuery, Query()]) -> Response:
    """Return times to the first answer by people and to the solution, and the share solved at first contact.

    A case is a conversation and counts where its first message is. Who still waits counts as waiting; bare dates
    give no hours and are counted apart.
    """
    service = service_of(request)
    found = response_times(
        service.store.engine,
        selection_of(request, query),
        by=query.by,
        zone=service.zone,
        now=service.clock(),
        queue=tuple(query.queue),
    )
    out = ResponseOut.of(found, names=service.names)
    return answer(out, [out.total, *out.groups], query.format, "response")
