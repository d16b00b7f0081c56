"""Answers as tables: what the columns are, and texts of which a spreadsheet runs nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Literal

from pydantic import BaseModel

BYTE_ORDER_MARK = "\ufeff"
# Those of the OWASP page "CSV Injection"; the wide forms count where the system's language is Chinese or Japanese.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = dict[str, Any]


def rows_of(lines: Iterable[BaseModel], *, mode: Literal["json", "python"]) -> Iterator[Row]:
    """Yield the cells of each line by column: plain JSON values, or Python's with its times."""
    return (flat(line.model_dump(mode=mode)) for line in lines)


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Return every column that a row has, in the order in which they come first."""
    return list(dict.fromkeys(name for row in rows for name in row))


def csv_of(columns: Sequence[str], rows: Iterable[Row], *, header: bool = True) -> str:
    """Return the rows as CSV; with the header comes a mark by which Excel knows that it is UTF-8."""
    file = StringIO()
    writer = csv.writer(file)
    if header:
        file.write(BYTE_ORDER_MARK)
        writer.writerow([harmless(name) for name in columns])
    writer.writerows([harmless(row.get(name)) for name in columns] for row in rows)
    return file.getvalue()


def flat(values: Mapping[str, Any]) -> Row:
    """Fields of a field become columns; the lines of a list become one cell."""
    row: Row = {}
    for name, value in values.items():
        if isinstance(value, dict):
            row |= {(key if name == "values" else f"{name}_{key}"): _cell(one) for key, one in value.items()}
        else:
            row[name] = _cell(value)
    return row


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS_A_FORMULA) else value


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "; ".join(_in_words(one) for one in value)
    return _in_words(value) if isinstance(value, dict) else value


def _in_words(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if {"label", "n"} <= value.keys():
        return f"{value['label']} {value['n']}"
    if {"stage", "intent", "aspect", "sentiment", "text"} <= value.keys():
        return f"{value['stage']}/{value['intent']}/{value['aspect']}/{value['sentiment']}: {value['text']}"
    return ", ".join(f"{name} {one}" for name, one in value.items() if one is not None)
