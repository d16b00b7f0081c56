"""What an answer over HTTP means: JSON, a failure that passes, or a refusal with what to mend."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from pipeline.connectors.patience import asked_wait_s

# 420 is no standard's: some services say by it that they were asked too often
ASK_LATER = (408, 420, 425, 429)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to mend, in words, where the service refuses.

    Args:
        credentials: On 401: which settings hold the credentials.
        permission: On 403: which permission they need.
        address: On 404: which settings name the place.
        conflict: On 409: what stands against the request, and what to do.
        meant_status: Gives the status that a refusal means, of the one it has and its body.
    """

    credentials: str
    permission: str
    address: str
    conflict: str = "the request is refused: check the arguments of the source"
    meant_status: Callable[[int, bytes], int] = lambda status, _: status


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said.

    Args:
        content: The JSON document.
        next_link: The address that the ``Link`` header calls the next one.
        missing: The service says that there is no such thing; only where that was allowed.
    """

    content: object
    headers: Mapping[str, str]
    next_link: str | None = None
    missing: bool = False


class TryAgain(Exception):
    """The same request may be answered a little later.

    Args:
        wait_s: Seconds that the service asks for; ``None``: it names none.
    """

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def require_no_passing_failure(response: httpx.Response, *, now: datetime) -> None:
    """The service did not say that it is busy, broken or asked too often.

    Raises:
        TryAgain: It did.
    """
    if response.status_code in ASK_LATER or response.status_code >= 500:
        raise TryAgain(f"it answered HTTP {response.status_code}", asked_wait_s(response.headers, now=now))


def find_refusal(response: httpx.Response, advice: Advice, document: str = "JSON") -> str | None:
    """Return why a person has to mend something, and what; ``None``: the answer is one.

    Args:
        document: What the service should send.
    """
    if not response.is_success:
        return _describe_refusal(response.status_code, advice)
    if "html" in response.headers.get("content-type", ""):
        return f"it sent a web page instead of {document}: {advice.address}, and whether the service is up"
    return None


def _describe_refusal(status: int, advice: Advice) -> str:
    missing = f"HTTP {status}, there is no such address: {advice.address}"
    refusals = {
        401: f"HTTP 401, the credentials are refused: {advice.credentials}",
        402: f"HTTP 402, it wants to be paid first: {advice.permission}",
        403: f"HTTP 403, this is not permitted: {advice.permission}",
        404: missing,
        409: f"HTTP 409, {advice.conflict}",
        410: missing,
    }
    return refusals.get(status, f"HTTP {status}, the request is refused: check the arguments of the source")


def parse_json(body: bytes) -> object:
    """Return the document of an answer.

    Raises:
        TryAgain: It is cut off, or no JSON.
    """
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TryAgain(f"the answer is no whole JSON ({type(error).__name__})") from error
    return content


@dataclass(frozen=True, slots=True)
class Format:
    """What answers are written in.

    Args:
        name: In errors.
        accept: What the service is told.
        parse: Gives the document of an answer, or raises TryAgain where it is cut off or no such document.
    """

    name: str
    accept: str
    parse: Callable[[bytes], object]


JSON = Format("JSON", "application/json", parse_json)


def find_next_link(response: httpx.Response) -> str | None:
    """Return the address that the ``Link`` header calls the next page."""
    link = response.links.get("next", {}).get("url")
    return str(response.url.join(link)) if link else None
