"""Pain points against hand counts on both data bases, and their statistics against scipy and statsmodels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.errors import BadRequest
from pipeline.expected_shares import RIDGE, expect_shares
from pipeline.pains import Pains, Rank, binomial_tests, describe_pains, pains, rate_ratio
from pipeline.selection import Selection
from pipeline.sentences import Words
from pipeline.store import Store
from tests.api_feedback import TEHRAN, november
from tests.content_feedback import Clause, message, tell

WEEK = Selection(from_=date(2026, 11, 14), to=date(2026, 11, 21))
NEGATIVE = Sentiment.NEGATIVE
LATE = Clause("دیر رسید", Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, NEGATIVE)
SLOW = Clause("برنامه کند است", Stage.USE, Intent.COMPLAINT, Aspect.APP, NEGATIVE)
WHERE = Clause("بسته کجاست", Stage.DELIVERY, Intent.QUESTION, Aspect.DELIVERY)
ANGRY = replace(WHERE, sentiment=NEGATIVE)
BEFORE = november(10)


def cells(found: Pains) -> list[tuple[str, str, str, int, int, int]]:
    return [
        (one.stage.value, one.aspect.value, one.intent.value, one.counts.n, one.counts.n_negative, one.n_negative_before)
        for one in found.cells
    ]  # fmt: skip


def test_cells_come_by_how_much_is_negative_and_those_without_are_left_out(store: Store) -> None:
    tell(store, [message(LATE, LATE), message(LATE, WHERE), message(SLOW), message(SLOW, at=BEFORE)])

    found = pains(store.engine, WEEK, zone=TEHRAN)

    assert cells(found) == [
        ("delivery", "delivery", "complaint", 3, 3, 0),
        ("use", "app", "complaint", 1, 1, 1),
    ]
    assert (found.basis.n, found.n_negative, found.n_cells) == (5, 4, 2)
    assert (found.before_from, found.before_to) == (november(7, 0), november(14, 0))
    first = found.cells[0]
    assert first.counts == Counts(3, 0, 0)
    assert first.share_of_negative is not None
    assert first.share_of_negative.value == 0.75
    assert first.unusual is None


def test_growth_leads_where_it_is_sure_and_not_where_it_is_from_one_to_three(store: Store) -> None:
    now = [*[message(SLOW)] * 30, *[message(LATE)] * 3]
    before = [*[message(SLOW, at=BEFORE)] * 10, message(LATE, at=BEFORE)]
    tell(store, [*now, *before])

    found = pains(store.engine, WEEK, zone=TEHRAN, rank=Rank.GROWTH)

    assert cells(found) == [
        ("use", "app", "complaint", 30, 30, 10),
        ("delivery", "delivery", "complaint", 3, 3, 1),
    ]
    slow, late = (one.growth for one in found.cells)
    assert slow is not None
    assert late is not None
    assert (slow.ratio, slow.grew, late.ratio, late.grew) == (3.0, True, 3.0, False)
    assert describe_pains(found, {}) == Words(
        "بیشترین رشد نظر منفی در «use» درباره «app» با قصد «complaint» است: ۳۰ نظر، پیش‌تر ۱۰ نظر.",
        "The fastest growth of negative mentions: use, app, complaint with 30 mentions, before 10 mentions.",
    )


def test_a_cell_that_was_empty_before_has_no_ratio_but_a_lower_end(store: Store) -> None:
    tell(store, [message(LATE)] * 12)

    growth = pains(store.engine, WEEK, zone=TEHRAN, rank=Rank.GROWTH).cells[0].growth

    assert growth is not None
    assert (growth.ratio, growth.high, growth.grew) == (None, None, True)
    low, _ = proportion_confint(12, 12, method="wilson")
    assert growth.low == pytest.approx(low / (1 - low), abs=1e-4)


def test_a_question_that_is_angrier_than_other_questions_is_unusual(store: Store) -> None:
    asked = [replace(WHERE, stage=stage, aspect=aspect) for stage in (Stage.USE, Stage.PURCHASE, Stage.DELIVERY)
             for aspect in (Aspect.APP, Aspect.PRICE, Aspect.DELIVERY)]  # fmt: skip
    calm = [message(one) for one in asked if one != WHERE] * 20
    some = [message(replace(one, sentiment=NEGATIVE)) for one in asked if one != WHERE]
    tell(store, [*calm, *some, *[message(ANGRY)] * 15, *[message(WHERE)] * 6])

    found = pains(store.engine, WEEK, zone=TEHRAN, rank=Rank.UNUSUAL)

    assert cells(found)[0] == ("delivery", "delivery", "question", 21, 15, 0)
    assert [one.unusual.is_unusual for one in found.cells if one.unusual] == [True] + [False] * 8


def test_a_quiet_period_says_so(store: Store) -> None:
    tell(store, [message(WHERE)])

    found = pains(store.engine, WEEK, zone=TEHRAN)

    assert found.cells == ()
    assert describe_pains(found, {}).en == "There is no negative mention in this period."


def test_a_period_before_that_has_feedback_only_in_part_is_told(store: Store) -> None:
    tell(store, [message(LATE), message(WHERE, at=BEFORE)])

    assert not pains(store.engine, WEEK, zone=TEHRAN).before_is_covered
    assert pains(store.engine, replace(WEEK, from_=date(2026, 11, 19)), zone=TEHRAN).before_is_covered


def test_pains_of_one_sentiment_are_refused(store: Store) -> None:
    with pytest.raises(BadRequest, match="leave sentiment out"):
        pains(store.engine, replace(WEEK, sentiment=(NEGATIVE,)), zone=TEHRAN)


@pytest.mark.parametrize(("now", "before"), [(30, 10), (1, 400), (7, 7)])
def test_a_rate_ratio_has_the_interval_of_its_binomial_share(now: int, before: int) -> None:
    low, high = proportion_confint(now, now + before, method="wilson")

    found = rate_ratio(now, before)

    assert found == pytest.approx((now / before, low / (1 - low), high / (1 - high)), abs=1e-4)


def test_the_interval_of_a_rate_ratio_holds_the_truth_in_95_of_100_cases() -> None:
    chance = np.random.default_rng(3)
    now, before = chance.poisson(30, 2_000), chance.poisson(20, 2_000)

    found = [rate_ratio(int(one), int(other)) for one, other in zip(now, before, strict=True)]

    assert 0.93 <= np.mean([low <= 1.5 <= (high or np.inf) for _, low, high in found]) <= 0.97


def test_binomial_tests_are_twice_the_nearer_tail() -> None:
    cases = [(0, 12, 0.3), (9, 12, 0.3), (12, 12, 0.98), (400, 1_000, 0.45)]

    found = binomial_tests(*zip(*cases, strict=True))

    nearer = [
        min(binomtest(n, of, p, alternative=side).pvalue for side in ("less", "greater"))
        for n, of, p in cases
    ]
    assert found == pytest.approx([min(1.0, 2 * one) for one in nearer])


def test_expected_shares_are_those_of_a_ridge_regression_fitted_by_scipy() -> None:
    keys = [(stage, aspect) for stage in "abc" for aspect in "xyzw"][:-1]
    chance = np.random.default_rng(4)
    n = chance.integers(5, 80, len(keys)).astype(float)
    n_part = np.floor(n * chance.random(len(keys)))
    columns = np.array(
        [
            [1.0, *(one == stage for one in "abc"), *(one == aspect for one in "xyzw")]
            for stage, aspect in keys
        ]
    )

    def loss(effects: np.ndarray) -> float:
        odds = columns @ effects
        return float(np.sum(n * np.logaddexp(0, odds) - n_part * odds) + RIDGE / 2 * np.sum(effects[1:] ** 2))

    fitted = minimize(loss, np.zeros(8), method="BFGS", options={"gtol": 1e-7}).x
    share = 1 / (1 + np.exp(-columns @ fitted))
    weight = n * share * (1 - share)
    root = np.sqrt(weight)[:, None] * columns
    hat = root @ np.linalg.inv(root.T @ root + RIDGE * np.diag([1e-9] + [1.0] * 7)) @ root.T

    found = expect_shares(keys, n_part, n)

    assert found.share == pytest.approx(share, abs=1e-4)
    assert found.residual == pytest.approx(
        (n_part - n * share) / np.sqrt(weight * (1 - np.diag(hat))), abs=1e-2
    )


def test_residuals_of_cells_that_are_as_their_labels_let_expect_are_standard_normal() -> None:
    chance = np.random.default_rng(5)
    keys = [(stage, aspect, intent) for stage in "abc" for aspect in "xyzw" for intent in "pq"]
    odds = np.array(
        [
            {"a": 0.0, "b": 0.5, "c": -0.5}[one] + {"x": 0.3}.get(two, -0.2) + (three == "p")
            for one, two, three in keys
        ]
    )
    n = np.full(len(keys), 60)

    found = [
        expect_shares(
            keys, chance.binomial(n, 1 / (1 + np.exp(-odds))).astype(float), n.astype(float)
        ).residual
        for _ in range(300)
    ]

    assert 0.93 <= np.mean(np.abs(found) <= 1.96) <= 0.97


def test_a_label_that_is_always_negative_has_a_finite_expectation() -> None:
    found = expect_shares([("a",), ("b",)], np.array([50.0, 0.0]), np.array([50.0, 50.0]))

    assert 0.9 < found.share[0] < 1
    assert 0 < found.share[1] < 0.1
