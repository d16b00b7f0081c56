"""Feedback in a Parquet file, whose columns are mapped to fields as those of any table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pipeline.connectors.files import Row
from pipeline.connectors.mapped_file import MappedFile
from pipeline.connectors.names import list_missing
from pipeline.connectors.row_reader import Getter, RowReader
from pipeline.errors import StopSource
from pipeline.parquet import parquet_library

ROWS_AT_ONCE = 1000


class ParquetFile(MappedFile):
    """A Parquet file, or some of its row groups, for archives: it is no connector of ``sources.toml``.

    Args:
        first_group: Of the row groups to read.
        after_group: The first one that is not read any more; ``None``: all the rest are.
        optional: Columns that a file may lack.
    """

    kind = "parquet_file"

    first_group: int = 0
    after_group: int | None = None
    optional: tuple[str, ...] = ()

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(source=self.name, mapping=self, now=self.now, getter_of=_getter)

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every row of the row groups, numbered as in the whole file.

        Raises:
            StopSource: It is no Parquet file, or a mapped column is not in it.
        """
        errors = parquet_library().ArrowException
        try:
            yield from self._rows(file)
        except errors as error:
            raise StopSource(
                f"source {self.name}: {file.name} is no Parquet file or is damaged ({type(error).__name__}): "
                "export or copy it again"
            ) from None

    def _rows(self, file: Path) -> Iterator[Row]:
        with parquet_library().parquet.ParquetFile(file) as opened:
            self._require_columns(opened.schema_arrow.names, file)
            wanted = self.fields.columns() if self.fields.id else opened.schema_arrow.names
            columns = [name for name in wanted if name in opened.schema_arrow.names]
            after = opened.num_row_groups if self.after_group is None else self.after_group
            n_row = sum(opened.metadata.row_group(group).num_rows for group in range(self.first_group))
            groups = list(range(self.first_group, after))
            for record in _records(opened, groups, columns):
                n_row += 1
                yield Row(f"row {n_row}", record, partial(self._reader.read, record))

    def _require_columns(self, names: list[str], file: Path) -> None:
        needed = [name for name in self.fields.columns() if name not in self.optional]
        if missing := list_missing(needed, names, what="column"):
            raise StopSource(f"source {self.name}: {file.name} has {missing}: correct fields")


def _getter(column: str) -> Getter:
    return lambda record: record.get(column)


def _records(opened: Any, groups: list[int], columns: list[str]) -> Iterator[Mapping[str, object]]:
    for batch in opened.iter_batches(ROWS_AT_ONCE, row_groups=groups, columns=columns):
        yield from batch.to_pylist()
