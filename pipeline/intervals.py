"""How sure a figure is: 95 % intervals of shares, of net sentiment and of its change.

The mentions of one message are treated as independent of each other for now; as people often say two
alike things in one message, the true intervals are somewhat wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)
MIN_N = 30


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
    return None if any(one < MIN_N for one in n) else estimate


def share(n_part: int, n: int) -> Estimate | None:
    """Return a share between 0 and 1 with the score interval of Wilson (1927); ``None`` of nothing.

    >>> share(3, 4)
    Estimate(value=0.75, low=0.300641842582402, high=0.9544127391902995)
    """
    if n == 0:
        return None
    p = n_part / n
    centre = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return Estimate(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)))


@lru_cache(maxsize=100_000)
def net_sentiment(n_positive: int, n_negative: int, n: int) -> Estimate | None:
    """Return % positive minus % negative of ``n``, from -100 to 100; ``None`` where ``n`` is 0.

    Positive and negative exclude each other, so this is the difference of two shares of one multinomial
    sample. Its interval is the adjusted Wald interval of Agresti and Min (Statistics in Medicine 24, 2005,
    "Simple improved confidence intervals for comparing matched proportions"): half an observation is
    added to each of the four cells, which keeps its coverage between 92 % and 99 % from eight mentions on.

    >>> net_sentiment(30, 50, 100)
    Estimate(value=-20.0, low=-36.47781480130726, high=-2.737871473202544)
    """
    if n == 0:
        return None
    difference = n_positive - n_negative
    centre = difference / (n + 2)
    variance = n_positive + n_negative + 1 - difference * difference / (n + 2)
    half = Z95 * sqrt(variance) / (n + 2)
    return Estimate(100 * difference / n, 100 * max(-1.0, centre - half), 100 * min(1.0, centre + half))


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
