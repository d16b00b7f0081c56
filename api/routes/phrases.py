"""``GET /v1/phrases``: what distinguishes some messages from others, and what is new."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers import answer
from api.phrase_schemas import PhrasesOut
from api.queries import SelectionQuery, between, selection_of
from api.service import service_of
from pipeline.phrases import MIN_Z, Against, describe_phrases, new_phrases, phrases

router = APIRouter(tags=["answers"])


class PhrasesQuery(SelectionQuery):
    """What is asked of phrases."""

    against: Against = Field(
        Against.REST,
        description="rest: what the filters leave out of the same period; before: the same filters in the period "
        "of equal length before.",
    )
    new: bool = Field(
        default=False,
        description="Only what the same filters did not find in the year before, the most frequent first.",
    )
    min_z: float = Field(
        round(MIN_Z, 2), ge=0, le=100, description="How many standard deviations a phrase must be away."
    )
    min_n: Annotated[int, *between(3, 10_000)] = Field(
        3, description="Messages that hold it; at least three customers must have said it anyhow."
    )
    limit: Annotated[int, *between(1, 100)] = Field(20, description="Most phrases of each list.")


@router.get("/phrases", response_model=PhrasesOut)
def get_phrases(request: Request, query: Annotated[PhrasesQuery, Query()]) -> Response:
    """Return words and pairs of words by log-odds with an informative Dirichlet prior (Monroe et al. 2008).

    Where stage, intent, aspect or sentiment is asked for, clauses are compared, else whole messages; of more
    than 3,000 messages on a side a fixed sample of about so many is read (`n_read`).
    """
    service = service_of(request)
    engine, selection = service.store.engine, selection_of(request, query)
    if query.new:
        found = new_phrases(engine, selection, zone=service.zone, min_n=query.min_n, limit=query.limit)
    else:
        found = phrases(
            engine,
            selection,
            within=selection_of(request, SelectionQuery.model_construct(from_=query.from_, to=query.to)),
            zone=service.zone,
            against=query.against,
            min_z=query.min_z,
            min_n=query.min_n,
            limit=query.limit,
        )
    out = PhrasesOut.of(found, selection, describe_phrases(found), new=query.new)
    return answer(out, [*out.more, *out.less], query.format, "phrases")
