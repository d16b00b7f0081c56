"""A service as an operator starts it refuses what is too much, in the one shape of errors, and goes on."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.request_limits import LimitRequests, RequestLimits
from tests.started import free_port, serving_at

HEAD = "POST /v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
MESSAGE = b'{"id": "1", "text": "x"}\n'


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A service that waits a second for a slow client, answers three at once and holds eight connections."""
    folder = tmp_path_factory.mktemp("limits")
    limits = {
        "slow_client_s": "1",
        "max_requests_at_once": "3",
        "max_connections": "8",
        "max_body_bytes": "100000",
    }
    environment = {f"BAZKHORD_{key.upper()}": value for key, value in limits.items()}
    chosen = free_port()
    with serving_at(chosen, {**os.environ, **environment, "BAZKHORD_DATA_DIR": str(folder)}, folder=Path()):
        yield chosen


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        yield one


def answer_of(one: socket.socket) -> tuple[int, dict[str, str], dict[str, object]]:
    """Status, headers and body of all that comes until the service closes."""
    came = b""
    while piece := one.recv(65_536):
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)


def asked(port: int, sent: bytes) -> tuple[int, dict[str, str], dict[str, object]]:
    with connected(port) as one:
        one.sendall(sent)
        return answer_of(one)


@pytest.mark.parametrize(
    ("sent", "status", "title"),
    [
        (
            b"GET /v1/trend?q=" + b"x" * 8001 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            414,
            "The address is too long",
        ),
        (
            b"GET /v1/trend HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 16_001 + b"\r\n\r\n",
            431,
            "The headers are too long",
        ),
        (
            b"GET /v1/trend HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100 + b"\r\n",
            431,
            "The headers are too long",
        ),
        (b"GET /v1/trend HTTP/1.1\r\nX: " + b"x" * 70_000, 400, "Bad Request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "Bad Request"),
    ],
    ids=["address", "one header", "many headers", "endless header", "no HTTP"],
)
def test_a_head_that_is_too_long_or_no_http_is_a_problem(
    port: int, sent: bytes, status: int, title: str
) -> None:
    code, headers, problem = asked(port, sent)

    assert (code, headers["content-type"], headers["connection"]) == (
        status,
        "application/problem+json",
        "close",
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert problem["title"] == title


def test_a_head_that_does_not_come_is_waited_for_a_second(port: int) -> None:
    with connected(port) as one:
        began = time.monotonic()
        one.sendall(b"GET /v1/trend HTTP/1.1\r\nHost: loc")

        code, _, problem = answer_of(one)

    assert (code, problem["detail"]) == (408, "the head of the request did not come within 1 seconds")
    assert 0.9 < time.monotonic() - began < 3


def test_a_byte_now_and_then_does_not_hold_a_head_open(port: int) -> None:
    began = time.monotonic()
    with connected(port) as one:
        one.settimeout(0.1)
        while time.monotonic() - began < 5:
            try:
                one.sendall(b"G")
                if one.recv(1):
                    break
            except TimeoutError:
                continue

    assert time.monotonic() - began < 3


def test_a_connection_that_sends_nothing_is_closed_without_a_word(port: int) -> None:
    with connected(port) as one:
        assert one.recv(100) == b""


def test_a_body_that_comes_byte_by_byte_is_a_408_problem(port: int) -> None:
    with connected(port) as one:
        one.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode())
        began = time.monotonic()
        one.settimeout(0.1)
        came = b""
        while not came and time.monotonic() - began < 10:
            one.sendall(b"{")
            try:
                came = one.recv(12)
            except TimeoutError:
                continue

    assert came == b"HTTP/1.1 408"
    assert time.monotonic() - began < 3


def test_a_stream_goes_on_as_long_as_it_is_fast_enough(port: int) -> None:
    def lines() -> Iterator[bytes]:
        for _ in range(6):
            time.sleep(0.3)
            yield MESSAGE * 50

    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/feedback",
        content=lines(),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=30,
    )

    assert (answer.status_code, answer.json()["n_new"], answer.json()["n_duplicate"]) == (202, 1, 299)


def test_one_request_too_many_is_told_to_come_again(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            one = stack.enter_context(connected(port))
            one.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode())
        time.sleep(0.2)

        refused = httpx.get(f"http://127.0.0.1:{port}/v1/sources")
        alive = httpx.get(f"http://127.0.0.1:{port}/healthz")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["detail"] == "3 requests are answered at once; try again in a second"
    assert alive.status_code == 200


def test_one_connection_too_many_is_refused_and_none_stays_held(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(connected(port))
        with connected(port) as one:
            code, headers, _ = answer_of(one)
        time.sleep(1.5)
        later = httpx.get(f"http://127.0.0.1:{port}/healthz")

    assert (code, headers["content-type"]) == (503, "application/problem+json")
    assert later.status_code == 200


def test_only_addresses_that_take_texts_take_long_bodies(port: int) -> None:
    url = f"http://127.0.0.1:{port}/v1"
    taken = httpx.post(f"{url}/feedback", json={"id": "2", "text": "x" * 90_000})
    refused = httpx.post(f"{url}/session", json={"key": "x" * 90_000})
    too_long = httpx.post(f"{url}/feedback", json={"id": "2", "text": "x" * 100_000})

    assert (taken.status_code, refused.status_code, too_long.status_code) == (202, 413, 413)
    assert refused.json()["detail"] == "at most 65536 bytes are taken; send fewer or shorter texts at once"


def test_an_announced_length_without_end_is_a_problem(port: int) -> None:
    sent = HEAD.replace("x-ndjson", "json") + f"Content-Length: {'9' * 20}\r\nConnection: close\r\n\r\n"

    assert asked(port, sent.encode())[0] == 413


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    limits = RequestLimits(max_address_bytes=100, max_header_bytes=100, max_at_once=1, slow_client_s=0.05)

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def is_full(_message: Message) -> None:
        await asyncio.sleep(60)

    async def is_never_asked() -> Message:
        raise AssertionError

    scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(TimeoutError):
        asyncio.run(LimitRequests(answer, limits=limits)(scope, is_never_asked, is_full))
