"""Days of the demo as moments: the last of them is always yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from pipeline.demo.material import N_DAYS


@dataclass(frozen=True, slots=True)
class DemoClock:
    """Counts days so that day 119 is the day before ``today``; nothing it says is in the future."""

    today: date
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        """The last moment of yesterday that has a full minute."""
        return datetime.combine(self.today, time(), self.zone) - timedelta(minutes=1)

    def start(self, day: int, hour: int, key: str, *, lasts_min: int = 0) -> datetime:
        """Return a moment in that hour, always the same for ``key``; early enough to last until ``end``."""
        date_ = self.today - timedelta(days=N_DAYS - day)
        seconds = crc32(key.encode()) % 3600
        moment = datetime.combine(date_, time(hour, seconds // 60, seconds % 60), self.zone)
        return min(moment, self.end - timedelta(minutes=lasts_min))

    def after(self, start: datetime, minutes: int | None) -> datetime | None:
        """Return the moment so many minutes later; ``None`` if there is none or it has not come yet."""
        if minutes is None:
            return None
        moment = start + timedelta(minutes=minutes)
        return moment if moment <= self.end else None
