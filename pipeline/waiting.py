"""How long people wait, where some still do: quantiles of a Kaplan-Meier curve with their intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

from pipeline.intervals import Z95

# What a product of many fractions may be off by.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Wait:
    """Hours that somebody waited; ``is_over`` is false where they were still waiting when last heard of."""

    hours: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Quantile:
    """Hours within which a share of all is served, with the ends of the 95 % interval.

    ``None``: so many were not served for as long as is known (``value``), or nothing bounds it from above (``high``)
    or from below (``low``).
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Point:
    """After so many hours a share ``still`` waits; ``variance`` is Greenwood's sum, of its logarithm."""

    hours: float
    still: float
    variance: float


def quantile(waits: Sequence[Wait], share: float) -> Quantile:
    """Return within how many hours a share of all is served, those who still wait taken into account.

    Kaplan and Meier (1958), with the interval of Brookmeyer and Crowley (Biometrics 38, 1982) on the scale of the
    complementary log-log, as SAS, R and ``statsmodels`` have it. Whoever still waits counts as waiting until the
    moment up to which that is known and then leaves the sample, which has to have nothing to do with how long they
    would have waited.

    Args:
        share: 0.5 for the median, 0.9 for what nine of ten wait at most.

    >>> quantile([Wait(1, True), Wait(2, True), Wait(3, True), Wait(9, False)], 0.5).value
    2
    """
    curve = _curve(waits)
    value = next((point.hours for point in curve if point.still <= 1 - share + ROUNDING), None)
    near = [place for place, point in enumerate(curve) if _is_near(point, 1 - share)]
    if not near:
        return Quantile(value, None, None)
    after = near[-1] + 1
    return Quantile(value, curve[near[0]].hours, curve[after].hours if after < len(curve) else None)


def _curve(waits: Sequence[Wait]) -> list[_Point]:
    over = Counter(one.hours for one in waits if one.is_over)
    left = Counter(one.hours for one in waits)
    at_risk, still, variance = len(waits), 1.0, 0.0
    curve: list[_Point] = []
    for hours in sorted(left):
        if served := over[hours]:
            still *= 1 - served / at_risk
            variance += served / (at_risk * (at_risk - served)) if served < at_risk else 0.0
            curve.append(_Point(hours, 0.0 if served == at_risk else still, variance))
        at_risk -= left[hours]
    return curve


def _is_near(point: _Point, wanted: float) -> bool:
    """Whether 95 % of the doubt about the curve at this point takes in the wanted share."""
    if point.still == 0:
        return False
    apart = log(-log(point.still)) - log(-log(wanted))
    return abs(apart) <= Z95 * sqrt(point.variance) / -log(point.still)
