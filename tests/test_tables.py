"""Every table as CSV and Excel: texts stay texts, numbers numbers, and the sheet runs as its reader does."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from api import sheets
from api.sheets import write_workbook
from api.tables import csv_of
from pipeline.store import open_store
from tests.api_feedback import SMALL, TEHRAN, Said, fill, november
from tests.builders import prediction
from tests.service import serving, settings_of

NOVEMBER = {"from": "2026-11-01", "to": "2026-12-01"}
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]
MARKUP = "<script>alert('۱')</script> & \"نقل\", <b>"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        fill(store, SMALL)
        fill(store, [Said(november(21), prediction(), text=MARKUP, source="zoo")])
    with serving(settings_of(url, tmp_path)) as opened:
        yield opened


def sheet_of(content: bytes) -> Worksheet:
    found = load_workbook(BytesIO(content)).worksheets[0]
    assert isinstance(found, Worksheet)
    return found


def test_a_trend_as_excel_has_numbers_and_times(client: TestClient) -> None:
    answer = client.get("/v1/trend", params={"from": "2026-11-16", "to": "2026-11-18", "format": "xlsx"})

    header, first, second = sheet_of(answer.content).iter_rows(values_only=True)
    assert answer.headers["content-type"] == sheets.MEDIA_TYPE
    assert answer.headers["content-disposition"] == 'attachment; filename="trend.xlsx"'
    assert header[:5] == ("label", "start", "end", "complete", "n")
    assert first[:5] == ("2026-11-16", datetime(2026, 11, 16), datetime(2026, 11, 17), True, 1)  # noqa: DTZ001
    assert second[:5] == ("2026-11-17", datetime(2026, 11, 17), datetime(2026, 11, 18), True, 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("language", "right_to_left"),
    [(None, True), ("fa-IR,fa;q=0.9,en;q=0.5", True), ("en-US,en;q=0.9", False), ("*", True)],
)
def test_a_sheet_runs_as_its_reader_does(
    client: TestClient, language: str | None, right_to_left: bool
) -> None:
    headers = {"Accept-Language": language} if language else {}

    sheet = sheet_of(client.get("/v1/journey?format=xlsx", headers=headers).content)

    assert sheet.sheet_view.rightToLeft is right_to_left
    assert sheet.freeze_panes == "A2"
    assert [cell.font.bold for cell in sheet[1]] == [True] * sheet.max_column


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_markup_in_a_message_stays_text(client: TestClient, form: str) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {"format": form, "source": "zoo"})

    if form == "csv":
        header, row = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    else:
        header, row = ([str(cell.value) for cell in line] for line in sheet_of(answer.content).iter_rows())
    assert row[header.index("text")] == MARKUP


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_looks_like_a_formula_is_a_text_in_cells_and_headers(text: str) -> None:
    file = BytesIO()

    write_workbook(file, [text], [{text: text}], title="t", right_to_left=True)

    cells = [row[0] for row in sheet_of(file.getvalue()).iter_rows()]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {str(cell.value)[:1] for cell in cells} == {"'"}
    written = list(csv.reader(StringIO(csv_of([text], [{text: text}]).removeprefix("\ufeff"), newline="")))
    assert written == [[f"'{text}"], [f"'{text}"]]


def test_what_excel_refuses_is_left_out_and_what_is_too_long_is_cut() -> None:
    file = BytesIO()
    rows = [{"text": "الف\x00\x0b\x1f\ufffeب"}, {"text": "😀" * 20_000}, {"text": None}, {"text": 2.5}]

    write_workbook(file, ["text"], rows, title="t", right_to_left=True)

    values = [row[0] for row in sheet_of(file.getvalue()).iter_rows(values_only=True)]
    assert values == ["text", "الفب", "😀" * 16_383 + "…", None, 2.5]


def test_a_table_without_lines_is_a_sheet_without_lines(client: TestClient) -> None:
    answer = client.get("/v1/feedback", params=NOVEMBER | {"format": "xlsx", "source": "nowhere"})

    assert sheet_of(answer.content).max_row == 1


def test_more_rows_than_a_sheet_holds_go_on_in_the_next() -> None:
    file = BytesIO()

    write_workbook(file, ["n"], [{"n": n} for n in range(4)], title="t", right_to_left=True, max_rows=3)

    workbook = load_workbook(file)
    assert {sheet.title: list(sheet.values) for sheet in workbook.worksheets} == {
        "t": [("n",), (0,), (1,)],
        "t 2": [("n",), (2,), (3,)],
    }
