"""Tries whether a source can be read: its first page is asked for and nothing is stored."""

from __future__ import annotations

import inspect
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import httpx

from pipeline.connectors.base import Connector
from pipeline.connectors.credentials import NOT_SET
from pipeline.connectors.documentation import split_docstring
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError
from pipeline.records import Page

log = logging.getLogger(__name__)
# a person waits for the answer, and a page without anything for us may come before one with something
HASTE: dict[str, float] = {"attempts": 2, "patience_s": 20.0, "timeout_s": 15.0}
N_PAGES = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a source can be read, and what was found or what is missing, in words."""

    source: str
    can_be_read: bool
    found: str


def check_source(connector: Connector) -> Checked:
    """The source was asked for its first page with what holds its secrets; return what came of it."""
    hasty = connector.model_copy(
        update={name: value for name, value in HASTE.items() if name in type(connector).model_fields}
    )
    try:
        pages = list(_until_something(hasty))
    except BazkhordError as error:
        found = f"{error}{_hint(error)}{_also_missing(connector, str(error))}"
        return Checked(connector.name, can_be_read=False, found=found)
    except Exception as error:  # whatever it is, the next source is to be checked as well
        log.debug("source %s: unexpected", connector.name, exc_info=True)
        found = f"unexpected {type(error).__name__}; please report it"
        return Checked(connector.name, can_be_read=False, found=found)
    return _describe(connector, pages)


def _until_something(connector: Connector) -> Iterator[Page]:
    for page in islice(connector.fetch(None), N_PAGES):
        yield page
        if page.items or page.dead_letters:
            return


def _describe(connector: Connector, pages: list[Page]) -> Checked:
    items = [item for page in pages for item in page.items]
    dead = [letter for page in pages for letter in page.dead_letters]
    if dead and not items:
        found = (
            f"it answers, but none of the {len(dead):,} rows of its first page can be read: {dead[0].error}"
        )
        return Checked(connector.name, can_be_read=False, found=found)
    if not items:
        return Checked(
            connector.name, can_be_read=True, found=f"it answers, with nothing to read{_needs(connector)}"
        )
    newest = max((item.created_at for item in items if item.created_at), default=None)
    told = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
    unread = f"; rows that cannot be read: {len(dead):,}, the first: {dead[0].error}" if dead else ""
    return Checked(
        connector.name,
        can_be_read=True,
        found=f"it answers; its first page holds {len(items):,} messages{told}{unread}",
    )


def _needs(connector: Connector) -> str:
    """What the account needs, for a source that shows nothing: it may not be allowed to see it."""
    needed = split_docstring(inspect.getdoc(type(connector)) or "")[1].get("Permissions", "")
    words = " ".join(needed.replace("``", "").split())
    return f"; if there should be something, look at the permissions: {words}" if words else ""


def _also_missing(connector: Connector, told: str) -> str:
    """The secrets that are not set either, so that nobody learns of them one by one."""
    network = getattr(connector, "network", None)
    if not isinstance(network, Network) or NOT_SET not in told:
        return ""
    missing = [
        f"{variable} ({key})"
        for key, field in type(connector).model_fields.items()
        if key.endswith("_env") and field.is_required()
        if (variable := str(getattr(connector, key))) not in told
        and not {variable, f"{variable}_FILE"} & set(network.environment)
    ]
    return f". Not set either: {', '.join(missing)}" if missing else ""


def _hint(error: BaseException) -> str:
    """What lies behind a connection that fails, which the source's own words leave open."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return ". The name of the host is not known: check its spelling (base_url, host) and this machine's DNS"
        if isinstance(cause, ConnectionRefusedError):
            return ". Nothing listens there: check the address and port (base_url, host, port) and that the service is up"
        if isinstance(cause, httpx.TimeoutException | TimeoutError):
            return ". Nothing answered in time: check the address (base_url, host), proxy and firewall"
        cause = cause.__cause__ or cause.__context__
    return ""
