"""What several mentions in one message do to certainty, against statsmodels, hand counts and a plain recount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import statsmodels.api as sm

from models.labels import Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts, When
from pipeline.aggregates import BucketLength, Calendar, breakdown, journey, trend
from pipeline.clusters import (
    Design,
    Moments,
    Whole,
    count_moments,
    design_of_net,
    design_of_part,
    read_whole,
)
from pipeline.database import reading
from pipeline.intervals import Method, net_sentiment
from pipeline.selection import Dimension, Selection, span_of
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, TEHRAN, fill, random_said
from tests.simulated import Messages, simulate

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
AUTUMN = Selection(from_=date(2026, 10, 8), to=date(2026, 11, 22))
RANDOM = random_said(160, seed=11)


def one_set(seed: int, *, n: int = 300, per_message: float = 2, correlation: float = 0.5) -> Messages:
    rng = np.random.default_rng(seed)
    return simulate(rng, 1, n=n, per_message=per_message, correlation=correlation, mix=(0.3, 0.3, 0.4))


def of_statsmodels(values: list[float], message_of: list[int]) -> tuple[float, float]:
    """Variance of a mean over mentions with messages as clusters, and with mentions on their own."""
    model = sm.OLS(np.array(values), np.ones(len(values)))
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": np.array(message_of)})
    return float(clustered.cov_params()[0, 0]), float(model.fit().cov_params()[0, 0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_design_effect_of_net_sentiment_is_that_of_statsmodels(seed: int) -> None:
    messages = one_set(seed)
    values, message_of = [], []
    for place, (positive, negative, neutral) in enumerate(
        zip(messages.positive[0], messages.negative[0], messages.neutral[0], strict=True)
    ):
        values += [1.0] * positive + [-1.0] * negative + [0.0] * neutral
        message_of += [place] * (positive + negative + neutral)
    clustered, alone = of_statsmodels(values, message_of)

    design = design_of_net(messages.counts()[0], messages.moments()[0])

    assert design.effect == pytest.approx(clustered / alone)
    assert design.mentions_per_message == pytest.approx(len(values) / len(messages.mentions[0]))


@pytest.mark.parametrize("seed", [4, 5])
def test_the_design_effect_of_a_channels_share_is_that_of_statsmodels(seed: int) -> None:
    messages = one_set(seed)
    mentions = messages.mentions[0]
    chosen = np.random.default_rng(seed).random(len(mentions)) < 0.3
    message_of = np.repeat(np.arange(len(mentions)), mentions)
    clustered, alone = of_statsmodels(list(chosen[message_of].astype(float)), list(message_of))

    design = design_of_part(
        int(mentions[chosen].sum()), messages.moments(chosen)[0], int(mentions.sum()), messages.moments()[0]
    )

    assert design.effect == pytest.approx(max(clustered / alone, (mentions**2).sum() / mentions.sum()))


def test_messages_of_one_mention_each_are_independent() -> None:
    messages = one_set(6, per_message=1, correlation=0)

    assert design_of_net(messages.counts()[0], messages.moments()[0]).effect == pytest.approx(1)


def test_where_all_think_alike_every_message_counts_once() -> None:
    # Twenty messages of three positive mentions: 20 * 9 = 180 over 60.
    design = design_of_net(Counts(0, 0, 60), Moments(20, 180, 360, 720))

    assert design == Design(3.0, 3.0)


def test_a_mention_is_worth_at_most_four() -> None:
    # Each of thirty messages holds one positive and one negative mention: no variance at all.
    design = design_of_net(Counts(30, 0, 30), Moments(30, 120, 120, 120))

    assert design == Design(0.25, 2.0)


def test_few_messages_make_a_sample_worth_less() -> None:
    # t of 9 degrees is 2.2622 and z 1.9600, of 999 degrees 1.9623.
    assert Design(2.0, 3.0).effective(30) == pytest.approx(30 / 2 * (1.959964 / 2.262157) ** 2, abs=1e-4)
    assert Design(2.0, 3.0).effective(3000) == pytest.approx(3000 / 2 * (1.959964 / 1.962341) ** 2, abs=1e-2)


def test_a_message_without_anything_to_compare_is_on_its_own() -> None:
    assert design_of_net(Counts(1, 0, 0), Moments(1, 1, 0, 0)) == Design()
    assert design_of_part(1, Moments(1, 1, 0, 0), 1, Moments(1, 1, 0, 0)) == Design()
    assert Whole(Counts(), Moments()).of_share((Dimension.STAGE,)) == Design()


def test_a_label_goes_together_as_far_as_was_measured_and_a_channel_always() -> None:
    # Of one mind within a message in no way (em and ee as of independent mentions): effect 1 for net sentiment.
    whole = Whole(Counts(20, 20, 20), Moments(30, 120, 120, 140))

    assert whole.of_net == Design(1.0, 2.0)
    assert whole.of_share((Dimension.STAGE,)) == Design(pytest.approx(1.7), 2.0)
    assert whole.of_share((Dimension.STAGE, Dimension.INTENT)) == Design(pytest.approx(1.7), 2.0)
    assert whole.of_share((Dimension.CHANNEL,)) == Design(2.0, 2.0)
    assert whole.of_share((Dimension.SENTIMENT,)) == Design(1.0, 2.0)


def test_moments_are_counted_by_hand(store: Store) -> None:
    fill(store, SMALL)
    with reading(store.engine) as connection:
        # Messages (m, e): (1, 0), (2, 1), (1, 2), (2, 2); the copy and the spam are left out.
        found = count_moments(connection, NOVEMBER, span_of(NOVEMBER, TEHRAN))
        by_brand = count_moments(connection, NOVEMBER, span_of(NOVEMBER, TEHRAN), (Dimension.BRAND,))

    assert found == {(): Moments(4, 10, 8, 9)}
    assert by_brand == {("نیک‌سبد",): Moments(1, 1, 0, 0), ("",): Moments(3, 9, 8, 9)}


@pytest.mark.parametrize("by", [(), (Dimension.SOURCE, Dimension.CHANNEL), (Dimension.BRAND,)])
@pytest.mark.parametrize("when", [None, When.DAY])
@pytest.mark.parametrize("brand", [(), ("الف", "")])
def test_tallies_know_the_moments_of_a_recount(
    store: Store, by: tuple[Dimension, ...], when: When | None, brand: tuple[str, ...]
) -> None:
    fill(store, RANDOM)
    selection = replace(AUTUMN, brand=brand)
    with reading(store.engine) as connection:
        span = span_of(selection, TEHRAN)
        from_tallies = count_moments(connection, selection, span, by, when=when)
        from_rows = count_moments(connection, selection, span, by, when=when, use_tallies=False)

    assert from_tallies == from_rows
    assert from_tallies


def test_filters_of_mentions_leave_the_whole_as_it_is(store: Store) -> None:
    fill(store, RANDOM)
    cut = replace(AUTUMN, stage=(Stage.AWARENESS,), intent=(Intent.PRAISE,), sentiment=(Sentiment.POSITIVE,))
    with reading(store.engine) as connection:
        span = span_of(AUTUMN, TEHRAN)
        of_cut, of_all = (read_whole(connection, one, span) for one in (cut, AUTUMN))
        recounted = read_whole(connection, cut, span, use_tallies=False)

    assert of_cut == of_all == recounted


@pytest.mark.parametrize(
    "filters", [{}, {"stage": (Stage.AWARENESS,)}, {"product": ("کیف",)}, {"q": "بسته"}, {"brand": ("الف",)}]
)
def test_intervals_are_the_same_whether_tallies_or_rows_answer(
    store: Store, filters: dict[str, tuple[str, ...]]
) -> None:
    fill(store, RANDOM)
    selection = replace(AUTUMN, **filters)
    how = {"bucket": BucketLength.WEEK, "calendar": Calendar.JALALI, "now": NOW}

    trends = [trend(store.engine, selection, zone=TEHRAN, use_tallies=use, **how) for use in (True, False)]
    groups = [
        [
            breakdown(store.engine, selection, by=by, zone=TEHRAN, use_tallies=use).groups
            for use in (True, False)
        ]
        for by in ((Dimension.CHANNEL,), (Dimension.STAGE,), (Dimension.BRAND, Dimension.SENTIMENT))
    ]
    journeys = [
        journey(store.engine, selection, zone=TEHRAN, use_tallies=use).stages for use in (True, False)
    ]

    assert trends[0].points == trends[1].points
    assert trends[0].net_sentiment == trends[1].net_sentiment
    assert all(tallied == recounted for tallied, recounted in groups)
    assert journeys[0] == journeys[1]


def test_an_answer_of_mentions_names_its_method(store: Store) -> None:
    fill(store, SMALL)

    of_mentions = breakdown(store.engine, NOVEMBER, by=(Dimension.CHANNEL,), zone=TEHRAN)
    of_messages = breakdown(store.engine, NOVEMBER, by=(Dimension.EMOTION,), zone=TEHRAN)

    assert of_mentions.basis.method == Method.CLUSTERED
    assert of_messages.basis.method == Method.INDEPENDENT


def test_a_part_of_the_mentions_is_rather_too_unsure_than_too_sure() -> None:
    rng = np.random.default_rng(20261122)
    messages = simulate(rng, 2000, n=400, per_message=2, correlation=0.4, mix=(0.3, 0.3, 0.4))
    part = Messages(
        *(rng.binomial(one, 0.5) for one in (messages.positive, messages.negative, messages.neutral))
    )
    held = []
    for whole, moments, counts in zip(messages.counts(), messages.moments(), part.counts(), strict=True):
        size = Whole(whole, moments).of_net.effective(counts.n)
        found = net_sentiment(counts.n_positive, counts.n_negative, counts.n, effective_n=size)
        held.append(found is not None and found.low <= -10 <= found.high)

    assert 0.95 <= np.mean(held) <= 0.985
