"""Two periods held against each other: tests against statsmodels and scipy, counts by hand."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import DescrStatsW

from models.labels import Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.comparing import Comparison, compare
from pipeline.errors import BadRequest
from pipeline.periods import periods_of
from pipeline.selection import Dimension, Selection, Unit
from pipeline.store import Store
from pipeline.two_samples import compare_net_sentiments, compare_shares, q_values
from tests.api_feedback import TEHRAN, Said, fill, november
from tests.builders import mention, prediction

WEEK = Selection(from_=date(2026, 11, 15), to=date(2026, 11, 22))
COUNTS = st.builds(Counts, *[st.integers(20, 400)] * 3)


def said(day: int, n: int, stage: Stage, sentiment: Sentiment) -> list[Said]:
    one = mention(stage=stage, intent=Intent.OTHER, sentiment=sentiment)
    return [Said(november(day), prediction(one, sentiment=sentiment))] * n


# Delivery: 40 of 100 before, 60 of 120 after; its net sentiment falls from +50 to -50.
SAID = [
    *said(10, 30, Stage.DELIVERY, Sentiment.POSITIVE),
    *said(10, 10, Stage.DELIVERY, Sentiment.NEGATIVE),
    *said(11, 60, Stage.USE, Sentiment.NEUTRAL),
    *said(17, 15, Stage.DELIVERY, Sentiment.POSITIVE),
    *said(17, 45, Stage.DELIVERY, Sentiment.NEGATIVE),
    *said(18, 55, Stage.USE, Sentiment.NEUTRAL),
    *said(18, 5, Stage.SUPPORT, Sentiment.POSITIVE),
]


@pytest.fixture
def weeks(store: Store) -> Store:
    fill(store, SAID)
    return store


def by_value(found: Comparison) -> dict[str | None, tuple[Counts, Counts]]:
    return {line.value: (line.now.counts, line.before.counts) for line in found.lines}


def test_both_periods_are_counted_by_hand_and_the_whole_too(weeks: Store) -> None:
    found = compare(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN)

    assert by_value(found) == {
        "delivery": (Counts(45, 0, 15), Counts(10, 0, 30)),
        "support": (Counts(0, 0, 5), Counts()),
        "use": (Counts(0, 55, 0), Counts(0, 60, 0)),
    }
    assert (found.total.now.counts, found.total.before.counts) == (Counts(45, 55, 20), Counts(10, 60, 30))
    assert (found.before_from, found.before_to) == (
        datetime(2026, 11, 8, tzinfo=TEHRAN),
        datetime(2026, 11, 15, tzinfo=TEHRAN),
    )
    assert (found.basis.n, found.basis.from_tallies, found.n_lines) == (120, True, 3)


def test_what_changed_for_sure_comes_first_and_says_how_much(weeks: Store) -> None:
    found = compare(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN)

    first = found.lines[0]
    assert (first.value, first.significant) == ("delivery", True)
    assert first.net_sentiment is not None
    assert first.net_sentiment.estimate.value == pytest.approx(-100)
    assert first.net_sentiment.significant
    assert first.share is not None
    assert first.share.estimate.value == pytest.approx(0.1)
    assert not first.share.significant
    assert first.moved == pytest.approx(10 + 100 * 0.45)
    assert [line.value for line in found.lines[1:]] == ["use", "support"]


def test_too_few_are_not_compared(weeks: Store) -> None:
    found = compare(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN)

    support = next(line for line in found.lines if line.value == "support")
    assert (support.share, support.net_sentiment) == (None, None)


def test_all_tests_of_an_answer_are_one_family_also_those_beyond_the_limit(weeks: Store) -> None:
    whole = compare(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN)
    cut = compare(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN, limit=1)

    pairs = [one for line in (whole.total, *whole.lines) for one in (line.share, line.net_sentiment)]
    tested = [one for one in pairs if one is not None]
    expected = multipletests([one.p_value for one in tested], method="fdr_bh")[1]
    assert len(tested) == 5
    assert [one.q_value for one in tested] == pytest.approx(expected)
    assert cut.lines == whole.lines[:1]
    assert cut.n_lines == 3


def test_mentions_that_go_together_in_messages_are_worth_fewer(store: Store) -> None:
    pair = [mention(sentiment=Sentiment.NEGATIVE), mention(sentiment=Sentiment.NEGATIVE, start=20)]
    good = [mention(sentiment=Sentiment.POSITIVE), mention(sentiment=Sentiment.POSITIVE, start=20)]
    fill(store, [Said(november(day), prediction(*one)) for day in (10, 17) for one in (pair, good) * 30])

    found = compare(store.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN).total

    alone = compare_net_sentiments(found.now.counts, found.before.counts)
    assert found.now.counts == found.before.counts == Counts(60, 0, 60)
    assert found.net_sentiment is not None
    assert alone is not None
    # Two alike in each message: half as many, so that the interval is wider by the square root of two.
    widths = [one.estimate.high - one.estimate.low for one in (found.net_sentiment, alone)]
    assert widths[0] / widths[1] == pytest.approx(2**0.5, rel=0.04)


def test_shares_of_sentiment_are_compared_without_a_net_sentiment(weeks: Store) -> None:
    found = compare(weeks.engine, WEEK, by=Dimension.SENTIMENT, zone=TEHRAN)

    assert by_value(found) == {
        "negative": (Counts(45, 0, 0), Counts(10, 0, 0)),
        "neutral": (Counts(0, 55, 0), Counts(0, 60, 0)),
        "positive": (Counts(0, 0, 20), Counts(0, 0, 30)),
    }
    assert [line.net_sentiment for line in found.lines] == [None, None, None]


def test_emotions_are_compared_over_messages(weeks: Store) -> None:
    found = compare(weeks.engine, WEEK, by=Dimension.EMOTION, zone=TEHRAN)

    assert found.basis.unit == Unit.MESSAGES
    assert by_value(found) == {"anger": (Counts(45, 55, 20), Counts(10, 60, 30))}


@pytest.mark.parametrize("by", [Dimension.STAGE, Dimension.BRAND])
def test_tallies_and_single_messages_give_the_same_comparison(weeks: Store, by: Dimension) -> None:
    fast = compare(weeks.engine, WEEK, by=by, zone=TEHRAN)
    slow = compare(weeks.engine, WEEK, by=by, zone=TEHRAN, use_tallies=False)

    assert (fast.total, fast.lines) == (slow.total, slow.lines)


def test_the_other_period_may_be_any_that_does_not_overlap() -> None:
    found = periods_of(WEEK, TEHRAN, before_from=date(2025, 11, 15), before_to=date(2025, 11, 22))
    as_long = periods_of(WEEK, TEHRAN, before_to=date(2026, 11, 1))

    assert found.before.days == (date(2025, 11, 15), date(2025, 11, 22))
    assert as_long.before.days == (date(2026, 10, 25), date(2026, 11, 1))


def test_an_equal_stretch_of_days_is_as_many_days_over_a_change_of_the_clocks() -> None:
    spring = Selection(from_=date(2022, 3, 22), to=date(2022, 3, 25))

    assert periods_of(spring, TEHRAN).before.days == (date(2022, 3, 19), date(2022, 3, 22))


@pytest.mark.parametrize(
    ("before_from", "before_to", "message"),
    [
        (date(2026, 11, 10), date(2026, 11, 16), "share the time from 2026-11-15"),
        (date(2026, 11, 10), date(2026, 11, 9), "must be later than before_from"),
    ],
)
def test_periods_that_overlap_or_run_backwards_are_refused(
    before_from: date, before_to: date, message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        periods_of(WEEK, TEHRAN, before_from=before_from, before_to=before_to)


@settings(max_examples=30, deadline=None)
@given(now=COUNTS, before=COUNTS)
def test_two_shares_are_compared_as_statsmodels_does(now: Counts, before: Counts) -> None:
    parts = (now.n_negative, now.n), (before.n_negative, before.n)

    found = compare_shares(*parts)

    low, high = confint_proportions_2indep(*parts[0], *parts[1], method="newcomb")
    assert found is not None
    assert (found.estimate.low, found.estimate.high) == pytest.approx((low, high), abs=1e-9)
    pairs = list(zip(*parts, strict=True))
    assert found.p_value == pytest.approx(proportions_ztest(*map(np.array, pairs))[1], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(now=COUNTS, before=COUNTS)
def test_two_net_sentiments_are_compared_as_statsmodels_does(now: Counts, before: Counts) -> None:
    means = [
        DescrStatsW([-1, 0, 1], weights=[one.n_negative + 0.5, one.n_neutral + 1, one.n_positive + 0.5])
        for one in (now, before)
    ]
    error = np.sqrt(sum(one.var / one.nobs for one in means))

    found = compare_net_sentiments(now, before)

    assert found is not None
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(means[0].mean - means[1].mean) / error))


def test_a_design_effect_of_four_doubles_the_interval_of_a_net_sentiment() -> None:
    now, before = Counts(400, 200, 400), Counts(300, 300, 400)
    alone = compare_net_sentiments(now, before)
    together = compare_net_sentiments(now, before, worth=(250.0, 250.0))

    assert alone is not None
    assert together is not None
    widths = [one.estimate.high - one.estimate.low for one in (alone, together)]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.01)
    assert together.p_value > alone.p_value


def test_a_share_with_a_design_effect_is_that_of_so_many_times_fewer() -> None:
    few, many = (
        compare_shares((30, 100), (50, 100)),
        compare_shares((90, 300), (150, 300), worth=(100.0, 100.0)),
    )

    assert few is not None
    assert many is not None
    assert (many.p_value, many.estimate.low) == pytest.approx((few.p_value, few.estimate.low))


@pytest.mark.parametrize(
    ("now", "before"),
    [((5, 29), (5, 100)), ((0, 40), (4, 40)), ((40, 40), (40, 40)), ((0, 0), (5, 100))],
)
def test_shares_of_too_few_are_not_compared(now: tuple[int, int], before: tuple[int, int]) -> None:
    assert compare_shares(now, before) is None


def test_no_more_than_one_in_twenty_samples_without_a_difference_is_held_to_differ() -> None:
    dice = np.random.default_rng(5)
    found = [
        compare_net_sentiments(Counts(*map(int, a)), Counts(*map(int, b)))
        for a, b in zip(
            dice.multinomial(60, [0.3, 0.2, 0.5], size=2000),
            dice.multinomial(200, [0.3, 0.2, 0.5], size=2000),
            strict=True,
        )
    ]

    assert 0.035 <= np.mean([one is not None and one.p_value < 0.05 for one in found]) <= 0.065


def test_the_intervals_of_a_change_hold_the_truth_as_often_as_they_say() -> None:
    dice = np.random.default_rng(7)
    now, before = [0.5, 0.2, 0.3], [0.25, 0.25, 0.5]
    truth = 100 * ((0.3 - 0.5) - (0.5 - 0.25))
    found = [
        compare_net_sentiments(Counts(*map(int, a)), Counts(*map(int, b)))
        for a, b in zip(
            dice.multinomial(80, now, size=2000), dice.multinomial(120, before, size=2000), strict=True
        )
    ]

    held = [one is not None and one.estimate.low <= truth <= one.estimate.high for one in found]
    assert 0.93 <= np.mean(held) <= 0.97


def test_false_discoveries_are_held_in_check() -> None:
    p_values = [0.001, 0.04, 0.03, 0.5, 0.012]

    assert q_values([*p_values, None])[:-1] == pytest.approx(multipletests(p_values, method="fdr_bh")[1])
    assert q_values([None, None]) == [None, None]
