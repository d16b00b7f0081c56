"""Messages with several mentions each, whose truth is known, for simulations of intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.aggregate_counts import Counts
from pipeline.clusters import Moments

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Messages:
    """Data sets of messages: how many mentions each has of each sentiment. Shapes: (data sets, messages)."""

    positive: Ints
    negative: Ints
    neutral: Ints

    @property
    def mentions(self) -> Ints:
        return self.positive + self.negative + self.neutral

    def counts(self, chosen: NDArray[np.bool_] | bool = True) -> list[Counts]:
        """Mentions of the chosen messages, for each data set."""
        each = [(one * chosen).sum(axis=1).tolist() for one in (self.negative, self.neutral, self.positive)]
        return [Counts(*row) for row in zip(*each, strict=True)]

    def moments(self, chosen: NDArray[np.bool_] | bool = True) -> list[Moments]:
        """Sums over the chosen messages, for each data set."""
        m, e = self.mentions * chosen, (2 * self.positive + self.neutral) * chosen
        each = [one.sum(axis=1).tolist() for one in (m > 0, m * m, e * m, e * e)]
        return [Moments(*row) for row in zip(*each, strict=True)]


def simulate(
    rng: np.random.Generator,
    n_sets: int,
    *,
    n: int,
    per_message: float,
    correlation: float,
    mix: tuple[float, float, float],
) -> Messages:
    """Return data sets of about ``n`` mentions.

    Args:
        per_message: Mentions of a message on average; 1: exactly one, else one and a Poisson number more.
        correlation: Of two mentions of one message; its own mix is drawn from a Dirichlet distribution.
        mix: Probabilities of positive, neutral and negative.
    """
    shape = n_sets, max(2, round(n / per_message))
    mentions = 1 + rng.poisson(per_message - 1, shape)
    of_message = np.broadcast_to(np.array(mix), (*shape, 3))
    if correlation:
        drawn = rng.standard_gamma(np.array(mix) * (1 - correlation) / correlation, (*shape, 3))
        of_message = (drawn + 1e-300) / (drawn + 1e-300).sum(axis=-1, keepdims=True)
    positive = rng.binomial(mentions, of_message[..., 0])
    rest = np.clip(of_message[..., 1] / np.maximum(1 - of_message[..., 0], 1e-12), 0, 1)
    neutral = rng.binomial(mentions - positive, rest)
    return Messages(positive, mentions - positive - neutral, neutral)
