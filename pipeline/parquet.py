"""Tables as Parquet files: columns with their kinds, and rows that are written a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from pipeline.errors import SettingsError

ROWS_AT_ONCE = 20_000
COMPRESSION = "zstd"
Kind = Literal["text", "whole", "small", "number", "flag", "time", "day"]
Cells = Sequence[object]


class Column(NamedTuple):
    """A column of a table, and what stands in it; any may be empty."""

    name: str
    kind: Kind


def parquet_library() -> ModuleType:
    """Return pyarrow with its Parquet part.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError:
        raise SettingsError(
            "Parquet needs pyarrow, which is not installed: pip install 'bazkhord[parquet]'"
        ) from None
    return pyarrow  # type: ignore[no-any-return]


def schema_of(columns: Iterable[Column]) -> Any:
    """Return the Arrow schema of a table."""
    arrow = parquet_library()
    kinds = {
        "text": arrow.string(),
        "whole": arrow.int64(),
        "small": arrow.int16(),
        "number": arrow.float64(),
        "flag": arrow.bool_(),
        "time": arrow.timestamp("us", tz="UTC"),
        "day": arrow.date32(),
    }
    return arrow.schema([(column.name, kinds[column.kind]) for column in columns])


class TableWriter:
    """A Parquet file that is being written.

    Args:
        path: The file; it is there with the first row, and empty ones are never made.
        columns: Of every row, in order.
    """

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path, self._schema = path, schema_of(columns)
        self._writer: Any = None
        self.n_rows = 0

    def write(self, rows: Iterable[Cells]) -> None:
        """The rows are in the file; however many there are, only a batch of them is held in memory."""
        iterator = iter(rows)
        while batch := list(islice(iterator, ROWS_AT_ONCE)):
            self._write_batch(batch)

    def _write_batch(self, batch: list[Cells]) -> None:
        arrow = parquet_library()
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = arrow.parquet.ParquetWriter(self._path, self._schema, compression=COMPRESSION)
        arrays = [
            arrow.array(cells, type=field.type)
            for cells, field in zip(zip(*batch, strict=True), self._schema, strict=True)
        ]
        self._writer.write_batch(arrow.record_batch(arrays, schema=self._schema))
        self.n_rows += len(batch)

    def close(self) -> None:
        """The file is whole."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def new_table(path: Path, columns: Sequence[Column]) -> Iterator[TableWriter]:
    """A Parquet file to write to; without a row there is none."""
    writer = TableWriter(path, columns)
    try:
        yield writer
    finally:
        writer.close()
