from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest

from pipeline.connectors.wire import Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
Talk = Callable[[socket.socket], None]


@contextmanager
def talking(*talks: Talk) -> Iterator[str]:
    """Yield the address of a server that leads one talk with each that connects, in their order."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for talk in talks:
                connection, _ = server.accept()
                with connection:
                    talk(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)
    assert not thread.is_alive()


def saying(*answers: bytes, heard: list[bytes] | None = None) -> Talk:
    def talk(connection: socket.socket) -> None:
        for answer in answers:
            asked = connection.recv(65_536)
            if heard is not None:
                heard.append(asked)
            connection.sendall(answer)

    return talk


def ask(wire: Wire, address: str, *, timeout_s: float = 5, **options: object) -> httpx.Response:
    extensions = {"timeout": httpx.Timeout(timeout_s).as_dict()}
    request = httpx.Request("POST" if options else "GET", address, extensions=extensions, **options)  # type: ignore[arg-type]
    response = wire.handle_request(request)
    response.request = request
    try:
        response.read()
    finally:
        response.close()
    return response


def test_requests_go_over_one_connection() -> None:
    heard: list[bytes] = []

    with talking(saying(OK, OK, heard=heard)) as address:
        wire = Wire()
        bodies = [ask(wire, f"{address}/a?b=%20c").content, ask(wire, f"{address}/d").content]
        wire.close()

    assert bodies == [b"[]", b"[]"]
    assert [one.split(b"\r\n")[0] for one in heard] == [b"GET /a?b=%20c HTTP/1.1", b"GET /d HTTP/1.1"]


def test_a_connection_that_the_service_ended_is_not_used_again() -> None:
    with talking(saying(OK), saying(OK)) as address:
        wire = Wire()
        first = ask(wire, address)
        wire._idle[0][1].sock.recv(1, socket.MSG_PEEK)
        second = ask(wire, address)
        wire.close()

    assert (first.content, second.content) == (b"[]", b"[]")


def test_a_body_is_sent_and_the_headers_of_the_request_alone() -> None:
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked = b""
        while not asked.endswith(b"{}"):
            asked += connection.recv(65_536)
        heard.append(asked)
        connection.sendall(OK)

    with talking(talk) as address:
        wire = Wire()
        ask(wire, f"{address}/x", content=b"{}", headers={"Accept-Encoding": "gzip"})
        wire.close()

    host = address.removeprefix("http://").encode()
    assert heard == [
        b"POST /x HTTP/1.1\r\nHost: " + host + b"\r\nAccept-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    ]


def test_answers_are_unpacked_and_put_together() -> None:
    packed = gzip.compress("سلام".encode())
    whole = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(packed),
        packed,
    )
    pieces = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Name: \xe9\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n"
    )

    with talking(saying(whole, pieces)) as address:
        wire = Wire()
        first, second = ask(wire, address), ask(wire, address)
        wire.close()

    assert first.text == "سلام"
    assert second.content == b"[1]"
    assert second.headers["x-name"] == "é"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]", httpx.RemoteProtocolError),
        (b"", httpx.RemoteProtocolError),
        (b"what?\r\n\r\n", httpx.RemoteProtocolError),
    ],
    ids=["shorter than told", "chunk cut off", "nothing", "no HTTP"],
)
def test_an_answer_that_breaks_off_is_an_error(answer: bytes, error: type[Exception]) -> None:
    with talking(saying(answer)) as address, pytest.raises(error):
        ask(Wire(), address)


def test_a_service_that_is_silent_or_away_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(httpx.ReadTimeout):
            ask(Wire(), address, timeout_s=0.05)

    with pytest.raises(httpx.ConnectError):
        ask(Wire(), address)


def test_a_header_that_cannot_be_sent_shows_in_no_error() -> None:
    with talking(lambda connection: None) as address, pytest.raises(httpx.LocalProtocolError) as told:
        ask(Wire(), address, headers={"Authorization": "geheim\nX: y"}, content=b"{}")

    assert "geheim" not in repr(told.value)
    assert told.value.__cause__ is None
