"""``/v1/corrections`` and ``/v1/feedback/{id}/mentions/{mention_id}``: people set the model right."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request
from fastapi.responses import Response

from api.answers import answer
from api.correction_schemas import (
    CorrectionsOut,
    CorrectionsQuery,
    JudgedMentionOut,
    JudgedQuery,
    PrecisionOut,
    VerdictIn,
)
from api.cursors import write_cursor
from api.problems import MEDIA_TYPE
from api.security import brands_of, key_of, needs, within_brands
from api.service import service_of
from pipeline.correction_answers import find_corrections, measure_precision
from pipeline.corrections import (
    Address,
    JudgedMention,
    MentionChanged,
    NoSuchMention,
    correct,
    find_mention,
    withdraw,
)
from pipeline.keys import Scope
from pipeline.mention_ids import read_mention_id

THIS_MACHINE = "this machine"
NO_PRECONDITION = (
    'send the etag of the mention as you read it: If-Match: "…"; GET /v1/feedback gives each mention its etag'
)
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
    for status, description in {
        404: "There is no such mention",
        412: "The mention has changed since it was read",
        428: "If-Match is missing",
    }.items()
}
WITH_ETAG: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "Of the mention as it is now.", "schema": {"type": "string"}}}}
}
router = APIRouter(tags=["corrections"])
mentions = APIRouter(
    prefix="/feedback/{feedback_id}/mentions/{mention_id}",
    tags=["corrections"],
    responses=REFUSALS | WITH_ETAG,
)
FeedbackId = Annotated[int, Path(ge=1, le=2**63 - 1)]
MentionId = Annotated[
    str, Path(pattern=r"^[0-9]{1,9}-[0-9]{1,9}$", description="`START-END`: the `mention_id` that it has.")
]
IfMatch = Annotated[
    str | None, Header(description="The `etag` of the mention; `*`: whatever it is by now. Without it: 428.")
]
Writer = Depends(needs(Scope.WRITE))


@router.get("/corrections", response_model=CorrectionsOut)
def get_corrections(request: Request, query: Annotated[CorrectionsQuery, Query()]) -> Response:
    """Return what people said of mentions, the latest first, beside what the model says of them."""
    service = service_of(request)
    brand = within_brands(request, tuple(query.brand))
    page = find_corrections(
        service.store.engine,
        query.wanted(brand, orphaned=query.orphaned, confirmed=query.confirmed),
        zone=service.zone,
        limit=query.limit,
        after=query.cursor,
    )
    out = CorrectionsOut.of(page, cursor=write_cursor(page.next) if page.next else None)
    return answer(out, out.items, query.format, "corrections")


@router.get("/corrections/precision", response_model=PrecisionOut)
def get_precision(request: Request, query: Annotated[JudgedQuery, Query()]) -> Response:
    """Return how often the model was right, by head and label, on the mentions that people judged.

    They are no random sample: people look where something seems wrong.
    """
    service = service_of(request)
    wanted = query.wanted(within_brands(request, tuple(query.brand)))
    out = PrecisionOut.of(measure_precision(service.store.engine, wanted, zone=service.zone))
    return answer(out, out.lines, query.format, "precision")


@mentions.get("", response_model=JudgedMentionOut, dependencies=[Depends(needs(Scope.READ))])
def get_mention(request: Request, feedback_id: FeedbackId, mention_id: MentionId) -> Response:
    """Return a mention, what the model says of it, and who judged it."""
    address = _address(feedback_id, mention_id)
    try:
        return _told(find_mention(service_of(request).store.engine, address, brands=brands_of(request)))
    except NoSuchMention as error:
        raise HTTPException(404, str(error)) from None


@mentions.patch("", response_model=JudgedMentionOut, dependencies=[Writer])
def patch_mention(
    request: Request,
    feedback_id: FeedbackId,
    mention_id: MentionId,
    body: VerdictIn,
    if_match: IfMatch = None,
) -> Response:
    """Set a mention's labels right, or confirm them by sending them as they are; it counts at once.

    The prediction is kept beside it, with who (the name of the API key) and when. The same labels as predicted
    are kept as a confirmation; `DELETE` takes everything back.
    """
    service, key = service_of(request), key_of(request)
    try:
        return _told(
            correct(
                service.store.engine,
                _address(feedback_id, mention_id),
                body.verdict(),
                seen=_seen(if_match),
                by=key.name if key else THIS_MACHINE,
                now=service.clock(),
                brands=brands_of(request),
            )
        )
    except NoSuchMention as error:
        raise HTTPException(404, str(error)) from None
    except MentionChanged as error:
        raise HTTPException(412, str(error)) from None


@mentions.delete("", response_model=JudgedMentionOut, dependencies=[Writer])
def delete_correction(
    request: Request, feedback_id: FeedbackId, mention_id: MentionId, if_match: IfMatch = None
) -> Response:
    """Take back what was said of a mention: its labels are the model's again."""
    address, seen = _address(feedback_id, mention_id), _seen(if_match)
    try:
        return _told(
            withdraw(service_of(request).store.engine, address, seen=seen, brands=brands_of(request))
        )
    except NoSuchMention as error:
        raise HTTPException(404, str(error)) from None
    except MentionChanged as error:
        raise HTTPException(412, str(error)) from None


def _address(feedback_id: int, mention_id: str) -> Address:
    return Address(feedback_id, *read_mention_id(mention_id))


def _seen(if_match: str | None) -> frozenset[str] | None:
    """The entity tags of a header; ``None``: any will do.

    Weak ones are kept as they are and match nothing, as RFC 9110 (13.1.1) has it.

    Raises:
        HTTPException: 428, there is no header.
    """
    if if_match is None or not if_match.strip():
        raise HTTPException(428, NO_PRECONDITION)
    if if_match.strip() == "*":
        return None
    return frozenset(tag.strip() for tag in if_match.split(","))


def _told(mention: JudgedMention) -> Response:
    out = JudgedMentionOut.of(mention)
    return Response(out.model_dump_json(), media_type="application/json", headers={"ETag": mention.etag})
