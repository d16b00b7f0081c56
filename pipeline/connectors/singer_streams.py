"""The streams of a Singer tap: how their records become feedback, and the batches they are handed on in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import field_validator

from pipeline.connectors.base import Arguments, Clock, bury
from pipeline.connectors.json_paths import compile_path, has_path, parse_path
from pipeline.connectors.json_row import FieldMissing
from pipeline.connectors.mapping import Constants, Fields
from pipeline.connectors.names import list_missing
from pipeline.connectors.row_reader import Record, RowReader
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Channel, DeadLetter, Feedback, Page, TextFormat


class Stream(Arguments):
    """How the records of one stream become feedback."""

    channel: Channel
    fields: Fields
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None
    optional: tuple[str, ...] = ()

    @field_validator("fields")
    @classmethod
    def _paths_can_be_read(cls, fields: Fields) -> Fields:
        for path in fields.columns():
            parse_path(path)
        return fields


class Reader(Protocol):
    """What makes feedback of a record."""

    def read(self, record: object) -> Feedback:
        """Return the feedback of one record, or raise SkipRecord."""
        ...


class StreamReader:
    """Reads the records of one stream, in the order in which they come.

    Args:
        source: Name of the source.
        name: Name of the stream.
        stream: Its mapping.
        schema: What the tap says of the stream; empty while it has not said it.
        now: Gives the present moment.

    Raises:
        StopSource: The mapping names something that the schema has not.
    """

    def __init__(self, source: str, name: str, stream: Stream, schema: Record, now: Clock) -> None:
        self._source, self._name = source, name
        fields = stream.fields
        keys = schema.get("key_properties")
        if not fields.id and isinstance(keys, list) and all(isinstance(key, str) and key for key in keys):
            fields = fields.model_copy(
                update={"id": tuple(re.sub(r"([.\[\]\\])", r"\\\1", key) for key in keys)}
            )
        self._require_paths(fields, schema)
        needed = [*fields.text, *([fields.created_at] if fields.created_at else [])]
        self._needed = [path for path in needed if path not in stream.optional]
        self._reader = RowReader(
            source=source,
            mapping=stream.model_copy(update={"fields": fields}),
            now=now,
            getter_of=compile_path,
        )

    def read(self, record: object) -> Feedback:
        """Return the feedback of one record; its id begins with the name of the stream.

        Raises:
            SkipRecord: It cannot be understood.
        """
        if not isinstance(record, Mapping):
            raise SkipRecord(f"the record is {type(record).__name__}, where an object was expected")
        try:
            feedback = self._reader.read(record)
        except SkipRecord as error:
            native_id = f"{self._name}/{error.native_id}" if error.native_id else None
            raise SkipRecord(str(error), native_id=native_id) from error
        except StopSource as error:
            raise StopSource(f"source {self._source}, stream {self._name}: {error}") from error
        native_id = f"{self._name}/{feedback.native_id}"
        for path in self._needed:
            if not has_path(record, path):
                missing = FieldMissing(
                    f"the field {path} is missing: correct fields, or list it under optional", field=path
                )
                missing.native_id = native_id
                raise missing
        return replace(feedback, native_id=native_id)

    def _require_paths(self, fields: Fields, schema: Record) -> None:
        inner = schema.get("schema")
        properties = inner.get("properties") if isinstance(inner, Mapping) else None
        if not isinstance(properties, Mapping) or not properties:
            return
        named = list(dict.fromkeys(parse_path(path)[0].key for path in fields.columns()))
        if missing := list_missing(named, list(properties), what="property"):
            raise StopSource(f"source {self._source}: stream {self._name} has {missing}: correct fields")


@dataclass(slots=True)
class Batch:
    """Records since the last page.

    Args:
        source: Name of the source.
    """

    source: str
    items: list[Feedback] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    _missing: set[str | None] = field(default_factory=set)

    @property
    def n_rows(self) -> int:
        """Records that were read, or could not be."""
        return len(self.items) + len(self.dead_letters)

    def take(self, reader: Reader, record: object, position: str) -> None:
        """A record is among the items, or the dead letters."""
        try:
            self.items.append(reader.read(record))
        except SkipRecord as error:
            self._missing.add(error.field if isinstance(error, FieldMissing) else None)
            raw = json.dumps(record, sort_keys=True, default=str).encode()
            letter = bury(self.source, position, str(error), raw, native_id=error.native_id)
            self.dead_letters.append(letter)

    def hand_on(self, bookmark: str | None) -> Page:
        """Return what was read as a page, and begin anew.

        Raises:
            StopSource: All records lack the same field: it was renamed, going on would lose all that follow.
        """
        if not self.items and len(self._missing) == 1 and None not in self._missing:
            (name,) = self._missing
            raise StopSource(
                f"source {self.source}: no record of a whole page has the field {name}: "
                "correct fields, or list it under optional; nothing of the page was taken"
            )
        page = Page(tuple(self.items), tuple(self.dead_letters), bookmark)
        self.items, self.dead_letters, self._missing = [], [], set()
        return page
