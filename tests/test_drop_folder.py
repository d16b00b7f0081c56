"""Folders that files are dropped into: the battery of files, and what only folders know."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pipeline.checking import check_source
from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.connectors.remote_folder import stamp
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import NOW, Case, errors_of, items_of
from tests.fixtures.dropped_files import BATTERY, DROP_CASES, DropCase
from tests.http_checks import last_bookmark

FIELDS = {"id": "id", "text": "text"}
MAILS = Path(__file__).parent / "fixtures" / "mails"


@pytest.mark.parametrize("case", DROP_CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("check", BATTERY, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_battery(check: Callable[[Case, Path], None], case: DropCase, tmp_path: Path) -> None:
    check(case, tmp_path)


class Drop:
    """A folder of any file system.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.system, self.path = fsspec.core.url_to_fs(url)
        self.system.makedirs(self.path, exist_ok=True)

    def put(self, name: str, content: str | bytes) -> None:
        """Somebody drops a file."""
        data = content.encode() if isinstance(content, str) else content
        self.system.makedirs(f"{self.path}/{name}".rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(f"{self.path}/{name}", data)

    def put_rows(self, name: str, *numbers: int, text: str = "پیام") -> None:
        """Somebody drops a file of JSON Lines."""
        self.put(
            name, "".join(json.dumps({"id": number, "text": f"{text} {number}"}) + "\n" for number in numbers)
        )

    def connect(self, **arguments: object) -> Connector:
        return connect(self.url, **arguments)


def connect(url: str, *, environment: Mapping[str, str] | None = None, **arguments: object) -> Connector:
    network = Network(environment=environment or {})
    given = {"url": url, "channel": "review", "fields": FIELDS, **arguments}
    return build_connector(
        "shop", "drop_folder", given, now=lambda: NOW, root=Path("/nowhere"), network=network
    )


@pytest.fixture(params=["local", "memory"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drop]:
    """An empty folder on this machine, or in memory."""
    if request.param == "local":
        yield Drop(str(tmp_path / "drop"))
        return
    folder = Drop("memory://drop")
    yield folder
    folder.system.rm("/drop", recursive=True)


def ids(connector: Connector, since: str | None = None) -> list[str]:
    return [item.native_id for item in items_of(list(connector.fetch(since)))]


def test_each_file_is_read_once_and_what_is_dropped_later_next_time(drop: Drop) -> None:
    drop.put_rows("a.jsonl", 1, 2)
    drop.put("2026/b.csv", "id,text\n3,خوب\n")
    drop.put("notes.txt", "نه")
    connector = drop.connect()

    pages = list(connector.fetch(None))
    nothing = list(connector.fetch(last_bookmark(pages)))
    drop.put_rows("c.ndjson", 4)

    assert [item.native_id for item in items_of(pages)] == ["3", "1", "2"]
    assert (nothing, len(pages)) == ([], 1)
    assert ids(connector, last_bookmark(pages)) == ["4"]


def test_a_file_that_changes_is_read_again_and_no_other(drop: Drop) -> None:
    drop.put_rows("a.jsonl", 1, 2)
    drop.put_rows("b.jsonl", 3)
    bookmark = last_bookmark(list(drop.connect().fetch(None)))

    drop.put_rows("a.jsonl", 1, 2, text="ویرایش")

    texts = [item.text for item in items_of(list(drop.connect().fetch(bookmark)))]
    assert texts == ["ویرایش 1", "ویرایش 2"]


def test_reading_goes_on_from_every_bookmark_over_files(drop: Drop) -> None:
    for name, numbers in {"a": range(1, 6), "b": range(6, 7), "c": range(7, 16), "d": range(16, 18)}.items():
        drop.put_rows(f"{name}.jsonl", *numbers)
    connector = drop.connect(page_size_rows=4)
    pages = list(connector.fetch(None))

    rests = [len(ids(connector, page.bookmark)) for page in pages]

    assert [len(page.items) for page in pages] == [4, 6, 4, 3]
    assert rests == [13, 7, 3, 0]


def test_a_broken_file_costs_no_other_and_is_told_once(drop: Drop) -> None:
    drop.put("a.xlsx", b"PK\x03\x04 half")
    drop.put("b.csv", "number,message\n1,x\n")
    drop.put_rows("c.jsonl", 1)
    connector = drop.connect()

    pages = list(connector.fetch(None))

    assert ([item.native_id for item in items_of(pages)], errors_of(pages)) == (
        ["1"],
        [("a.xlsx", None), ("b.csv", None)],
    )
    told = [letter.error for letter in pages[0].dead_letters]
    assert "a.xlsx is no whole Excel file (BadZipFile): export it again" in told[0]
    assert "b.csv has no column 'text', 'id'" in told[1]
    assert list(connector.fetch(last_bookmark(pages))) == []


def test_a_file_that_was_half_written_is_read_when_it_is_whole(drop: Drop) -> None:
    drop.put_rows("a.jsonl", 1)
    drop.put("b.jsonl", '{"id": 2, "text": "خوب"}\n{"id": 3, "te')
    pages = list(drop.connect().fetch(None))

    drop.put_rows("b.jsonl", 2, 3)

    assert errors_of(pages) == [("b.jsonl line 2", None)]
    assert ids(drop.connect(), last_bookmark(pages)) == ["2", "3"]


def test_where_no_file_can_be_read_the_source_stops_until_one_can(drop: Drop) -> None:
    drop.put("a.csv", "number,message\n1,x\n")
    connector = drop.connect()

    for _ in range(2):
        with pytest.raises(StopSource, match=r"a\.csv has no column"):
            list(connector.fetch(None))


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 999, b"{", b"[" * 3_000, b"[1, null]", b'"', b"PK\x03\x04" * 9]
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.xlsx", "a.jsonl.gz", "a.csv.xz"])
def test_any_bytes_cost_their_own_file_only(name: str, data: bytes, tmp_path: Path) -> None:
    drop = Drop(str(tmp_path))
    drop.put(name, data)
    drop.put_rows("b.jsonl", 1)

    assert ids(drop.connect()) == ["1"]


def test_a_pattern_chooses(drop: Drop) -> None:
    for name in ("a.jsonl", "2026/b.jsonl", "2026/c.json"):
        drop.put_rows(name, len(name))

    assert ids(drop.connect(pattern="*.jsonl")) == ["12", "7"]
    assert ids(drop.connect(pattern="2026/*.jsonl")) == ["12"]


def test_a_file_that_is_gone_is_forgotten(drop: Drop) -> None:
    drop.put_rows("a.jsonl", 1)
    drop.put_rows("b.jsonl", 2)
    first = last_bookmark(list(drop.connect().fetch(None)))
    drop.system.rm(f"{drop.path}/a.jsonl")
    drop.put_rows("c.jsonl", 3)

    second = last_bookmark(list(drop.connect().fetch(first)))

    assert list(json.loads(second or "")["state"]["done"]) == ["b.jsonl", "c.jsonl"]


class BrokenStore(MemoryFileSystem):
    """A store that has a file and does not hand it out."""

    protocol = "broken"

    def get_file(self, rpath: str, lpath: str, **options: object) -> None:
        if rpath.endswith("b.jsonl"):
            raise OSError("input/output error")
        super().get_file(rpath, lpath, **options)


def test_a_file_that_may_not_be_read_now_is_left_to_the_next_run() -> None:
    fsspec.register_implementation("broken", BrokenStore, clobber=True)
    drop = Drop("broken://exports")
    drop.put_rows("a.jsonl", 1)
    drop.put_rows("b.jsonl", 2)

    pages = []
    with pytest.raises(RetryLater, match=r"1 files of .* cannot be had now, the first: b\.jsonl"):
        pages.extend(drop.connect().fetch(None))

    assert ids(drop.connect(pattern="a*")) == ["1"]


def test_an_empty_folder_gives_nothing(drop: Drop) -> None:
    drop.put("later/x.txt", "")
    drop.system.rm(f"{drop.path}/later/x.txt")

    assert list(drop.connect().fetch(None)) == []


def test_a_path_starts_from_the_root_of_the_sources(tmp_path: Path) -> None:
    Drop(str(tmp_path / "in")).put_rows("a.jsonl", 1)
    given = {"url": "in", "channel": "review", "fields": FIELDS}

    assert ids(build_connector("shop", "drop_folder", given, now=lambda: NOW, root=tmp_path)) == ["1"]


def test_a_row_that_comes_in_two_files_is_stored_once(drop: Drop, tmp_path: Path) -> None:
    drop.put_rows("a.jsonl", *range(1, 26))

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(drop.connect(), store, identity_key=b"k" * 32)
        drop.put_rows("b.jsonl", 4, text="ویرایش")
        drop.put_rows("c.jsonl", 26)
        second = pull(drop.connect(), store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, second.n_new, second.n_updated, state.n_stored) == (25, 1, 1, 26)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"url": "s3://exports", "secret_options": {"key": "EXPORTS_KEY"}},
            "secret_options.key names the environment variable EXPORTS_KEY, which is not set: set it, or EXPORTS_KEY_FILE",
        ),
        ({"url": "gs://exports"}, "gs:// needs a package beside bazkhord: Please install gcsfs"),
        ({"url": "s4://exports"}, "s4://exports cannot be opened (ValueError): check url and options"),
        ({"url": "/no/such/folder"}, "/no/such/folder is not there: check url"),
        ({"url": __file__}, "test_drop_folder.py is no folder: name the folder in url"),
        ({"url": "memory://no"}, "memory://no is not there: check url"),
        ({"url": str(MAILS)}, "none of which ends in one of .csv, .tsv"),
    ],
    ids=["secret", "gs", "unknown", "folder", "file", "memory", "kinds"],
)
def test_a_check_says_what_is_missing(arguments: dict[str, Any], words: str) -> None:
    checked = check_source(connect(**arguments))

    assert words in checked.found
    assert (checked.can_be_read, checked.source) == (False, "shop")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"ulr": "x"}, "no argument 'ulr' (nearest: 'url')"),
        ({"url": "sftp://me:geheim@h/x"}, "url holds a password or parameters: name them in secret_options"),
        ({"url": "abfs://h/x?sas=geheim"}, "url holds a password or parameters"),
        (
            {"options": {"secret": "geheim"}},
            "options holds secret: put the value into an environment variable",
        ),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        connect(**{"url": "/x", **arguments})

    assert words in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_stamp_heeds_the_content_where_the_store_knows_it_and_else_time_and_size() -> None:
    of_s3 = {"ETag": '"a1"', "size": 5, "LastModified": "2026-03-02"}

    assert stamp(of_s3) == stamp(of_s3 | {"LastModified": "2026-03-03"})
    assert stamp(of_s3) != stamp(of_s3 | {"ETag": '"a2"'})
    assert stamp({"mtime": 1.5, "size": 5, "mode": 1}) == stamp({"mtime": 1.5, "size": 5, "mode": 2})
    assert len({stamp({"mtime": mtime, "size": size}) for mtime in (1.5, 2) for size in (5, 6)}) == 4
