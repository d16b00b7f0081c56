"""``POST /v1/feedback`` and ``POST /v1/webhooks/{name}``: feedback that is sent here instead of being pulled."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.incoming import MAX_ERRORS, FeedbackIn, PushedOut, read_item
from api.middleware import STREAMED, is_streamed
from api.problems import problem
from api.queries import Name
from api.security import needs
from api.service import Service, service_of
from pipeline.backlog import RETRY_AFTER_S
from pipeline.connectors.base import bury
from pipeline.errors import BadRequest
from pipeline.keys import Scope
from pipeline.push import PUSH, WEBHOOK, check_source, save_pushed
from pipeline.records import DeadLetter, Feedback, SaveCounts
from pipeline.webhooks import Delivery, NotSigned

PAGE = 1000
router = APIRouter(tags=["intake"], dependencies=[Depends(needs(Scope.WRITE))])
webhooks = APIRouter(tags=["intake"])
Source = Annotated[
    Name, Query(min_length=1, max_length=100, description="Name that the messages are found under")
]
REF = {"$ref": "#/components/schemas/FeedbackIn"}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/OneOrManyIn"}},
            STREAMED: {"schema": REF},
        },
    }
}


class _Intake:
    """Takes items one after the other and stores them in pages."""

    def __init__(self, service: Service, source: str) -> None:
        self._service, self._source = service, source
        self._now = service.clock()
        self._items: list[Feedback] = []
        self._dead: list[DeadLetter] = []
        self.letters: list[DeadLetter] = []
        self.counts = SaveCounts()

    async def take(self, raw: object, position: str) -> None:
        """The item is read; every thousandth time all that were read are stored."""
        read = read_item(raw, source=self._source, position=position, now=self._now)
        if isinstance(read, Feedback):
            self._items.append(read)
            await self._save_full_page()
        else:
            await self.bury(read)

    async def bury(self, letter: DeadLetter) -> None:
        """What could not be read is kept, and told if it is among the first."""
        self._dead.append(letter)
        if len(self.letters) < MAX_ERRORS:
            self.letters.append(letter)
        await self._save_full_page()

    async def _save_full_page(self) -> None:
        if len(self._items) + len(self._dead) >= PAGE:
            await require_room(self._service)
            await self.save()

    async def save(self) -> None:
        """What was taken is stored."""
        self.counts += await run_in_threadpool(
            save_pushed,
            self._service.store,
            self._source,
            PUSH,
            self._items,
            self._dead,
            identity_key=self._service.identity_key(),
            now=self._now,
        )
        self._items, self._dead = [], []


async def require_room(service: Service) -> None:
    """Nothing, as long as no more messages wait to be classified than may.

    Raises:
        HTTPException: 503 with the seconds after which to try again.
    """
    if await run_in_threadpool(service.backlog.is_full):
        detail = (
            "too many messages wait to be classified; send these again later, those known already do no harm"
        )
        raise HTTPException(503, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


@router.post("/feedback", status_code=202, response_model=PushedOut, openapi_extra=BODY)
async def post_feedback(request: Request, source: Source = "push") -> Response:
    """Store messages that wait to be classified: one object, a list of them, or a stream of lines (NDJSON).

    Sending a message again is harmless: it is known by its source and `id`. What cannot be read is told and
    kept apart, the rest is stored. A stream may be as long as you like; it is stored while it comes. While too
    many messages wait to be classified, the answer is 503: send the same again after the seconds of `Retry-After`.
    """
    service = service_of(request)
    await require_room(service)
    await run_in_threadpool(check_source, service.store, source, PUSH, configured=service.pulled)
    intake = _Intake(service, source)
    if is_streamed(request.headers):
        await _take_lines(request, intake, source, service.max_body_bytes)
    else:
        body = _parse(await request.body())
        for place, raw in enumerate(body if isinstance(body, list) else [body], 1):
            await intake.take(raw, f"item {place}")
        if not isinstance(body, list) and intake.letters:
            return problem(422, intake.letters[0].error)
    await intake.save()
    out = PushedOut.of(source, intake.counts, intake.letters)
    return Response(out.model_dump_json(), 202, media_type="application/json")


@webhooks.post("/webhooks/{name}", status_code=202, response_model=PushedOut)
async def post_webhook(
    request: Request, name: str, token: Annotated[str, Query(max_length=500), Field(repr=False)] = ""
) -> Response:
    """Store what a service sends by itself, as `[webhooks.NAME]` of `sources.toml` says it is signed and meant.

    No API key is asked for: the signature, or the token, proves who sends.
    """
    service = service_of(request)
    webhook = service.webhooks.get(name)
    if webhook is None:
        raise HTTPException(404)
    body, now = await request.body(), service.clock()
    try:
        webhook.check(Delivery(request.headers, token, body, now), environment=service.environment)
    except NotSigned as error:
        raise HTTPException(401, str(error)) from None
    await require_room(service)
    page = webhook.read(_parse(body), now=now)
    counts = await run_in_threadpool(
        save_pushed,
        service.store,
        name,
        WEBHOOK,
        page.items,
        page.dead_letters,
        identity_key=service.identity_key(),
        now=now,
    )
    out = PushedOut.of(name, counts, page.dead_letters)
    return Response(out.model_dump_json(), 202, media_type="application/json")


async def _take_lines(request: Request, intake: _Intake, source: str, max_line_bytes: int) -> None:
    number = 0
    async for line in _lines(request.stream(), max_line_bytes):
        number += 1
        if line is None:
            await intake.bury(
                bury(source, f"line {number}", f"is longer than {max_line_bytes} bytes", number)
            )
        elif line.strip():
            try:
                raw: object = json.loads(line)
            except (ValueError, RecursionError):
                await intake.bury(bury(source, f"line {number}", "is no JSON object in UTF-8", line))
            else:
                await intake.take(raw, f"line {number}")


async def _lines(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes | None]:
    """Yield each line; ``None`` for one that is longer than the limit, of which no more is kept."""
    kept, too_long = bytearray(), False  # a line that comes byte by byte is not copied for each of them
    async for chunk in chunks:
        first, *others = chunk.split(b"\n")
        kept += first
        for following in others:
            yield None if too_long or len(kept) > limit else bytes(kept)
            kept, too_long = bytearray(following), False
        if too_long := too_long or len(kept) > limit:
            kept = bytearray()
    if kept or too_long:
        yield None if too_long else bytes(kept)


def _parse(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is no JSON in UTF-8", parameter="body") from None
    return parsed


def schemas() -> dict[str, Any]:
    """Return what the description of the API calls ``FeedbackIn``, and what that needs."""
    schema = FeedbackIn.model_json_schema(ref_template="#/components/schemas/{model}")
    several = {"title": "OneOrManyIn", "anyOf": [REF, {"type": "array", "items": REF}]}
    return {**schema.pop("$defs"), "FeedbackIn": schema, "OneOrManyIn": several}
