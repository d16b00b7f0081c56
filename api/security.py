"""Who may ask: keys, their scopes and brands, and the rule that without a key only this machine is heard.

Programs send a key with each request; the page sends the cookie that a key was exchanged for (routes/session.py).

A key that is limited to brands gets no answer that others have a part in. ``queries.selection_of`` keeps every
selection to the key's brands; a route without a selection asks ``brands_of``; what asks neither is kept back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import HTTPException, Request, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as ASGIScope

from api.csrf import check_origin, check_token
from api.marks import marks_of
from api.problems import problem
from api.rate_limits import Kind, RateLimits, kind_of
from api.request_state import give_header, route_of
from api.service import service_of
from pipeline.errors import SettingsError
from pipeline.keys import KeyInfo, Scope, any_key, find_key
from pipeline.sessions import find_session

bearer = HTTPBearer(
    auto_error=False, description="A key of `bazkhord keys add`: `Authorization: Bearer bzk_…`"
)
api_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="The same key, where Bearer cannot be set"
)
COOKIE = "bazkhord_session"
session_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description="What `POST /v1/session` gives to a browser; with it, whatever is written needs `X-CSRF-Token` too",
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bazkhord"'}
ONLY_SOME_BRANDS = "this key sees some brands only; ask with a key that sees all messages"
TELLS_NOTHING_STORED = frozenset({("POST", "/v1/analyze")})
WRITES_WITHIN_BRANDS = TELLS_NOTHING_STORED | {
    (method, "/v1/feedback/{feedback_id}/mentions/{mention_id}") for method in ("PATCH", "DELETE")
}


def check_may_listen(host: str, *, any_key: bool) -> None:
    """Without a key the service listens on loopback only.

    Args:
        host: Address or name it is to listen on.
        any_key: Whether a key was ever made.

    Raises:
        SettingsError: There is no key and others than this machine could ask.
    """
    if not any_key and not is_loopback(host):
        raise SettingsError(
            f"without an API key the service listens on loopback only, not on {host!r}; make a key first "
            "(bazkhord keys add NAME), or set host to 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def needs(scope: Scope) -> Callable[..., Awaitable[None]]:
    """Return the dependency that lets only those pass who may do what needs ``scope``."""

    async def check(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
        header: Annotated[str | None, Security(api_key)],
        cookie: Annotated[str | None, Security(session_cookie)],
    ) -> None:
        if not hasattr(request.state, "key"):  # a route may need more than its router does
            presented = credentials.credentials if credentials else header
            key = await _find(request, presented, cookie)
            request.state.key = key
            if key is not None:
                _count(request, key)
                _check_writes(request, key)
        key = request.state.key
        if key is not None and not key.allows(scope):
            raise HTTPException(403, f"this key has the scope {key.scope}; this needs {scope}")

    return check


def key_of(request: Request) -> KeyInfo | None:
    """Return the key that a request came with; ``None``: it came from this machine while there is no key."""
    key: KeyInfo | None = request.state.key
    return key


def brands_of(request: Request) -> tuple[str, ...] | None:
    """Return the only brands that may have a part in the answer; ``None``: all, and messages without one.

    Whoever asks has to keep to them. An answer that was made without asking does not reach a key that is
    limited to brands: ``BrandGuard`` sends 403 in its place.
    """
    request.state.kept_to_brands = True
    key = key_of(request)
    return None if key is None else key.brands


def within_brands(request: Request, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the brands that an answer is about: those asked for or, where none is, those the key may see.

    Args:
        asked: Brands; ``""`` stands for messages without one. Empty: all that there are.

    Raises:
        HTTPException: 403, one of them is none of the key's.
    """
    seen = brands_of(request)
    if seen is None:
        return asked
    if foreign := [brand for brand in asked if brand not in seen]:
        named = ", ".join(brand or "(messages without a brand)" for brand in foreign)
        raise HTTPException(403, f"this key does not see the brand {named}; it sees {', '.join(seen)}")
    return asked or seen


