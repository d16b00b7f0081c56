"""Answers against hand counts and against a plain recount, on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.aggregate_feedback import FeedbackPage, Order, Place, find_feedback
from pipeline.aggregates import BucketLength, Calendar, breakdown, journey, trend
from pipeline.errors import BadRequest
from pipeline.narrowing import Narrowing
from pipeline.records import Channel, Rating
from pipeline.selection import Dimension, Selection, Unit, last_days, span_of
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, TEHRAN, Said, facts, fill, november, random_said, tally
from tests.builders import mention, prediction

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
RANDOM = random_said(160, seed=7)
SEVERAL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def small(store: Store) -> Store:
    fill(store, SMALL)
    return store


@pytest.fixture
def large(store: Store) -> Store:
    fill(store, RANDOM)
    return store


def by_label(answer: object) -> dict[tuple[str | None, ...], int]:
    return {group.values: group.counts.n for group in answer.groups}  # type: ignore[attr-defined]


def test_a_trend_counts_mentions_by_day_and_leaves_out_spam_and_copies(small: Store) -> None:
    found = trend(
        small.engine,
        replace(NOVEMBER, from_=date(2026, 11, 16), to=date(2026, 11, 21)),
        bucket=BucketLength.DAY,
        calendar=Calendar.JALALI,
        zone=TEHRAN,
        now=NOW,
    )

    assert [(point.label, point.counts) for point in found.points] == [
        ("1405-08-25", Counts(1, 0, 0)),
        ("1405-08-26", Counts()),
        ("1405-08-27", Counts(1, 1, 0)),
        ("1405-08-28", Counts()),
        ("1405-08-29", Counts(1, 0, 2)),
    ]
    assert found.total == Counts(3, 1, 2)
    assert found.basis.n == 6
    assert found.basis.from_tallies
    assert found.basis.model_versions == ("v1",)


def test_an_empty_point_has_no_net_sentiment(small: Store) -> None:
    found = trend(
        small.engine, NOVEMBER, bucket=BucketLength.DAY, calendar=Calendar.GREGORIAN, zone=TEHRAN, now=NOW
    )

    assert len(found.points) == 30
    assert found.points[0].net_sentiment is None
    assert found.net_sentiment is not None
    assert found.net_sentiment.value == pytest.approx(100 * (2 - 3) / 6)


def test_a_point_that_is_not_over_or_cut_off_is_incomplete(small: Store) -> None:
    found = trend(
        small.engine,
        Selection(from_=date(2026, 11, 10), to=date(2026, 12, 1)),
        bucket=BucketLength.WEEK,
        calendar=Calendar.GREGORIAN,
        zone=TEHRAN,
        now=NOW,
    )

    assert [(point.label, point.complete) for point in found.points] == [
        ("2026-11-07", False),
        ("2026-11-14", True),
        ("2026-11-21", False),
        ("2026-11-28", False),
    ]


def test_the_hours_of_a_day_are_counted_one_by_one(small: Store) -> None:
    found = trend(
        small.engine,
        replace(NOVEMBER, from_=date(2026, 11, 20), to=date(2026, 11, 21)),
        bucket=BucketLength.HOUR,
        calendar=Calendar.GREGORIAN,
        zone=TEHRAN,
        now=NOW,
    )

    assert len(found.points) == 24
    assert not found.basis.from_tallies
    assert {point.label: point.counts for point in found.points if point.counts.n} == {
        "2026-11-20T08:00": Counts(0, 0, 1),
        "2026-11-20T09:00": Counts(1, 0, 1),
    }


def test_a_period_of_moments_takes_its_start_and_not_its_end(small: Store) -> None:
    moments = replace(NOVEMBER, from_=november(18, 0), to=november(20, 8))

    found = breakdown(small.engine, moments, by=(Dimension.SENTIMENT,), zone=TEHRAN)

    assert by_label(found) == {("negative",): 1, ("neutral",): 1}


def test_a_trend_of_too_many_points_is_refused(store: Store) -> None:
    years = Selection(from_=date(2019, 1, 1), to=date(2026, 1, 1))

    with pytest.raises(BadRequest, match="about 61368 points, at most 20000"):
        trend(store.engine, years, bucket=BucketLength.HOUR, calendar=Calendar.JALALI, zone=TEHRAN)


def test_a_breakdown_gives_counts_shares_and_net_sentiment_largest_first(small: Store) -> None:
    found = breakdown(small.engine, NOVEMBER, by=(Dimension.STAGE,), zone=TEHRAN)

    assert by_label(found) == {("delivery",): 5, ("support",): 1}
    assert found.groups[0].counts == Counts(3, 1, 1)
    assert found.groups[0].share.value == pytest.approx(5 / 6)
    assert found.groups[0].net_sentiment is not None
    assert found.groups[0].net_sentiment.value == pytest.approx(-40)


def test_a_breakdown_by_emotion_counts_messages_and_their_own_sentiment(small: Store) -> None:
    found = breakdown(small.engine, NOVEMBER, by=(Dimension.EMOTION, Dimension.SENTIMENT), zone=TEHRAN)

    assert found.basis.unit == Unit.MESSAGES
    assert found.basis.from_tallies
    assert by_label(found) == {
        ("anger", "negative"): 1,
        ("worry", "negative"): 1,
        ("joy", "positive"): 1,
        ("none", "mixed"): 1,
    }


def test_spam_is_counted_where_it_is_asked_for(small: Store) -> None:
    found = breakdown(
        small.engine, replace(NOVEMBER, flag=(Flag.SPAM,)), by=(Dimension.EMOTION,), zone=TEHRAN
    )

    assert by_label(found) == {("anger",): 1}


def test_what_the_source_did_not_give_is_a_line_of_its_own(small: Store) -> None:
    found = breakdown(small.engine, NOVEMBER, by=(Dimension.BRAND,), zone=TEHRAN)

    assert by_label(found) == {(None,): 5, ("نیک‌سبد",): 1}


@pytest.mark.parametrize("use_tallies", [True, False])
def test_an_empty_brand_asks_for_messages_without_one(small: Store, *, use_tallies: bool) -> None:
    without = replace(NOVEMBER, brand=("",))

    found = breakdown(small.engine, without, by=(Dimension.CHANNEL,), zone=TEHRAN, use_tallies=use_tallies)

    assert by_label(found) == {("review",): 4, ("ticket",): 1}


def test_a_breakdown_can_be_cut_short_and_says_how_many_lines_there_are(small: Store) -> None:
    found = breakdown(small.engine, NOVEMBER, by=(Dimension.INTENT,), zone=TEHRAN, limit=1)

    assert by_label(found) == {("complaint",): 3}
    assert found.n_groups == 3
    assert found.basis.n == 6


@pytest.mark.parametrize("by", [(), (Dimension.STAGE, Dimension.STAGE), tuple(Dimension)[:3]])
def test_a_breakdown_by_none_twice_or_three_is_refused(store: Store, by: tuple[Dimension, ...]) -> None:
    with pytest.raises(BadRequest, match="by names one or two different ones of stage, intent"):
        breakdown(store.engine, NOVEMBER, by=by, zone=TEHRAN)


def test_mixed_mentions_are_refused_and_mixed_messages_are_found(small: Store) -> None:
    mixed = replace(NOVEMBER, sentiment=(Sentiment.MIXED,))

    with pytest.raises(BadRequest, match="whole messages only"):
        journey(small.engine, mixed, zone=TEHRAN)
    assert by_label(breakdown(small.engine, mixed, by=(Dimension.EMOTION,), zone=TEHRAN)) == {("none",): 1}


def test_a_journey_compares_each_stage_with_the_days_before(small: Store) -> None:
    found = journey(
        small.engine, replace(NOVEMBER, from_=date(2026, 11, 19), to=date(2026, 11, 22)), zone=TEHRAN
    )

    delivery = next(one for one in found.stages if one.stage == Stage.DELIVERY)
    assert [one.stage for one in found.stages] == list(Stage)
    assert found.before_from == datetime(2026, 11, 16, tzinfo=TEHRAN)
    assert (delivery.counts, delivery.counts_before) == (Counts(1, 0, 1), Counts(2, 1, 0))
    assert delivery.change is not None
    assert delivery.change.value == pytest.approx(0 + 100 * 2 / 3)
    assert [(top.label, top.n) for top in delivery.top_intents] == [("complaint", 1), ("praise", 1)]
    assert [(top.label, top.n) for top in delivery.top_aspects] == [("delivery", 2)]
    use = next(one for one in found.stages if one.stage == Stage.USE)
    assert (use.net_sentiment, use.change, use.top_intents) == (None, None, ())


def test_the_period_before_has_as_many_days_over_a_change_of_the_clocks() -> None:
    spring = span_of(Selection(from_=date(2022, 3, 22), to=date(2022, 3, 25)), TEHRAN)

    before = spring.before()

    assert before.days == (date(2022, 3, 19), date(2022, 3, 22))


def test_the_last_days_include_today() -> None:
    assert last_days(30, TEHRAN, NOW) == (date(2026, 10, 23), date(2026, 11, 22))


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(BadRequest, match="must be later than from"):
        span_of(Selection(from_=date(2026, 11, 2), to=date(2026, 11, 2)), TEHRAN)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        span_of(Selection(from_=datetime(2026, 11, 2), to=date(2026, 11, 3)), TEHRAN)  # noqa: DTZ001


def native_ids(page: FeedbackPage) -> list[str]:
    return [item.native_id for item in page.items]


def test_feedback_is_newest_first_with_copies_hidden_and_counted(small: Store) -> None:
    page = find_feedback(small.engine, NOVEMBER, zone=TEHRAN)

    assert native_ids(page) == ["5", "4", "2", "1"]
    assert page.n == 4
    assert [item.n_copies for item in page.items] == [0, 0, 1, 0]
    assert page.next is None


def test_copies_are_shown_where_they_are_asked_for(small: Store) -> None:
    page = find_feedback(small.engine, NOVEMBER, zone=TEHRAN, with_copies=True)

    assert native_ids(page) == ["5", "4", "3", "2", "1"]


def test_a_message_comes_with_all_that_was_said_of_it(small: Store) -> None:
    vip = replace(NOVEMBER, segment=("vip",), sentiment=(Sentiment.NEGATIVE,))

    (item,) = find_feedback(small.engine, vip, zone=TEHRAN).items

    assert item.created_at == datetime(2026, 11, 20, 9, tzinfo=TEHRAN)
    assert (item.sentiment, item.emotion, item.flags) == (Sentiment.MIXED, Emotion.NONE, ())
    assert item.sentiment_probabilities == pytest.approx(
        {Sentiment.NEGATIVE: 0.1, Sentiment.NEUTRAL: 0.1, Sentiment.POSITIVE: 0.1, Sentiment.MIXED: 0.7}
    )
    assert item.rating == Rating(2, 1, 5)
    assert [(one.text, one.sentiment, one.matches) for one in item.mentions] == [
        ("بسته دیر رسید", "positive", False),
        ("بسته دیر رسید", "negative", True),
    ]


def test_one_mention_must_fit_all_filters_at_once(small: Store) -> None:
    thanks_for_support = replace(NOVEMBER, stage=(Stage.SUPPORT,), sentiment=(Sentiment.NEGATIVE,))

    assert find_feedback(small.engine, thanks_for_support, zone=TEHRAN).items == ()


def test_messages_behind_a_count_of_messages_have_that_sentiment_themselves(small: Store) -> None:
    mixed = replace(NOVEMBER, sentiment=(Sentiment.MIXED,))

    assert native_ids(find_feedback(small.engine, mixed, zone=TEHRAN, unit=Unit.MESSAGES)) == ["5"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("پیک", ["1"]),
        ("كرد", ["1"]),
        ("کرد پیک", ["1"]),
        ('"پیک دیر"', ["1"]),
        ('"دیر پیک"', []),
        ("پی\u200cک", ["1"]),
        ("50%", []),
        ("", ["5", "4", "1"]),
    ],
)
def test_text_is_found_however_its_letters_are_written(small: Store, q: str, expected: list[str]) -> None:
    alone = replace(NOVEMBER, product=("",), q=q)

    assert native_ids(find_feedback(small.engine, alone, zone=TEHRAN)) == expected


def test_a_text_search_is_counted_one_by_one(small: Store) -> None:
    found = breakdown(small.engine, replace(NOVEMBER, q="پیک"), by=(Dimension.STAGE,), zone=TEHRAN)

    assert by_label(found) == {("delivery",): 1}
    assert not found.basis.from_tallies


def test_pages_go_on_where_the_last_one_ended_although_messages_arrive(store: Store) -> None:
    same_moment = [Said(november(10), prediction()) for _ in range(5)]
    fill(store, same_moment)
    first = find_feedback(store.engine, NOVEMBER, zone=TEHRAN, limit=2)
    store.save_page("shop", "table_file", [], [], None, now=NOW)

    second = find_feedback(store.engine, NOVEMBER, zone=TEHRAN, limit=2, after=first.next)
    third = find_feedback(store.engine, NOVEMBER, zone=TEHRAN, limit=2, after=second.next)

    assert [native_ids(page) for page in (first, second, third)] == [["5", "4"], ["3", "2"], ["1"]]
    assert [page.n for page in (first, second, third)] == [5, None, None]
    assert third.next is None


def test_the_angriest_unresolved_messages_come_first(store: Store) -> None:
    calm, furious = prediction(emotion=Emotion.NONE), prediction(emotion=Emotion.ANGER)
    said = (
        Said(november(10), furious, status="open"),
        Said(november(11), calm, status="pending"),
        Said(november(12), furious, status="Solved"),
        Said(november(13), furious),
        Said(november(14), prediction(emotion=Emotion.NONE, sentiment=Sentiment.POSITIVE), status="new"),
    )
    fill(store, said)

    unresolved = Narrowing(unresolved=True)

    def ask(limit: int) -> FeedbackPage:
        return find_feedback(
            store.engine, NOVEMBER, zone=TEHRAN, narrowing=unresolved, order=Order.ANGRIEST, limit=limit
        )

    page = ask(10)

    assert [(item.native_id, item.status) for item in page.items] == [
        ("1", "open"),
        ("2", "pending"),
        ("5", "new"),
    ]
    assert (ask(2).n, ask(2).next) == (3, None)
    with pytest.raises(BadRequest, match="one page"):
        find_feedback(store.engine, NOVEMBER, zone=TEHRAN, order=Order.ANGRIEST, after=Place(said[0].at, 1))


APP_BREAKS = mention(aspect=Aspect.APP)
APP_IS_GOOD = mention(aspect=Aspect.APP, sentiment=Sentiment.POSITIVE)
STAFF_IS_RUDE = mention(aspect=Aspect.STAFF)


def test_the_angriest_about_the_app_are_negative_about_the_app(store: Store) -> None:
    angry, calm, glad = prediction, Emotion.NONE, Sentiment.POSITIVE
    said = (
        Said(november(10), angry(APP_BREAKS)),
        Said(november(11), angry(APP_IS_GOOD, STAFF_IS_RUDE)),
        Said(november(12), angry(APP_BREAKS, sentiment=glad)),
        Said(november(13), prediction(APP_BREAKS, emotion=calm)),
        Said(november(14), angry(APP_BREAKS, sentiment=Sentiment.MIXED)),
        Said(november(15), angry(STAFF_IS_RUDE)),
    )
    fill(store, said)

    def ask(selection: Selection) -> FeedbackPage:
        return find_feedback(store.engine, selection, zone=TEHRAN, order=Order.ANGRIEST)

    about_app, about_all = ask(replace(NOVEMBER, aspect=(Aspect.APP,))), ask(NOVEMBER)

    assert (native_ids(about_app), about_app.n_angry) == (["1", "4", "5", "2", "3"], 1)
    assert (native_ids(about_all), about_all.n_angry) == (["6", "2", "1", "4", "5", "3"], 3)


def test_pages_of_the_newest_do_not_tell_who_is_angry(small: Store) -> None:
    assert find_feedback(small.engine, NOVEMBER, zone=TEHRAN).n_angry is None


def test_an_empty_store_says_so(store: Store) -> None:
    found = journey(store.engine, NOVEMBER, zone=TEHRAN)

    assert (found.basis.n, found.basis.data_from, found.basis.model_versions) == (0, None, ())


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


@st.composite
def selections(draw: st.DrawFn, *, coarse: bool = False) -> Selection:
    first = date(2026, 10, 8) + timedelta(days=draw(st.integers(0, 40)))
    end: date = first + timedelta(days=draw(st.integers(1, 45)))
    filters = {"channel": some([Channel.CHAT, Channel.REVIEW]), "brand": some(["الف", "ب", ""])}
    filters |= {"stage": some(list(Stage)[:3]), "sentiment": some(list(Sentiment)[:3])}
    if not coarse:
        end = draw(st.sampled_from([end, datetime(end.year, end.month, end.day, 13, 7, tzinfo=TEHRAN)]))
        filters |= {
            "product": some(["کیف", ""]),
            "segment": some(["vip", ""]),
            "emotion": some(list(Emotion)[:2]),
        }
        filters |= {
            "intent": some(list(Intent)[:3]),
            "aspect": some(list(Aspect)[:3]),
            "flag": some(list(Flag)),
        }
    return Selection(from_=first, to=end, **draw(st.fixed_dictionaries({}, optional=filters)))


DIMENSIONS = st.lists(st.sampled_from(list(Dimension)), min_size=1, max_size=2, unique=True).map(tuple)


@SEVERAL
@given(selection=selections(), by=DIMENSIONS)
def test_a_breakdown_equals_a_plain_recount(
    large: Store, selection: Selection, by: tuple[Dimension, ...]
) -> None:
    expected = tally(list(facts(RANDOM, selection, selection.unit(by))), by)

    found = breakdown(large.engine, selection, by=by, zone=TEHRAN)

    assert by_label(found) == dict(expected)
    assert not found.groups or sum(group.share.value for group in found.groups) == pytest.approx(1)


@SEVERAL
@given(selection=selections(coarse=True), by=DIMENSIONS)
def test_tallies_and_single_messages_give_the_same_breakdown(
    large: Store, selection: Selection, by: tuple[Dimension, ...]
) -> None:
    fast = breakdown(large.engine, selection, by=by, zone=TEHRAN)
    slow = breakdown(large.engine, selection, by=by, zone=TEHRAN, use_tallies=False)

    assert fast.groups == slow.groups
    assert not slow.basis.from_tallies


@SEVERAL
@given(
    selection=selections(),
    bucket=st.sampled_from(BucketLength),
    calendar=st.sampled_from(Calendar),
)
def test_a_trend_equals_a_plain_recount_and_its_breakdown(
    large: Store, selection: Selection, bucket: BucketLength, calendar: Calendar
) -> None:
    expected = list(facts(RANDOM, selection, Unit.MENTIONS))

    found = trend(large.engine, selection, bucket=bucket, calendar=calendar, zone=TEHRAN, now=NOW)
    parts = breakdown(large.engine, selection, by=(Dimension.CHANNEL,), zone=TEHRAN)

    assert [point.counts.n for point in found.points] == [
        sum(point.start <= fact.at < point.end for fact in expected) for point in found.points
    ]
    assert found.basis.n == parts.basis.n == len(expected)


@SEVERAL
@given(selection=selections(coarse=True))
def test_tallies_and_single_messages_give_the_same_journey(large: Store, selection: Selection) -> None:
    fast = journey(large.engine, selection, zone=TEHRAN)
    slow = journey(large.engine, selection, zone=TEHRAN, use_tallies=False)

    assert fast.stages == slow.stages
    assert (fast.basis.from_tallies, slow.basis.from_tallies) == (True, False)


@SEVERAL
@given(selection=selections())
def test_the_messages_behind_a_number_hold_as_many_matching_mentions(
    large: Store, selection: Selection
) -> None:
    n = breakdown(large.engine, selection, by=(Dimension.CHANNEL,), zone=TEHRAN).basis.n

    page = find_feedback(large.engine, selection, zone=TEHRAN, limit=200)

    assert sum(one.matches for item in page.items for one in item.mentions) == n
