"""Asks a service over HTTP, for JSON mostly: politely, patiently, within bounds, and with errors that say what to mend."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Self

import httpx
import stamina

from pipeline.connectors.auth import Auth, SignedTransport
from pipeline.connectors.http_answers import (
    JSON,
    Advice,
    Answer,
    Format,
    TryAgain,
    find_next_link,
    find_refusal,
    require_no_passing_failure,
)
from pipeline.connectors.patience import exhausted_wait_s
from pipeline.errors import PlaceRefused, RetryLater, StopSource

log = logging.getLogger(__name__)

Params = Mapping[str, str | int]
N_REDIRECTS = 5
REFUSED_PARAMETERS = (400, 410, 422)
LOSES_BODY = (301, 302, 303)
HEADERS = {
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "User-Agent": "bazkhord",
}


@dataclass(frozen=True, slots=True)
class Network:
    """What a connector needs of the world around it; tests give their own.

    Args:
        transport: Carries requests; ``None``: the network.
        sleep: Waits for some seconds.
        environment: Environment variables, where the secrets are.
    """

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How patient and how generous a client is.

    Args:
        delay_s: Pause before each request but the first.
        timeout_s: For connecting, and for each piece of an answer.
        attempts: Times that one request is tried.
        patience_s: Time for all tries of one request, pauses included.
        max_body_bytes: Longest answer, unpacked.
    """

    delay_s: float
    timeout_s: float
    attempts: int
    patience_s: float
    max_body_bytes: int


