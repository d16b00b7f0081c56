"""Counts corrected for the classifier's known errors, and how sure they are then.

Cross-validation told how often each right label was taken for which. If the mix of labels shifts and these rates
stay (Forman, Data Mining and Knowledge Discovery 17, 2008: adjusted classify and count), what was predicted is
the true mix sent through the rates, and the true mix is what fits best among those without negative parts. Two
heads (a stage and a sentiment, say) err independently of each other given the right labels.

Arrays of counts have the shape (samples, groups, rows, columns): a sample is what is estimated on its own (the
point of a trend), a group is known without error (a channel), rows are the labels of one head, columns those of
another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from pipeline.intervals import Z95

Floats = NDArray[np.float64]

MIN_HELD_OUT = 30
WORST_CONDITION = 1e4
EXTRA_ITEMS = 4.0
_SUM_WEIGHT = 1e3


class CannotAdjustError(ValueError):
    """The known errors of a head do not allow to correct its counts; the message says why."""


@dataclass(frozen=True, eq=False)
class Errors:
    """How often each right label (row) of a head is taken for which (column), and from how many items it is known.

    Attributes:
        rates: Shares; each row adds up to 1. Shape: (labels, labels).
        n: Held-out items of each row; infinite where a label is never mistaken. Shape: (labels,).
    """

    rates: Floats
    n: Floats

    @cached_property
    def inverse(self) -> Floats:
        """The inverse of ``rates``."""
        return np.linalg.inv(self.rates)


def errors_of(confusion: Sequence[Sequence[int]]) -> Errors:
    """Return the errors that a confusion matrix of held-out items shows.

    A label with fewer than 30 items stays as it was counted: its row and its column are taken out of the others.

    Args:
        confusion: How often each right label (row) was taken for which (column).

    Raises:
        CannotAdjustError: The labels are mixed up so much that no mix can be told from another.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    known = counts.sum(axis=1) >= MIN_HELD_OUT
    kept = counts * known[:, None] * known[None, :]
    n = kept.sum(axis=1)
    known &= n > 0
    rates = np.where(known[:, None], kept / np.maximum(n, 1)[:, None], np.eye(len(counts)))
    if np.linalg.cond(rates) > WORST_CONDITION:
        raise CannotAdjustError("its held-out items do not tell its labels from each other")
    return Errors(rates, np.where(known, n, np.inf))


def no_errors(n_labels: int) -> Errors:
    """Return the errors of labels that are never mistaken: those of people, of touchpoints, or of no head."""
    return Errors(np.eye(n_labels), np.full(n_labels, np.inf))


def summed(confusion: Mapping[str, Sequence[Sequence[int]]]) -> list[list[int]]:
    """Return the confusion over all kinds of text together."""
    total: NDArray[np.int64] = sum(
        (np.asarray(one, dtype=np.int64) for one in confusion.values()), np.zeros((), dtype=np.int64)
    )
    return [list(map(int, row)) for row in total]


@dataclass(frozen=True, eq=False)
class Part:
    """Items whose labels came about in one way.

    Attributes:
        counts: How many were given which labels. Shape: (samples, groups, rows, columns).
        rows: The errors of the labels in the rows.
        columns: The errors of the labels in the columns.
    """

    counts: Floats
    rows: Errors
    columns: Errors

    @cached_property
    def truth(self) -> Floats:
        """The true counts that fit best: least squares among counts that are not negative and keep their sum.

        Without negative parts the inverse is the solution; else ``nnls`` (Lawson and Hanson 1974) finds it, with
        the sum as one more, heavily weighted equation. It is exact, needs no start and no step size, and takes
        a tenth of a millisecond for 24 cells.
        """
        if self.counts.shape[2] > 1 and not np.isfinite(self.rows.n).any():
            samples, groups, rows, columns = self.counts.shape
            each_row = self.counts.reshape(samples, groups * rows, 1, columns)
            return Part(each_row, no_errors(1), self.columns).truth.reshape(self.counts.shape)
        free = np.einsum("ja,tgjk,ks->tgas", self.rows.inverse, self.counts, self.columns.inverse)
        fitted: Floats = np.maximum(free, 0.0)
        for sample, group in np.argwhere((free < -1e-9).any(axis=(2, 3))):
            fitted[sample, group] = self._fit(self.counts[sample, group])
        return fitted

    def _fit(self, counts: Floats) -> Floats:
        n = counts.sum()
        system = np.kron(self.rows.rates.T, self.columns.rates.T)
        system = np.vstack([system, np.full(system.shape[1], _SUM_WEIGHT)])
        shares, _ = nnls(system, np.append(counts.ravel() / n, _SUM_WEIGHT))
        return np.asarray(n * shares.reshape(counts.shape) / shares.sum())


@dataclass(frozen=True, eq=False)
class Ratios:
    """Estimated ratios with their 95 % intervals. Shape of each: (samples, figures)."""

    value: Floats
    low: Floats
    high: Floats


