"""Which words one group of messages uses more than another: log-odds with an informative Dirichlet prior.

Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the
Content of Political Conflict", Political Analysis 16 (2008), equations 15, 16, 19 and 22.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LogOdds:
    """Per word the difference of its log-odds in two groups, and its standard deviation. Shape: (words,)."""

    difference: Floats
    deviation: Floats

    @property
    def z(self) -> Floats:
        """The difference in standard deviations; above 0: the first group uses the word more."""
        return self.difference / self.deviation


def log_odds(counts: Floats, counts_other: Floats, *, totals: tuple[float, float] | None = None) -> LogOdds:
    """Return how much more often each word stands in the first group than in the second.

    The prior of a word is its share in both groups together, and weighs as much as the smaller group: rare
    words are drawn towards no difference, yet what a small selection says is not drowned by a large rest.

    Args:
        counts: How often each word stands in the first group, none of them negative. Shape: (words,)
        counts_other: In the second one. Shape: (words,)
        totals: How often all words stand in each group, where only some of these are given; ``None``: all are.

    Raises:
        ValueError: One of the groups has no word, all words are fewer than two, or a word stands in neither.
    """
    n, n_other = totals or (counts.sum(), counts_other.sum())
    both = counts + counts_other
    if not n or not n_other or (totals is None and len(both) < 2) or not both.all():
        raise ValueError("each group must have words, two at least, and each word must stand in one of them")
    weight = min(n, n_other)
    prior = weight * both / (n + n_other)
    first, second = counts + prior, counts_other + prior
    difference = np.log(first / (n + weight - first)) - np.log(second / (n_other + weight - second))
    return LogOdds(difference, np.sqrt(1 / first + 1 / second))
