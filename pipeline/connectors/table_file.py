"""Feedback in a table: CSV, TSV or XLSX, whose columns ``sources.toml`` maps to fields."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.connectors.delimited import open_text, read_rows
from pipeline.connectors.excel import read_excel
from pipeline.connectors.files import Row, bare_suffix, unreadable
from pipeline.connectors.mapped_file import MappedFile
from pipeline.connectors.names import list_missing
from pipeline.connectors.row_reader import RowReader
from pipeline.errors import StopSource

EXCEL = (".xlsx", ".xlsm")


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError("expected an encoding that Python knows, like utf-8, utf-16 or cp1256") from None


class TableFile(MappedFile):
    """A table whose first row names the columns.

    Ask for: an export as CSV, TSV or Excel with a first row that names the columns.
    What is fetched: what ``fields`` names of each row. Dates may be Gregorian or Jalali, in digits or in words.
    Not fetched: rows in which something cannot be read; they are kept as dead letters that say what.

    Example:
        [sources.tickets]
        connector = "table_file"
        path = "tickets/*.csv"
        channel = "ticket"
        zone = "Asia/Tehran"
        fields = { id = "ticket", text = ["subject", "message"], created_at = "opened_at" }

    Args:
        channel: How the customers of this table spoke.
        fields: Which column becomes what.
        delimiter: Between two columns; ``None``: a tab in ``.tsv`` and ``.tab``, else a comma.
        encoding: Of a text table. A byte order mark wins. Excel in Persian may have written ``cp1256``.
        sheet: Of an Excel file; ``None``: the first.
    """

    kind = "table_file"

    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    sheet: str | None = None

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(source=self.name, mapping=self, now=self.now, getter_of=itemgetter)

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every row below the header.

        Raises:
            StopSource: No header, a mapped column that is not in it, no Excel file behind ``.xlsx``.
        """
        return self._excel_rows(file) if bare_suffix(file) in EXCEL else self._text_rows(file)

    def count_rows(self, file: Path) -> int | None:
        """Return the rows below the header; ``None`` for Excel, which may count wrong itself."""
        if bare_suffix(file) in EXCEL:
            return None
        with closing(open_text(file, self.encoding)) as lines:
            rows = read_rows(lines, delimiter=self._delimiter(file), encoding=self.encoding)
            return max(sum(1 for _ in rows) - 1, 0)

    def _text_rows(self, file: Path) -> Iterator[Row]:
        with closing(open_text(file, self.encoding)) as lines:
            rows = read_rows(lines, delimiter=self._delimiter(file), encoding=self.encoding)
            header = next(rows, None)
            if header is None or header.problem:
                problem = header.problem if header else "the file is empty"
                raise StopSource(f"source {self.name}: {file.name} has no header that can be read: {problem}")
            names = self._require_columns(header.cells, file)
            for row in rows:
                problem = row.problem or _count_problem(row.cells, names)
                yield self._row(f"line {row.n_line}", names, row.cells, problem, row.raw)

    def _excel_rows(self, file: Path) -> Iterator[Row]:
        with closing(read_excel(file, self.sheet, source=self.name)) as found:
            rows = enumerate(found, 1)
            header = next(rows, (1, ()))[1]
            names = self._require_columns(["" if name is None else str(name) for name in header], file)
            for n_row, cells in rows:
                if any(cell is not None for cell in cells):
                    fitted = _fit(cells, len(names))
                    yield self._row(f"row {n_row}", names, fitted, _count_problem(fitted, names), cells)

    def _require_columns(self, header: Sequence[str], file: Path) -> list[str]:
        names = [name.strip() for name in header]
        if missing := list_missing(self.fields.columns(), names, what="column"):
            hint = "correct fields" + ("; is delimiter right?" if len(names) == 1 else "")
            raise StopSource(f"source {self.name}: {file.name} has {missing}: {hint}")
        if twice := [name for name in self.fields.columns() if names.count(name) > 1]:
            raise StopSource(
                f"source {self.name}: {file.name} has the column {', '.join(twice)} more than once: rename one"
            )
        return names

    def _row(
        self, position: str, names: list[str], cells: Sequence[object], problem: str | None, raw: object
    ) -> Row:
        if problem:
            return unreadable(position, problem, raw)
        record: Mapping[str, object] = dict(zip(names, cells, strict=True))
        return Row(position, raw, partial(self._reader.read, record))

    def _delimiter(self, file: Path) -> str:
        return self.delimiter or ("\t" if bare_suffix(file) in (".tsv", ".tab") else ",")


def _fit(cells: Sequence[object], n_columns: int) -> list[object]:
    """Excel leaves out empty cells at the end of a row, or adds some."""
    fitted = list(cells)
    while len(fitted) > n_columns and fitted[-1] is None:
        fitted.pop()
    return fitted + [None] * (n_columns - len(fitted))


def _count_problem(cells: Sequence[object], names: list[str]) -> str | None:
    if len(cells) == len(names):
        return None
    return (
        f"{len(cells)} cells where the header has {len(names)}: "
        "a delimiter or line break inside a cell is not quoted, or the row is cut off; export it again"
    )
