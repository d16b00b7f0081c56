"""An archive for the tests of a backfill: the same messages as Parquet, CSV or JSON Lines, and what came of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet

from models.labels import Intent, Prediction, Sentiment
from models.levels import Levels
from pipeline.backfill_job import Job
from pipeline.export_tables import Shown
from pipeline.known_errors import Confusion
from tests.builders import mention, prediction
from tests.conftest import TEHRAN

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = (
    "پیک دیر رسید و غذا سرد بود",
    "کیفیتش عالی بود، ممنون از همه‌ی شما",
    "چرا پول من را پس نمی‌دهید؟ شماره‌ام 09121234567 است",
    "بسته‌بندی افتضاح بود ولی پشتیبانی خوب جواب داد",
    "اپلیکیشن باز نمی‌شود، لطفا درستش کنید",
)
ROW = dict[str, object]


def rows(first: int, n: int) -> list[ROW]:
    """Return so many messages with ids from ``first`` on; each fifth has a phone number in it."""
    return [
        {
            "id": f"{number}",
            "text": f"{WORDS[number % len(WORDS)]} {number}",
            "created_at": f"2026-{1 + number % 10:02d}-{1 + number % 27:02d} 10:00",
            "brand": ("نیک‌سبد", "تازه‌بار", None)[number % 3],
            "author_phone": f"0912{1_000_000 + number % 50}",
        }
        for number in range(first, first + n)
    ]


def write_parquet(path: Path, written: Sequence[ROW], *, group_rows: int = 1000) -> Path:
    """The rows are a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(list(written))
    pa.parquet.write_table(table, path, row_group_size=group_rows)
    return path


def write_csv(path: Path, written: Sequence[ROW]) -> Path:
    """The rows are a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(written[0]))
        writer.writeheader()
        writer.writerows(written)
    return path


def write_lines(path: Path, written: Sequence[ROW]) -> Path:
    """The rows are a file of JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written), encoding="utf-8")
    return path


def job(out: str | None, arguments: dict[str, object], **values: object) -> Job:
    """Return a job that reads with these arguments; ``values`` replace single fields."""
    fields: dict[str, object] = {
        "source": "archive",
        "connector": "backfill",
        "arguments": arguments,
        "out": out,
        "shown": Shown(text=True, customers=True),
        "database_url": None,
        "identity_key": KEY,
        "zone": TEHRAN,
        "now": NOW,
        "version": version("bazkhord"),
        "model_version": "v1",
        "batch_messages": 100,
    }
    return Job(**(fields | values))  # type: ignore[arg-type]


class ByWords:
    """A model whose judgement hangs on nothing but the text."""

    version = "v1"
    levels = Levels({})
    confusion: ClassVar[Confusion] = {}

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """As in Classifier: a text with ``عالی`` is praise, any other a complaint."""
        return [self._predict(text) for text in texts]

    def _predict(self, text: str) -> Prediction:
        if "عالی" in text:
            praise = mention(intent=Intent.PRAISE, sentiment=Sentiment.POSITIVE, text=text)
            return prediction(praise, sentiment=Sentiment.POSITIVE)
        return prediction(mention(text=text))


def content(out: Path) -> dict[str, list[ROW]]:
    """Return every row of what a backfill wrote, in an order that does not hang on who wrote first."""
    return {
        "messages": sorted(_rows(out / "messages"), key=lambda row: str(row["native_id"])),
        "mentions": sorted(
            _rows(out / "mentions"), key=lambda row: (str(row["native_id"]), str(row["mention_id"]))
        ),
        "dead_letters": sorted(
            _lines(out / "dead_letters"), key=lambda row: (str(row["file"]), str(row["position"]))
        ),
    }


def _rows(folder: Path) -> Iterator[ROW]:
    for path in sorted(folder.glob("*.parquet")):
        yield from pa.parquet.read_table(path).to_pylist()


def _lines(folder: Path) -> Iterator[ROW]:
    for path in sorted(folder.glob("*.jsonl")):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a command that keeps all it writes in a folder."""
    return {"BAZKHORD_DATA_DIR": str(folder), "BAZKHORD_IDENTITY_KEY": KEY.hex(), **settings}
