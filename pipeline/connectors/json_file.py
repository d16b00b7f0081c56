"""Feedback in JSON: Lines, an array, or an array inside a document, mapped by dotted paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from pipeline.connectors.files import BROKEN_ARCHIVE, Row, bare_suffix, open_bytes, unreadable
from pipeline.connectors.json_objects import Found, find_arrays, find_in_document, find_in_lines
from pipeline.connectors.json_paths import compile_path, has_path, parse_path
from pipeline.connectors.mapped_file import MappedFile
from pipeline.connectors.names import list_missing
from pipeline.connectors.row_reader import Record, RowReader
from pipeline.connectors.unpacking import read_lines
from pipeline.errors import StopSource

CHECKED_ROWS = 1000


class JsonFile(MappedFile):
    """A JSON file whose objects are messages.

    Ask for: an export in JSON Lines (one object a line), or one JSON document with an array of messages.
    What is fetched: what ``fields`` names of each object; paths go inside by dots, through lists by ``[]``,
        through some elements by ``[key=value]``.
    Not fetched: objects in which nothing can be read; they are kept as dead letters that say why.

    Example:
        [sources.chats]
        connector = "json_file"
        path = "chats.json"
        channel = "chat"
        zone = "Asia/Tehran"
        items = "data.conversations"
        fields = { id = "id", text = "turns[role=customer].text", created_at = "started_at" }

    Args:
        fields: Which path becomes what.
        constants: What holds for every object.
        layout: ``lines`` (an object a line) or ``document``; ``None``: by the name, ``.json`` is a document.
        items: Path to the array of a document; empty: the document is the array.
        optional: Paths that need not occur. Any other has to occur within the first 1,000 objects, or
            the mapping is taken for wrong.
    """

    kind = "json_file"

    layout: Literal["lines", "document"] | None = None
    items: str = ""
    optional: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _paths_can_be_read(self) -> Self:
        for path in (*self.fields.columns(), *self.optional, *([self.items] if self.items else [])):
            parse_path(path)
        return self

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(source=self.name, mapping=self, now=self.now, getter_of=compile_path)

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every object.

        Raises:
            StopSource: No array where ``items`` says, or a mapped path that no object has.
        """
        with closing(open_bytes(file)) as stream:
            found = find_in_lines(stream) if self._is_lines(file) else find_in_document(stream, self.items)
            first, broken = _peek(found)
            records = [one.record for one in first if one.record is not None]
            if records:
                self._require_paths(records, file)
            elif not self._is_lines(file):
                self._require_array(file)
            for one in chain(first, found):
                if one.record is None:
                    yield unreadable(one.position, one.problem, one.raw)
                else:
                    yield Row(one.position, one.raw, partial(self._reader.read, one.record))
            if broken:
                raise broken

    def count_rows(self, file: Path) -> int | None:
        """Return the lines that are not blank; ``None`` for a document."""
        if not self._is_lines(file):
            return None
        with closing(open_bytes(file)) as lines:
            return sum(1 for line in read_lines(lines) if line is None or not line.isspace())

    def _is_lines(self, file: Path) -> bool:
        return (self.layout or ("document" if bare_suffix(file) == ".json" else "lines")) == "lines"

    def _require_paths(self, records: list[Record], file: Path) -> None:
        paths = [path for path in self.fields.columns() if path not in self.optional]
        absent = [path for path in paths if not any(has_path(record, path) for record in records)]
        if absent:
            keys = list(dict.fromkeys(key for record in records for key in record))
            missing = list_missing(absent, keys, what="path")
            raise StopSource(
                f"source {self.name}: the first {len(records)} objects of {file.name} have {missing}: "
                "correct fields, or list under optional what may be absent"
            )

    def _require_array(self, file: Path) -> None:
        with closing(open_bytes(file)) as stream:
            arrays = find_arrays(stream)
        if self.items not in arrays:
            listed = ", ".join(repr(path) for path in arrays) or "none"
            raise StopSource(
                f"source {self.name}: {file.name} has no array at items = {self.items!r}; it has arrays at: {listed}"
            )


def _peek(found: Iterator[Found]) -> tuple[list[Found], Exception | None]:
    """Take the first objects, and the error that ended them where the file's compression breaks off."""
    first: list[Found] = []
    try:
        for one in islice(found, CHECKED_ROWS):
            first.append(one)  # noqa: PERF402 - what came before the error has to be kept
    except BROKEN_ARCHIVE as error:
        return first, error
    return first, None
