"""Corrected counts against numpy, SLSQP and simulations with known truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from pipeline.adjusting import (
    CannotAdjustError,
    Errors,
    Floats,
    Part,
    Ratios,
    errors_of,
    estimate_ratios,
    no_errors,
    summed,
)

# Held-out sentiments and stages as a real model takes them for each other.
SENTIMENT = [[870, 90, 40], [130, 730, 140], [50, 110, 840]]
STAGE = [[500, 40, 30, 30], [60, 600, 100, 40], [20, 90, 1500, 190], [10, 20, 160, 610]]
NET = np.array([-1.0, 0.0, 1.0])


def part(counts: list[list[float]], rows: Errors, columns: Errors) -> Part:
    return Part(np.array(counts, dtype=float)[None, None], rows, columns)


def shares_of_rows(parts: list[Part], n: float) -> Ratios:
    _, _, n_rows, n_columns = parts[0].counts.shape
    cells = np.repeat(np.eye(n_rows)[:, None, :, None], n_columns, axis=3)
    return estimate_ratios(parts, cells, np.ones_like(cells), effective_n=np.array([n]), lowest=0)


def test_rates_are_shares_of_each_right_label() -> None:
    errors = errors_of([[30, 10], [5, 45]])

    assert errors.rates.tolist() == [[0.75, 0.25], [0.1, 0.9]]
    assert errors.n.tolist() == [40, 50]


def test_a_label_with_fewer_than_thirty_held_out_items_stays_as_it_is() -> None:
    errors = errors_of([[30, 10, 7], [5, 45, 0], [9, 10, 10]])

    assert errors.rates.tolist() == [[0.75, 0.25, 0], [0.1, 0.9, 0], [0, 0, 1]]
    assert errors.n.tolist() == [40, 50, np.inf]
    found = shares_of_rows([part([[40], [50], [10]], errors, no_errors(1))], 100)
    assert found.value[0, 2] == pytest.approx(0.1)


def test_labels_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(CannotAdjustError, match="do not tell its labels"):
        errors_of([[50, 50], [50, 50]])


def test_kinds_of_text_are_summed() -> None:
    assert summed({"mail": [[1, 2], [3, 4]], "chat": [[10, 0], [0, 10]]}) == [[11, 2], [3, 14]]


def test_counts_that_a_mix_would_give_lead_back_to_it() -> None:
    truth = np.array([[0.1, 0.05, 0.05], [0.2, 0.1, 0.1], [0.05, 0.05, 0.2], [0.02, 0.03, 0.05]])
    rows, columns = errors_of(STAGE), errors_of(SENTIMENT)
    seen = rows.rates.T @ truth @ columns.rates

    fitted = part((2000 * seen).tolist(), rows, columns).truth[0, 0]

    assert fitted == pytest.approx(2000 * truth)


def test_negative_solutions_are_fitted_by_least_squares_on_the_simplex() -> None:
    errors = errors_of(STAGE)
    seen = np.array([2.0, 0.0, 70.0, 28.0])

    def distance(shares: Floats) -> float:
        return float(((errors.rates.T @ shares - seen / 100) ** 2).sum())

    by_slsqp = minimize(
        distance,
        np.full(4, 0.25),
        method="SLSQP",
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        options={"ftol": 1e-14},
    )
    fitted = part(seen[:, None].tolist(), errors, no_errors(1)).truth[0, 0, :, 0]

    assert np.linalg.solve(errors.rates.T, seen).min() < 0
    assert fitted == pytest.approx(100 * by_slsqp.x, abs=1e-3)
    assert fitted.sum() == pytest.approx(100)


def test_a_known_row_keeps_its_size_and_has_its_sentiments_corrected() -> None:
    columns = errors_of(SENTIMENT)
    fixed = part([[60, 0, 0], [10, 10, 30], [0, 0, 0], [0, 0, 0]], no_errors(4), columns)

    fitted = fixed.truth[0, 0]

    assert fitted.sum(axis=1) == pytest.approx([60, 50, 0, 0])
    assert fitted[1] == pytest.approx(np.linalg.solve(columns.rates.T, [10, 10, 30]))
    assert fitted[0].tolist() == pytest.approx([60, 0, 0], abs=1e-6)


def test_corrected_mentions_are_added_as_they_are() -> None:
    columns = errors_of(SENTIMENT)
    judged = part([[50, 30, 20]], no_errors(1), columns)
    corrected = part([[0, 0, 100]], no_errors(1), no_errors(3))
    weights = NET[None, None, None]

    found = estimate_ratios(
        [judged, corrected], weights, np.ones_like(weights), effective_n=np.array([200.0]), lowest=-1
    )

    alone = np.linalg.solve(columns.rates.T, [50, 30, 20])
    assert found.value[0, 0] == pytest.approx((alone[2] - alone[0] + 100) / 200)


def test_without_errors_the_figures_are_the_raw_ones() -> None:
    found = shares_of_rows([part([[20], [80]], no_errors(2), no_errors(1))], 100)

    assert found.value[0] == pytest.approx([0.2, 0.8])
    # The variance is of four items more: p = 22/104.
    half = 1.959964 * (22 / 104 * 82 / 104 / 100) ** 0.5
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((0.2 - half, 0.2 + half))


def test_more_held_out_items_and_more_mentions_make_intervals_narrower() -> None:
    def width(times: int, n: int) -> float:
        errors = errors_of([[times * one for one in row] for row in SENTIMENT])
        found = shares_of_rows([part([[0.5 * n], [0.3 * n], [0.2 * n]], errors, no_errors(1))], n)
        return float(found.high[0, 0] - found.low[0, 0])

    widths = [width(1, 300), width(10, 300), width(10, 3000), width(1000, 300_000)]

    assert all(wider > narrower for wider, narrower in pairwise(widths))
    assert widths[-1] < 0.005


def test_a_ratio_over_what_may_be_nothing_is_not_known() -> None:
    rows, columns = errors_of(STAGE), errors_of(SENTIMENT)
    counts = part([[3, 0, 1], [10, 10, 10], [60, 20, 20], [30, 10, 5]], rows, columns)
    cell = np.zeros((1, 1, 4, 3))
    cell[0, 0, 0] = 1

    found = estimate_ratios([counts], NET * cell, cell, effective_n=np.array([179.0]), lowest=-1)

    assert (found.low[0, 0], found.high[0, 0]) == (-1, 1)


def simulated(seed: int, *, n: int, n_draws: int, per_draw: int) -> dict[str, np.ndarray]:
    """Coverage and mean error of shares of stages, of their net sentiment and of all of it, mix after mix.

    In each of ``n_draws`` the mix is shifted at random, the confusion is one more cross-validation of the same
    model, and ``per_draw`` samples of ``n`` mentions are judged.
    """
    rng = np.random.default_rng(seed)
    rows, columns = (errors_of(one) for one in (STAGE, SENTIMENT))
    single = np.repeat(np.eye(4)[:, None, :, None], 3, axis=3)
    every = np.ones((1, 1, 4, 3))
    figures = [
        (single, np.broadcast_to(every, single.shape), 0),
        (NET * single, single, -1),
        (NET * every, every, -1),
    ]
    held: list[list[np.ndarray]] = [[], [], []]
    wrong: list[list[np.ndarray]] = [[], [], []]
    raw: list[list[np.ndarray]] = [[], [], []]
    for _ in range(n_draws):
        mix = rng.dirichlet(np.full(4, 5.0))[:, None] * rng.dirichlet(np.array([6.0, 4.0, 4.0]), 4)
        seen = (rows.rates.T @ mix @ columns.rates).ravel()
        counts = rng.multinomial(n, seen, per_draw).reshape(per_draw, 1, 4, 3).astype(float)
        known = [
            errors_of([rng.multinomial(sum(row), np.array(row) / sum(row)).tolist() for row in one])
            for one in (STAGE, SENTIMENT)
        ]
        judged = [Part(counts, *known)]
        for place, (above, below, lowest) in enumerate(figures):
            found = estimate_ratios(
                judged, above, below, effective_n=np.full(per_draw, float(n)), lowest=lowest
            )
            truth, counted = (
                np.einsum("fgas,tgas->tf", above, one) / np.einsum("fgas,tgas->tf", below, one)
                for one in (mix[None, None], np.maximum(counts, 1e-9))
            )
            held[place].append((found.low <= truth) & (truth <= found.high))
            wrong[place].append(abs(found.value - truth))
            raw[place].append(abs(counted - truth))
    kinds = ("shares", "stages' net", "net")
    return {
        f"{name} {kind}": np.concatenate(values[place])
        for name, values in (("covered", held), ("error of", wrong), ("raw error of", raw))
        for place, kind in enumerate(kinds)
    }


@pytest.mark.parametrize("n", [300, 3000])
def test_in_2000_data_sets_with_shifted_mixes_adjusted_figures_are_in_their_intervals(n: int) -> None:
    found = simulated(20261122, n=n, n_draws=400, per_draw=5)

    for kind in ("shares", "stages' net", "net"):
        assert 0.93 <= found[f"covered {kind}"].mean() <= 0.97


def test_when_the_mix_shifts_adjusted_shares_are_nearer_the_truth_than_raw_ones() -> None:
    found = simulated(1405, n=2000, n_draws=100, per_draw=2)

    assert found["error of shares"].mean() < 0.5 * found["raw error of shares"].mean()
    assert found["error of net"].mean() < 0.8 * found["raw error of net"].mean()
