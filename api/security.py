"""Who may ask: keys and scopes, and the rule that without a key nobody but this machine is heard."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated

from fastapi import HTTPException, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.service import Service, service_of
from pipeline.errors import SettingsError
from pipeline.keys import Scope, any_key, find_key

bearer = HTTPBearer(
    auto_error=False, description="A key of `bazkhord keys add`: `Authorization: Bearer bzk_…`"
)
api_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="The same key, where Bearer cannot be set"
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bazkhord"'}


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


def needs(scope: Scope) -> Callable[..., None]:
    """Return the dependency that lets only those pass who may do what needs ``scope``."""

    def check(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
        header: Annotated[str | None, Security(api_key)],
    ) -> None:
        presented = credentials.credentials if credentials else header
        _check(service_of(request), request, presented, scope)

    return check


def _check(service: Service, request: Request, presented: str | None, scope: Scope) -> None:
    if presented is None:
        if any_key(service.store):
            raise HTTPException(401, "send a key: Authorization: Bearer bzk_…", CHALLENGE)
        if not is_loopback(service.host) or not _is_local(request):
            raise HTTPException(
                401,
                "no key was made yet, so only this machine may ask; make one: bazkhord keys add NAME",
                CHALLENGE,
            )
        return
    key = find_key(service.store, presented)
    if key is None:
        raise HTTPException(
            401, "this key is unknown or was revoked; make one: bazkhord keys add NAME", CHALLENGE
        )
    if not key.allows(scope):
        raise HTTPException(403, f"this key has the scope {key.scope}; this needs {scope}")


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
