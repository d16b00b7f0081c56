"""What is known of a request on its way: its route, and headers that a check gives to whatever is answered."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.types import Scope

STATE = "given_headers"
PREFIX = "/v1"


def route_of(scope: Scope) -> str | None:
    """Return the template of the address, like ``/v1/customers/{key}/journey``; ``None``: no route has it."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return None
    # FastAPI puts the prefix of a router into its included copy, not into the route that it names here.
    return f"{PREFIX}{path}" if scope["path"].startswith(f"{PREFIX}/") else str(path)


def give_header(request: Request, name: str, value: str) -> None:
    """The answer to this request carries the header, also if the answer is a problem."""
    given_headers(request.scope)[name] = value


def given_headers(scope: Scope) -> dict[str, str]:
    """Return the headers that were given so far; what is put into them is given too."""
    state: dict[str, Any] = scope.setdefault("state", {})
    headers: dict[str, str] = state.setdefault(STATE, {})
    return headers
