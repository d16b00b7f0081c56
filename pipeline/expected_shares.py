"""What share of each cell would be negative if its stage, aspect and intent each said so alone.

A logistic regression on the cells with one effect for each label and none for their combinations; the effects
are drawn a little towards 0 (ridge), so that a label whose mentions are all negative still has one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.25
N_STEPS = 50
CLOSE_ENOUGH = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expected:
    """Per cell the expected share, and how far the observed one is from it. Shape of each: (cells,).

    ``residual`` is the adjusted standardised (Pearson) residual: about standard normal where the cell is as
    its labels let one expect (Haberman, Biometrics 29, 1973).
    """

    share: Floats
    residual: Floats


def expect_shares(keys: Sequence[tuple[Hashable, ...]], n_part: Floats, n: Floats) -> Expected:
    """Return the shares that the labels of each cell let one expect, each label by itself.

    Args:
        keys: The labels of each cell, as many for each.
        n_part: How many of the cell are negative. Shape: (cells,)
        n: How many it has, at least 1. Shape: (cells,)
    """
    design = _design(keys)
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 1e-9  # the intercept is free
    effects = np.zeros(design.shape[1])
    for _ in range(N_STEPS):
        share = _logistic(design @ effects)
        weighted = design * (n * share * (1 - share))[:, None]
        slope = design.T @ (n_part - n * share) - penalty @ effects
        step = np.linalg.solve(design.T @ weighted + penalty, slope)
        effects += step
        if np.abs(step).max() < CLOSE_ENOUGH:
            break
    share = _logistic(design @ effects)
    weight = n * share * (1 - share)
    information = design.T @ (design * weight[:, None]) + penalty
    leverage = weight * np.einsum("ij,ij->i", design, np.linalg.solve(information, design.T).T)
    error = np.sqrt(np.maximum(weight * (1 - np.minimum(leverage, 1)), 1e-9))
    return Expected(share, (n_part - n * share) / error)


def _design(keys: Sequence[tuple[Hashable, ...]]) -> Floats:
    """A column of ones, then one for each label of each place."""
    columns = [np.ones(len(keys))]
    for labels in zip(*keys, strict=True):
        columns += [
            np.array([one == label for one in labels], dtype=float) for label in dict.fromkeys(labels)
        ]
    return np.stack(columns, axis=1)


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float64)
