"""Tells a source that fell silent from one that is merely quiet, by its own rhythm.

An hour is *active* if the source brought something written in it (of files: read in it). For each of the
168 hours of a week, the share of the last eight weeks in which that hour was active says how likely it is
to be active again; nights, weekends and quiet seasons of the day are then expected to be quiet. Added up
over the hours since the newest message, the shares give the number of active hours that should have been.
If that is at least 10, the chance of none at all is e⁻¹⁰, below a hundredth of a percent (Poisson), and
more than one working day is missing, so that a public holiday raises no alarm. Hours are counted and not
messages, because messages come in bursts, which say little about the next hour.

A source is called silent when that number is reached and at least 24 hours have passed. It is not judged
before it has shown a rhythm: eight active hours on three days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
HOURS_OF_WEEK = 168
HISTORY = 8 * WEEK
MIN_ACTIVE_HOURS = 8
MIN_ACTIVE_DAYS = 3
MIN_EXPECTED_HOURS = 10.0
MIN_SILENCE = timedelta(hours=24)


def is_silent(active_hours: Sequence[datetime], *, now: datetime) -> bool:
    """Whether a source with this history should have brought something by now.

    Args:
        active_hours: Beginnings of the hours in which it brought something, aware, in order, without
            repetition, of the eight weeks up to the last of them.
        now: The present.
    """
    if not has_rhythm(active_hours) or now - active_hours[-1] < MIN_SILENCE + HOUR:
        return False
    return expect_hours(active_hours, now=now) >= MIN_EXPECTED_HOURS


def has_rhythm(active_hours: Sequence[datetime]) -> bool:
    """Whether there is enough history to say when something should come."""
    n_days = len({moment.date() for moment in active_hours})
    return len(active_hours) >= MIN_ACTIVE_HOURS and n_days >= MIN_ACTIVE_DAYS


def expect_hours(active_hours: Sequence[datetime], *, now: datetime) -> float:
    """Return how many active hours there should have been after the last one and before the present one."""
    newest = active_hours[-1]
    n_weeks = ceil((newest + HOUR - active_hours[0]) / WEEK)
    times_active = Counter(map(_hour_of_week, active_hours))
    n_passed = max(0, (now - newest) // HOUR - 1)
    n_whole_weeks, n_rest = divmod(n_passed, HOURS_OF_WEEK)
    first = _hour_of_week(newest) + 1
    rest = sum(times_active[(first + hour) % HOURS_OF_WEEK] for hour in range(n_rest))
    return (n_whole_weeks * len(active_hours) + rest) / n_weeks


def _hour_of_week(moment: datetime) -> int:
    return moment.weekday() * 24 + moment.hour
