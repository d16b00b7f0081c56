"""One object of a service's answer, read field by field: what is missing is named, never silently ``None``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.connectors.pagers import value_at
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource


class FieldMissing(SkipRecord):
    """A field that every object of this kind has is not there, or is of another type.

    Args:
        field: Its path.
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def value_in(text: str | bytes, path: str) -> object:
    """Return what stands at a dotted path of a JSON text; ``None`` where there is nothing, or no JSON."""
    try:
        return value_at(json.loads(text), path)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One object of an answer.

    Args:
        content: Its keys and values.
        now: The present; dates later than it are refused.
        list_name: Which of the source's lists it stands in, where there are several.
    """

    content: Mapping[str, object]
    now: datetime
    list_name: str = ""

    def has(self, path: str) -> bool:
        """Whether something other than null stands at a dotted path."""
        return self._find(path)[1] is not None

    def text(self, path: str, *, null_is_empty: bool = False) -> str:
        """Return the text at a path; an empty one is a text.

        Args:
            null_is_empty: The service writes null where there are no words.

        Raises:
            FieldMissing: There is none.
        """
        if null_is_empty and self._find(path) == (True, None):
            return ""
        value = self._need(path)
        if not isinstance(value, str):
            raise self._wrong(path, value, "text")
        return value

    def id(self, path: str = "id") -> str:
        """Return the identifier at a path, which may be text or a whole number.

        Raises:
            FieldMissing: There is none.
        """
        value = self._need(path)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise self._wrong(path, value, "an identifier")
        return str(value)

    def number(self, path: str) -> float:
        """Return the number at a path.

        Raises:
            FieldMissing: There is none.
        """
        value = self._need(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(path, value, "a number")
        return float(value)

    def flag(self, path: str) -> bool:
        """Return whether the value at a path is true.

        Raises:
            FieldMissing: There is no true or false.
        """
        value = self._need(path)
        if not isinstance(value, bool):
            raise self._wrong(path, value, "true or false")
        return value

    def time(self, path: str, *, zone: ZoneInfo | None = None) -> datetime:
        """Return the moment at a path as aware UTC.

        Args:
            zone: Zone of moments that name none; ``None``: the service names one with each.

        Raises:
            FieldMissing: There is nothing, or no zone.
            SkipRecord: It is no date, or one in the future.
        """
        value = self._need(path)
        try:
            return parse_date(value, zone=zone, now=self.now)
        except SkipRecord as error:
            raise SkipRecord(f"{path}: {error}") from error
        except StopSource as error:
            raise FieldMissing(
                f"the field {path} names no time zone: the service changed its answer, this connector has to follow",
                field=path,
            ) from error

    def maybe(self, path: str) -> str | None:
        """Return what stands at a path as text; ``None`` where there is nothing, or no single value."""
        value = self._find(path)[1]
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, str | int | float) and value != "" else None

    def known(self, path: str) -> str | None:
        """Return what stands at a path as text; ``None`` where the service says that there is nothing.

        Raises:
            FieldMissing: The service does not know the key.
        """
        if not self._find(path)[0]:
            self._need(path)
        return self.maybe(path)

    def rows(self, path: str) -> tuple[JsonRow, ...]:
        """Return the objects of the list at a path; none where there is no list.

        What of the list is no object is left out.
        """
        listed = self._find(path)[1]
        return tuple(
            replace(self, content=one)
            for one in (listed if isinstance(listed, list) else ())
            if isinstance(one, Mapping)
        )

    def inner(self, path: str) -> JsonRow:
        """Return the object at a path.

        Raises:
            FieldMissing: There is none.
        """
        value = self._need(path)
        if not isinstance(value, Mapping):
            raise self._wrong(path, value, "an object")
        return replace(self, content=value)

    def _find(self, path: str) -> tuple[bool, object]:
        if path in self.content:
            return True, self.content[path]
        if "." not in path:
            return False, None
        place: object = self.content
        for key in path.split("."):
            if not isinstance(place, Mapping) or key not in place:
                return False, None
            place = place[key]
        return True, place

    def _need(self, path: str) -> object:
        found, value = self._find(path)
        if not found or value is None:
            what = "is null" if found else "is missing"
            raise FieldMissing(
                f"the field {path} {what}: the service changed its answer, this connector has to follow",
                field=path,
            )
        return value

    def _wrong(self, path: str, value: object, expected: str) -> FieldMissing:
        return FieldMissing(
            f"the field {path} is {type(value).__name__}, expected {expected}: "
            "the service changed its answer, this connector has to follow",
            field=path,
        )
