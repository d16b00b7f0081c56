"""The drop folder on a server that speaks S3: each object is read once, and again when it changes."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import RetryLater, StopSource
from pipeline.run import pull
from pipeline.store import Store
from tests.checks import NOW, errors_of, items_of
from tests.http_checks import last_bookmark

HOME = Path(__file__).parents[2] / ".live" / "s3"
PACKAGES = HOME / "lib" / "python3.11" / "site-packages"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not (HOME / "bin" / "moto_server").exists(), reason="run tests/live/install_s3.sh"),
]
KEYS = {"EXPORTS_KEY": "AKIAEXPORTS", "EXPORTS_SECRET": "geheim-XYZ-777"}
FIELDS = {"id": "id", "text": "text", "created_at": "at"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without any bucket."""
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [HOME / "bin" / "moto_server", "-H", "127.0.0.1", "-p", "5597"], stdout=stream, stderr=stream
        )
        address = "http://127.0.0.1:5597"
        for _ in range(300):
            try:
                urlopen(address).close()
                break
            except URLError:
                time.sleep(0.1)
        yield address
        server.terminate()
        server.wait(10)


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3's file system with an empty bucket; the client is that of the server's environment."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(PACKAGES)])
    import s3fs

    system = s3fs.S3FileSystem(key="AKIAEXPORTS", secret="geheim-XYZ-777", endpoint_url=endpoint)
    system.mkdir("exports")
    yield system
    system.rm("exports", recursive=True)


def connect(endpoint: str, *, keys: dict[str, str] = KEYS, **arguments: object) -> Connector:
    given = {
        "url": "s3://exports/reviews",
        "options": {"endpoint_url": endpoint},
        "secret_options": {"key": "EXPORTS_KEY", "secret": "EXPORTS_SECRET"},
        "channel": "review",
        "fields": FIELDS,
        **arguments,
    }
    return build_connector("shop", "drop_folder", given, now=lambda: NOW, network=Network(environment=keys))


def table(*numbers: int, text: str = "پیام") -> bytes:
    lines = [f"{number},{text} {number},2026-03-02T08:10:00Z" for number in numbers]
    return "\n".join(["id,text,at", *lines, ""]).encode()


def ids(connector: Connector, since: str | None = None) -> list[str]:
    return [item.native_id for item in items_of(list(connector.fetch(since)))]


def test_objects_are_read_once_and_again_when_they_change(s3: Any, endpoint: str) -> None:
    s3.pipe_file("exports/reviews/a.csv", table(1, 2))
    s3.pipe_file("exports/reviews/2026/b.csv.gz", gzip.compress(table(3)))
    s3.pipe_file("exports/other/c.csv", table(4))
    connector = connect(endpoint)
    pages = list(connector.fetch(None))

    nothing = ids(connector, last_bookmark(pages))
    s3.pipe_file("exports/reviews/a.csv", table(1, 5))
    s3.pipe_file("exports/reviews/2026/b.csv.gz", gzip.compress(table(3), mtime=0))

    assert ([item.native_id for item in items_of(pages)], errors_of(pages), nothing) == (
        ["3", "1", "2"],
        [],
        [],
    )
    assert ids(connector, last_bookmark(pages)) == ["3", "1", "5"]


def test_objects_of_many_pages_of_the_listing_are_all_stored_once(
    s3: Any, endpoint: str, database: Store
) -> None:
    s3.pipe({f"exports/reviews/{number:04}.csv": table(number) for number in range(1, 1051)})

    first = pull(connect(endpoint, page_size_rows=100), database, identity_key=b"k" * 32)
    s3.pipe_file("exports/reviews/0004.csv", table(4, text="ویرایش"))
    second = pull(connect(endpoint), database, identity_key=b"k" * 32)

    assert (first.n_new, second.n_new, second.n_updated, second.n_duplicate) == (1050, 0, 1, 0)


def test_a_broken_object_costs_no_other(s3: Any, endpoint: str) -> None:
    s3.pipe_file("exports/reviews/a.xlsx", b"PK\x03\x04 half")
    s3.pipe_file("exports/reviews/b.csv", table(1))

    pages = list(connect(endpoint).fetch(None))

    assert ([item.native_id for item in items_of(pages)], errors_of(pages)) == (["1"], [("a.xlsx", None)])


def test_what_is_not_there_is_said(s3: Any, endpoint: str) -> None:
    for url in ("s3://exports/nothing", "s3://no-such-bucket/reviews"):
        with pytest.raises(StopSource, match=f"source shop: {url} is not there: check url"):
            list(connect(endpoint, url=url).fetch(None))


def test_a_server_that_is_away_is_asked_again_later(s3: Any, endpoint: str) -> None:
    with pytest.raises(RetryLater, match="does not answer as it should"):
        list(connect("http://127.0.0.1:5598").fetch(None))
