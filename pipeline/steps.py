"""How far a series of days steps up or down at one of them, beyond the straight trend that it follows anyway.

This is the interrupted time series with a level change (Wagner et al., Journal of Clinical Pharmacy and
Therapeutics 27, 2002): daily means on a constant, the day and "after", weighted by how many were counted. Errors
are heteroscedasticity-consistent (HC3, MacKinnon and White 1985) with the day as the unit, so that mentions
which go together within a message or a day are not taken for independent ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from pipeline.aggregate_counts import Counts
from pipeline.intervals import Estimate
from pipeline.two_samples import Difference

MIN_DAYS_BEFORE = 6
MIN_DAYS_AFTER = 3
N_TERMS = 3


@dataclass(frozen=True, slots=True)
class _Step:
    """A step and what each day adds to its error."""

    size: float
    errors: Mapping[date, float]


def step_at(
    first_after: date, series: Mapping[date, Counts], rest: Mapping[date, Counts] | None = None
) -> Difference | None:
    """Return how far net sentiment stepped at a day beyond its straight trend, in points.

    Args:
        first_after: First day after the event.
        series: Counts by day, of days before and after; a day without any may be left out.
        rest: Counts of what the event did not touch, by day: its own step is taken off. Whatever moves both on
            the same day cancels out, in the error too.

    Returns:
        ``None`` where fewer than six days before or three days after hold anything.
    """
    step = _fit(first_after, series)
    other = None if rest is None else _fit(first_after, rest)
    if step is None or (rest is not None and other is None):
        return None
    theirs = _Step(0.0, {}) if other is None else other
    days = {*step.errors, *theirs.errors}
    error = sum((step.errors.get(day, 0.0) - theirs.errors.get(day, 0.0)) ** 2 for day in days) ** 0.5
    size, degrees = step.size - theirs.size, len(step.errors) - N_TERMS
    half = float(stdtrit(degrees, 0.975)) * error
    p_value = float(2 * stdtr(degrees, -abs(size) / error)) if error > 0 else float(size == 0)
    return Difference(Estimate(100 * size, 100 * (size - half), 100 * (size + half)), p_value)


def _fit(first_after: date, series: Mapping[date, Counts]) -> _Step | None:
    days = sorted(day for day, counts in series.items() if counts.n)
    n_after = sum(day >= first_after for day in days)
    if n_after < MIN_DAYS_AFTER or len(days) - n_after < MIN_DAYS_BEFORE:
        return None
    weights = np.array([series[day].n for day in days], dtype=float)
    means = np.array([series[day].n_positive - series[day].n_negative for day in days]) / weights
    time = np.array([(day - first_after).days for day in days], dtype=float)
    terms: NDArray[np.float64] = np.stack([np.ones_like(time), time / 100, time >= 0], axis=1)
    hat = np.linalg.solve(terms.T @ (terms * weights[:, None]), terms.T * weights)
    leverage = np.einsum("ij,ji->i", terms, hat)
    errors = hat[2] * (means - terms @ (hat @ means)) / np.maximum(1 - leverage, 1e-9)
    return _Step(float(hat[2] @ means), dict(zip(days, errors.tolist(), strict=True)))
