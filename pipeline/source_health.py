"""What is to be thought of a source: fine, failing, silent, never run or switched off, and why in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.silence import expect_hours, is_silent
from pipeline.source_log import SourceState


class Health(StrEnum):
    """The states of a source; of several that apply the first counts."""

    DISABLED = "disabled"
    NEVER_RAN = "never_ran"
    FAILING = "failing"
    SILENT = "silent"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """The state of a source, why in words (empty where all is fine), and its delays.

    Args:
        lag: Age of the newest message; ``None``: there is none.
        since_success: Time since a run came to its end; ``None``: none did.
    """

    health: Health
    reason: str
    lag: timedelta | None
    since_success: timedelta | None


def judge(source: SourceState, *, now: datetime) -> SourceHealth:
    """Return how a source is doing at a moment; whether it is silent is judged as silence.py says."""
    health = _health(source, now)
    return SourceHealth(
        health,
        _reason(health, source, now),
        _age(source.newest_message_at, now),
        _age(source.last_success_at, now),
    )


def _health(source: SourceState, now: datetime) -> Health:
    if not source.enabled:
        return Health.DISABLED
    if not (source.last_started_at or source.last_success_at or source.last_error_at or source.n_stored):
        return Health.NEVER_RAN
    if source.failing:
        return Health.FAILING
    return Health.SILENT if is_silent(source.active_hours, now=now) else Health.OK


def _reason(health: Health, source: SourceState, now: datetime) -> str:
    if health == Health.DISABLED:
        return "enabled = false in the sources file"
    if health == Health.NEVER_RAN:
        return "start bazkhord run"
    if health == Health.FAILING:
        again = f"; next try at {source.next_run_at:%Y-%m-%d %H:%M} UTC" if source.next_run_at else ""
        return f"{source.last_error}{again}"
    if health == Health.SILENT:
        return (
            f"nothing new since {source.active_hours[-1]:%Y-%m-%d %H}:00 UTC, while by its rhythm of the eight "
            f"weeks before {expect_hours(source.active_hours, now=now):.0f} hours should have brought something: "
            "look whether messages arrive there at all, then: bazkhord sources check"
        )
    return ""


def _age(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else max(timedelta(), now - moment)
