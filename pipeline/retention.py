"""How long messages are kept, for all sources and for single ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days a message is kept after it was written; 0: for ever.

    Args:
        days: Of every source that has no number of its own.
        by_source: Of single sources, by their names.
    """

    days: int = 0
    by_source: Mapping[str, int] = field(default_factory=dict)

    def days_of(self, source: str) -> int:
        """Return for how many days the messages of a source are kept; 0: for ever."""
        return self.by_source.get(source, self.days)

    def cutoff(self, source: str, now: datetime) -> datetime | None:
        """Return the moment before which a message is too old to be kept; ``None``: none is."""
        days = self.days_of(source)
        return now - timedelta(days=days) if days else None


FOR_EVER = Retention()
