"""Tokens that this side signs with a private key: JSON Web Tokens (RFC 7519)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Self

import httpx
from pydantic import SecretStr

from pipeline.connectors.auth import EARLY, Auth, OAuth2, Send
from pipeline.connectors.json_row import value_in
from pipeline.errors import StopSource

GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def sign_token(
    claims: Mapping[str, str],
    key: SecretStr,
    *,
    algorithm: Literal["ES256", "RS256"],
    now: datetime,
    lasting: timedelta,
    key_id: str | None = None,
) -> SecretStr:
    """Return a signed token.

    Args:
        claims: What it says beside the times.
        key: The private key, in PEM form.
        now: When it begins.
        lasting: After which time it runs out.
        key_id: Which key the service has to check it with; ``None``: the claims tell.

    Raises:
        StopSource: The key cannot sign. It is not shown.
    """
    import jwt  # a tenth of a second, which only two sources have to spend

    times = {"iat": int(now.timestamp()), "exp": int((now + lasting).timestamp())}
    headers = {"kid": key_id} if key_id else None
    try:
        token = jwt.encode({**claims, **times}, key.get_secret_value(), algorithm=algorithm, headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise StopSource(
            f"the private key cannot sign with {algorithm}: expected its whole file as it was downloaded, "
            "from -----BEGIN PRIVATE KEY----- to the end"
        ) from None
    return SecretStr(token)


@dataclass(slots=True, kw_only=True)
class SignedToken(Auth):
    """A token of this side's own as the proof, signed anew before it runs out.

    Args:
        claims: What it says beside the times.
        key: The private key, in PEM form.
        key_id: What the service calls the key.
        now: Gives the present moment.
        lasting: After which time a token runs out; above a minute.
    """

    claims: Mapping[str, str]
    key: SecretStr
    key_id: str
    now: Callable[[], datetime]
    lasting: timedelta = timedelta(minutes=15)
    _token: SecretStr | None = field(default=None, init=False)
    _runs_out_at: datetime | None = field(default=None, init=False)
    _is_fresh: bool = field(default=False, init=False)

    def sign(self, request: httpx.Request, send: Send) -> None:
        """The request has a token that has not run out."""
        del send
        now = self.now()
        self._is_fresh = self._token is None or self._runs_out_at is None or now >= self._runs_out_at
        if self._is_fresh or self._token is None:
            self._token = sign_token(
                self.claims, self.key, algorithm="ES256", now=now, lasting=self.lasting, key_id=self.key_id
            )
            self._runs_out_at = now + self.lasting - EARLY
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"

    def renew(self) -> bool:
        """Forget the token; one that was refused at its first use would be refused again."""
        self._token = None
        return not self._is_fresh


@dataclass(slots=True)
class ServiceAccount(OAuth2):
    """A token that is fetched with one of this side's own (RFC 7523), as Google's service accounts do.

    ``client_id`` is the account's e-mail address, ``client_secret`` its private key in PEM form.
    """

    advice: ClassVar[str] = (
        "check that the service account and its key still exist, and that the clock here is right"
    )

    @classmethod
    def of_key(cls, key: SecretStr, *, scope: str, now: Callable[[], datetime], place: str) -> Self:
        """Return the proof that the key of one of Google's service accounts gives.

        Args:
            key: The JSON file that is downloaded with the key.
            scope: Permissions to ask for, with blanks between them.
            now: Gives the present moment.
            place: Where the key was found, for errors.

        Raises:
            StopSource: It is no such file. It is not shown.
        """
        text = key.get_secret_value()
        email, private = value_in(text, "client_email"), value_in(text, "private_key")
        if not isinstance(email, str) or not isinstance(private, str):
            raise StopSource(
                f"{place} holds no key of a service account: expected the whole JSON file as it was downloaded, "
                "with client_email and private_key"
            )
        return cls(GOOGLE_TOKENS, SecretStr(email), SecretStr(private), now, scope=scope)

    def _question(self) -> httpx.Request:
        claims = {
            "iss": self.client_id.get_secret_value(),
            "scope": self.scope,
            "aud": self.token_url,
        }
        assertion = sign_token(
            claims, self.client_secret, algorithm="RS256", now=self.now(), lasting=timedelta(hours=1)
        )
        form = {"grant_type": BEARER_GRANT, "assertion": assertion.get_secret_value()}
        return httpx.Request("POST", self.token_url, data=form, headers={"Accept": "application/json"})