class HttpClient:
    """One source's way to its service; a context manager, which closes the connections; safe to share by threads.

    It hands requests to the transport itself: an ``httpx.Client`` in between takes as much time again.

    Args:
        source: Name of the source, for errors.
        base_url: Where paths start from.
        auth: How to prove who asks; ``None``: nobody asks for it.
        now: Gives the present moment, aware.
        written_in: What its answers are.
    """

    def __init__(
        self,
        *,
        source: str,
        base_url: str,
        auth: Auth | None,
        transport: httpx.BaseTransport,
        limits: Limits,
        advice: Advice,
        sleep: Callable[[float], None],
        now: Callable[[], datetime],
        written_in: Format = JSON,
    ) -> None:
        self._source = source
        self._authorised = auth is not None
        self._limits = limits
        self._advice = advice
        self._sleep = sleep
        self._now = now
        self._format = written_in
        self._headers = {"Accept": written_in.accept, **HEADERS}
        self._turn = Lock()
        self._n_sent = 0
        self._closed_until: datetime | None = None
        self._base = httpx.URL(base_url)
        self._start = str(self._base).rstrip("/")
        self._transport = SignedTransport(transport, auth)
        self._timeout = {"timeout": httpx.Timeout(limits.timeout_s).as_dict()}
        self._cookies = httpx.Cookies()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def ask(
        self,
        address: str,
        params: Params | None = None,
        *,
        body: object = None,
        may_be_missing: bool = False,
    ) -> Answer:
        """Return the answer to a request; one that fails is tried again within the limits.

        Args:
            address: Path under ``base_url``, or a whole address, as pages name the next one.
            params: Query parameters.
            body: Posted as JSON; ``None``: the request is a GET.
            may_be_missing: 404 and 410 are an answer.

        Raises:
            RetryLater: No answer within the limits, or the service asks for more patience than these allow.
            StopSource: The service refuses, or what it sends is not what a person has set it up for.
        """
        url = self._address(address, params)
        request = httpx.Request(
            "GET" if body is None else "POST", url, headers=self._headers, json=body, extensions=self._timeout
        )
        if self._is_elsewhere(request.url):
            raise self._stop(
                request.url, "the service names it as the next page, on another host: check base_url"
            )
        retry = stamina.RetryingCaller(
            attempts=self._limits.attempts, timeout=self._limits.patience_s, wait_initial=1.0, wait_max=30.0
        )
        try:
            return retry(self._pause, self._ask_once, request, may_be_missing=may_be_missing)
        except TryAgain as error:
            raise RetryLater(f"{self._place(request.url)}: {error}{self._when(error)}") from error

    def _address(self, address: str, params: Params | None) -> httpx.URL:
        if not address.lower().startswith(("https://", "http://")):
            address = f"{self._start}/{address.lstrip('/')}"
        if params and "?" not in address:
            return httpx.URL(f"{address}?{httpx.QueryParams(params)}")
        return httpx.URL(address).copy_merge_params(params) if params else httpx.URL(address)

    def _pause(self, error: Exception) -> bool | float:
        """Whether to try again, and after how many seconds where the service says so."""
        if not isinstance(error, TryAgain):
            return False
        if error.wait_s is None:
            return True
        return error.wait_s if error.wait_s <= self._limits.patience_s else False

    def _when(self, error: TryAgain) -> str:
        if error.wait_s is None:
            return "; run again later, nothing is lost"
        moment = self._now() + timedelta(seconds=error.wait_s)
        return f"; it asks to come back at {moment:%Y-%m-%d %H:%M:%S} UTC: run again then, nothing is lost"

    def _ask_once(self, request: httpx.Request, *, may_be_missing: bool) -> Answer:
        self._wait_for_turn()
        try:
            response = self._send(request)
            try:
                body = self._read(response)
            finally:
                response.close()
        except httpx.RequestError as error:
            raise self._unreachable(error, request.url) from error
        if not response.is_success:
            response.status_code = self._advice.meant_status(response.status_code, body)
        wait_s = exhausted_wait_s(response.headers, now=self._now())
        if wait_s:
            self._closed_until = self._now() + timedelta(seconds=wait_s)
        require_no_passing_failure(response, now=self._now())
        if may_be_missing and response.status_code in (404, 410):
            return Answer(None, response.headers, missing=True)
        problem = find_refusal(response, self._advice, self._format.name)
        if problem:
            refused = PlaceRefused if response.status_code in REFUSED_PARAMETERS else StopSource
            raise refused(f"{self._place(response.url)}: {problem}")
        return Answer(self._format.parse(body), response.headers, find_next_link(response))

    def _wait_for_turn(self) -> None:
        with self._turn:
            if self._closed_until is not None:
                wait_s = (self._closed_until - self._now()).total_seconds()
                if wait_s > self._limits.patience_s:
                    raise TryAgain("its allowance of requests is used up", wait_s)
                self._closed_until = None
                self._sleep(max(0.0, wait_s))
            if self._n_sent and self._limits.delay_s:
                self._sleep(self._limits.delay_s)
            self._n_sent += 1

    def _send(self, request: httpx.Request) -> httpx.Response:
        for _ in range(N_REDIRECTS + 1):
            if self._cookies.jar:
                self._cookies.set_cookie_header(request)
            response = self._transport.handle_request(request)
            response.request = request
            log.debug("%s %s: HTTP %d", request.method, request.url, response.status_code)
            if "set-cookie" in response.headers:
                self._cookies.extract_cookies(response)
            if not response.has_redirect_location:
                return response
            response.close()
            request = self._redirected(request, response)
        raise self._stop(request.url, f"it redirects more than {N_REDIRECTS} times: check base_url")

    def _redirected(self, request: httpx.Request, response: httpx.Response) -> httpx.Request:
        try:
            url = request.url.join(response.headers["location"])
        except httpx.InvalidURL:
            raise self._stop(request.url, "it redirects to what is no address: check base_url") from None
        problem = ""
        if request.method == "POST" and response.status_code in LOSES_BODY:
            problem = "in a way that loses what was asked"
        elif self._is_elsewhere(url):
            # neither credentials nor this machine's place in the network are for whom a service names
            problem = "which would be sent the credentials" if self._authorised else "another host"
        if problem:
            separator = " " if problem.startswith("in") else ", "
            raise self._stop(
                request.url,
                f"it redirects to {url.host}{separator}{problem}: set base_url to that address if it is right",
            )
        headers = {**request.headers, "Host": url.netloc.decode()}
        return httpx.Request(
            request.method, url, headers=headers, content=request.content, extensions=self._timeout
        )

    def _is_elsewhere(self, url: httpx.URL) -> bool:
        base = self._base
        if (url.host, url.port) == (base.host, base.port):
            return url.scheme not in (base.scheme, "https")
        return True

    def _read(self, response: httpx.Response) -> bytes:
        chunks: list[bytes] = []
        n_bytes = 0
        for chunk in response.iter_bytes():
            n_bytes += len(chunk)
            if n_bytes > self._limits.max_body_bytes:
                raise self._stop(
                    response.url,
                    f"the answer is longer than max_body_bytes ({self._limits.max_body_bytes}): "
                    "lower the page size of the source, or raise max_body_bytes",
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _unreachable(self, error: httpx.RequestError, url: httpx.URL) -> Exception:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return self._stop(
                url,
                "its certificate cannot be verified: check base_url and the clock, "
                "or name the certificate of your own authority in ca_file",
            )
        if isinstance(error, httpx.TimeoutException):
            return TryAgain(f"no answer within {self._limits.timeout_s:g} seconds (timeout_s)")
        return TryAgain(f"the connection failed ({type(error).__name__})")

    def _place(self, url: httpx.URL) -> str:
        return f"source {self._source}: {url.scheme}://{url.netloc.decode()}{url.path}"

    def _stop(self, url: httpx.URL, problem: str) -> StopSource:
        return StopSource(f"{self._place(url)}: {problem}")
