"""Files that somebody made to do harm: bombs, links out of their folder, pipes. Each is refused in a sentence."""

from __future__ import annotations

import gzip
import lzma
import os
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from pipeline.connectors.base import hash_raw
from pipeline.connectors.delimited import TOO_LONG, open_text, read_rows
from pipeline.connectors.drop_folder import DropFolder
from pipeline.connectors.excel import read_excel
from pipeline.connectors.feed_document import parse_feed
from pipeline.connectors.files import FileConnector
from pipeline.connectors.json_file import JsonFile
from pipeline.connectors.json_objects import find_in_document, find_in_lines
from pipeline.connectors.mail import parse_mail
from pipeline.connectors.mail_headers import find_address
from pipeline.connectors.mapping import Fields
from pipeline.connectors.table_file import TableFile
from pipeline.connectors.unpacking import UnpacksTooLarge, bounded, read_lines
from pipeline.connectors.whatsapp_messages import find_messages
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Channel, Page

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIELDS = Fields(id="id", text="text")
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
# what a source may take in a subprocess; the libraries alone take 300 MiB
MEMORY_BYTES = 2**30


def table(path: str, folder: Path) -> TableFile:
    return TableFile(
        name="shop", now=lambda: NOW, root=folder, path=path, channel=Channel.REVIEW, fields=FIELDS
    )


def lines(path: str, folder: Path) -> JsonFile:
    return JsonFile(
        name="shop", now=lambda: NOW, root=folder, path=path, channel=Channel.REVIEW, fields=FIELDS
    )


def refusal_of(connector: FileConnector | DropFolder) -> str:
    with pytest.raises(StopSource) as refused:
        list(connector.fetch(None))
    return str(refused.value)


def excel(folder: Path, parts: Mapping[str, bytes], name: str = "book.xlsx") -> Path:
    """A whole Excel file of which some parts are replaced."""
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append(["1", "خوب بود"])
    book.save(folder / "whole.xlsx")
    with zipfile.ZipFile(folder / "whole.xlsx") as whole, zipfile.ZipFile(folder / name, "w", 8) as made:
        for part in whole.namelist():
            made.writestr(part, parts.get(part, whole.read(part)))
    (folder / "whole.xlsx").unlink()
    return folder / name


def test_a_packed_file_that_holds_too_much_is_told_by_name_and_limit(tmp_path: Path) -> None:
    file = tmp_path / "bomb.jsonl.gz"
    file.write_bytes(gzip.compress(b"\n" * 100_000))

    with bounded(gzip.open(file), file, always_bytes=1000, expansion=200) as stream:  # noqa: SIM117
        with pytest.raises(UnpacksTooLarge) as refused:
            stream.read()

    assert str(refused.value) == (
        f"bomb.jsonl.gz unpacks to more than {200 * file.stat().st_size:,} bytes, 200 times its size: "
        "if that is right, unpack it by hand and name the unpacked file"
    )


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_what_a_packed_file_may_hold_is_read_as_before(tmp_path: Path, pack: object) -> None:
    file = tmp_path / f"whole.csv.{'gz' if pack is gzip.compress else 'xz'}"
    file.write_bytes(pack(b"id,text\n" + b"1,good\n" * 10_000))

    assert sum(len(page.items) for page in table(file.name, tmp_path).fetch(None)) == 10_000


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    """A gigabyte and a quarter of one line, in a process that may take a gigabyte."""
    packer = lzma.LZMACompressor(preset=0)
    with (tmp_path / "bomb.jsonl.xz").open("wb") as file:
        for _ in range(80):
            file.write(packer.compress(b" " * 2**24))
        file.write(packer.flush())
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "from tests.test_hostile_files import lines; list(lines('bomb.jsonl.xz', Path(sys.argv[2])).fetch(None))"
    )

    pulled = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parents[1]), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES)),
    )

    assert pulled.stderr.splitlines()[-1] == (
        "pipeline.errors.StopSource: source shop: bomb.jsonl.xz unpacks to more than 1,073,741,824 bytes, "
        "200 times its size: if that is right, unpack it by hand and name the unpacked file"
    )


