"""Answers on a scale: NPS, CSAT, CES and stars, and what many of them add up to.

docs/cx.md says what each figure is. Answers of one customer are not independent of each other, so that a
customer is a cluster.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt

from scipy.special import stdtrit

from pipeline import intervals
from pipeline.clusters import INDEPENDENT, Design
from pipeline.intervals import Estimate

DETRACTORS_TO = 6
PROMOTERS_FROM = 9


class Measure(StrEnum):
    """What was asked; stars are given unasked too, so they are none of the surveys."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    RATING = "rating"


SURVEYS = (Measure.NPS, Measure.CSAT, Measure.CES)


@dataclass(frozen=True, slots=True)
class Scale:
    """Ends of a scale, and from where on an answer is one of the top ones; ``None``: the scale is not known."""

    lowest: float
    highest: float
    top_from: float | None


OF_NPS = Scale(0, 10, PROMOTERS_FROM)
USUAL = ((5, 4), (7, 6), (10, 9), (100, 80))


def scale_of(least: float, most: float) -> Scale:
    """Return the scale on which a source's answers were most probably given: the smallest usual one that fits.

    >>> scale_of(1, 5), scale_of(0, 1), scale_of(0, 9)
    (Scale(lowest=1, highest=5, top_from=4), Scale(lowest=0, highest=1, top_from=1), Scale(lowest=0, highest=10, top_from=9))

    Args:
        least: Smallest answer that the source ever gave.
        most: Largest.
    """
    if least < 0 or most > USUAL[-1][0]:
        return Scale(least, most, None)
    if least < 1 and most <= 1:
        return Scale(0, 1, 1)
    highest, top_from = next(pair for pair in USUAL if most <= pair[0])
    return Scale(0 if least < 1 or highest == USUAL[-1][0] else 1, highest, top_from)


def scale_of_stars(lowest: float, highest: float) -> Scale:
    """Return the scale of a rating; the top is the upper quarter of it: 4 and 5 of five stars.

    >>> scale_of_stars(1, 5).top_from, scale_of_stars(0, 10).top_from
    (4.0, 7.5)
    """
    return Scale(lowest, highest, lowest + 0.75 * (highest - lowest))


@dataclass(frozen=True, slots=True)
class Score:
    """One answer; ``customer`` is the customer's key or, where nobody knows who it was, the number of the row."""

    at: datetime
    customer: str | int
    source: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFigures:
    """What some answers of one scale add up to.

    ``score`` is the NPS (-100 to 100) or the mean of the answers; ``top_share`` the share of the top ones (NPS:
    promoters). ``n_top`` and ``n_bottom`` (NPS: detractors; else 0) are how many.
    """

    n: int
    n_customers: int
    n_top: int
    n_bottom: int
    score: Estimate | None
    top_share: Estimate | None


def figures_of(measure: Measure, scale: Scale, scores: Sequence[Score]) -> ScoreFigures:
    """Return what answers of one scale add up to.

    The NPS has the interval of net sentiment, shares have Wilson's, both with the effective size of a sample in
    which a customer is a cluster; the mean has the t-interval with the cluster-robust variance.
    """
    n, is_nps = len(scores), measure == Measure.NPS
    values, who = [one.value for one in scores], [one.customer for one in scores]
    tops = [scale.top_from is not None and value >= scale.top_from for value in values]
    bottoms = [is_nps and value <= DETRACTORS_TO for value in values]
    if is_nps:
        design = design_of([top - bottom for top, bottom in zip(tops, bottoms, strict=True)], who)
        score = intervals.net_sentiment(sum(tops), sum(bottoms), n, effective_n=design.effective(n))
    else:
        score = mean_of(values, who, within=scale)
    design = design_of(tops, who)
    return ScoreFigures(
        n=n,
        n_customers=len({one for one in who if isinstance(one, str)}),
        n_top=sum(tops),
        n_bottom=sum(bottoms),
        score=score,
        top_share=None
        if scale.top_from is None
        else intervals.share(sum(tops), n, effective_n=design.effective(n)),
    )


def mean_of(
    values: Sequence[float], who: Sequence[str | int], *, within: Scale | None = None
) -> Estimate | None:
    """Return a mean with its 95 % t-interval; ``None`` where fewer than two customers answered.

    The variance is the cluster-robust one (Cochran, Sampling Techniques, 3rd ed., 6.3), with one degree of freedom
    less than there are customers; where everybody answered once, it is the usual interval of a mean.

    Args:
        who: Who gave each of the values.
        within: The interval ends where this scale does.
    """
    n_groups = len(set(who))
    if n_groups < 2:
        return None
    mean = sum(values) / len(values)
    half = float(stdtrit(n_groups - 1, 0.975)) * sqrt(_variance_of_mean(values, who, mean))
    low, high = mean - half, mean + half
    return (
        Estimate(mean, max(within.lowest, low), min(within.highest, high))
        if within
        else Estimate(mean, low, high)
    )


def design_of(values: Sequence[float], who: Sequence[str | int]) -> Design:
    """Return how much surer a mean would be if each of the values were another customer's."""
    n, n_groups = len(values), len(set(who))
    if n_groups == n or n_groups < 2:
        return INDEPENDENT
    mean = sum(values) / n
    alone = sum((value - mean) ** 2 for value in values) / (n * (n - 1))
    together = _variance_of_mean(values, who, mean)
    largest = sum(size * size for size in Counter(who).values()) / n
    return Design(max(1.0, together / alone if alone > 1e-12 else largest), n / n_groups)


def _variance_of_mean(values: Sequence[float], who: Sequence[str | int], mean: float) -> float:
    apart: dict[str | int, float] = defaultdict(float)
    for value, one in zip(values, who, strict=True):
        apart[one] += value - mean
    return len(apart) / (len(apart) - 1) * sum(one * one for one in apart.values()) / len(values) ** 2
