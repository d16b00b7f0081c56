"""Turns a row of a table, or an object of JSON, into feedback after the mapping of ``sources.toml``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pipeline.connectors.authors import known_author
from pipeline.connectors.base import Clock, hash_raw
from pipeline.connectors.mapping import AUTHOR, SCORES, TEXTS, Constants, Fields
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord
from pipeline.records import Channel, Feedback, Rating, Reply, TextFormat

Record = Mapping[str, object]
Getter = Callable[[Record], object]


class Mapped(Protocol):
    """How the rows of one source become messages."""

    @property
    def channel(self) -> Channel:
        """How its customers spoke."""
        ...

    @property
    def fields(self) -> Fields:
        """Which column or path becomes what."""
        ...

    @property
    def constants(self) -> Constants:
        """What holds for every row."""
        ...

    @property
    def text_format(self) -> TextFormat:
        """What the texts are made of."""
        ...

    @property
    def zone(self) -> ZoneInfo | None:
        """Zone of dates that name none."""
        ...


class RowReader:
    """Reads rows of one source; built once, so that the mapping is resolved once.

    Args:
        source: Name of the source.
        mapping: What its rows mean.
        now: Gives the present moment, aware.
        getter_of: Gives for a column or path the function that takes its value out of a row.
    """

    def __init__(
        self,
        *,
        source: str,
        mapping: Mapped,
        now: Clock,
        getter_of: Callable[[str], Getter],
    ) -> None:
        fields, constants = mapping.fields, mapping.constants
        self._source, self._channel, self._text_format = source, mapping.channel, mapping.text_format
        self._zone, self._now, self._fields = mapping.zone, now, fields
        self._get = {column: getter_of(column) for column in fields.columns()}
        named = {name: getattr(fields, name) for name in (*TEXTS, *AUTHOR, *SCORES)}
        columns: dict[str, str] = {name: column for name, column in named.items() if column}
        self._scores = {name: columns[name] for name in SCORES if name in columns}
        self._labels = [
            (name, column, self._get[column]) for name, column in columns.items() if name not in SCORES
        ]
        self._defaults: dict[str, str | None] = {
            name: getattr(constants, name, None) for name in (*TEXTS, *AUTHOR)
        }

    def read(self, record: Record) -> Feedback:
        """Return the feedback that a row holds.

        Raises:
            SkipRecord: A value cannot be what the mapping says; the message names its column.
            StopSource: A date without a zone, and the source names none.
        """
        native_id = self._native_id(record)
        try:
            return self._read(record, native_id)
        except SkipRecord as error:
            raise SkipRecord(str(error), native_id=native_id) from error

    def _read(self, record: Record, native_id: str) -> Feedback:
        label = self._defaults.copy()
        for name, column, get in self._labels:
            if value := as_text(get(record), column):
                label[name] = value
        nps = self._score(record, "nps")
        if nps is not None and nps not in range(11):
            raise SkipRecord(f"{self._fields.nps}: got {nps:g}, expected a whole number from 0 to 10 (nps)")
        return Feedback(
            source=self._source,
            native_id=native_id,
            text=self._text(record),
            created_at=self._time(record, self._fields.created_at),
            edited_at=self._time(record, self._fields.edited_at),
            channel=self._channel,
            text_format=self._text_format,
            author=known_author(
                label["author_id"],
                phone=label["author_phone"],
                email=label["author_email"],
                crm_id=label["author_crm_id"],
            ),
            conversation_id=label["conversation_id"],
            brand=label["brand"],
            product=label["product"],
            touchpoint=label["touchpoint"],
            segment=label["segment"],
            queue=label["queue"],
            status=label["status"],
            permalink=label["permalink"],
            rating=self._rating(record),
            nps=None if nps is None else int(nps),
            csat=self._score(record, "csat"),
            ces=self._score(record, "ces"),
            replies=self._replies(record),
            attributes=self._attributes(record),
        )

    def _native_id(self, record: Record) -> str:
        columns = self._fields.id
        if not columns:
            return hash_raw(json.dumps(record, sort_keys=True, default=str).encode())[:32]
        parts = [as_text(self._get[column](record), column) for column in columns]
        if len(columns) == 1 and parts[0]:
            return parts[0]
        if missing := [column for column, part in zip(columns, parts, strict=True) if not part]:
            raise SkipRecord(f"{', '.join(missing)}: no value, but the id of a row is made of it: fill it in")
        # "/" inside a part is escaped, so that ("a", "b/c") and ("a/b", "c") stay two rows
        return "/".join((part or "").replace("%", "%25").replace("/", "%2F") for part in parts)

    def _text(self, record: Record) -> str:
        parts: list[str] = []
        for column in self._fields.text:
            value = self._get[column](record)
            many = value if isinstance(value, list) else (value,)
            parts += [part for one in many if (part := as_text(one, column, strip=False))]
        return parts[0] if len(parts) == 1 else "\n".join(dict.fromkeys(parts))

    def _time(self, record: Record, column: str | None) -> datetime | None:
        return None if column is None else self._moment(self._get[column](record), column)

    def _moment(self, value: object, column: str) -> datetime | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return parse_date(value, zone=self._zone, now=self._now())
        except SkipRecord as error:
            raise SkipRecord(f"{column}: {error}") from error

    def _score(self, record: Record, name: str) -> float | None:
        column = self._scores.get(name)
        return None if column is None else as_number(self._get[column](record), column)

    def _rating(self, record: Record) -> Rating | None:
        field = self._fields.rating
        if field is None:
            return None
        value = as_number(self._get[field.column](record), field.column)
        if value is None or value in field.unrated:
            return None
        if not field.lowest <= value <= field.highest:
            raise SkipRecord(
                f"{field.column}: got {value:g}, expected {field.lowest:g} to {field.highest:g}: "
                "correct the row, or the rating's lowest, highest or unrated"
            )
        return Rating(value, field.lowest, field.highest)

    def _replies(self, record: Record) -> tuple[Reply, ...]:
        replies: list[Reply] = []
        for field in self._fields.replies:
            value = self._get[field.at](record)
            moments = (self._moment(one, field.at) for one in (value if isinstance(value, list) else [value]))
            replies.extend(Reply(field.role, moment) for moment in moments if moment is not None)
        return tuple(sorted(replies, key=lambda reply: reply.at))

    def _attributes(self, record: Record) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, column in self._fields.attributes.items():
            value = self._get[column](record)
            if isinstance(value, list):
                text: str | None = ", ".join([part for one in value if (part := as_text(one, column))])
            else:
                text = as_text(value, column)
            if text:
                found[name] = text
        return found


def as_text(value: object, column: str, *, strip: bool = True) -> str | None:
    """Return a value as people write it; ``None`` for one that is missing or blank.

    >>> as_text(5.0, "row"), as_text("  ", "row"), as_text(True, "row")
    ('5', None, 'true')

    Raises:
        SkipRecord: The value is itself a list or an object.
    """
    if isinstance(value, str):
        stripped = value.strip()
        return (stripped if strip else value) if stripped else None
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise SkipRecord(
        f"{column}: got {type(value).__name__}, expected text or a number: name a path further inside"
    )


def as_number(value: object, column: str) -> float | None:
    """Return a number, in whatever digits it is written; ``None`` for a missing one.

    >>> as_number("۴٫۵", "rate")
    4.5

    Raises:
        SkipRecord: The value is no finite number.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value.replace("٫", ".") if isinstance(value, str) else value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise SkipRecord(f"{column}: expected a number, got something else: correct the row or the mapping")
