"""``/v1/session``: signing in on the page, who is signed in, and signing out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response, Security

from api.csrf import check_site, check_token
from api.rate_limits import Kind
from api.security import CHALLENGE, COOKIE, count_one, session_cookie
from api.service import Service, service_of
from api.session_schemas import SessionIn, SessionOut
from pipeline.keys import any_key, find_key
from pipeline.sessions import close_session, csrf_token_of, find_session, open_session

router = APIRouter(tags=["operation"])
Cookie = Annotated[str | None, Security(session_cookie)]
WRONG_KEY = "this key opens nothing"
TOO_MANY = "too many tries to sign in from here; try again in {reset_s} s"


@router.get("/session")
def get_session(request: Request, secret: Cookie) -> SessionOut:
    """Return who is signed in, and whether anybody has to."""
    service = service_of(request)
    key = find_session(service.store, secret, now=service.clock()) if secret else None
    if secret is None or key is None:
        return SessionOut(needs_key=any_key(service.store), signed_in=False)
    return SessionOut.of(key, csrf_token=csrf_token_of(secret))


@router.post("/session")
def post_session(request: Request, response: Response, body: SessionIn, secret: Cookie) -> SessionOut:
    """Sign in: a key is exchanged for a cookie that scripts cannot read. A session before it ends."""
    check_site(request)
    count_one(request, Kind.SIGN_IN, request.client.host if request.client else "", told=TOO_MANY)
    service = service_of(request)
    key = find_key(service.store, body.key, now=service.clock())
    if key is None:
        raise HTTPException(401, WRONG_KEY, CHALLENGE)
    if secret:
        close_session(service.store, secret)
    lifetime = timedelta(hours=service.session_hours)
    opened = open_session(service.store, key, lifetime=lifetime, now=service.clock())
    _keep(request, response, opened, lifetime)
    return SessionOut.of(key, csrf_token=csrf_token_of(opened))


@router.delete("/session", status_code=204)
def delete_session(request: Request, response: Response, secret: Cookie) -> None:
    """Sign out: what the browser held opens nothing any more. Who is not signed in stays so."""
    service: Service = service_of(request)
    if secret and find_session(service.store, secret, now=service.clock()):
        check_token(request, secret)
        close_session(service.store, secret)
    _keep(request, response, "", timedelta())


def _keep(request: Request, response: Response, secret: str, lifetime: timedelta) -> None:
    """The browser holds the secret for so long, and sends it to nobody but our own page's questions."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
