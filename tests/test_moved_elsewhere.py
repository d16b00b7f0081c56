"""What a service answers does not move us to another host, nor to where clouds keep a machine's secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from pipeline.alert_rules import NotificationChannel
from pipeline.connectors import build_connector
from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.http_answers import Advice, Answer
from pipeline.connectors.http_client import HttpClient, Limits
from pipeline.connectors.wire import Wire, is_metadata, require_harmless
from pipeline.errors import StopSource
from pipeline.notifying import NotDelivered, send

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Server:
    """A server of this machine that keeps who asked what, and answers with ``status`` and ``headers``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                server.asked.append((self.path, dict(self.headers)))
                self.send_response(server.status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_POST = do_GET  # noqa: N815 - as http.server names it

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def ours() -> Iterator[Server]:
    with _served() as server:
        yield server


@pytest.fixture
def theirs() -> Iterator[Server]:
    with _served() as server:
        yield server


@contextmanager
def _served() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()


PROOFS: Mapping[str, Callable[[], Auth | None]] = {
    "open": lambda: None,
    "key": lambda: Header(SecretStr("s3cret")),
}


def ask(ours: Server, auth: Auth | None, address: str = "/list") -> Answer:
    with HttpClient(
        source="shop", base_url=ours.url, auth=auth, transport=Wire(),
        limits=Limits(delay_s=0, timeout_s=5, attempts=1, patience_s=5, max_body_bytes=1000),
        advice=Advice("", "", ""), sleep=lambda _: None, now=lambda: NOW,
    ) as client:  # fmt: skip
        return client.ask(address)


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(
    ours: Server, theirs: Server, proof: str, status: int
) -> None:
    ours.status, ours.headers = status, {"Location": f"{theirs.url}/inside"}

    with pytest.raises(
        StopSource, match=r"redirects to 127\.0\.0\.1, .*: set base_url to that address if it is right"
    ):
        ask(ours, PROOFS[proof]())

    assert theirs.asked == []


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest/meta-data/", "//169.254.169.254/", "http://[fe80::1]/"]
)
def test_a_redirect_to_where_secrets_are_is_not_followed(ours: Server, address: str) -> None:
    ours.status, ours.headers = 302, {"Location": address}

    with pytest.raises(StopSource, match="another host"):
        ask(ours, None)


@pytest.mark.parametrize("proof", PROOFS)
def test_a_next_page_on_another_host_is_not_asked_for(ours: Server, theirs: Server, proof: str) -> None:
    with pytest.raises(StopSource, match="the service names it as the next page, on another host"):
        ask(ours, PROOFS[proof](), f"{theirs.url}/page/2")

    assert (ours.asked, theirs.asked) == ([], [])


def test_a_feed_does_not_lead_elsewhere(ours: Server, theirs: Server) -> None:
    ours.status, ours.headers = 301, {"Location": f"{theirs.url}/feed"}
    feed = build_connector("blog", "feed", {"base_url": ours.url, "attempts": 1}, now=lambda: NOW)

    with pytest.raises(StopSource, match="another host"):
        list(feed.fetch(None))

    assert theirs.asked == []


def test_a_redirect_on_the_same_host_still_is(ours: Server) -> None:
    ours.status, ours.headers = 302, {"Location": "/list"}

    with pytest.raises(StopSource, match="redirects more than 5 times"):
        ask(ours, None)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("169.254.169.254", True),
        ("169.254.0.1", True),
        ("::ffff:169.254.169.254", True),
        ("fe80::1", True),
        ("fd00:ec2::254", True),
        ("100.100.100.200", True),
        ("127.0.0.1", False),
        ("10.0.0.7", False),
        ("192.168.1.7", False),
        ("fd00::7", False),
    ],
)
def test_a_desk_of_the_own_network_is_asked_and_a_clouds_secrets_are_not(address: str, is_one: bool) -> None:
    assert is_metadata(address) == is_one


def test_a_name_that_leads_there_is_not_asked() -> None:
    """However a name was turned there, the connection itself says where it ends."""

    class Turned:
        def getpeername(self) -> tuple[str, int]:
            return "169.254.169.254", 80

        def close(self) -> None:
            pass

    connection = HTTPConnection("shop.example")
    connection.sock = Turned()  # type: ignore[assignment]

    with pytest.raises(StopSource, match=r"shop\.example leads to 169\.254\.169\.254"):
        require_harmless(connection, "shop.example")


def test_an_alert_does_not_follow_where_its_receiver_leads(ours: Server, theirs: Server) -> None:
    ours.status, ours.headers = 307, {"Location": theirs.url}
    channel = NotificationChannel(name="desk", url_env="DESK_URL")

    with pytest.raises(NotDelivered):
        send(channel, "title", "body", environment={"DESK_URL": ours.url.replace("http://", "json://")})

    assert (len(ours.asked), theirs.asked) == (1, [])


def test_the_credentials_reach_the_host_that_they_are_for(ours: Server) -> None:
    assert ask(ours, Header(SecretStr("s3cret"))).content == {}
    assert ours.asked[0][1]["Authorization"] == "Bearer s3cret"