def test_a_line_without_end_is_a_dead_letter_and_the_next_one_is_read(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(b'{"id": "' + b"x" * (17 * 2**20) + b'"}\n{"id": 2}\n')

    with file.open("rb") as stream:
        first, second = find_in_lines(stream)

    assert first.problem == "longer than 16,777,216 bytes: export it again"
    assert second.record == {"id": 2}


def test_lines_are_told_apart_from_those_that_are_too_long(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"ab\nabcde\nabc\nabcdefghijk\nx")

    with file.open("rb") as stream:
        assert list(read_lines(stream, limit_bytes=4)) == [b"ab\n", None, b"abc\n", None, b"x"]


def test_a_row_without_end_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes(b"id,text\n1,good\n2," + b"x" * (17 * 2**20) + b"\n3,bad\n")

    with closing(open_text(file, "utf-8")) as text:
        rows = list(read_rows(text, delimiter=",", encoding="utf-8"))

    assert [row.cells for row in rows] == [["id", "text"], ["1", "good"], ["\udcfe"], ["3", "bad"]]
    assert rows[2].raw == TOO_LONG
    assert (
        rows[2].problem == "longer than 16,777,216 characters, or one byte that is not utf-8: correct the row"
    )


def test_lists_in_lists_are_a_dead_letter(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    (tmp_path / "deep.jsonl").write_text(
        f'{deep}\n{"[" * 100_000}\n{{"id": {deep}, "text": "x"}}\n{{"id": 1, "text": "x"}}\n'
    )
    (tmp_path / "deep.json").write_text(f'[{"[" * 100_000}{"]" * 100_000}, {{"id": 1, "text": "x"}}]')

    (of_lines,) = lines("deep.jsonl", tmp_path).fetch(None)

    assert ([one.native_id for one in of_lines.items], len(of_lines.dead_letters)) == (["1"], 3)
    assert "deep.json has no array at items" in refusal_of(lines("deep.json", tmp_path))


def test_the_hash_of_what_is_too_deep_to_be_written_is_one_still() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert len(hash_raw(deep)) == 64


def test_a_string_without_end_ends_its_document(tmp_path: Path) -> None:
    file = tmp_path / "long.json"
    file.write_bytes(b'[{"id":1},{"id":"' + b"x" * (20 * 2**20) + b'"}]')

    with file.open("rb") as stream:
        found = list(find_in_document(stream, ""))

    assert [one.problem for one in found if one.record is None] == [
        "the document is no JSON at this point, what follows cannot be read: export it again"
    ]


@pytest.mark.parametrize("sheet", [b"\x00" * (200 * 2**20)], ids=["200 MiB of zeros"])
def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read(
    tmp_path: Path, sheet: bytes
) -> None:
    excel(tmp_path, {"xl/worksheets/sheet1.xml": sheet})

    assert refusal_of(table("book.xlsx", tmp_path)) == (
        f"source shop: {tmp_path}/book.xlsx unpacks to too much: 209,715,200 bytes in a part that may have 67,108,864; "
        "export it as CSV"
    )


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">{}]>'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("entities", [LAUGHS, OUTSIDE], ids=["a billion laughs", "a file of this machine"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_entities_in_a_workbook_are_refused(tmp_path: Path, entities: str, part: str) -> None:
    excel(tmp_path, {part: f"{entities}{SHEET.format('<sheetData>&a;</sheetData>')}".encode()})

    assert "book.xlsx is no whole Excel file" in refusal_of(table("book.xlsx", tmp_path))


@pytest.mark.parametrize(
    "sheet",
    [
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="str"><v>id</v></c></row></sheetData>',
        '<sheetData><row r="99999999999"><c t="str"><v>id</v></c></row></sheetData>',
        '<sheetData><row r="5"/><row r="-3"/><row r="x"/></sheetData>',
        "<sheetData><row>",
    ],
    ids=["claimed size", "claimed row", "no number", "cut off"],
)
def test_a_sheet_that_claims_to_be_large_or_is_broken_is_refused_soon(tmp_path: Path, sheet: str) -> None:
    excel(tmp_path, {"xl/worksheets/sheet1.xml": SHEET.format(sheet).encode()})

    began = time.monotonic()
    refusal_of(table("book.xlsx", tmp_path))

    assert time.monotonic() - began < 5


def test_a_workbook_is_read_whatever_size_it_claims(tmp_path: Path) -> None:
    rows = '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="str"><v>id</v></c></row><row r="3"><c r="B3"><v>7</v></c></row></sheetData>'
    file = excel(tmp_path, {"xl/worksheets/sheet1.xml": SHEET.format(rows).encode()})

    assert list(read_excel(file, None, source="shop"))[:4] == [("id",), [], (None, 7)]


def test_a_mail_of_a_hundred_thousand_parts_is_a_dead_letter() -> None:
    flat = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(60))

    for raw in (flat, deep):
        with pytest.raises(SkipRecord, match="nested too deep or too many"):
            parse_mail(raw)


def test_marks_without_end_before_a_date_take_no_time(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text("1/1/20" + "\u200e" * 20_000 + "x\n" * 3, encoding="utf-8")

    began = time.monotonic()
    with (tmp_path / "chat.txt").open("rb") as stream:
        list(find_messages(stream))

    assert time.monotonic() - began < 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of its own, links, and what is no file; beside it one that is not meant."""
    inside = tmp_path / "drop"
    (inside / "more").mkdir(parents=True)
    (inside / "own.csv").write_text("id,text\n1,good\n")
    (tmp_path / "secret.csv").write_text("id,text\n2,secret\n")
    (inside / "link.csv").symlink_to("../secret.csv")
    (inside / "dangling.csv").symlink_to("nowhere.csv")
    (inside / "device.csv").symlink_to("/dev/zero")
    (inside / "circle").symlink_to(inside)
    (inside / "more" / "outside").symlink_to(tmp_path)
    os.mkfifo(inside / "pipe.csv")
    return inside


def ids_of(pages: list[Page]) -> list[str]:
    return [item.native_id for page in pages for item in page.items]


@pytest.mark.parametrize("path", ["drop/*.csv", "drop/**/*.csv"])
def test_a_pattern_finds_only_files_of_its_folder(
    folder: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    pages = list(table(path, folder.parent).fetch(None))

    assert ids_of(pages) == ["1"]
    assert "link.csv is no file, or a link that leads out of" in caplog.text


def test_a_drop_folder_holds_only_files_of_its_own(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    dropped = DropFolder(
        name="shop", now=lambda: NOW, root=folder.parent, url="drop", channel=Channel.REVIEW, fields=FIELDS,
        zone=ZoneInfo("UTC"),
    )  # fmt: skip

    assert ids_of(list(dropped.fetch(None))) == ["1"]
    assert "4 links out of the folder, pipes or devices" in caplog.text


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("drop/pipe.csv", "it is no file but a folder, a pipe or a device"),
        ("/dev/zero", "it is no file but a folder, a pipe or a device"),
        ("drop", "it is no file but a folder, a pipe or a device"),
    ],
    ids=["pipe", "device", "folder"],
)
def test_what_is_no_file_is_not_opened(folder: Path, path: str, why: str) -> None:
    assert why in refusal_of(table(path, folder.parent))


@pytest.mark.parametrize("letter", ["&#xd800;", "&#55296;", "&#x110000;", "&#99999999;"])
def test_a_letter_that_is_none_costs_no_feed(letter: str) -> None:
    body = f'<rss version="2.0"><channel><item><guid>1</guid><title>x{letter}y</title></item></channel></rss>'

    read = parse_feed(body.encode())

    assert [entry["title"] for entry in read["entries"]] == ["x\ufffdy"]  # type: ignore[index]


@pytest.mark.parametrize("entities", [LAUGHS, OUTSIDE], ids=["a billion laughs", "a file of this machine"])
def test_entities_of_a_feed_are_left_out(entities: str) -> None:
    body = f'{entities}<rss version="2.0"><channel><item><guid>1</guid><title>x&a;&i;y</title></item></channel></rss>'

    read = parse_feed(body.encode())

    assert len(str(read)) < 300
    assert Path("/etc/hostname").read_text().strip() not in str(read)


@pytest.mark.parametrize(
    "date", ["Wed, 28 Feb 99999999999999999999 13:05:22 +0330", "Wed, 28 Feb 2024 99999999999:05:22 +0330"]
)
def test_a_date_beyond_all_numbers_costs_no_feed(date: str) -> None:
    body = f'<rss version="2.0"><channel><item><guid>1</guid><pubDate>{date}</pubDate></item></channel></rss>'

    read = parse_feed(body.encode())

    assert [entry["published"] for entry in read["entries"]] == [date]  # type: ignore[index]


def test_remarks_in_remarks_hide_an_address() -> None:
    assert find_address(parse_mail(b"From: a@b " + b"(" * 5000 + b"\n\nx")) is None