def estimate_ratios(
    parts: Sequence[Part], above: Floats, below: Floats, *, effective_n: Floats, lowest: float
) -> Ratios:
    """Return ratios of weighted true counts, such as a share or a net sentiment.

    The ratio is that of the fitted counts. Its interval is Fieller's (1954) for the unconstrained counts, whose
    variance is that of the sample (with its effective size) and that of the rates (each row of a confusion
    matrix is a multinomial sample), by the delta method; it is cut to what is possible, and unbounded where
    the lower part of the fraction may be 0.

    Args:
        parts: Of the same shape; the errors of the first hold wherever a part has any.
        above: Weights of the counts over the line. Shape: (figures, groups, rows, columns).
        below: Weights under the line, of the same shape.
        effective_n: How many independent items each sample is worth. Shape: (samples,).
        lowest: The least possible ratio, 0 or -1; the greatest is 1.
    """
    n = np.maximum(sum(part.counts.sum(axis=(1, 2, 3)) for part in parts), 1e-12)
    fitted_above, fitted_below = (
        sum(np.einsum("fgas,tgas->tf", weights, part.truth) for part in parts) for weights in (above, below)
    )
    value = np.clip(fitted_above / np.where(fitted_below > 0, fitted_below, np.nan), lowest, 1.0)
    over, under = _Sum.of(parts, above, n, effective_n), _Sum.of(parts, below, n, effective_n)
    both = over.covariance(over), over.covariance(under), under.covariance(under)
    low, high = _fieller(over.value, under.value, *both)
    low = np.clip(np.where(np.isnan(low), lowest, low), lowest, 1.0)
    high = np.clip(np.where(np.isnan(high), 1.0, high), lowest, 1.0)
    return Ratios(value, np.minimum(low, value), np.maximum(high, value))


@dataclass(frozen=True, eq=False)
class _Sum:
    """A weighted sum of unconstrained true shares, and what its variance is made of.

    ``scores``: what one item with these predicted labels adds; ``smoothed``: the shares of such items with four
    items more, spread evenly, as Agresti and Coull (1998) do; ``rows`` and ``columns``: how the sum depends on the
    rates of each head.
    """

    value: Floats
    scores: list[Floats]
    smoothed: list[Floats]
    rows: Floats
    columns: Floats
    errors: tuple[Errors, Errors]
    effective_n: Floats

    @classmethod
    def of(cls, parts: Sequence[Part], weights: Floats, n: Floats, effective_n: Floats) -> _Sum:
        scores, smoothed = [], []
        value, rows, columns = np.zeros(()), np.zeros(()), np.zeros(())
        size, cells = effective_n[:, None, None, None], parts[0].counts[0].size
        for part in parts:
            by_row = np.einsum("ja,fgas->fgjs", part.rows.inverse, weights)
            by_column = np.einsum("fgas,ks->fgak", weights, part.columns.inverse)
            score = np.einsum("fgjs,ks->fgjk", by_row, part.columns.inverse)
            share, truth = (one / n[:, None, None, None] for one in (part.counts, part.truth))
            extra = EXTRA_ITEMS / cells if part is parts[0] else 0.0
            scores.append(score)
            smoothed.append((share * size + extra) / (size + EXTRA_ITEMS))
            value = value + np.einsum("fgjk,tgjk->tf", score, share)
            if np.isfinite(part.rows.n).any():
                rows = rows + np.einsum("fgjs,tgis->tfij", by_row, truth)
            if np.isfinite(part.columns.n).any():
                columns = columns + np.einsum("fgak,tgal->tflk", by_column, truth)
        errors = parts[0].rows, parts[0].columns
        return cls(value, scores, smoothed, rows, columns, errors, effective_n[:, None])

    @cached_property
    def mean(self) -> Floats:
        """Of the scores in the smoothed sample. Shape: (samples, figures)."""
        pairs = zip(self.scores, self.smoothed, strict=True)
        return np.asarray(sum(np.einsum("fgjk,tgjk->tf", score, share) for score, share in pairs))

    def covariance(self, other: _Sum) -> Floats:
        """Of the sample and of the rates. Shape: (samples, figures)."""
        together = sum(
            np.einsum("fgjk,tgjk->tf", one * another, share)
            for one, another, share in zip(self.scores, other.scores, self.smoothed, strict=True)
        )
        of_sample = (together - self.mean * other.mean) / self.effective_n
        of_rows, of_columns = (
            _of_rates(one, another, errors)
            for one, another, errors in zip(
                (self.rows, self.columns), (other.rows, other.columns), self.errors, strict=True
            )
        )
        return np.asarray(of_sample + of_rows + of_columns)


def _of_rates(one: Floats, other: Floats, errors: Errors) -> Floats:
    if one.ndim == 0:
        return np.zeros(())
    both = np.einsum("tfij,ij->tfi", one * other, errors.rates)
    means = np.einsum("tfij,ij->tfi", one, errors.rates) * np.einsum("tfij,ij->tfi", other, errors.rates)
    return np.asarray(((both - means) / errors.n).sum(axis=2))


def _fieller(
    over: Floats, under: Floats, v_over: Floats, v_both: Floats, v_under: Floats
) -> tuple[Floats, Floats]:
    """The ends of Fieller's interval; NaN where it is unbounded."""
    z2 = Z95**2
    a, b, c = under**2 - z2 * v_under, over * under - z2 * v_both, over**2 - z2 * v_over
    root: Floats = b * b - a * c
    bounded = (a > 0) & (root >= 0) & (under > 0)
    half = np.sqrt(np.where(bounded, root, np.nan))
    a = np.where(bounded, a, np.nan)
    return (b - half) / a, (b + half) / a
