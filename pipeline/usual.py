"""How unusual a count is, held against the same weekday of the weeks before.

The counts of one weekday differ by chance and by what else changes from week to week: their rate has a
gamma distribution with the coefficient of variation ``c``, which makes them negative binomial of size
``k = 1/c²``, or Poisson where ``c`` is 0. Given the sum ``T`` of the ``m`` earlier counts and the present
one, the present one is beta-binomial ``(T, k, m * k)`` (for Poisson: binomial ``(T, 1 / (m + 1))``),
whatever the weekday's mean is, so that no mean has to be estimated. ``c`` is not known either: every value
on a grid counts as much as all seven weekdays together make it likely (Dirichlet-multinomial likelihood,
uniform prior from 0 to 2), which keeps the error small also with few weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal["up", "down"]
Floats = NDArray[np.float64]
BLOCK = 4096
NEGLIGIBLE = 1e-12
VARIATIONS: Floats = np.concatenate([[0.0], np.geomspace(0.01, 2.0, 27)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What the weeks before say of a count.

    Args:
        mean: Of the same weekday in the weeks before.
        lowest: The smallest of them.
        highest: The largest of them.
        chance: Of a count so far off, or farther, on a day like those.
    """

    mean: float
    lowest: int
    highest: int
    chance: float


def compare_with_usual(
    count: int, before: Sequence[int], others: Sequence[Sequence[int]], *, direction: Direction
) -> Usual:
    """Return how a count stands beside the same weekday of the weeks before.

    Args:
        before: The counts of the same weekday, at least 2.
        others: The counts of the other weekdays in the same weeks; they help to tell how much weeks differ.
        direction: Whether a count that is too high or too low is looked for.

    >>> round(compare_with_usual(100, [50] * 8, [[50] * 8] * 6, direction="up").chance, 5)
    0.0
    >>> compare_with_usual(50, [50] * 8, [[50] * 8] * 6, direction="up").chance > 0.4
    True
    """
    weights = _weigh(VARIATIONS, [before, *others])
    total, likely = count + sum(before), weights > 0
    tails = [_tail(count, total, len(before), float(c), direction) for c in VARIATIONS[likely]]
    return Usual(
        mean=sum(before) / len(before),
        lowest=min(before),
        highest=max(before),
        chance=min(1.0, float(weights[likely] @ np.array(tails))),
    )


def _weigh(variations: Floats, counts: Sequence[Sequence[int]]) -> Floats:
    """How likely each variation is after what was counted; adds up to 1."""
    likelihood = _log_likelihood(variations, np.array(counts, dtype=np.float64))
    weights: Floats = np.gradient(variations) * np.exp(likelihood - likelihood.max())
    weights[weights < weights.max() * 1e-9] = 0.0
    weights /= weights.sum()
    return weights


def _log_likelihood(variations: Floats, counts: Floats) -> Floats:
    """Of how the sums fell on their weeks, but for a part that is the same for every variation.

    Args:
        counts: Shape: (weekdays, weeks).
    """
    from scipy.special import gammaln

    m, totals = counts.shape[1], counts.sum(axis=1)
    poisson = -totals.sum() * np.log(m)
    k = variations[1:, None] ** -2
    sums = (gammaln(m * k) - gammaln(totals + m * k)).sum(axis=1)
    each = (gammaln(counts.ravel() + k) - gammaln(k)).sum(axis=1)
    likelihood: Floats = np.concatenate([[poisson], sums + each])
    return likelihood


def _tail(count: int, total: int, m: int, c: float, direction: Direction) -> float:
    """The chance that of ``total`` at least (``down``: at most) ``count`` fall on the present day."""
    from scipy.special import bdtr, bdtrc, betaln

    if c == 0:
        share = 1 / (m + 1)
        if direction == "down":
            return float(bdtr(count, total, share))
        return float(bdtrc(count - 1, total, share)) if count else 1.0
    k, chance = c**-2, 0.0
    falls = range(count, total + 1) if direction == "up" else range(count, -1, -1)
    for start in range(0, len(falls), BLOCK):
        x = np.array(falls[start : start + BLOCK])
        ways = -np.log(total + 1) - betaln(total - x + 1, x + 1)
        each = np.exp(ways + betaln(x + k, total - x + m * k) - betaln(k, m * k))
        chance += float(each.sum())
        if each[-1] < chance * NEGLIGIBLE and each[-1] <= each[0]:
            break
    return chance
