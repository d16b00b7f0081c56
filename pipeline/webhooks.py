"""Webhooks: a service posts its messages to us; ``[webhooks.NAME]`` says how it signs and what its fields mean."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline.connectors.argument_errors import describe_errors
from pipeline.connectors.base import Arguments, bury
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.json_paths import compile_path, has_path, parse_path
from pipeline.connectors.mapping import Constants, Fields
from pipeline.connectors.row_reader import Record, RowReader, as_text
from pipeline.errors import BazkhordError, SettingsError, SkipRecord, StopSource
from pipeline.records import Channel, DeadLetter, Feedback, Page, TextFormat

EPOCH_DIGITS = 12


class NotSigned(BazkhordError):
    """What arrived does not prove who sent it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a webhook.

    Args:
        headers: By their names in small letters.
        token: Parameter ``token`` of the address, else empty.
        body: As it came.
        at: When it came, aware.
    """

    headers: Mapping[str, str]
    token: str
    body: bytes
    at: datetime

    def header(self, name: str | None) -> str:
        """Return a header; empty where there is none."""
        return self.headers.get(name.lower(), "") if name else ""


class Token(Arguments):
    """The secret itself comes along, for services that cannot sign: in a header, or in the address.

    Args:
        header: Name of the header; none: the parameter ``token`` of the address.
    """

    kind: Literal["token"]
    header: str | None = None

    def check(self, secret: bytes, delivery: Delivery) -> bool:
        """Whether the secret came along."""
        given = delivery.header(self.header) if self.header else delivery.token
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret)


class Signature(Arguments):
    """The body is signed with an HMAC, in a header.

    Args:
        header: Name of the header; it may hold several signatures with spaces between them.
        algorithm: Of the HMAC.
        encoding: How the digest is written.
        prefix: What stands before the digest, like ``sha256=`` or ``v1,``.
        signed: What is signed, made of ``{body}``, ``{timestamp}`` and ``{id}``.
        timestamp_header: Where the time of sending stands, in epoch seconds; needed for ``{timestamp}``.
        id_header: Where the number of the delivery stands; needed for ``{id}``.
        tolerance_s: Seconds by which that time may differ from ours, so that nobody plays old deliveries back.
        secret_is_base64: The secret is written in base64, perhaps after ``whsec_`` (Standard Webhooks).
    """

    kind: Literal["hmac"]
    header: str
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str | None = None
    id_header: str | None = None
    tolerance_s: int = Field(300, ge=1)
    secret_is_base64: bool = False

    @model_validator(mode="after")
    def _parts_are_named(self) -> Self:
        needed = {"{timestamp}": self.timestamp_header, "{id}": self.id_header}
        for part, header in needed.items():
            if (part in self.signed) != (header is not None):
                raise ValueError(f"signed and {part.strip('{}')}_header go together: set both or none")
        if self.signed.count("{body}") != 1:
            raise ValueError("signed must hold {body} once")
        return self

    def check(self, secret: bytes, delivery: Delivery) -> bool:
        """Whether the header holds the HMAC of the body, and is not an old one."""
        timestamp, number = delivery.header(self.timestamp_header), delivery.header(self.id_header)
        if self.timestamp_header and not self._is_recent(timestamp, delivery.at):
            return False
        before, after = (
            part.replace("{timestamp}", timestamp).replace("{id}", number).encode("utf-8", "surrogatepass")
            for part in self.signed.split("{body}")
        )
        digest = hmac.digest(self._key(secret), before + delivery.body + after, self.algorithm)
        expected = self.prefix + (
            digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        )
        given = delivery.header(self.header).split()
        return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)

    def _is_recent(self, timestamp: str, now: datetime) -> bool:
        if not timestamp.isdecimal() or len(timestamp) > EPOCH_DIGITS:
            return False
        return abs(now.timestamp() - int(timestamp)) <= self.tolerance_s

    def _key(self, secret: bytes) -> bytes:
        return base64.b64decode(secret.removeprefix(b"whsec_")) if self.secret_is_base64 else secret


def _can_be_read(path: str) -> str:
    parse_path(path)
    return path


Path = Annotated[str, AfterValidator(_can_be_read)]


class Webhook(Arguments):
    """Who may post under a name, and what the parts of its payload mean.

    Args:
        secret_env: Environment variable with the secret.
        proof: How the sender proves that it knows the secret.
        fields: Paths inside an item, as for ``json_file``.
        items: Path of the list of messages in the payload; empty: the payload is one.
        only: What stands at these paths of an item that is a customer's message; others are passed over.
        optional: Paths that an item may lack; any other has to be there.
        zone: Of times that name none.
    """

    name: str = Field(min_length=1, max_length=100)
    secret_env: str
    proof: Annotated[Token | Signature, Field(discriminator="kind")]
    channel: Channel
    fields: Fields
    items: Path | None = None
    only: dict[Path, str | tuple[str, ...]] = Field(default={})
    optional: tuple[Path, ...] = ()
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None

    @model_validator(mode="after")
    def _paths_can_be_read(self) -> Self:
        if not self.fields.id:
            raise ValueError(
                "fields.id is missing: without it, a message that is delivered twice counts twice"
            )
        for path in self.fields.columns():
            parse_path(path)
        return self

    def check(self, delivery: Delivery, *, environment: Mapping[str, str]) -> None:
        """What arrived was sent by one who knows the secret.

        Args:
            environment: Environment variables, of which one holds the secret.

        Raises:
            NotSigned: It was not, or the secret is not set; neither is shown.
        """
        try:
            secret = read_secret(self.secret_env, environment, source=self.name, key="secret_env")
            known = self.proof.check(secret.get_secret_value().encode(), delivery)
        except (StopSource, ValueError):
            raise NotSigned(
                f"webhook {self.name}: its secret is not set, or cannot be read, on this side"
            ) from None
        if not known:
            raise NotSigned(f"webhook {self.name}: the signature or token is missing, wrong or too old")

    def read(self, payload: object, *, now: datetime) -> Page:
        """Return the customers' messages of a payload, and what of it could not be read."""
        reader = self._reader(now)
        items: list[Feedback] = []
        dead_letters: list[DeadLetter] = []
        for place, item in enumerate(self._find(payload), 1):
            try:
                items += self._read(reader, item)
            except (SkipRecord, StopSource) as error:
                native_id = error.native_id if isinstance(error, SkipRecord) else None
                dead_letters.append(bury(self.name, f"item {place}", str(error), item, native_id=native_id))
        return Page(tuple(items), tuple(dead_letters))

    def _read(self, reader: RowReader, item: object) -> list[Feedback]:
        if not isinstance(item, Mapping):
            raise SkipRecord("there is no object here, or no list at items: correct items")
        if not self._is_meant(item):
            return []
        wanted = [path for path in self.fields.columns() if path not in self.optional]
        if missing := [path for path in wanted if not has_path(item, path)]:
            raise SkipRecord(f"{', '.join(missing)}: missing; correct fields, or list it under optional")
        return [reader.read(item)]

    def _find(self, payload: object) -> list[object]:
        if self.items is None:
            return payload if isinstance(payload, list) else [payload]
        found = compile_path(self.items)(payload) if isinstance(payload, Mapping) else None
        if not isinstance(found, list):
            return [None]
        return found

    def _is_meant(self, item: Record) -> bool:
        for path, allowed in self.only.items():
            given = as_text(compile_path(path)(item), path)
            if given not in ((allowed,) if isinstance(allowed, str) else allowed):
                return False
        return True

    def _reader(self, now: datetime) -> RowReader:
        return RowReader(source=self.name, mapping=self, now=lambda: now, getter_of=compile_path)


def build_webhooks(config: Mapping[str, object]) -> dict[str, Webhook]:
    """Return the webhooks of a whole ``sources.toml``, by name.

    Raises:
        SettingsError: A key is unknown, missing or wrong, or a source has the same name.
    """
    tables, sources = config.get("webhooks", {}), config.get("sources", {})
    if not isinstance(tables, Mapping):
        raise SettingsError("webhooks: got no table, expected [webhooks.NAME] for each webhook")
    webhooks: dict[str, Webhook] = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping) or (isinstance(sources, Mapping) and name in sources):
            raise SettingsError(f"webhooks: {name} must be a table whose name no source has")
        try:
            webhooks[name] = Webhook.model_validate({**table, "name": name})
        except ValidationError as error:
            raise SettingsError(describe_errors(error, name, Webhook)) from None
    return webhooks
