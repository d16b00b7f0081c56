"""Kaplan-Meier quantiles against statsmodels, and against plain order where nobody waits any more."""

from __future__ import annotations

from math import isinf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mstats
from statsmodels.duration.survfunc import SurvfuncRight

from pipeline.waiting import Quantile, Wait, quantile

waits = st.lists(
    st.builds(Wait, st.integers(1, 30).map(float), st.sampled_from([True, True, False])),
    min_size=5,
    max_size=60,
).filter(lambda many: sum(one.is_over for one in many) > 1)


def known(value: float) -> float | None:
    return None if isnan(value) or isinf(value) else float(value)


@settings(max_examples=60, deadline=None)
@given(waits, st.sampled_from([0.25, 0.5, 0.9]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels")
def test_quantiles_are_those_of_statsmodels(many: list[Wait], share: float) -> None:
    curve = SurvfuncRight([one.hours for one in many], [int(one.is_over) for one in many])
    low, high = curve.quantile_ci(share, method="cloglog")

    found = quantile(many, share)

    served = curve.surv_times[curve.surv_prob <= 1 - share + 1e-9]
    assert found == Quantile(float(served[0]) if len(served) else None, known(low), known(high))


def test_where_nobody_waits_any_more_the_median_is_that_of_the_order() -> None:
    hours = [5.0, 1.0, 8.0, 3.0, 21.0, 13.0, 2.0]

    found = quantile([Wait(one, True) for one in hours], 0.5)

    assert found.value == mstats.mquantiles(hours, prob=[0.5], alphap=1, betap=1)[0] == 5.0


def test_who_still_waits_makes_the_median_later() -> None:
    served = [Wait(float(hour), True) for hour in range(1, 6)]

    both = [quantile(served, 0.5).value, quantile([*served, *[Wait(10.0, False)] * 4], 0.5).value]

    assert both == [3.0, 5.0]


def test_where_most_are_never_served_there_is_no_median() -> None:
    found = quantile([Wait(1.0, True), *[Wait(100.0, False)] * 9], 0.5)

    assert found == Quantile(None, 1.0, None)


def test_of_nobody_nothing_is_known() -> None:
    assert quantile([], 0.5) == Quantile(None, None, None)
