"""The emotional curve and the hours of the week, counted by hand on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from statsmodels.stats.proportion import proportion_confint

from models.labels import Emotion, Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.feelings import Extreme, Feelings, describe_feelings, feelings
from pipeline.hour_of_week import offsets
from pipeline.hours import describe_hours, hours
from pipeline.selection import Selection, Span
from pipeline.sentences import Words
from pipeline.store import Store
from tests.api_feedback import NOW, TEHRAN, november
from tests.content_feedback import Clause, message, tell

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
LATE = Clause("دیر رسید", Stage.DELIVERY, sentiment=Sentiment.NEGATIVE)
TASTY = Clause("خوشمزه بود", Stage.USE, sentiment=Sentiment.POSITIVE)


def felt(found: Feelings, stage: Stage) -> dict[str, int]:
    one = next(one for one in found.stages if one.stage == stage)
    return {emotion.emotion.value: emotion.n for emotion in one.emotions if emotion.n}


def test_a_message_counts_once_at_each_stage_where_it_has_a_mention(store: Store) -> None:
    tell(
        store,
        [
            message(LATE, LATE, TASTY, emotion=Emotion.ANGER),
            message(LATE, emotion=Emotion.WORRY),
            message(TASTY, emotion=Emotion.JOY),
        ],
    )

    found = feelings(store.engine, NOVEMBER, zone=TEHRAN)

    assert [one.stage for one in found.stages] == list(Stage)
    assert felt(found, Stage.DELIVERY) == {"anger": 1, "worry": 1}
    assert felt(found, Stage.USE) == {"anger": 1, "joy": 1}
    assert felt(found, Stage.SUPPORT) == {}
    delivery = found.stages[list(Stage).index(Stage.DELIVERY)]
    assert (delivery.n_messages, delivery.counts) == (2, Counts(3, 0, 0))
    share = delivery.emotions[0].share
    assert share is not None
    assert (share.low, share.high) == pytest.approx(proportion_confint(1, 2, method="wilson"))
    assert found.stages[list(Stage).index(Stage.SUPPORT)].emotions[0].share is None


def test_filters_of_mentions_choose_which_mentions_make_the_curve(store: Store) -> None:
    asked = replace(LATE, intent=Intent.QUESTION)
    tell(store, [message(LATE, emotion=Emotion.ANGER), message(asked, emotion=Emotion.WORRY)])

    found = feelings(store.engine, replace(NOVEMBER, intent=(Intent.QUESTION,)), zone=TEHRAN)

    assert felt(found, Stage.DELIVERY) == {"worry": 1}
    assert found.basis.n == 1


def test_the_ends_of_the_curve_are_marked_and_told(store: Store) -> None:
    tell(store, [*[message(LATE)] * 30, *[message(TASTY)] * 30, message(replace(LATE, stage=Stage.SUPPORT))])

    found = feelings(store.engine, NOVEMBER, zone=TEHRAN)

    assert {one.stage: one.extreme for one in found.stages if one.extreme} == {
        Stage.DELIVERY: Extreme.LOW,
        Stage.USE: Extreme.HIGH,
    }
    names = {"stages": {"delivery": Words("ارسال", "Delivery"), "use": Words("مصرف", "Use")}}
    assert describe_feelings(found, names) == Words(
        "حال مشتری در «ارسال» (رضایت خالص \u200e−۱۰۰ از ۳۰ نظر) از همه بدتر و در «مصرف» (رضایت خالص \u200e+۱۰۰ از ۳۰ "
        "نظر) از همه بهتر است.",
        "Customers feel worst at Delivery (net sentiment −100 of 30 mentions) and best at Use (net sentiment +100 of "
        "30 mentions).",
    )


@pytest.mark.parametrize("n", [29, 30])
def test_stages_that_are_alike_or_of_too_few_have_no_ends(store: Store, n: int) -> None:
    use = LATE if n == 30 else TASTY
    tell(store, [*[message(LATE)] * n, *[message(replace(use, stage=Stage.USE))] * n])

    found = feelings(store.engine, NOVEMBER, zone=TEHRAN)

    assert [one.extreme for one in found.stages] == [None] * 8
    assert describe_feelings(found, {}).en == "No stage is clearly better or worse than the others."


def test_mentions_are_counted_by_hour_of_the_week_in_the_business_zone(store: Store) -> None:
    tell(
        store,
        [
            message(LATE, TASTY, at=november(21, 9)),  # a Saturday
            message(LATE, at=november(14, 9) + timedelta(minutes=59)),
            message(TASTY, at=november(20, 23)),  # a Friday
        ],
    )

    found = hours(store.engine, NOVEMBER, zone=TEHRAN)

    assert {(one.weekday, one.hour): one.counts for one in found.cells if one.counts.n} == {
        (0, 9): Counts(2, 0, 1),
        (6, 23): Counts(0, 0, 1),
    }
    assert len(found.cells) == 168
    assert (found.basis.n, found.n_without_time) == (4, 0)
    assert found.cells[9].net_sentiment is not None
    assert found.cells[9].net_sentiment.value == pytest.approx(100 * (1 - 2) / 3)
    assert describe_hours(found) == Words(
        "بیشترین نظرها شنبه از ساعت ۰۹:۰۰ تا ۱۰:۰۰ نوشته شده: ۳ نظر.",
        "Most is said on Saturday from 09:00 to 10:00: 3 mentions.",
    )


def test_the_hour_is_that_of_the_clock_of_its_day(store: Store) -> None:
    # Tehran was at +03:30 in winter and at +04:30 in the summers until 2022.
    winter, summer = datetime(2021, 3, 13, 8, 30, tzinfo=UTC), datetime(2021, 3, 27, 7, 30, tzinfo=UTC)
    tell(store, [message(LATE, at=winter), message(LATE, at=summer)])

    found = hours(store.engine, Selection(from_=date(2021, 1, 1), to=date(2022, 1, 1)), zone=TEHRAN)

    assert [(one.weekday, one.hour, one.counts.n) for one in found.cells if one.counts.n] == [(0, 12, 2)]


def test_what_came_with_a_date_only_or_without_a_time_is_told_apart(store: Store) -> None:
    tell(store, [message(LATE, at=november(20, 0)), message(LATE, TASTY, at_arrival=True)])

    found = hours(store.engine, replace(NOVEMBER, to=NOW + timedelta(days=1)), zone=TEHRAN)

    assert (found.basis.n, found.n_without_time) == (0, 3)
    assert describe_hours(found).en == "Nothing with a time was said in this period."


@pytest.mark.parametrize("zone", ["Asia/Tehran", "Europe/Berlin", "America/New_York", "UTC"])
def test_the_stretches_of_one_offset_are_those_of_the_clocks(zone: str) -> None:
    there = ZoneInfo(zone)
    span = Span(datetime(2020, 1, 1, tzinfo=UTC), datetime(2023, 6, 1, 5, 45, tzinfo=UTC), there)

    found = list(offsets(span))

    moments = [
        span.start + timedelta(minutes=30 * step)
        for step in range(int((span.end - span.start) / timedelta(minutes=30)))
    ]
    at = iter(moments)
    now = next(at)
    for end, offset_s in found:
        while now is not None and now < end:
            assert now.astimezone(there).utcoffset() == timedelta(seconds=offset_s)
            now = next(at, None)
    assert now is None
    assert found[-1][0] == span.end
