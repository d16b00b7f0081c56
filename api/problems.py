"""One shape for every error: problem details (RFC 9457), ``application/problem+json``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api.not_found import is_of_a_reader, page_not_found
from pipeline.errors import BadRequest, SettingsError, StoreError
from pipeline.logs import request_id

log = logging.getLogger("bazkhord.api")
MEDIA_TYPE = "application/problem+json"
PRIVATE = frozenset({"q", "text", "texts", "items", "body"})
TITLES = {
    401: "A key is needed",
    403: "This key may not do that",
    404: "There is no such address",
    405: "This address does not take that method",
    408: "The request came too slowly",
    413: "The body is too large",
    414: "The address is too long",
    415: "The body is written in a way that is not taken here",
    422: "The question cannot be answered as asked",
    429: "Too many requests",
    431: "The headers are too long",
    500: "Something went wrong here",
    503: "The service cannot answer now",
}


class ParameterOut(BaseModel):
    """One wrong parameter: what was given (never of ``q`` or texts) and what may be given."""

    model_config = ConfigDict(frozen=True)

    parameter: str = Field(examples=["bucket"])
    detail: str = Field(examples=["bucket must be one of hour, day, week, month; given: year"])
    given: str | None = None
    allowed: list[str] | None = None


class ProblemOut(BaseModel):
    """Why there is no answer (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=[TITLES[422]])
    status: int = Field(examples=[422])
    detail: str
    errors: list[ParameterOut] | None = None
    request_id: str | None = Field(default=None, description="By which the service's log knows the request.")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
    for status in (401, 403, 408, 413, 414, 415, 422, 429, 431, 500, 503)
}


def problem_schemas() -> dict[str, Any]:
    """Return what the description of the API calls ``ProblemOut``, and what that needs."""
    schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "ProblemOut": schema}


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[ParameterOut] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response that says what went wrong and what to do."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    body = ProblemOut(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        errors=list(errors) or None,
        request_id=request_id.get(),
    )
    return Response(
        body.model_dump_json(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def answer_with_problems(app: FastAPI) -> None:
    """Every error of the app's routes has the one shape."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(SettingsError, _settings)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException only") from error
    details = {
        404: "nothing is found at this address; GET /docs lists what there is",
        405: f"use {(error.headers or {}).get('Allow', 'another method')} here",
    }
    if error.status_code == 400:  # what FastAPI says of a body that is no text; other broken bodies are 422
        return problem(422, "the body cannot be read; send JSON in UTF-8")
    plain = error.detail == HTTPStatus(error.status_code).phrase
    if plain and error.status_code == 404 and is_of_a_reader(request):
        return page_not_found()
    detail = details.get(error.status_code, error.detail) if plain else error.detail
    return problem(error.status_code, detail, headers=error.headers)


async def _bad_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, BadRequest):
        raise TypeError("registered for BadRequest only") from error
    return problem(422, str(error), errors=[ParameterOut(parameter=error.parameter, detail=str(error))])


async def _store(_request: Request, _error: Exception) -> Response:
    detail = "the data base does not answer; try again soon, and look into the service's log if it stays so"
    return problem(503, detail, headers={"Retry-After": "5"})


async def _settings(_request: Request, error: Exception) -> Response:
    log.error("a setting is wrong: %s", error)
    return problem(503, "the service is not set up for this; its log says which setting to mend")


async def _validation(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise TypeError("registered for RequestValidationError only") from error
    faults = [_parameter(fault) for fault in error.errors()]
    return problem(422, "; ".join(dict.fromkeys(fault.detail for fault in faults)), errors=faults)


def _parameter(fault: Mapping[str, Any]) -> ParameterOut:
    where, *rest = [str(part) for part in fault["loc"]]
    name = ".".join(rest) if where == "body" else rest[0] if rest else where
    name = "body" if fault["type"] == "json_invalid" or not name else name
    context = fault.get("ctx", {})
    allowed = _allowed(context)
    given = fault.get("input")
    is_private = where == "body" or name in PRIVATE or not isinstance(given, str | int | float)
    shown = None if is_private else str(given)[:100]
    words = str(fault["msg"])
    if fault["type"] == "missing":
        words = "is needed here"
    elif "expected" in context and allowed:
        words = f"must be one of {', '.join(allowed)}"
    detail = f"{name}: {words}" + (f"; given: {shown}" if shown is not None else "")
    return ParameterOut(parameter=name, detail=detail, given=shown, allowed=allowed)


def _allowed(context: Mapping[str, Any]) -> list[str] | None:
    if "expected" in context:
        return [part.strip(" '") for part in str(context["expected"]).replace(" or ", ", ").split(",")]
    if isinstance(context.get("allowed"), list):
        return [str(one) for one in context["allowed"]]
    return None
