"""Intervals against statsmodels and against exact coverage by enumeration."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from pipeline.intervals import Estimate, change, net_sentiment, share


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
