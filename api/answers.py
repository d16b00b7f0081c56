"""How an answer is written: JSON, or a table as CSV or Excel that runs nothing in a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from fastapi.responses import Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.queries import Format
from api.sheets import MEDIA_TYPE, is_right_to_left, write_workbook
from api.tables import columns_of, csv_of, rows_of

CSV_MEDIA_TYPE = "text/csv; charset=utf-8"


def answer(out: BaseModel, lines: Sequence[BaseModel], written_as: Format, name: str) -> Response:
    """Return the whole answer as JSON, or its lines as a table.

    Args:
        lines: What a table would show, one model per line.
        name: Of the file that a browser saves, without its ending.
    """
    if written_as == Format.XLSX:
        return SheetResponse(lines, name)
    if written_as == Format.JSON:
        return Response(out.model_dump_json(), media_type="application/json")
    rows = list(rows_of(lines, mode="json"))
    return Response(
        csv_of(columns_of(rows), rows), media_type=CSV_MEDIA_TYPE, headers=saved_as(f"{name}.csv")
    )


def saved_as(name: str) -> dict[str, str]:
    """Return the header by which a browser saves an answer under a name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


class SheetResponse(Response):
    """An Excel file, written when it is sent: which way it runs is asked by the reader's ``Accept-Language``."""

    media_type = MEDIA_TYPE

    def __init__(self, lines: Sequence[BaseModel], name: str) -> None:
        super().__init__(headers=saved_as(f"{name}.xlsx"))
        self.lines, self.name = lines, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The file is sent."""
        language = Headers(scope=scope).get("accept-language", "")
        content = await run_in_threadpool(self._write, is_right_to_left(language))
        written = Response(content, headers=saved_as(f"{self.name}.xlsx"), media_type=MEDIA_TYPE)
        await written(scope, receive, send)

    def _write(self, right_to_left: bool) -> bytes:  # noqa: FBT001 - handed on by position
        rows = list(rows_of(self.lines, mode="python"))
        file = BytesIO()
        write_workbook(file, columns_of(rows), rows, title=self.name, right_to_left=right_to_left)
        return file.getvalue()
