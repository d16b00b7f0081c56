"""A change of net sentiment split into its parts: by how many there were of each, and by how they were judged.

The split is Kitagawa's (Journal of the American Statistical Association 50, 1955) with midpoint weights, the
mix counted against the mean of both totals, so that a part that grows pulls the whole up only where it is
better than the whole. Its parts add up to the change exactly, whatever the counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.aggregate_counts import NOTHING, Counts
from pipeline.intervals import Z95, Estimate
from pipeline.two_samples import LEVEL, q_values, two_sided

Array = NDArray[np.float64]
Influences = tuple[Array, Array]
SCORES = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one value added to the change of the whole, in points of net sentiment: ``mix + within == total``.

    ``mix``: as its share of all grew or shrank. ``within``: as it was judged otherwise. ``q_value`` belongs to
    ``total``: its p-value after Benjamini and Hochberg over all parts.
    """

    mix: Estimate
    within: Estimate
    total: Estimate
    p_value: float
    q_value: float

    @property
    def significant(self) -> bool:
        """Whether it is held to be more than chance, many parts held in check."""
        return self.q_value <= LEVEL


def split(
    now: Mapping[str, Counts], before: Mapping[str, Counts], *, effects: tuple[float, float] = (1.0, 1.0)
) -> dict[str, Part]:
    """Return the part of each value in the change of net sentiment; the parts' totals add up to it exactly.

    With w the share of a value in all, r its net sentiment and R that of all, before (0) and now (1)::

        mix = (w1 - w0) * ((r0 + r1) / 2 - (R0 + R1) / 2)        within = (r1 - r0) * (w0 + w1) / 2

    Where a value was absent in one period nothing is known of its net sentiment there; that of the other
    period is taken, so that all of its part is mix. The intervals are those of the delta method: the variance
    of each part's linear influence over the cells of both multinomial samples.

    Args:
        effects: Design effects of both samples: so many times larger are their variances.

    Raises:
        ValueError: One period holds nothing.
    """
    values = sorted({*now, *before})
    tables = _table(now, values), _table(before, values)
    if not all(table.sum() for table in tables):
        raise ValueError(
            "a change from or to nothing cannot be split; ask whether both periods hold something"
        )
    sides = _side(*tables), _side(*tables[::-1])
    mix, within = _mix(*sides), _within(*sides)
    errors = [_errors(sides, kind, effects) for kind in (mix, within, mix + within)]
    points = [mix.points, within.points, mix.points + within.points]
    p_values = [
        two_sided(point / error) if error > 0 else 1.0
        for point, error in zip(points[2], errors[2], strict=True)
    ]
    adjusted = q_values(p_values)
    return {
        value: Part(
            mix=_estimate(points[0][place], errors[0][place]),
            within=_estimate(points[1][place], errors[1][place]),
            total=_estimate(points[2][place], errors[2][place]),
            p_value=p_values[place],
            q_value=adjusted[place] or 0.0,
        )
        for place, value in enumerate(values)
    }


@dataclass(frozen=True, slots=True)
class _Side:
    """One period: the shares of its cells (values, sentiments), of its values, their scores, and that of all.

    The score of a value that is absent here is that of the other period.
    """

    cells: Array
    shares: Array
    scores: Array
    score: float
    n: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of part of all values, and how it moves with each period's shares, scores and whole score.

    ``influences`` of now and of before have the shape (3, values); ``factors`` are those of the two numbers
    whose product the part is, where both may be near zero.
    """

    points: Array
    influences: Influences
    factors: tuple[Influences, Influences] | None = None

    def __add__(self, other: _Kind) -> _Kind:
        now, before = (mine + theirs for mine, theirs in zip(self.influences, other.influences, strict=True))
        return _Kind(self.points + other.points, (now, before))


def _table(counts: Mapping[str, Counts], values: list[str]) -> Array:
    rows = [counts.get(value, NOTHING) for value in values]
    return np.array([(one.n_negative, one.n_neutral, one.n_positive) for one in rows], dtype=float)


def _side(mine: Array, other: Array) -> _Side:
    sizes = mine.sum(axis=1)
    known = np.where(sizes[:, None] > 0, mine, other)
    n = float(mine.sum())
    return _Side(mine / n, sizes / n, known @ SCORES / known.sum(axis=1), float((mine @ SCORES).sum() / n), n)


def _mix(now: _Side, before: _Side) -> _Kind:
    grown = now.shares - before.shares
    apart = (now.scores + before.scores) / 2 - (now.score + before.score) / 2
    # Where a value is absent in one period, its score there is that of the other one and moves with it.
    one, none = np.ones_like(grown), np.zeros_like(grown)
    of_now, of_before = (np.where(other.shares > 0, 0.5, 1.0) for other in (before, now))
    return _Kind(
        grown * apart,
        (
            np.stack([apart, grown * of_now, -grown / 2]),
            np.stack([-apart, grown * of_before, -grown / 2]),
        ),
        (
            (np.stack([one, none, none]), np.stack([-one, none, none])),
            (np.stack([none, of_now, -one / 2]), np.stack([none, of_before, -one / 2])),
        ),
    )


def _within(now: _Side, before: _Side) -> _Kind:
    turned = now.scores - before.scores
    share = (now.shares + before.shares) / 2
    moves = np.where((now.shares > 0) & (before.shares > 0), share, 0.0)
    none = np.zeros_like(share)
    return _Kind(turned * share, (np.stack([turned / 2, moves, none]), np.stack([turned / 2, -moves, none])))


def _errors(sides: tuple[_Side, _Side], kind: _Kind, effects: tuple[float, float]) -> Array:
    variances = _variances(sides, kind.influences, effects)
    if kind.factors:
        # Where both factors are near zero their product is far from normal; Goodman (JASA 55, 1960) adds this.
        first, second = (_variances(sides, one, effects) for one in kind.factors)
        variances = variances + first * second
    total: Array = np.sqrt(variances)
    return total


def _variances(sides: tuple[_Side, _Side], influences: Influences, effects: tuple[float, float]) -> Array:
    variances = [
        effect * _variance(side, influence)
        for side, influence, effect in zip(sides, influences, effects, strict=True)
    ]
    return variances[0] + variances[1]


def _variance(side: _Side, influence: Array) -> Array:
    """Variance of the sum that each mention of a period adds to each part, over its number of mentions.

    A mention with score s moves each part by ``base + slope * s``, and the part of its own value by
    ``own + own_slope * s`` more.
    """
    of_share, of_score, of_whole = influence
    here = np.where(side.shares > 0, side.shares, 1.0)
    own_slope = np.where(side.shares > 0, of_score / here, 0.0)
    own = of_share - own_slope * side.scores
    base, slope = -of_share * side.shares - of_whole * side.score, of_whole
    square = float((side.cells @ SCORES**2).sum())
    everywhere = base**2 + 2 * base * slope * side.score + slope**2 * square
    apart = base[:, None] + slope[:, None] * SCORES
    more = own[:, None] + own_slope[:, None] * SCORES
    variance: Array = (
        np.maximum(0.0, everywhere + (side.cells * more * (2 * apart + more)).sum(axis=1)) / side.n
    )
    return variance


def _estimate(point: float, error: float) -> Estimate:
    return Estimate(*(100 * float(one) for one in (point, point - Z95 * error, point + Z95 * error)))
