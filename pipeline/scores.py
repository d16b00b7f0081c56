"""Answers on a scale: NPS, CSAT, CES and stars, and what many of them add up to.

docs/cx.md says what each figure is. Answers of one customer are not independent of each other, so that a
customer is a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray
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


Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Answers on one scale, one place in each list for an answer, as there are very many.

    ``who`` is the customer's key or number or, where nobody knows who it was, a number below 0. ``at`` may be empty
    where nothing depends on it.
    """

    who: list[str | int] | Ints = field(default_factory=list)
    values: list[float] | Numbers = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)

    @property
    def customers(self) -> set[str | int]:
        """Those who are known."""
        if isinstance(self.who, np.ndarray):
            return set(self.who[self.who >= 0].tolist())
        return set(filter(_is_known, set(self.who)))


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


def figures_of(measure: Measure, scale: Scale, scores: Scores) -> ScoreFigures:
    """Return what answers of one scale add up to.

    The NPS has the interval of net sentiment, shares have Wilson's, both with the effective size of a sample in
    which a customer is a cluster; the mean has the t-interval with the cluster-robust variance.
    """
    n, is_nps = len(scores.values), measure == Measure.NPS
    values, groups = np.array(scores.values, float), _groups_of(scores.who)
    tops = np.zeros(n) if scale.top_from is None else (values >= scale.top_from).astype(float)
    bottoms = (values <= DETRACTORS_TO).astype(float) if is_nps else np.zeros(n)
    n_top, n_bottom = int(tops.sum()), int(bottoms.sum())
    if is_nps:
        effective = _design(tops - bottoms, groups).effective(n)
        score = intervals.net_sentiment(n_top, n_bottom, n, effective_n=effective)
    else:
        score = _mean(values, groups, within=scale)
    return ScoreFigures(
        n=n,
        n_customers=groups.n_known,
        n_top=n_top,
        n_bottom=n_bottom,
        score=score,
        top_share=None
        if scale.top_from is None
        else intervals.share(n_top, n, effective_n=_design(tops, groups).effective(n)),
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
    return _mean(np.array(values, float), _groups_of(who), within=within)


def design_of(values: Sequence[float], who: Sequence[str | int]) -> Design:
    """Return how much surer a mean would be if each of the values were another customer's."""
    return _design(np.array(values, float), _groups_of(who))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which of ``n`` members gave each of some values: its place among them. ``n_known`` of them are known."""

    places: NDArray[np.intp]
    n: int
    n_known: int


def _groups_of(who: Sequence[str | int] | Ints) -> _Groups:
    if isinstance(who, np.ndarray):
        numbers, of_each = np.unique(who, return_inverse=True)
        return _Groups(of_each, len(numbers), int((numbers >= 0).sum()))
    members = tuple(dict.fromkeys(who))
    places = dict(zip(members, range(len(members)), strict=True))
    found = np.fromiter(map(places.__getitem__, who), np.intp, len(who))
    return _Groups(found, len(members), sum(map(_is_known, members)))


def _is_known(one: str | int) -> bool:
    return isinstance(one, str) or one >= 0


def _mean(values: Numbers, groups: _Groups, *, within: Scale | None) -> Estimate | None:
    n_groups = groups.n
    if n_groups < 2:
        return None
    mean = float(values.mean())
    half = float(stdtrit(n_groups - 1, 0.975)) * sqrt(_variance_of_mean(values, groups, mean))
    low, high = mean - half, mean + half
    return (
        Estimate(mean, max(within.lowest, low), min(within.highest, high))
        if within
        else Estimate(mean, low, high)
    )


def _design(values: Numbers, groups: _Groups) -> Design:
    n, n_groups = len(values), groups.n
    if n_groups == n or n_groups < 2:
        return INDEPENDENT
    mean = float(values.mean())
    alone = float(((values - mean) ** 2).sum()) / (n * (n - 1))
    together = _variance_of_mean(values, groups, mean)
    largest = float((np.bincount(groups.places) ** 2).sum()) / n
    return Design(max(1.0, together / alone if alone > 1e-12 else largest), n / n_groups)


def _variance_of_mean(values: Numbers, groups: _Groups, mean: float) -> float:
    apart = np.bincount(groups.places, weights=values - mean)
    return len(apart) / (len(apart) - 1) * float((apart**2).sum()) / len(values) ** 2
