"""Messages a second from a server that pages like Zendesk into the store, and the memory that takes.

The server is a process of its own on this machine: pages of a thousand tickets by cursor, then the comments of
each ticket in a request of their own, as Zendesk has it. The pull is the real one: asked, read, cleaned, masked
and stored. Half of the comments are the customer's. At each tenth stands what the process then holds in memory;
it is flat where the last tenth is no more than 16 MB above the second (SQLite's cache of 64 MB fills in the
first). The peer is a bare httpx client that asks for the same pages and throws the answers away.

Run: make bench-pull   (docs/running.md has what came of it; MESSAGES=100000 for a minute's worth)
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from pipeline.collector import spare_collector
from pipeline.connectors import build_connector
from pipeline.connectors.http_client import Network
from pipeline.records import Page, SaveCounts
from pipeline.run import pull, utc_now
from pipeline.store import open_store

PAGE = 1000
TENTHS = 10
FLAT_MB = 16
CACHE_FULL = 100_000  # messages after which SQLite's cache of 64 MB is full
CUSTOMER, AGENT = 1, 2
WORDS = [
    "سفارش",
    "من",
    "دیر",
    "رسید",
    "و",
    "بسته",
    "باز",
    "شده",
    "بود",
    "اما",
    "پشتیبانی",
    "خیلی",
    "زود",
    "جواب",
    "داد",
    "ممنون",
    "لطفا",
    "پیگیری",
    "کنید",
]


class Zendesk(BaseHTTPRequestHandler):
    """Answers as the export of tickets and the list of a ticket's comments do."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    n_tickets = 0
    n_comments = 0

    def do_GET(self) -> None:
        """A page of tickets, or the comments of one."""
        if self.path.endswith("/comments.json") or "/comments.json?" in self.path:
            content: object = _comments(int(self.path.split("/")[4]), self.n_comments)
        else:
            content = self._tickets()
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Nothing is logged."""

    def _tickets(self) -> dict[str, object]:
        number = int(httpx.URL(self.path).params.get("cursor", "0"))
        ids = range(number * PAGE + 1, min((number + 1) * PAGE, self.n_tickets) + 1)
        return {
            "tickets": [_ticket(id_) for id_ in ids],
            "after_cursor": str(number + 1),
            "end_of_stream": (number + 1) * PAGE >= self.n_tickets,
        }


def _ticket(id_: int) -> dict[str, object]:
    return {
        "id": id_,
        "subject": f"{WORDS[id_ % len(WORDS)]} {WORDS[id_ * 7 % len(WORDS)]}",
        "status": "open",
        "priority": "normal",
        "requester_id": CUSTOMER,
        "group_id": id_ % 9,
        "created_at": "2026-10-01T08:00:00Z",
        "updated_at": "2026-10-02T08:00:00Z",
        "satisfaction_rating": {"score": "unoffered"},
        "via": {"channel": "web"},
    }


def _comments(ticket: int, n_comments: int) -> dict[str, object]:
    return {
        "comments": [
            {
                "id": ticket * 1000 + place,
                "author_id": AGENT if place % 2 else CUSTOMER,
                "public": True,
                "html_body": f"<div><p>{_words(ticket + place)}</p></div>",
                "created_at": f"2026-10-01T09:{place:02}:00Z",
            }
            for place in range(n_comments)
        ],
        "users": [{"id": CUSTOMER, "role": "end-user"}, {"id": AGENT, "role": "agent"}],
        "meta": {"has_more": False},
    }


def _words(seed: int) -> str:
    return " ".join(WORDS[(seed * 13 + place * place) % len(WORDS)] for place in range(8 + seed % 17))


def _serve(n_tickets: int, n_comments: int, told: Connection) -> None:
    Zendesk.n_tickets, Zendesk.n_comments = n_tickets, n_comments
    server = ThreadingHTTPServer(("127.0.0.1", 0), Zendesk)
    told.send(server.server_port)
    server.serve_forever()


@contextmanager
def serving(n_tickets: int, n_comments: int) -> Iterator[str]:
    """Yield the address of the server."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(n_tickets, n_comments, there), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{here.recv()}"
    process.terminate()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument(
        "--comments", type=int, default=10, help="comments of a ticket, half of them the customer's"
    )
    arguments = parser.parse_args()
    n_tickets = arguments.messages * 2 // arguments.comments
    with serving(n_tickets, arguments.comments) as base_url:
        _pull_all(base_url, n_tickets * arguments.comments // 2)
        _ask_only(base_url, min(n_tickets, 5000), arguments.comments // 2)


def _pull_all(base_url: str, n_expected: int) -> None:
    given = {"base_url": base_url, "email": "a@example.com", "token_env": "BENCH_TOKEN"}
    network = Network(environment={"BENCH_TOKEN": "none"})
    connector = build_connector("bench", "zendesk", given, now=utc_now, network=network)
    start, n_messages = time.perf_counter(), 0
    held_mb: list[int] = []

    def note(page: Page, _: SaveCounts) -> None:
        nonlocal n_messages
        n_messages += len(page.items)
        if n_messages * TENTHS >= n_expected * (len(held_mb) + 1):
            held_mb.append(_held_mb())
            print(f"{_speed(n_messages, start)}, {held_mb[-1]} MB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        with open_store(url, zone=ZoneInfo("Asia/Tehran")) as store:
            spare_collector()  # as each command does that opens the store
            counts = pull(connector, store, identity_key=b"b" * 32, on_page=note)
            print(f"pulled and stored {counts.n_new:,} messages: {_speed(n_messages, start)}")
            used = resource.getrusage(resource.RUSAGE_SELF)
            cpu_us = (used.ru_utime + used.ru_stime) / n_messages * 1e6
            print(f"CPU of the pull: {cpu_us:.0f} us a message; peak {used.ru_maxrss // 1024} MB")
            if store.n_feedback() != n_expected:
                sys.exit(f"{store.n_feedback():,} messages are stored, expected {n_expected:,}")
    grown = held_mb[-1] - held_mb[1]
    verdict = "flat" if grown <= FLAT_MB else "NOT flat"
    if n_expected < CACHE_FULL * TENTHS // 2:
        verdict = "too few messages to tell, SQLite's cache still fills"
    print(f"memory from the second tenth to the last: {grown:+} MB, {verdict}")


def _ask_only(base_url: str, n_tickets: int, n_messages_each: int) -> None:
    start = time.perf_counter()
    with httpx.Client(base_url=base_url) as client:
        for id_ in range(1, n_tickets + 1):
            client.get(f"/api/v2/tickets/{id_}/comments.json", params={"include": "users", "page[size]": 100})
    print(f"bare httpx, answers thrown away: {_speed(n_tickets * n_messages_each, start)}")


def _speed(n_messages: int, start: float) -> str:
    return f"{n_messages:,} messages, {n_messages / (time.perf_counter() - start):,.0f} per second"


def _held_mb() -> int:
    n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return n_pages * resource.getpagesize() // 2**20


if __name__ == "__main__":
    main()
