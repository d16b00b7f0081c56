"""How an answer is written: JSON, or CSV that opens in a spreadsheet and runs nothing there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel

from api.queries import Format

BYTE_ORDER_MARK = "\ufeff"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answer(out: BaseModel, lines: Sequence[BaseModel], written_as: Format, name: str) -> Response:
    """Return the whole answer as JSON, or its lines as CSV.

    Args:
        lines: What a table would show, one model per line.
        name: Of the file that a browser saves, without its ending.
    """
    if written_as == Format.JSON:
        return Response(out.model_dump_json(), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(_table(lines), media_type="text/csv; charset=utf-8", headers=headers)


def _table(lines: Sequence[BaseModel]) -> str:
    rows = [_flat(line.model_dump(mode="json")) for line in lines]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    file.write(BYTE_ORDER_MARK)
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a field become columns; the lines of a list become one cell."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            row |= value if name == "values" else {f"{name}_{key}": one for key, one in value.items()}
        elif isinstance(value, list):
            row[name] = "; ".join(_in_words(one) for one in value)
        else:
            row[name] = value
    return row


def _in_words(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "label" in value:
        return f"{value['label']} {value['n']}"
    return f"{value['stage']}/{value['intent']}/{value['aspect']}/{value['sentiment']}: {value['text']}"


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS_A_FORMULA) else value
