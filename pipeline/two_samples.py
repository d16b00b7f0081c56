"""Whether two samples differ: tests of two shares and of two net sentiments, many of them held in check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

from scipy.stats import false_discovery_control

from pipeline import intervals
from pipeline.aggregate_counts import Counts
from pipeline.intervals import MIN_N, Estimate

LEVEL = 0.05
LEAST_EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference with its 95 % interval, and how probable one as large would be if there were none."""

    estimate: Estimate
    p_value: float


def compare_shares(
    now: tuple[int, int], before: tuple[int, int], *, worth: tuple[float, float] | None = None
) -> Difference | None:
    """Return how far one share is from another, between -1 and 1.

    The interval is Newcombe's (Statistics in Medicine 17, 1998, method 10: two Wilson intervals joined), the
    p-value that of the score test of two shares, which pools them for the variance.

    Args:
        now: How many are of the kind, and of how many.
        before: The same of the sample that it is compared with.
        worth: How many independent ones both samples are worth (``clusters.Design.effective``); ``None``: all.

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
    sizes = worth or (of_now, of_before)
    found = intervals.change(
        intervals.share(n_now, of_now, effective_n=sizes[0]),
        intervals.share(n_before, of_before, effective_n=sizes[1]),
    )
    error = sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    return Difference(found, two_sided(found.value / error)) if found else None


def compare_net_sentiments(
    now: Counts, before: Counts, *, worth: tuple[float, float] | None = None
) -> Difference | None:
    """Return how far the net sentiment of some counts is from that of others, in points from -200 to 200.

    Both test and interval add an observation to the neutral ones and half a one to the positive and to the
    negative ones of each sample, as ``intervals.net_sentiment`` does and for its reason; the p-value is that of
    the z-test of the two means with their own variances, the interval joins theirs as ``intervals.change`` does.

    Args:
        worth: How many independent ones both samples are worth (``clusters.Design.effective``); ``None``: all.

    Returns:
        ``None`` where a sample is below ``MIN_N``.
    """
    if min(now.n, before.n) < MIN_N:
        return None
    sizes = worth or (now.n, before.n)
    sides = [_adjusted(one, size) for one, size in zip((now, before), sizes, strict=True)]
    found = intervals.change(*(_net(one, size) for one, size in zip((now, before), sizes, strict=True)))
    error = sqrt(sum(variance for _, variance in sides))
    return Difference(found, two_sided((sides[0][0] - sides[1][0]) / error)) if found else None


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


def _adjusted(counts: Counts, size: float) -> tuple[float, float]:
    """Mean score between -1 and 1, and its variance, of a sample of this size with two observations added."""
    value = (counts.n_positive - counts.n_negative) / counts.n * size
    judged = (counts.n_positive + counts.n_negative) / counts.n * size
    n = size + 2
    return value / n, (judged + 1 - value * value / n) / n**2


def _net(counts: Counts, size: float) -> Estimate | None:
    return intervals.net_sentiment(counts.n_positive, counts.n_negative, counts.n, effective_n=size)
