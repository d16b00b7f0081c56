"""When a source is pulled: what ``sources.toml`` says of it, and how failures put it off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import Field, StrictBool, StrictInt, ValidationError

from pipeline.connectors.argument_errors import describe_errors
from pipeline.connectors.base import Arguments
from pipeline.errors import SettingsError

LONGEST_S = 31 * 86_400
MAX_BACK_OFF_S = 4 * 3600


class Schedule(Arguments):
    """What every source may say beside the arguments of its connector.

    Args:
        every_s: Seconds between the beginnings of two runs.
        enabled: Whether ``bazkhord run`` pulls it.
    """

    every_s: StrictInt = Field(default=900, ge=10, le=LONGEST_S)
    enabled: StrictBool = True


def split_schedules(config: Mapping[str, object]) -> tuple[dict[str, object], dict[str, Schedule]]:
    """Return a parsed ``sources.toml`` without the schedules, and these by the name of their source.

    Raises:
        SettingsError: A schedule is wrong; the message names the source and what is expected.
    """
    sources = config.get("sources", {})
    if not isinstance(sources, Mapping):
        return dict(config), {}
    schedules: dict[str, Schedule] = {}
    rest: dict[str, object] = {}
    for name, arguments in sources.items():
        given = arguments if isinstance(arguments, Mapping) else {}
        schedules[name] = _read(name, {key: given[key] for key in Schedule.model_fields if key in given})
        without = {key: value for key, value in given.items() if key not in Schedule.model_fields}
        rest[name] = without if isinstance(arguments, Mapping) else arguments
    return {**config, "sources": rest}, schedules


def _read(name: str, given: Mapping[str, object]) -> Schedule:
    try:
        return Schedule.model_validate(given)
    except ValidationError as error:
        raise SettingsError(describe_errors(error, name, Schedule)) from None


def back_off(every_s: float, n_failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time, at most four hours.

    A source that runs more seldom than that keeps its own pace.

    >>> [str(back_off(900, n)) for n in (1, 2, 3, 9)]
    ['0:15:00', '0:30:00', '1:00:00', '4:00:00']
    >>> str(back_off(86_400, 3))
    '1 day, 0:00:00'
    """
    longest = max(every_s, MAX_BACK_OFF_S)
    return timedelta(seconds=min(longest, every_s * 2.0 ** min(n_failures - 1, 30)))


def next_run(started: datetime, ended: datetime, every_s: float | None) -> datetime | None:
    """Return when a source is pulled again: in its rhythm, or at once where a run took longer than that."""
    return max(ended, started + timedelta(seconds=every_s)) if every_s else None
