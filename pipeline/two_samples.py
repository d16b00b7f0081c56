"""Whether two samples differ: tests of two shares and of two net sentiments, many of them held in check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

from scipy.stats import false_discovery_control

from pipeline import intervals
from pipeline.aggregate_counts import Counts
from pipeline.intervals import MIN_N, Z95, Estimate

LEVEL = 0.05
LEAST_EXPECTED = 5
ALIKE = 1.0, 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference with its 95 % interval, and how probable one as large would be if there were none."""

    estimate: Estimate
    p_value: float


def compare_shares(
    now: tuple[int, int], before: tuple[int, int], *, effects: tuple[float, float] = ALIKE
) -> Difference | None:
    """Return how far one share is from another, between -1 and 1.

    The interval is Newcombe's (Statistics in Medicine 17, 1998, method 10: two Wilson intervals joined), the
    p-value that of the score test of two shares, which pools them for the variance.

    Args:
        now: How many are of the kind, and of how many.
        before: The same of the sample that it is compared with.
        effects: Design effects of both samples: so many times fewer they count as.

    Returns:
        ``None`` where a sample is below ``MIN_N``, or where fewer than five of a kind are to be expected in
        one of them: the test is too rough then.
    """
    (n_now, of_now), (n_before, of_before) = now, before
    smaller = min(of_now, of_before)
    if smaller < MIN_N:
        return None
    pooled = (n_now + n_before) / (of_now + of_before)
    if smaller * min(pooled, 1 - pooled) < LEAST_EXPECTED:
        return None
    found = intervals.change(_wilson(*now, effects[0]), _wilson(*before, effects[1]))
    error = sqrt(pooled * (1 - pooled) * (effects[0] / of_now + effects[1] / of_before))
    return Difference(found, two_sided(found.value / error)) if found else None


def compare_net_sentiments(
    now: Counts, before: Counts, *, effects: tuple[float, float] = ALIKE
) -> Difference | None:
    """Return how far the net sentiment of some counts is from that of others, in points from -200 to 200.

    Both tests and intervals add an observation to the neutral ones and half a one to the positive and to the
    negative ones of each sample, as ``intervals.net_sentiment`` does and for its reason; the p-value is that of
    the z-test of the two means with their own variances, the interval joins theirs as ``intervals.change`` does.

    Args:
        effects: Design effects of both samples: so many times larger are their variances.

    Returns:
        ``None`` where a sample is below ``MIN_N``.
    """
    if min(now.n, before.n) < MIN_N:
        return None
    (mean_now, variance_now), (mean_before, variance_before) = _adjusted(now), _adjusted(before)
    error = sqrt(effects[0] * variance_now + effects[1] * variance_before)
    found = intervals.change(_net(now, effects[0]), _net(before, effects[1]))
    return Difference(found, two_sided((mean_now - mean_before) / error)) if found else None


def two_sided(z: float) -> float:
    """Return the probability that a standard normal number is at least as far from 0.

    >>> round(two_sided(-1.959964), 6)
    0.05
    """
    return erfc(abs(z) / sqrt(2))


def q_values(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values of one family, adjusted as Benjamini and Hochberg (1995) do; ``None`` stays.

    Of the differences whose adjusted value is at most 0.05 no more than one in twenty is expected to be none.

    >>> q_values([0.01, None, 0.04])
    [0.02, None, 0.04]
    """
    known = [one for one in p_values if one is not None]
    adjusted = iter(false_discovery_control(known).tolist() if known else [])
    return [None if one is None else next(adjusted) for one in p_values]


def _adjusted(counts: Counts) -> tuple[float, float]:
    """Mean score between -1 and 1, and its variance, with two observations added."""
    difference, n = counts.n_positive - counts.n_negative, counts.n + 2
    variance = counts.n_positive + counts.n_negative + 1 - difference * difference / n
    return difference / n, variance / n**2


def _net(counts: Counts, effect: float) -> Estimate:
    mean, variance = _adjusted(counts)
    half = Z95 * sqrt(effect * variance)
    value = (counts.n_positive - counts.n_negative) / counts.n
    return Estimate(100 * value, 100 * max(-1.0, mean - half), 100 * min(1.0, mean + half))


def _wilson(n_part: int, n: int, effect: float) -> Estimate:
    """The interval of Wilson (1927) of a sample that counts as ``effect`` times fewer."""
    p, size = n_part / n, n / effect
    centre = (p + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 / (1 + Z95**2 / size) * sqrt(p * (1 - p) / size + Z95**2 / (4 * size * size))
    return Estimate(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)))
