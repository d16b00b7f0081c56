"""Rows of an Excel file as it is found: packed, in XML, and perhaps written by somebody who means harm."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, cast

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.connectors.names import list_missing
from pipeline.errors import BazkhordError, StopSource

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384  # of Excel itself
MAX_SHEET_BYTES = 2**30  # read row by row
MAX_OTHER_BYTES = 256 * 2**20  # held in memory: the texts of all cells above all
MAX_EXPANSION = 100  # sheets of a million equal rows reach 50
ALWAYS_ALLOWED_BYTES = 64 * 2**20

if not openpyxl.DEFUSEDXML:
    raise ImportError("openpyxl reads XML without protection against entities: install defusedxml")


def read_excel(file: Path, sheet: str | None, *, source: str) -> Generator[Sequence[object], None, None]:
    """Yield the rows of a sheet, empty ones included.

    Args:
        sheet: Its name; ``None``: the first.
        source: Name of the source, for errors.

    Raises:
        StopSource: It is no Excel file, is broken, unpacks to too much, or has no such sheet.
    """
    with file.open("rb") as stream, _translated(file, source):
        _require_fitting(stream, file, source)
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out; no cell is lost by that
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        with closing(book):
            yield from _rows(_choose(book, sheet, f"source {source}: {file.name}"))


def _require_fitting(stream: IO[bytes], file: Path, source: str) -> None:
    """What the archive's directory announces is not exceeded by what is unpacked of it: zipfile stops there."""
    with zipfile.ZipFile(stream) as archive:
        for part in archive.infolist():
            whole = MAX_SHEET_BYTES if part.filename.startswith("xl/worksheets/") else MAX_OTHER_BYTES
            limit = min(whole, max(ALWAYS_ALLOWED_BYTES, MAX_EXPANSION * part.compress_size))
            if part.file_size > limit:
                raise StopSource(
                    f"source {source}: {file} unpacks to too much: {part.file_size:,} bytes in a part that may have {limit:,}; "
                    "export it as CSV"
                )
    stream.seek(0)


def _choose(book: Workbook, sheet: str | None, where: str) -> ReadOnlyWorksheet:
    if sheet and (missing := list_missing([sheet], book.sheetnames, what="sheet")):
        raise StopSource(f"{where} has {missing}: correct sheet")
    chosen = book[sheet or book.sheetnames[0]]
    if not isinstance(chosen, ReadOnlyWorksheet):
        raise StopSource(f"{where}: the sheet {sheet or 'that is first'} holds a chart only: set sheet")
    return chosen


def _rows(sheet: ReadOnlyWorksheet) -> Iterator[Sequence[object]]:
    # a sheet may claim a million rows of 16,384 cells, which openpyxl would make up
    sheet.reset_dimensions()
    for row in cast("Worksheet", sheet).iter_rows(max_row=MAX_ROWS, values_only=True):
        yield row[:MAX_COLUMNS]


@contextmanager
def _translated(file: Path, source: str) -> Iterator[None]:
    try:
        yield
    except (BazkhordError, OSError):
        raise
    except Exception as error:  # openpyxl lets through whatever its parsers, and broken parts, raise
        raise StopSource(
            f"source {source}: {file} is no whole Excel file ({type(error).__name__}): "
            "export it again as .xlsx or as CSV, uncompressed"
        ) from error
