"""Rows of a delimited text table, such that one malformed row costs no other."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pipeline.connectors.files import open_bytes

FIELD_MAX_CHARS = 64 * 2**20
LINE_MAX_CHARS = 16 * 2**20
TOO_LONG = "\udcfe\n"  # no text of a file is decoded to it, but for a line of one wrong byte
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class DelimitedRow:
    """One row: its cells, or why there are none.

    Args:
        n_line: Number of its first line in the file, from 1.
        problem: What is wrong with it and what to do; ``None`` for a row that could be read.
        raw: Its lines as they stand in the file.
    """

    n_line: int
    cells: list[str]
    problem: str | None
    raw: str


class _Lines:
    """Lines of a file that can be given back when a row that took them turns out to be malformed."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.n_line = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._lines)
        self.taken.append(line)
        return line

    def start_row(self) -> None:
        self.n_line += len(self.taken)
        self.taken = []

    def give_back_all_but_first(self) -> None:
        self._given_back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


class BoundedText:
    """Lines of a text, with ``TOO_LONG`` in the place of one that is too long to be held in memory."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LINE_MAX_CHARS)
        if not line:
            raise StopIteration
        if len(line) < LINE_MAX_CHARS:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(LINE_MAX_CHARS)
        return TOO_LONG

    def close(self) -> None:
        """The file is closed."""
        self._stream.close()


def open_text(file: Path, encoding: str) -> BoundedText:
    """Return the lines of a text table; a byte order mark wins over ``encoding``.

    Bytes that are no text become lone surrogates, which ``read_rows`` reports row by row.
    """
    stream = open_bytes(file)
    head = cast("io.BufferedReader", stream).peek(2)[:2]
    if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return BoundedText(io.TextIOWrapper(stream, "utf-16", errors="replace", newline=""))
    is_utf_8 = codecs.lookup(encoding).name == "utf-8"
    known = "utf-8-sig" if is_utf_8 else encoding
    return BoundedText(io.TextIOWrapper(stream, known, errors="surrogateescape", newline=""))


def read_rows(lines: Iterator[str], *, delimiter: str, encoding: str) -> Iterator[DelimitedRow]:
    """Yield every row that is not blank, the header first.

    A quote that is opened and not closed swallows the rows after it. Such a row costs its first line
    only: what else it took is read again.
    """
    # the limit of the csv module (131,072 characters a cell) holds for the whole process
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_MAX_CHARS))
    feed = _Lines(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.start_row()
        cells: list[str] = []
        problem = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            feed.give_back_all_but_first()
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            problem = 'a quotation mark (") opens or closes in the wrong place: quote the cell and double the marks in it'
        raw = feed.taken[0] if len(feed.taken) == 1 else "".join(feed.taken)
        if _UNDECODED.search(raw):
            problem = f"bytes that are not {encoding}: correct the row, or set encoding to what the file is written in"
        if raw == TOO_LONG:
            problem = f"longer than {LINE_MAX_CHARS:,} characters, or one byte that is not {encoding}: correct the row"
        if cells or problem:
            yield DelimitedRow(feed.n_line, cells, problem, raw)
