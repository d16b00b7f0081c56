"""Tables as Excel files, written row by row: as long as you like in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import chain, count, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from api.tables import Row, harmless

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel's own limits: rows of a sheet, UTF-16 units of a cell.
MAX_ROWS, MAX_UNITS = 1_048_576, 32_767
REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
RIGHT_TO_LEFT = frozenset({"fa", "ar", "he", "ur", "ps", "ckb", "*"})


def write_workbook(
    file: IO[bytes],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    title: str,
    right_to_left: bool,
    max_rows: int = MAX_ROWS,
) -> None:
    """The file holds the rows under a bold header that stays in sight, on as many sheets as they need.

    Numbers are numbers; times are times of the zone they are told in, which Excel has no place for. Texts
    are texts, never formulas, without the characters that Excel refuses and cut where a cell ends.

    Args:
        title: Of the first sheet, at most 25 characters.
        max_rows: Of one sheet, the header among them.
    """
    workbook = Workbook(write_only=True)
    remaining = iter(rows)
    for number in count(1):
        page = islice(remaining, max_rows - 1)
        first = next(page, None)
        if first is None and number > 1:
            break
        sheet = workbook.create_sheet(title if number == 1 else f"{title} {number}")
        sheet.sheet_view.rightToLeft = right_to_left
        sheet.freeze_panes = "A2"
        sheet.append(list(_header(sheet, columns)))
        for row in chain([first] if first is not None else [], page):
            sheet.append([_cell(sheet, row.get(name)) for name in columns])
    workbook.save(file)


def is_right_to_left(accept_language: str) -> bool:
    """Whether the language that is wanted most runs from right to left; so it does where none is named.

    >>> is_right_to_left(""), is_right_to_left("fa-IR,en;q=0.5"), is_right_to_left("en,fa;q=0.9")
    (True, True, False)
    """
    wanted = []
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";")
        if tag:
            wanted.append((_weight(weight), tag.partition("-")[0].lower()))
    return not wanted or max(wanted, key=lambda one: one[0])[1] in RIGHT_TO_LEFT


def _weight(written: str) -> float:
    try:
        return float(written.partition("=")[2] or 1)
    except ValueError:
        return 0.0


def _header(sheet: WriteOnlyWorksheet, columns: Sequence[str]) -> Iterator[Cell]:
    for name in columns:
        cell = WriteOnlyCell(sheet, _text(name))
        cell.font = Font(bold=True)
        yield cell


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value.replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    return value if isinstance(value, date) else _text(str(value))


def _text(value: str) -> str:
    """A text that is no formula: an apostrophe stands before it, which holds also when it is saved as CSV."""
    text = str(harmless(REFUSED.sub("", value)))
    written = text.encode("utf-16-le")
    return (
        text
        if len(written) <= 2 * MAX_UNITS
        else written[: 2 * MAX_UNITS - 2].decode("utf-16-le", "ignore") + "…"
    )
