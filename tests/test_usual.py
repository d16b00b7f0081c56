"""What is unusual for a weekday: exact where chance alone is at work, and as often wrong as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from pipeline.usual import compare_with_usual

WEEKDAYS = np.array([1.3, 1.2, 1.0, 1.0, 1.1, 0.7, 0.5])
CHANCE = 0.05


def simulate(
    dice: np.random.Generator, mean: float, variation: float, *, today: float = 1.0
) -> tuple[int, list[int], list[list[int]]]:
    """Return a count and those of eight weeks before: weekdays differ, weeks by a gamma distributed rate."""

    def draw(one: float, n: int) -> list[int]:
        rates = np.full(n, one) if variation == 0 else dice.gamma(variation**-2, one * variation**2, n)
        return [int(count) for count in dice.poisson(rates)]

    before, *others = [draw(mean * weekday, 8) for weekday in WEEKDAYS]
    return draw(mean * WEEKDAYS[0] * today, 1)[0], before, others


def test_without_variation_the_chance_is_that_of_a_binomial_test() -> None:
    even = [[50] * 8] * 6

    usual = compare_with_usual(75, [50] * 8, even, direction="up")

    exact = binomtest(75, 75 + 400, 1 / 9, alternative="greater").pvalue
    assert usual.chance == pytest.approx(exact, rel=0.35)
    assert (usual.mean, usual.lowest, usual.highest) == (50.0, 50, 50)


def test_weeks_that_vary_much_make_a_high_count_less_unusual() -> None:
    restless = [20, 90, 40, 70, 30, 80, 25, 65]

    calm = compare_with_usual(100, [52, 48, 55, 50, 47, 53, 49, 51], [[50] * 8] * 6, direction="up")
    usual = compare_with_usual(100, restless, [restless] * 6, direction="up")

    assert calm.chance < 1e-6
    k = 1 / 0.5**2
    known = float(betabinom.sf(99, 100 + sum(restless), k, 8 * k))
    assert usual.chance == pytest.approx(known, rel=0.5)


def test_a_low_count_is_unusual_downwards_only() -> None:
    before, others = [50, 52, 48, 51, 49, 50, 53, 47], [[50] * 8] * 6

    assert compare_with_usual(10, before, others, direction="down").chance < 1e-6
    assert compare_with_usual(10, before, others, direction="up").chance > 0.999


def test_where_nothing_ever_came_nothing_is_unusual_about_nothing() -> None:
    assert compare_with_usual(0, [0] * 8, [[0] * 8] * 6, direction="up").chance == 1.0


@pytest.mark.parametrize("variation", [0.0, 0.2], ids=["poisson", "negative binomial"])
@pytest.mark.parametrize("mean", [12, 60])
def test_false_alarms_are_not_more_frequent_than_stated(mean: float, variation: float) -> None:
    dice = np.random.default_rng(7)
    n_runs = 200

    chances = [
        compare_with_usual(*simulate(dice, mean, variation), direction="up").chance for _ in range(n_runs)
    ]

    n_alarms = sum(chance < CHANCE for chance in chances)
    # The stated rate lies within what so many alarms allow for: a binomial test would not reject it.
    assert binomtest(n_alarms, n_runs, CHANCE, alternative="greater").pvalue > 0.01
    assert n_alarms > 0


@pytest.mark.parametrize("variation", [0.0, 0.1], ids=["poisson", "negative binomial"])
def test_a_doubled_volume_is_seen_at_one_false_alarm_a_year(variation: float) -> None:
    dice = np.random.default_rng(8)
    once_a_year = 1 / 365 / 4

    seen = [
        compare_with_usual(*simulate(dice, 60, variation, today=2.0), direction="up").chance < once_a_year
        for _ in range(40)
    ]

    assert sum(seen) >= 36
