"""The contract of a connector: pages of feedback out of one source, and where to go on next time."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.records import DeadLetter, Page

Clock = Callable[[], datetime]


class Arguments(BaseModel):
    """Keyword arguments out of ``sources.toml``: frozen, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Connector(Arguments, ABC):
    """One source that can be read from any bookmark on. It knows nothing of storage.

    A subclass declares its arguments as fields, sets ``kind`` and writes ``fetch``; one line in
    ``CONNECTORS`` makes it known.

    Args:
        name: Name of the source in ``sources.toml``; the ``source`` of all it brings.
        now: Gives the present moment, aware; dates later than it are refused.
        root: Folder that paths without a leading slash start from.
    """

    kind: ClassVar[str]

    name: str = Field(min_length=1, exclude=True)
    now: Clock = Field(exclude=True)
    root: Path = Field(default=Path(), exclude=True)

    @abstractmethod
    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what the source holds since a bookmark, in pages of about a thousand.

        Reading again from the same bookmark gives the same items or newer states of them, so that a
        crash between two pages loses nothing and, with an upsert by native id, doubles nothing.

        Args:
            since: ``bookmark`` of the last page that was stored; ``None``: from the beginning.

        Raises:
            StopSource: A person has to change something first; the message says what.
            RetryLater: The source is away; the same call may work later.
        """


def hash_raw(raw: object) -> str:
    """SHA-256 of a raw row in hexadecimal digits: tells two dead letters apart and shows nothing of them."""
    try:
        data = raw if isinstance(raw, bytes) else repr(raw).encode("utf-8", "backslashreplace")
    except RecursionError:  # a list in a list in a list, some hundred times
        data = type(raw).__name__.encode()
    return hashlib.sha256(data).hexdigest()


def bury(source: str, position: str, error: str, raw: object, *, native_id: str | None = None) -> DeadLetter:
    """Return the dead letter of a row that could not be read."""
    return DeadLetter(source, position, native_id, error, hash_raw(raw))
