"""What `bazkhord sources check` says of services that answer, refuse, or are not there."""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from pipeline.checking import check_source
from pipeline.connectors import CONNECTORS, build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.documentation import describe
from pipeline.connectors.http_client import Network
from tests.builders import NOON

COMMENT = {
    "id": 7,
    "post": 3,
    "parent": 0,
    "author": 0,
    "type": "comment",
    "date_gmt": "2026-11-20T09:30:00",
    "content": {"rendered": "<p>خوب بود</p>"},
}

MISSING = (
    "which is not set: set it",
    "The name of the host is not known: check its spelling",
    "check that it exists",
    "put the export there",
    "is not installed: install it with",
)


def blog(
    answer: Callable[[httpx.Request], httpx.Response], *, hidden: str | None = "hush", **arguments: object
) -> Connector:
    environment = {"BLOG_PASSWORD": hidden} if hidden else {}
    return build_connector(
        "blog",
        "wordpress",
        {"base_url": "https://blog.example", "user": "editor", "password_env": "BLOG_PASSWORD", **arguments},
        now=lambda: NOON,
        network=Network(httpx.MockTransport(answer), sleep=lambda seconds: None, environment=environment),
    )


def pages(rows: list[object]) -> Callable[[httpx.Request], httpx.Response]:
    headers = {"x-wp-totalpages": "1", "x-wp-total": str(len(rows))}
    return lambda request: httpx.Response(200, json=rows, headers=headers)


def failing(error: Exception, cause: Exception | None = None) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error from cause

    return answer


def test_a_source_that_answers_says_how_much_its_first_page_holds() -> None:
    checked = check_source(blog(pages([COMMENT])))

    assert checked.can_be_read
    assert checked.found == "it answers; its first page holds 1 messages, the newest of 2026-11-20 09:30 UTC"


def test_a_source_with_nothing_to_read_tells_which_permission_it_may_lack() -> None:
    checked = check_source(blog(pages([])))

    assert checked.can_be_read
    assert (
        "nothing to read; if there should be something, look at the permissions: moderate_comments"
        in checked.found
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            blog(pages([]), hidden=None),
            "password_env names the environment variable BLOG_PASSWORD, which is not set: set it",
        ),
        (
            blog(lambda request: httpx.Response(401)),
            "HTTP 401, the credentials are refused: check the secret in BLOG_PASSWORD (password_env)",
        ),
        (
            blog(lambda request: httpx.Response(403)),
            "HTTP 403, this is not permitted: the user needs moderate_comments",
        ),
        (blog(lambda request: httpx.Response(404)), "there is no such address: check base_url"),
        (
            blog(lambda request: httpx.Response(200, html="<p>Welcome</p>")),
            "it sent a web page instead of JSON: check base_url",
        ),
        (blog(lambda request: httpx.Response(503), attempts=1), "it answered HTTP 503"),
        (
            blog(failing(httpx.ConnectError("no"), socket.gaierror(-2, "unknown"))),
            "The name of the host is not known: check its spelling",
        ),
        (
            blog(failing(httpx.ConnectError("no"), ConnectionRefusedError())),
            "Nothing listens there: check the address and port",
        ),
        (blog(failing(httpx.ReadTimeout("no"))), "Nothing answered in time"),
        (blog(pages(["no object"])), "none of the 1 rows of its first page can be read: it is no object"),
        (blog(failing(KeyError("hush"))), "unexpected KeyError"),
    ],
    ids=[
        "variable not set", "401", "403", "404", "web page", "503", "unknown host", "nothing listens",
        "timeout", "unreadable rows", "defect",
    ],
)  # fmt: skip
def test_a_source_that_does_not_work_says_what_is_missing_and_never_the_secret(
    source: Connector, told: str
) -> None:
    checked = check_source(source)

    assert not checked.can_be_read
    assert told in checked.found
    assert "hush" not in checked.found


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    arguments = {"path": "chat.csv", "channel": "chat", "fields": {"text": "text"}}
    source = build_connector("shop", "table_file", arguments, now=lambda: NOON, root=tmp_path)

    checked = check_source(source)

    assert not checked.can_be_read
    assert "chat.csv cannot be read (No such file or directory)" in checked.found


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no address") from socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_every_connector_says_what_is_missing_where_nothing_is_there(kind: str, tmp_path: Path) -> None:
    example = describe(CONNECTORS[kind]).partition("```toml\n")[2].partition("```")[0]
    network = Network(httpx.MockTransport(unreachable), sleep=lambda seconds: None, environment={})
    sources = tomllib.loads(example)["sources"]

    for name, arguments in sources.items():
        given = {key: value for key, value in arguments.items() if key != "connector"}
        source = build_connector(name, kind, given, now=lambda: NOON, root=tmp_path, network=network)
        checked = check_source(source)

        assert not checked.can_be_read
        assert any(missing in checked.found for missing in MISSING), checked.found
        unset = [value for key, value in given.items() if key.endswith("_env") and isinstance(value, str)]
        assert not unset or all(variable in checked.found for variable in unset), checked.found
