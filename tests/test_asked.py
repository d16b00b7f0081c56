"""Asked and unasked, counted by hand on both data bases; the statistics against statsmodels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from models.labels import Stage
from pipeline.aggregate_counts import Counts
from pipeline.aggregates import BucketLength
from pipeline.asked import Asked, asked_and_unasked
from pipeline.errors import BadRequest
from pipeline.intervals import net_sentiment
from pipeline.records import Rating
from pipeline.scores import (
    OF_NPS,
    Measure,
    Scale,
    Scores,
    design_of,
    figures_of,
    mean_of,
    scale_of,
    scale_of_stars,
)
from pipeline.selection import Selection
from pipeline.store import Store
from tests.api_feedback import KIND, LATE, TEHRAN
from tests.builders import prediction
from tests.told import november, tell, told

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))

# ali: NPS 10 in words, one unasked complaint. sara: NPS 3 without words, one unasked praise and one asked complaint.
# reza: five stars and a praise. Nobody: a complaint without a known customer. mina answered in October.
SAID = [
    told("1", november(2), prediction(KIND), customer_key="ali", nps=10, csat=5.0),
    told("2", november(3), prediction(LATE), customer_key="ali"),
    told("3", november(4), customer_key="sara", nps=3, csat=2.0),
    told("4", november(5), prediction(KIND), customer_key="sara"),
    told("5", november(6), prediction(LATE), customer_key="sara", csat=1.0),
    told("6", november(7), prediction(KIND), customer_key="reza", rating=Rating(5, 1, 5)),
    told("7", november(8), prediction(LATE, LATE)),
    told("8", datetime(2026, 10, 1, tzinfo=TEHRAN), customer_key="mina", nps=0, csat=5.0),
    told("9", november(9), source="poll", customer_key="reza", csat=9.0),
    told("10", november(9), source="poll", customer_key="reza", csat=10.0),
]


@pytest.fixture
def shop(store: Store) -> Store:
    tell(store, SAID)
    return store


def measured(store: Store, selection: Selection = NOVEMBER) -> dict[tuple[str, float], Asked]:
    found = asked_and_unasked(store.engine, selection, zone=TEHRAN)
    return {(one.measure.value, one.scale.highest): one for one in found.asked}


def test_each_measure_is_told_apart_and_csat_by_its_scale(shop: Store) -> None:
    found = measured(shop)

    assert list(found) == [("nps", 10), ("csat", 5), ("csat", 10), ("rating", 5)]
    assert [one.figures.n for one in found.values()] == [2, 3, 2, 1]
    assert [one.sources for one in found.values()] == [("shop",), ("shop",), ("poll",), ("shop",)]


def test_nps_is_promoters_less_detractors(shop: Store) -> None:
    figures = measured(shop)["nps", 10].figures

    assert (figures.n_top, figures.n_bottom, figures.n_customers) == (1, 1, 2)
    assert figures.score == net_sentiment(1, 1, 2)


def test_csat_is_a_mean_and_the_share_of_the_top_answers(shop: Store) -> None:
    figures = measured(shop)["csat", 5].figures

    assert figures.score is not None
    assert figures.top_share is not None
    assert figures.score.value == pytest.approx(8 / 3)
    assert figures.top_share.value == pytest.approx(1 / 3)
    assert (figures.n_top, figures.n_bottom) == (1, 0)


def test_coverage_is_the_share_of_the_known_customers_who_answered(shop: Store) -> None:
    found = asked_and_unasked(shop.engine, NOVEMBER, zone=TEHRAN)

    assert found.n_customers == 3
    assert [one.coverage.value for one in found.asked if one.coverage] == pytest.approx(
        [2 / 3, 2 / 3, 1 / 3, 1 / 3]
    )


def test_what_the_same_customers_say_unasked_stands_beside_what_all_others_say(shop: Store) -> None:
    nps = measured(shop)["nps", 10].unasked

    assert nps.same == Counts(n_negative=1, n_positive=1)
    assert nps.others == Counts(n_negative=2, n_positive=1)
    assert nps.net_same is not None
    assert nps.net_others is not None
    assert nps.difference is not None
    assert (nps.net_same.value, nps.net_others.value) == pytest.approx((0, -100 / 3))
    assert nps.difference.value == pytest.approx(100 / 3)


def test_a_message_with_stars_is_asked_where_stars_are_the_measure(shop: Store) -> None:
    stars = measured(shop)["rating", 5].unasked

    assert stars.same == Counts()
    assert stars.others == Counts(n_negative=3, n_positive=1)
    assert (stars.net_same, stars.difference) == (None, None)


def test_filters_of_mentions_keep_the_scores_of_messages_that_have_one(shop: Store) -> None:
    support = measured(shop, replace(NOVEMBER, stage=(Stage.SUPPORT,)))

    assert {key: one.figures.n for key, one in support.items()} == {
        ("nps", 10): 1,
        ("csat", 5): 1,
        ("rating", 5): 1,
    }
    assert support["nps", 10].unasked.same == Counts()
    assert support["nps", 10].unasked.others == Counts(n_positive=2)


def test_two_copies_of_one_text_are_two_answers(store: Store) -> None:
    same = {"group_key": "g", "nps": 9}
    tell(store, [told(str(n), november(n), prediction(KIND), customer_key=f"c{n}", **same) for n in (1, 2)])

    assert measured(store)["nps", 10].figures.n == 2


def test_a_trend_has_the_figures_of_each_stretch(shop: Store) -> None:
    found = asked_and_unasked(shop.engine, NOVEMBER, zone=TEHRAN, bucket=BucketLength.WEEK, now=november(20))

    csat = next(one for one in found.asked if one.measure == Measure.CSAT)
    assert [(one.bucket.label, one.figures.n, one.complete) for one in csat.points] == [
        ("2026-10-31", 3, False),
        ("2026-11-07", 0, True),
        ("2026-11-14", 0, False),
        ("2026-11-21", 0, False),
        ("2026-11-28", 0, False),
    ]


def test_a_trend_of_too_many_points_is_refused(store: Store) -> None:
    years = Selection(from_=date(2019, 1, 1), to=date(2026, 1, 1))

    with pytest.raises(BadRequest, match="about 2557 points for each measure, at most 1000"):
        asked_and_unasked(store.engine, years, zone=TEHRAN, bucket=BucketLength.DAY)


def test_nothing_asked_is_no_measure(store: Store) -> None:
    found = asked_and_unasked(store.engine, NOVEMBER, zone=TEHRAN)

    assert (found.asked, found.n_customers, found.basis.n) == ((), 0, 0)


@pytest.mark.parametrize(
    ("least", "most", "scale"),
    [
        (0, 1, Scale(0, 1, 1)),
        (1, 1, Scale(1, 5, 4)),
        (1, 4, Scale(1, 5, 4)),
        (0, 5, Scale(0, 5, 4)),
        (1, 6, Scale(1, 7, 6)),
        (2, 10, Scale(1, 10, 9)),
        (0, 10, Scale(0, 10, 9)),
        (40, 97.5, Scale(0, 100, 80)),
        (-1, 1, Scale(-1, 1, None)),
        (0, 500, Scale(0, 500, None)),
    ],
)
def test_a_scale_is_the_smallest_usual_one_that_fits(least: float, most: float, scale: Scale) -> None:
    assert scale_of(least, most) == scale


def test_on_an_unknown_scale_there_is_no_top() -> None:
    scores = Scores(who=["a", "b", "c"], values=[-1.0, 0.0, 1.0])

    figures = figures_of(Measure.CSAT, Scale(-1, 1, None), scores)

    assert (figures.top_share, figures.n_top) == (None, 0)


def test_stars_have_their_top_in_the_upper_quarter() -> None:
    assert [scale_of_stars(*ends).top_from for ends in ((1, 5), (0, 10), (0, 5))] == [4, 7.5, 3.75]


def test_the_mean_of_one_answer_each_has_the_interval_of_statsmodels() -> None:
    values = [5.0, 4.0, 4.0, 1.0, 3.0, 5.0, 2.0]

    mean = mean_of(values, list(range(len(values))))

    assert mean is not None
    expected = DescrStatsW(values).tconfint_mean(alpha=0.05)
    assert (mean.low, mean.high) == pytest.approx(expected, abs=1e-9)


answers = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6)), min_size=8, max_size=40).filter(
    lambda pairs: len({who for _, who in pairs}) > 2 and len({value for value, _ in pairs}) > 1
)


@settings(max_examples=25, deadline=None)
@given(answers)
def test_the_mean_of_several_answers_each_has_the_cluster_interval_of_statsmodels(
    pairs: list[tuple[int, int]],
) -> None:
    values, who = [float(value) for value, _ in pairs], [one for _, one in pairs]

    mean = mean_of(values, who)

    fitted = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(who)}, use_t=True
    )
    assert mean is not None
    assert (mean.value, mean.low, mean.high) == pytest.approx(
        (fitted.params[0], *fitted.conf_int()[0]), abs=1e-9
    )


def test_an_interval_of_a_mean_ends_where_its_scale_does() -> None:
    mean = mean_of([5.0, 5.0, 1.0], [1, 2, 3], within=Scale(1, 5, 4))

    assert mean is not None
    assert (mean.low, mean.high) == (1, 5)
    assert mean_of([5.0], [1]) is None


def test_customers_who_answer_alike_every_time_make_the_nps_less_sure() -> None:
    once = Scores(who=[f"c{n}" for n in range(20)], values=[10.0 * (n % 2) for n in range(20)])
    twice = Scores(who=once.who * 2, values=once.values * 2)

    alone = design_of([1, 0, 1, 0], [1, 2, 3, 4])
    sure = figures_of(Measure.NPS, OF_NPS, once).score
    no_surer = figures_of(Measure.NPS, OF_NPS, twice).score

    assert alone.effect == 1
    assert sure is not None
    assert no_surer is not None
    assert no_surer.high - no_surer.low > 0.95 * (sure.high - sure.low)
