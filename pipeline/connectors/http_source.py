"""What every source that is asked over HTTP shares: its settings, secrets and client."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import ClassVar

import httpx
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from pipeline.connectors.auth import Auth
from pipeline.connectors.base import Connector
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.http_answers import JSON, Advice, Format
from pipeline.connectors.http_client import HttpClient, Limits, Network
from pipeline.connectors.wire import Wire
from pipeline.errors import SettingsError, StopSource

HERE = ("localhost", "127.0.0.1", "::1")


class HttpConnector(Connector):
    """A service that answers over HTTP.

    Args:
        base_url: Address of the service, up to where its documentation lets paths begin.
        proxy: Address of a proxy without a password; ``None``: none.
        proxy_env: Environment variable with the address of a proxy, its password included.
        ca_file: Certificate of your own authority; certificates are always verified.
        plain_http: Credentials may go over ``http://`` to another machine, readable on the way.
        delay_s: Pause before each request but the first.
        timeout_s: For connecting, and for each piece of an answer.
        attempts: Times that one request is tried.
        patience_s: Time for all tries of one request, the service's own waits included.
        max_body_bytes: Longest answer.
    """

    permission: ClassVar[str] = "give the account the right to read"
    written_in: ClassVar[Format] = JSON

    base_url: str = Field(min_length=8)
    proxy: str | None = Field(default=None, exclude=True)
    proxy_env: str | None = Field(default=None, exclude=True)
    ca_file: Path | None = Field(default=None, exclude=True)
    plain_http: bool = Field(default=False, exclude=True)
    delay_s: float = Field(default=0.0, ge=0, le=3600, exclude=True)
    timeout_s: float = Field(default=30.0, gt=0, le=600, exclude=True)
    attempts: int = Field(default=5, ge=1, le=20, exclude=True)
    patience_s: float = Field(default=180.0, gt=0, le=3600, exclude=True)
    max_body_bytes: int = Field(default=64 * 2**20, ge=1024, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    @field_validator("base_url", "proxy", mode="after")
    @classmethod
    def _hold_no_secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        # pydantic's own errors show the value, which may hold a secret here
        if "@" in value or "?" in value:
            raise SettingsError(
                f"source {info.data.get('name')}: {info.field_name} holds a name, a password or parameters: "
                "leave them out; secrets go into the environment"
            )
        if not value.startswith(("https://", "http://")) or not _host_of(value):
            raise ValueError("expected an address that starts with https://")
        return value.rstrip("/")

    def auth(self) -> Auth | None:
        """Return how to prove who asks; ``None``: nobody asks for it."""
        return None

    def advice(self) -> Advice:
        """Return what to mend where the service refuses."""
        named = [name for name in type(self).model_fields if name.endswith("_env") and name != "proxy_env"]
        held = ", ".join(f"{getattr(self, name)} ({name})" for name in named if getattr(self, name))
        return Advice(
            f"check the secret in {held}" if held else "this connector sends none, the service wants some",
            self.permission,
            "check base_url",
            meant_status=self.meant_status,
        )

    def meant_status(self, status: int, body: bytes) -> int:
        """Return the HTTP status that a refusal means, where the service tells it in the body only."""
        del body
        return status

    def secret(self, key: str) -> SecretStr:
        """Return the secret whose environment variable an argument names.

        Raises:
            StopSource: It is not set.
        """
        variable = str(getattr(self, key))
        return read_secret(variable, self.network.environment, source=self.name, key=key)

    def open_client(self) -> HttpClient:
        """Return a client of this source's settings.

        Raises:
            StopSource: A secret is not set, or would go over the network unencrypted.
        """
        auth = self.auth()
        url = httpx.URL(self.base_url)
        if auth and url.scheme == "http" and url.host not in HERE and not self.plain_http:
            raise StopSource(
                f"source {self.name}: base_url starts with http://, anybody on the way could read the "
                "credentials: use https://, or set plain_http = true where the way is your own"
            )
        return HttpClient(
            source=self.name,
            base_url=self.base_url,
            auth=auth,
            transport=self.network.transport or self._open_transport(),
            limits=Limits(
                delay_s=self.delay_s,
                timeout_s=self.timeout_s,
                attempts=self.attempts,
                patience_s=self.patience_s,
                max_body_bytes=self.max_body_bytes,
            ),
            advice=self.advice(),
            sleep=self.network.sleep,
            now=self.now,
            written_in=self.written_in,
        )

    def _open_transport(self) -> httpx.BaseTransport:
        proxy = self.secret("proxy_env").get_secret_value() if self.proxy_env else self.proxy
        try:
            context = ssl.create_default_context(cafile=self.root / self.ca_file) if self.ca_file else None
            return httpx.HTTPTransport(verify=context or True, proxy=proxy) if proxy else Wire(context)
        except (OSError, ValueError) as error:
            raise StopSource(
                f"source {self.name}: ca_file or proxy cannot be used ({type(error).__name__}): correct it"
            ) from error


def _host_of(address: str) -> str:
    try:
        return httpx.URL(address).host
    except httpx.InvalidURL:
        return ""
