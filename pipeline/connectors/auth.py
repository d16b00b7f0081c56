"""Ways to prove who asks. Secrets are added beneath the HTTP client, so that no log of it shows them."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import ClassVar, cast

import httpx
from pydantic import SecretStr

from pipeline.errors import StopSource

Send = Callable[[httpx.Request], httpx.Response]
EARLY = timedelta(seconds=60)


class Auth(ABC):
    """Adds what proves who asks to a request that is about to be sent."""

    @abstractmethod
    def sign(self, request: httpx.Request, send: Send) -> httpx.Response | None:
        """The request carries the proof.

        Args:
            request: Changed in place.
            send: Sends a request of this method's own, to fetch a token.

        Returns:
            An answer that stands for the one to the request, where there is no token to be had now.

        Raises:
            StopSource: The credentials are refused.
        """

    def renew(self) -> bool:
        """Forget what may have run out; return whether asking again can help."""
        return False


@dataclass(frozen=True, slots=True)
class Header(Auth):
    """A secret in a header.

    Args:
        name: Name of the header.
        value: The secret.
        prefix: Stands before it, as ``"Bearer "``.
    """

    value: SecretStr
    name: str = "Authorization"
    prefix: str = "Bearer "

    def sign(self, request: httpx.Request, send: Send) -> None:
        """The request has the header."""
        del send
        request.headers[self.name] = f"{self.prefix}{self.value.get_secret_value()}"


@dataclass(frozen=True, slots=True)
class Basic(Auth):
    """A name and a password (RFC 7617)."""

    user: SecretStr
    password: SecretStr

    def sign(self, request: httpx.Request, send: Send) -> None:
        """The request has both in its ``Authorization`` header."""
        del send
        request.headers["Authorization"] = _basic(self.user, self.password)


@dataclass(frozen=True, slots=True)
class Query(Auth):
    """A secret among the query parameters."""

    value: SecretStr
    name: str

    def sign(self, request: httpx.Request, send: Send) -> None:
        """The address has the parameter."""
        del send
        request.url = request.url.copy_merge_params({self.name: self.value.get_secret_value()})


@dataclass(frozen=True, slots=True)
class WithHeaders(Auth):
    """A proof together with headers that are no secrets, as the name of its owner."""

    proof: Auth
    headers: Mapping[str, str]

    def sign(self, request: httpx.Request, send: Send) -> httpx.Response | None:
        """The request has the headers and the proof."""
        request.headers.update(self.headers)
        return self.proof.sign(request, send)

    def renew(self) -> bool:
        """Forget what may have run out of the proof; return whether asking again can help."""
        return self.proof.renew()


@dataclass(slots=True)
class OAuth2(Auth):
    """A token that is fetched with client credentials or a refresh token (RFC 6749, sections 4.4 and 6).

    A refresh token that the service replaces is used until the process ends; the environment still has
    the former one then. Services that let the former one lapse need a new one set before each start.

    Args:
        token_url: Where tokens are given out.
        refresh: Refresh token; ``None``: client credentials.
        scope: Permissions to ask for, with blanks between them; empty: those of the client.
        now: Gives the present moment.
        basic: The client proves itself in a header (RFC 6749, section 2.3.1), not in the form.
    """

    advice: ClassVar[str] = (
        "check token_url, and the client's id, secret and refresh token in the environment"
    )

    token_url: str
    client_id: SecretStr
    client_secret: SecretStr
    now: Callable[[], datetime]
    refresh: SecretStr | None = None
    scope: str = ""
    basic: bool = False
    _token: SecretStr | None = field(default=None, init=False)
    _runs_out_at: datetime | None = field(default=None, init=False)
    _is_fresh: bool = field(default=False, init=False)

    def sign(self, request: httpx.Request, send: Send) -> httpx.Response | None:
        """The request has a token that has not run out, fetched where need be."""
        has_run_out = self._runs_out_at is not None and self.now() >= self._runs_out_at
        self._is_fresh = self._token is None or has_run_out
        if self._is_fresh:
            question = self._question()
            question.headers["User-Agent"] = request.headers.get("User-Agent", "bazkhord")
            response = send(question)
            response.read()
            if response.status_code == 429 or response.status_code >= 500:
                return response
            self._keep(response)
        request.headers["Authorization"] = f"Bearer {cast('SecretStr', self._token).get_secret_value()}"
        return None

    def renew(self) -> bool:
        """Forget the token; one that was refused at its first use would be refused again."""
        had_one = self._token is not None
        self._token = None
        return had_one and not self._is_fresh

    def _question(self) -> httpx.Request:
        form = {"grant_type": "refresh_token" if self.refresh else "client_credentials"}
        headers = {"Accept": "application/json"}
        if self.basic:
            headers["Authorization"] = _basic(self.client_id, self.client_secret)
        else:
            form["client_id"] = self.client_id.get_secret_value()
            form["client_secret"] = self.client_secret.get_secret_value()
        if self.refresh:
            form["refresh_token"] = self.refresh.get_secret_value()
        if self.scope:
            form["scope"] = self.scope
        return httpx.Request("POST", self.token_url, data=form, headers=headers)

    def _keep(self, response: httpx.Response) -> None:
        try:
            told = response.json() if response.is_success else {}
        except ValueError:
            told = {}
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str):
            raise StopSource(
                f"no token from {httpx.URL(self.token_url).host} (HTTP {response.status_code}): {self.advice}"
            )
        self._token = SecretStr(token)
        seconds = told.get("expires_in")
        lasting = float(seconds) if isinstance(seconds, int | float) else 0.0
        self._runs_out_at = self.now() + timedelta(seconds=lasting) - EARLY if lasting else None
        if isinstance(told.get("refresh_token"), str):
            self.refresh = SecretStr(told["refresh_token"])


class SignedTransport(httpx.BaseTransport):
    """Sends requests with the proof of who asks; the client above it never sees the proof."""

    def __init__(self, inner: httpx.BaseTransport, auth: Auth | None) -> None:
        self._inner = inner
        self._auth = auth
        self._signing = Lock()  # two threads would each fetch a token, and one could undo the other's

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; a token that lapsed early is renewed once."""
        if self._auth is None:
            return self._inner.handle_request(request)
        response = self._send(request, self._auth)
        if response.status_code == 401 and self._auth.renew():
            response.close()
            response = self._send(request, self._auth)
        return response

    def close(self) -> None:
        """The connections are closed."""
        self._inner.close()

    def _send(self, request: httpx.Request, auth: Auth) -> httpx.Response:
        signed = httpx.Request(
            request.method,
            request.url,
            headers=request.headers.copy(),
            stream=cast("httpx.SyncByteStream", request.stream),
            extensions=request.extensions,
        )
        with self._signing:
            instead = auth.sign(signed, self._inner.handle_request)
        return instead or self._inner.handle_request(signed)


def _basic(user: SecretStr, password: SecretStr) -> str:
    both = f"{user.get_secret_value()}:{password.get_secret_value()}"
    return f"Basic {base64.b64encode(both.encode()).decode()}"
