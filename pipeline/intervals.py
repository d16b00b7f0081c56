"""How sure a figure is: 95 % intervals of shares, of net sentiment and of its change.

The mentions of one message are not independent of each other: ``clusters.py`` says how many independent ones
they are worth, and the intervals are those of so many. Below ``MIN_N`` nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)
MIN_N = 30


class Method(StrEnum):
    """How the 95 % intervals of an answer were made.

    Shares by Wilson (1927), net sentiment by Agresti and Min (2005), changes by Zou and Donner (2008): with
    every message or mention on its own (``INDEPENDENT``), with the effective size of a sample of messages that
    hold several mentions (``CLUSTERED``), or by the delta method with the design effect and the doubt about the
    model's errors (``ADJUSTED``).
    """

    INDEPENDENT = "wilson_agresti_min"
    CLUSTERED = "wilson_agresti_min_design_effect"
    ADJUSTED = "delta_design_effect_confusion"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its 95 % interval, all three in the same unit."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def reported(estimate: Estimate | None, *n: int) -> Estimate | None:
    """Return what may be said: the estimate, or ``None`` where one of its bases is below ``MIN_N`` (30).

    Args:
        estimate: A share, net sentiment or change.
        n: How many mentions or messages it is a figure of; of a change, both periods'.
    """
    return None if n and min(n) < MIN_N else estimate


def share(n_part: int, n: int, *, effective_n: float | None = None) -> Estimate | None:
    """Return a share between 0 and 1 with the score interval of Wilson (1927); ``None`` of nothing.

    Args:
        n_part: How many of ``n``.
        n: Of how many.
        effective_n: How many independent ones they are worth (``clusters.Design.effective``), which is put in
            the place of ``n`` in the interval (Korn and Graubard 1998); ``None``: ``n``.

    >>> share(3, 4)
    Estimate(value=0.75, low=0.300641842582402, high=0.9544127391902995)
    """
    if n == 0:
        return None
    size = n if effective_n is None else effective_n
    p = n_part / n
    centre = (p + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 / (1 + Z95**2 / size) * sqrt(p * (1 - p) / size + Z95**2 / (4 * size * size))
    return Estimate(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)))


def net_sentiment(
    n_positive: int, n_negative: int, n: int, *, effective_n: float | None = None
) -> Estimate | None:
    """Return % positive minus % negative of ``n``, from -100 to 100; ``None`` where ``n`` is 0.

    Positive and negative exclude each other, so this is the difference of two shares of one multinomial
    sample. Its interval is the adjusted Wald interval of Agresti and Min (Statistics in Medicine 24, 2005,
    "Simple improved confidence intervals for comparing matched proportions"): half an observation is
    added to each of the four cells. Where several mentions stand in one message, the sample is first brought
    down to the size that it is worth, so that the variance is the multinomial one times the design effect.

    Args:
        n_positive: Positive ones.
        n_negative: Negative ones.
        n: All of them.
        effective_n: How many independent ones they are worth (``clusters.Design.effective``); ``None``: ``n``.

    >>> net_sentiment(30, 50, 100)
    Estimate(value=-20.0, low=-36.47781480130726, high=-2.737871473202544)
    """
    if n == 0:
        return None
    size = n if effective_n is None else effective_n
    value, judged = (n_positive - n_negative) / n, (n_positive + n_negative) / n
    centre = value * size / (size + 2)
    variance = judged * size + 1 - (value * size) ** 2 / (size + 2)
    half = Z95 * sqrt(variance) / (size + 2)
    low, high = max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half))
    return Estimate(100 * value, 100 * low, 100 * high)


def change(now: Estimate | None, before: Estimate | None) -> Estimate | None:
    """Return how far ``now`` is from ``before``; ``None`` where one of them is unknown.

    The two intervals are joined by the method of variance estimates recovery (Zou and Donner, Statistics
    in Medicine 27, 2008), which takes both samples as independent of each other.
    """
    if now is None or before is None:
        return None
    difference = now.value - before.value
    return Estimate(
        difference,
        difference - sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2),
        difference + sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2),
    )
