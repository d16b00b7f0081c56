"""The parts of a change: they add up, match a hand count, and their intervals hold the truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.labels import Intent, Sentiment, Stage
from pipeline.aggregate_counts import NOTHING, Counts, sum_counts
from pipeline.drivers import drivers
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate
from pipeline.kitagawa import split
from pipeline.selection import Dimension, Selection
from pipeline.store import Store
from tests.api_feedback import TEHRAN, Said, fill, november
from tests.builders import mention, prediction

WEEK = Selection(from_=date(2026, 11, 15), to=date(2026, 11, 22))
COUNTS = st.builds(Counts, *[st.integers(0, 300)] * 3)
PERIOD = st.dictionaries(st.sampled_from("abcdefg"), COUNTS, min_size=1).filter(
    lambda one: sum_counts(one.values()).n > 0
)


def net(counts: Counts) -> float:
    return 100 * (counts.n_positive - counts.n_negative) / counts.n


@settings(max_examples=300, deadline=None)
@given(now=PERIOD, before=PERIOD)
def test_the_parts_add_up_to_the_change_of_the_whole(
    now: dict[str, Counts], before: dict[str, Counts]
) -> None:
    parts = split(now, before)

    change = net(sum_counts(now.values())) - net(sum_counts(before.values()))
    assert sum(part.total.value for part in parts.values()) == pytest.approx(change, abs=1e-9)
    assert sum(part.mix.value + part.within.value for part in parts.values()) == pytest.approx(
        change, abs=1e-9
    )


def test_a_split_is_that_of_a_hand_count() -> None:
    # Delivery: 40 % of all at +50, then 60 % at -50. Use: 60 % at 0, then 40 % at 0. The whole: +20, then -30.
    now = {"delivery": Counts(45, 0, 15), "use": Counts(0, 40, 0)}
    before = {"delivery": Counts(10, 0, 30), "use": Counts(0, 60, 0)}

    parts = split(now, before)

    assert parts["delivery"].mix.value == pytest.approx(20 * (0 + 5) / 100)
    assert parts["delivery"].within.value == pytest.approx(-100 * 0.5)
    assert parts["use"].mix.value == pytest.approx(-20 * (0 + 5) / 100)
    assert parts["use"].within.value == pytest.approx(0)


def test_a_value_absent_in_one_period_adds_by_mix_alone() -> None:
    now = {"old": Counts(0, 50, 50), "new": Counts(100, 0, 0)}
    before = {"old": Counts(0, 50, 50)}

    parts, reverse = split(now, before), split(before, now)

    # The whole: +50, then -25; their mean is 12.5.
    assert parts["new"].within == Estimate(0.0, 0.0, 0.0)
    assert parts["new"].mix.value == pytest.approx(0.5 * (-100 - 12.5))
    assert parts["old"].mix.value == pytest.approx(-0.5 * (50 - 12.5))
    assert reverse["new"].mix.value == pytest.approx(-parts["new"].mix.value)


def test_a_change_from_nothing_is_not_split() -> None:
    with pytest.raises(ValueError, match="from or to nothing"):
        split({"a": Counts(1, 0, 0)}, {"a": NOTHING})


def draw(dice: np.random.Generator, shares: np.ndarray, n: int) -> dict[str, Counts]:
    cells = dice.multinomial(n, shares.ravel()).reshape(shares.shape)
    return {name: Counts(*map(int, row)) for name, row in zip("abc", cells, strict=False) if row.sum()}


NOW = np.array([[0.30, 0.05, 0.05], [0.05, 0.15, 0.10], [0.10, 0.05, 0.15]])
BEFORE = np.array([[0.05, 0.05, 0.15], [0.10, 0.20, 0.10], [0.15, 0.10, 0.10]])


@pytest.mark.parametrize("kind", ["mix", "within", "total"])
def test_the_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    dice = np.random.default_rng(11)
    as_counts = [{name: Counts(*(one * 10**8).astype(int).tolist()) for name, one in zip("abc", p, strict=True)}
                 for p in (NOW, BEFORE)]  # fmt: skip
    truth = split(*as_counts)

    held = [
        getattr(part, kind).low <= getattr(truth[name], kind).value <= getattr(part, kind).high
        for _ in range(700)
        for name, part in split(draw(dice, NOW, 300), draw(dice, BEFORE, 500)).items()
    ]

    assert 0.93 <= np.mean(held) <= 0.97


def test_a_design_effect_of_four_doubles_each_interval() -> None:
    now, before = (draw(np.random.default_rng(3), one, 400) for one in (NOW, BEFORE))

    alone, together = split(now, before), split(now, before, effects=(4.0, 4.0))

    for name in "abc":
        widths = [one[name].total.high - one[name].total.low for one in (alone, together)]
        assert widths[1] == pytest.approx(2 * widths[0])


def said(day: int, n: int, stage: Stage, sentiment: Sentiment, brand: str | None = None) -> list[Said]:
    one = mention(stage=stage, intent=Intent.OTHER, sentiment=sentiment)
    return [Said(november(day), prediction(one, sentiment=sentiment), brand=brand)] * n


SAID = [
    *said(10, 30, Stage.DELIVERY, Sentiment.POSITIVE),
    *said(10, 10, Stage.DELIVERY, Sentiment.NEGATIVE),
    *said(11, 60, Stage.USE, Sentiment.NEUTRAL),
    *said(17, 15, Stage.DELIVERY, Sentiment.POSITIVE, "نیک‌سبد"),
    *said(17, 45, Stage.DELIVERY, Sentiment.NEGATIVE),
    *said(18, 40, Stage.USE, Sentiment.NEUTRAL),
]


@pytest.fixture
def weeks(store: Store) -> Store:
    fill(store, SAID)
    return store


@pytest.mark.parametrize("use_tallies", [True, False])
def test_the_drivers_of_a_change_are_counted_by_hand(weeks: Store, *, use_tallies: bool) -> None:
    found = drivers(weeks.engine, WEEK, by=Dimension.STAGE, zone=TEHRAN, use_tallies=use_tallies)

    assert found.change is not None
    assert found.change.value == pytest.approx(-50)
    assert [(one.value, one.counts, one.counts_before) for one in found.drivers] == [
        ("delivery", Counts(45, 0, 15), Counts(10, 0, 30)),
        ("use", Counts(0, 40, 0), Counts(0, 60, 0)),
    ]
    assert [one.part.total.value for one in found.drivers] == pytest.approx([-49, -1])
    assert [one.part.significant for one in found.drivers] == [True, False]
    assert (found.basis.n, found.basis.from_tallies) == (100, use_tallies)


def test_what_the_source_did_not_give_is_a_driver_too(weeks: Store) -> None:
    found = drivers(weeks.engine, WEEK, by=Dimension.BRAND, zone=TEHRAN)

    assert {one.value: one.counts.n for one in found.drivers} == {None: 85, "نیک‌سبد": 15}


def test_too_few_messages_have_no_drivers(weeks: Store) -> None:
    found = drivers(weeks.engine, Selection(from_=date(2026, 11, 19), to=date(2026, 11, 20)),
                    by=Dimension.STAGE, zone=TEHRAN)  # fmt: skip

    assert (found.change, found.p_value, found.drivers) == (None, None, ())


def test_nothing_is_driven_by_emotion(weeks: Store) -> None:
    with pytest.raises(BadRequest, match="by must be one of stage, aspect, intent, channel, brand, source"):
        drivers(weeks.engine, WEEK, by=Dimension.EMOTION, zone=TEHRAN)
