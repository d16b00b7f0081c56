"""Intervals against statsmodels and against exact coverage by enumeration."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from pipeline.clusters import design_of_net, design_of_part
from pipeline.intervals import MIN_N, Estimate, change, net_sentiment, reported, share
from tests.simulated import Messages, simulate

N_SETS = 2000
MIXES = {"balanced": (0.4, 0.2, 0.4), "angry": (0.2, 0.15, 0.65)}
GRID = [
    (n, per_message, correlation)
    for n in (MIN_N, 100, 1000)
    for per_message, correlation in ((1, 0), (2, 0), (2, 0.4), (2, 0.8), (4, 0.4))
]


@pytest.mark.parametrize(("n_part", "n"), [(0, 1), (1, 1), (3, 4), (17, 230), (999, 1000), (0, 50)])
def test_the_interval_of_a_share_is_that_of_statsmodels(n_part: int, n: int) -> None:
    low, high = proportion_confint(n_part, n, method="wilson")

    estimate = share(n_part, n)

    assert estimate is not None
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((n_part / n, low, high), abs=1e-12)


def test_figures_of_nothing_are_unknown() -> None:
    some = net_sentiment(1, 1, 3)

    assert (share(0, 0), net_sentiment(0, 0, 0), change(some, None), change(None, some)) == (None,) * 4


def test_net_sentiment_is_percent_positive_minus_percent_negative() -> None:
    estimate = net_sentiment(n_positive=30, n_negative=50, n=100)

    assert estimate is not None
    # By hand: centre -20/102, half width 1.959964 * sqrt(81 - 400/102) / 102.
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
        (-20.0, -36.4778, -2.7379), abs=1e-3
    )


@pytest.mark.parametrize("n", [8, 12, 30])
@pytest.mark.parametrize(
    ("p_positive", "p_negative"), [(0.5, 0.3), (0.2, 0.2), (0.05, 0.6), (0.9, 0.05), (0.33, 0.33)]
)
def test_the_interval_of_net_sentiment_holds_the_truth_in_95_of_100_cases(
    n: int, p_positive: float, p_negative: float
) -> None:
    truth = 100 * (p_positive - p_negative)
    covered = 0.0
    for n_positive in range(n + 1):
        for n_negative in range(n + 1 - n_positive):
            estimate = net_sentiment(n_positive, n_negative, n)
            if estimate is not None and estimate.low <= truth <= estimate.high:
                rest = n - n_positive - n_negative
                ways = comb(n, n_positive) * comb(n - n_positive, n_negative)
                covered += (
                    ways
                    * p_positive**n_positive
                    * p_negative**n_negative
                    * (1 - p_positive - p_negative) ** rest
                )

    assert 0.925 <= covered <= 1


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_net_sentiment_lies_inside_its_interval(n_positive: int, n_negative: int, n_neutral: int) -> None:
    estimate = net_sentiment(n_positive, n_negative, n_positive + n_negative + n_neutral)

    if estimate is not None:
        assert -100 <= estimate.low <= estimate.value <= estimate.high <= 100


def test_a_change_joins_both_intervals() -> None:
    joined = change(Estimate(10, 4, 17), Estimate(-5, -8, -1))

    assert joined == Estimate(15, 15 - (6**2 + 4**2) ** 0.5, 15 + (7**2 + 3**2) ** 0.5)
    assert joined.excludes_zero


def test_a_change_within_the_noise_does_not_exclude_zero() -> None:
    joined = change(Estimate(1, -9, 11), Estimate(0, -10, 10))

    assert joined is not None
    assert not joined.excludes_zero


@pytest.mark.parametrize(("n_part", "n", "effective_n"), [(17, 230, 115.0), (0, 50, 20.5), (40, 40, 13.25)])
def test_the_interval_of_a_share_is_that_of_as_many_independent_ones(
    n_part: int, n: int, effective_n: float
) -> None:
    low, high = proportion_confint(n_part / n * effective_n, effective_n, method="wilson")

    estimate = share(n_part, n, effective_n=effective_n)

    assert estimate is not None
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((n_part / n, low, high), abs=1e-12)


def test_a_design_effect_of_two_makes_the_interval_that_of_half_as_many() -> None:
    halved, half = net_sentiment(60, 20, 120, effective_n=60), net_sentiment(30, 10, 60)

    assert halved is not None
    assert half is not None
    assert (halved.value, halved.low, halved.high) == pytest.approx((half.value, half.low, half.high))


def test_below_thirty_nothing_is_said() -> None:
    some = Estimate(1, 0, 2)

    assert [reported(some, *n) for n in ((29,), (30,), (30, 29), (30, 30))] == [None, some, None, some]


def covered_net(messages: Messages, truth: float) -> float:
    """How often the interval of net sentiment holds the truth."""
    found = []
    for counts, moments in zip(messages.counts(), messages.moments(), strict=True):
        size = design_of_net(counts, moments).effective(counts.n)
        found.append(net_sentiment(counts.n_positive, counts.n_negative, counts.n, effective_n=size))
    return float(np.mean([one is not None and one.low <= truth <= one.high for one in found]))


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize(("n", "per_message", "correlation"), GRID)
def test_in_2000_data_sets_net_sentiment_is_in_its_interval_in_93_to_97_of_100(
    mix: str, n: int, per_message: float, correlation: float
) -> None:
    rng = np.random.default_rng(20261122)
    positive, _, negative = MIXES[mix]

    messages = simulate(rng, N_SETS, n=n, per_message=per_message, correlation=correlation, mix=MIXES[mix])

    assert 0.93 <= covered_net(messages, 100 * (positive - negative)) <= 0.97


def covered_share(messages: Messages, chosen: np.ndarray, truth: float) -> float:
    """How often the interval of the share of the chosen messages' mentions holds the truth."""
    found = []
    wholes = zip(messages.counts(), messages.moments(), strict=True)
    parts = zip(messages.counts(chosen), messages.moments(chosen), strict=True)
    for (whole, of_whole), (part, of_part) in zip(wholes, parts, strict=True):
        size = design_of_part(part.n, of_part, whole.n, of_whole).effective(whole.n)
        found.append(share(part.n, whole.n, effective_n=size))
    return float(np.mean([one is not None and one.low <= truth <= one.high for one in found]))


@pytest.mark.parametrize("truth", [0.2, 0.5])
@pytest.mark.parametrize(("n", "per_message"), [(60, 1), (60, 2), (200, 2), (200, 4), (1000, 1.6), (1000, 4)])
def test_in_2000_data_sets_the_share_of_a_channel_is_in_its_interval_in_93_to_97_of_100(
    n: int, per_message: float, truth: float
) -> None:
    rng = np.random.default_rng(20261122)
    messages = simulate(rng, N_SETS, n=n, per_message=per_message, correlation=0, mix=(1, 0, 0))
    chosen = rng.random(messages.mentions.shape) < truth

    assert 0.93 <= covered_share(messages, chosen, truth) <= 0.97
