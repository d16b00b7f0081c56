"""Events on record, and what came of them: steps against statsmodels and by simulation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from statsmodels.api import WLS

from models.labels import Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.effect_sentences import tell_effect
from pipeline.effects import Allowance, Effect, Verdict, effect_of, judge
from pipeline.events import (
    Event,
    NewEvent,
    Scope,
    add_event,
    change_event,
    delete_event,
    find_event,
    list_events,
)
from pipeline.intervals import Estimate
from pipeline.selection import Selection
from pipeline.steps import step_at
from pipeline.store import Store
from pipeline.two_samples import Difference
from tests.api_feedback import NOW, TEHRAN, Said, fill
from tests.builders import mention, prediction

ALL = Selection(from_=date(2026, 1, 1), to=date(2027, 1, 1))
DELIVERY = Scope(stage=(Stage.DELIVERY,))
FIX = NewEvent(
    happened_at=datetime(2026, 11, 8, tzinfo=TEHRAN).astimezone(UTC), title="پیک تازه", scope=DELIVERY
)
FIRST = date(2026, 11, 8)


def record(store: Store, event: NewEvent = FIX) -> Event:
    return add_event(store.engine, event, created_by="desk", now=NOW)


def test_an_event_is_kept_as_it_was_told(store: Store) -> None:
    told = record(store)

    assert find_event(store.engine, told.id) == told
    assert (told.title, told.scope, told.created_by, told.created_at) == ("پیک تازه", DELIVERY, "desk", NOW)
    assert told.happened_at == FIX.happened_at


def test_an_event_can_be_changed_and_deleted(store: Store) -> None:
    told = record(store)
    other = NewEvent(happened_at=NOW, title="دیگر", description="شرح")

    changed = change_event(store.engine, told.id, other)

    assert changed is not None
    assert (changed.id, changed.title, changed.description, changed.scope) == (
        told.id,
        "دیگر",
        "شرح",
        Scope(),
    )
    assert delete_event(store.engine, told.id)
    assert not delete_event(store.engine, told.id)
    assert find_event(store.engine, told.id) is None
    assert change_event(store.engine, told.id, other) is None


def test_events_of_a_period_come_oldest_first_and_its_end_is_no_part_of_it(store: Store) -> None:
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (9, 3, 5)]
    for day in days:
        record(store, NewEvent(happened_at=day, title=f"{day:%d}"))

    found = list_events(store.engine, ALL, start=days[1], end=days[0])

    assert [one.title for one in found] == ["03", "05"]


@pytest.mark.parametrize(
    ("asked", "n"), [({}, 1), ({"stage": (Stage.USE,)}, 0), ({"stage": (Stage.DELIVERY, Stage.USE)}, 1)]
)
def test_an_event_of_another_scope_is_not_listed(
    store: Store, asked: dict[str, tuple[Stage]], n: int
) -> None:
    record(store)
    selection = Selection(from_=ALL.from_, to=ALL.to, **asked)  # type: ignore[arg-type]

    assert len(list_events(store.engine, selection, start=FIX.happened_at, end=NOW)) == n


def test_a_scope_within_a_selection_is_what_both_let_pass() -> None:
    selection = Selection(from_=ALL.from_, to=ALL.to, brand=("الف",), stage=(Stage.DELIVERY, Stage.USE))

    assert DELIVERY.within(selection) == Selection(
        from_=ALL.from_, to=ALL.to, brand=("الف",), stage=(Stage.DELIVERY,)
    )
    assert Scope(brand=("ب",)).within(selection) is None


def draw_days(dice: np.random.Generator, nets: np.ndarray, *, n: int = 30) -> dict[date, Counts]:
    """Counts of the days until 28 days after ``FIRST``, each with its true net sentiment between -0.7 and 0.7."""
    shares = np.stack([0.35 - nets / 2, np.full_like(nets, 0.3), 0.35 + nets / 2], axis=1)
    first = FIRST - timedelta(days=len(nets) - 28)
    return {
        first + timedelta(days=place): Counts(*row)
        for place, row in enumerate(dice.multinomial(n, shares).tolist())
    }


TREND = np.linspace(-0.2, 0.2, 112)
STEP = np.repeat([0.0, 0.2], [84, 28])


def test_a_step_is_that_of_statsmodels() -> None:
    series = draw_days(np.random.default_rng(1), TREND + STEP)

    found = step_at(FIRST, series)

    days = sorted(series)
    weights = np.array([series[day].n for day in days])
    means = np.array(
        [100 * (series[day].n_positive - series[day].n_negative) / series[day].n for day in days]
    )
    time = np.array([(day - FIRST).days for day in days], dtype=float)
    fitted = WLS(means, np.stack([np.ones_like(time), time, time >= 0], axis=1), weights=weights).fit(
        cov_type="HC3", use_t=True
    )
    assert found is not None
    assert found.estimate.value == pytest.approx(fitted.params[2])
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(fitted.conf_int()[2]))
    assert found.p_value == pytest.approx(fitted.pvalues[2])


@pytest.mark.parametrize("with_rest", [False, True])
def test_the_interval_of_a_step_holds_the_truth_as_often_as_it_says(*, with_rest: bool) -> None:
    dice = np.random.default_rng(2)
    found = [
        step_at(FIRST, draw_days(dice, TREND + STEP), draw_days(dice, TREND) if with_rest else None)
        for _ in range(700)
    ]

    held = [one is not None and one.estimate.low <= 20 <= one.estimate.high for one in found]
    assert 0.93 <= np.mean(held) <= 0.97


def test_a_trend_alone_is_not_taken_for_an_effect() -> None:
    dice = np.random.default_rng(3)

    verdicts = [judge(step_at(FIRST, draw_days(dice, TREND))) for _ in range(700)]

    assert np.mean([one == Verdict.HELPED for one in verdicts]) <= 0.04


def test_what_moves_everything_on_the_same_days_cancels_out() -> None:
    dice = np.random.default_rng(4)
    shaken = dice.normal(0, 0.15, size=112).clip(-0.25, 0.25) + STEP
    scope, rest = draw_days(dice, shaken + STEP / 2, n=200), draw_days(dice, shaken, n=200)

    alone, compared = step_at(FIRST, scope), step_at(FIRST, rest=rest, series=scope)

    assert alone is not None
    assert compared is not None
    assert alone.estimate.value == pytest.approx(30, abs=15)
    assert compared.estimate.value == pytest.approx(10, abs=5)
    assert compared.estimate.high - compared.estimate.low < 0.6 * (alone.estimate.high - alone.estimate.low)


def test_a_step_needs_six_days_before_and_three_after() -> None:
    series = draw_days(np.random.default_rng(5), TREND)
    short = {day: counts for day, counts in series.items() if abs((day - FIRST).days) <= 3}

    assert step_at(FIRST, short) is None
    assert step_at(FIRST + timedelta(days=26), series) is None
    assert step_at(FIRST, series, rest=short) is None


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((5.0, 1.0, 9.0), Verdict.HELPED),
        ((-5.0, -9.0, -1.0), Verdict.WORSENED),
        ((1.0, -8.0, 10.0), Verdict.NO_EFFECT),
        ((1.0, -12.0, 14.0), Verdict.CANNOT_TELL),
    ],
)
def test_the_verdict_is_read_off_the_interval(interval: tuple[float, float, float], verdict: Verdict) -> None:
    assert judge(Difference(Estimate(*interval), 0.5)) == verdict
    assert judge(None) == Verdict.TOO_FEW


def said(day: date, stage: Stage, *, n_positive: int, n_negative: int) -> list[Said]:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=TEHRAN).astimezone(UTC)
    signs = [Sentiment.POSITIVE] * n_positive + [Sentiment.NEGATIVE] * n_negative
    return [
        Said(at, prediction(mention(stage=stage, intent=Intent.OTHER, sentiment=one), sentiment=one))
        for one in signs
    ]


def days_of(first: date, n: int) -> list[date]:
    return [first + timedelta(days=place) for place in range(n)]


# Delivery: of four or five a day one or two are positive until the 7th of November, then four of five. Use: as
# many positive as negative ones.
SAID = [
    one
    for place, day in enumerate(days_of(date(2026, 10, 25), 28))
    for one in (
        *said(
            day,
            Stage.DELIVERY,
            n_positive=4 if day >= FIRST else 1 + place % 2,
            n_negative=1 + 2 * (day < FIRST),
        ),
        *said(day, Stage.USE, n_positive=2 + place % 3, n_negative=2 + place % 3),
    )
]


@pytest.fixture
def told(store: Store) -> Store:
    fill(store, SAID)
    return store


def effect(store: Store, event: NewEvent = FIX, *, n_days: int = 7) -> Effect:
    found = effect_of(store.engine, record(store, event), ALL, n_days=n_days, zone=TEHRAN, now=NOW)
    assert found is not None
    return found


def test_a_fix_that_helped_is_told_so_against_the_rest(told: Store) -> None:
    found = effect(told)

    assert (found.scoped.before.counts, found.scoped.after.counts) == (Counts(21, 0, 11), Counts(7, 0, 28))
    assert found.rest is not None
    assert found.rest.after.counts == Counts(22, 0, 22)
    assert (found.verdict, found.allowance) == (Verdict.HELPED, Allowance.TREND_AND_REST)
    assert found.scoped.change is not None
    assert found.scoped.change.estimate.value == pytest.approx(100 * (21 / 35 + 10 / 32))
    assert found.difference is not None
    assert found.difference.estimate.value == pytest.approx(found.scoped.change.estimate.value)
    assert found.beyond is not None
    assert found.beyond.estimate.low > 60
    assert found.between is None


def test_a_fix_that_helped_is_told_in_both_languages(told: Store) -> None:
    sentence = tell_effect(effect(told))

    assert sentence.fa.startswith(
        "بله، کمک کرد. رضایت خالص پیش از «پیک تازه» \u200e−۳۱ بود (۳۲ نظر) و پس از آن ۶۰ است (۳۵ نظر). "
        "حرکتی که از پیش آغاز شده بود و تغییر بخش‌های دیگر کنار گذاشته شد؛ فراتر از آن، اثرش \u200e+"
    )
    assert sentence.en.startswith(
        "Yes, it helped. Net sentiment was −31 before “پیک تازه” (32 mentions) and is 60 after it (35 mentions). "
        "Leaving out the movement that had begun before and what changed elsewhere, its effect is +"
    )


def test_an_event_of_everything_has_no_rest_to_compare_with(told: Store) -> None:
    found = effect(told, NewEvent(happened_at=FIX.happened_at, title="همه"))

    assert (found.rest, found.difference, found.allowance) == (None, None, Allowance.TREND)
    assert found.scoped.after.counts == Counts(29, 0, 50)


def test_the_day_of_an_event_in_the_middle_of_a_day_is_told_apart(told: Store) -> None:
    noon = NewEvent(happened_at=FIX.happened_at + timedelta(hours=12), title="ظهر", scope=DELIVERY)

    found = effect(told, noon)

    assert found.between is not None
    assert found.between.counts == Counts(1, 0, 4)
    assert found.scoped.before.end == found.between.start == datetime(2026, 11, 8, tzinfo=TEHRAN)
    assert found.scoped.after.start == found.between.end == datetime(2026, 11, 9, tzinfo=TEHRAN)


@pytest.mark.parametrize("day", [20, 30])
def test_an_event_of_yesterday_or_tomorrow_cannot_be_told_yet(told: Store, day: int) -> None:
    late = NewEvent(
        happened_at=datetime(2026, 11, day, tzinfo=TEHRAN).astimezone(UTC), title="دیر", scope=DELIVERY
    )

    found = effect(told, late)

    assert (found.verdict, found.beyond, found.scoped.change) == (Verdict.TOO_FEW, None, None)
    assert tell_effect(found).en.startswith("Cannot be told yet: too few. ")


def test_other_events_of_the_same_days_are_told(told: Store) -> None:
    other = record(told, NewEvent(happened_at=datetime(2026, 11, 10, tzinfo=UTC), title="بسته"))
    record(told, NewEvent(happened_at=datetime(2026, 9, 10, tzinfo=UTC), title="پیشین"))

    assert effect(told).other_events == (other,)


def test_an_event_of_brands_that_are_not_to_be_seen_has_no_effect(told: Store) -> None:
    event = record(told, NewEvent(happened_at=FIX.happened_at, title="برند", scope=Scope(brand=("الف",))))
    within = Selection(from_=ALL.from_, to=ALL.to, brand=("ب",))

    assert effect_of(told.engine, event, within, n_days=7, zone=TEHRAN, now=NOW) is None


def test_days_after_are_counted_up_to_the_present_one(told: Store) -> None:
    found = effect(told, n_days=28)

    assert (found.n_days, found.n_days_after) == (28, 14)
    assert found.scoped.before.start == datetime(2026, 10, 11, tzinfo=TEHRAN)
    assert found.scoped.after.end == datetime(2026, 11, 22, tzinfo=TEHRAN)