async def _find(request: Request, presented: str | None, cookie: str | None) -> KeyInfo | None:
    service, marks = service_of(request), marks_of(request)
    if presented is not None:
        return _known(await marks.look_up("key", presented, lambda: find_key(service.store, presented)))
    if cookie is not None and (
        key := await marks.look_up(
            "session", cookie, lambda: find_session(service.store, cookie, now=service.clock())
        )
    ):
        check_token(request, cookie)
        return key
    if await marks.look_up("any", "", lambda: any_key(service.store) or None):
        raise HTTPException(401, "sign in, or send a key: Authorization: Bearer bzk_…", CHALLENGE)
    if not is_loopback(service.host) or not _is_local(request):
        raise HTTPException(
            401,
            "no key was made yet, so only this machine may ask; make one: bazkhord keys add NAME",
            CHALLENGE,
        )
    check_origin(request)
    return None


def _known(key: KeyInfo | None) -> KeyInfo:
    if key is None:
        raise HTTPException(
            401, "this key is unknown or was revoked; make one: bazkhord keys add NAME", CHALLENGE
        )
    return key


def _count(request: Request, key: KeyInfo) -> None:
    kind = kind_of(request.method, route_of(request.scope))
    told = "this key may ask {limit} times a minute here; try again in {reset_s} s"
    count_one(request, kind, key.id, told=told)


def count_one(request: Request, kind: Kind, asker: int | str, *, told: str) -> None:
    """One more request of a key or an address is counted, and its answer says how many are left.

    Args:
        told: What is said where there were too many, with the places ``{limit}`` and ``{reset_s}``.

    Raises:
        HTTPException: 429, there were too many.
    """
    limits: RateLimits = request.app.state.rate_limits
    allowance = limits.take(kind, asker)
    if allowance is None:
        return
    for name, value in allowance.headers.items():
        give_header(request, name, value)
    if not allowance.allowed:
        raise HTTPException(429, told.format(limit=allowance.limit, reset_s=allowance.reset_s))


def _check_writes(request: Request, key: KeyInfo) -> None:
    """What is written is not bound to a brand, so a key that is limited may only do what keeps to its own."""
    if key.brands is None or request.method in {"GET", "HEAD"}:
        return
    route = request.method, route_of(request.scope)
    if route not in WRITES_WITHIN_BRANDS:
        raise HTTPException(403, ONLY_SOME_BRANDS)
    request.state.kept_to_brands = route in TELLS_NOTHING_STORED


class BrandGuard:
    """Keeps back from a key that is limited to brands what was answered without asking for its brands."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """The request goes on; the answer reaches the key, or 403 does."""
        state: dict[str, Any] = scope.setdefault("state", {})
        is_kept_back = False

        async def guarded(message: Message) -> None:
            nonlocal is_kept_back
            if message["type"] == "http.response.start" and _is_unasked(message["status"], state):
                is_kept_back = True
                await problem(403, ONLY_SOME_BRANDS)(scope, receive, send)
            if not is_kept_back:
                await send(message)

        await self.app(scope, receive, guarded)


def _is_unasked(status: int, state: dict[str, Any]) -> bool:
    key: KeyInfo | None = state.get("key")
    is_limited = key is not None and key.brands is not None
    # 304 tells nothing: whoever names the tag was given the answer.
    return is_limited and status < 400 and status != 304 and not state.get("kept_to_brands", False)


def _is_local(request: Request) -> bool:
    """Whether it arrived on loopback, by a name that no page of the internet can make point there.

    A page of a foreign host whose name was turned to 127.0.0.1 (DNS rebinding) still sends that name.
    """
    arrived_at = (request.scope.get("server") or ("",))[0]
    asked_for = request.url.hostname or ""
    return _is_ours(arrived_at) and _is_ours(asked_for)


def _is_ours(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host
