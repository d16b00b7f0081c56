"""Customers and their ways, counted by hand on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.labels import Flag, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.aggregate_feedback import Place
from pipeline.customers import Order, find_customers
from pipeline.records import Channel
from pipeline.selection import Selection
from pipeline.store import Store
from pipeline.ways import Way, customer_way
from tests.api_feedback import ASKED, KIND, LATE, TEHRAN
from tests.builders import prediction
from tests.told import answered, november, tell, told

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
SAID = [
    told("1", november(2), prediction(ASKED), customer_key="ali", channel=Channel.SOCIAL, brand="الف"),
    told("2", november(4, 18), prediction(LATE, KIND), customer_key="ali", channel=Channel.TICKET, brand="ب",
         conversation_id="t1", queue="ارسال", status="open", replies=answered(november(5))),
    told("3", november(4, 18), customer_key="ali", channel=Channel.SURVEY, nps=4, brand="ب"),
    told("4", november(9), prediction(LATE, flags=(Flag.SPAM,)), customer_key="ali", channel=Channel.SOCIAL),
    told("5", november(5), prediction(LATE, LATE), customer_key="sara"),
    told("6", november(6), prediction(KIND)),
    told("7", november(7), prediction(sentiment=Sentiment.NEUTRAL), customer_key="reza"),
]  # fmt: skip


@pytest.fixture
def shop(store: Store) -> Store:
    tell(store, SAID)
    return store


def way_of(store: Store, key: str, **asked: object) -> Way:
    way = customer_way(store.engine, key, zone=TEHRAN, **asked)  # type: ignore[arg-type]
    assert way is not None
    return way


def test_customers_are_listed_by_messages_without_spam_and_without_strangers(shop: Store) -> None:
    found = find_customers(shop.engine, NOVEMBER, zone=TEHRAN)

    assert found.n_customers == 3
    assert [(one.key, one.n_messages, one.n_channels, one.counts) for one in found.items] == [
        ("ali", 2, 2, Counts(1, 1, 1)),
        ("reza", 1, 1, Counts()),
        ("sara", 1, 1, Counts(2, 0, 0)),
    ]
    assert (found.items[0].first_at, found.items[0].last_at) == (november(2), november(4, 18))


def test_customers_are_listed_by_negative_mentions(shop: Store) -> None:
    found = find_customers(shop.engine, NOVEMBER, zone=TEHRAN, order=Order.NEGATIVE, limit=2)

    assert [one.key for one in found.items] == ["sara", "ali"]
    assert found.n_customers == 3


def test_customers_are_listed_by_channels_and_of_as_many_by_messages(store: Store) -> None:
    tell(store, [*SAID, *(told(f"r{n}", november(8), prediction(KIND), customer_key="zari") for n in (1, 2))])

    found = find_customers(store.engine, NOVEMBER, zone=TEHRAN, order=Order.CHANNELS)

    assert [(one.key, one.n_channels, one.n_messages) for one in found.items] == [
        ("ali", 2, 2),
        ("zari", 1, 2),
        ("reza", 1, 1),
        ("sara", 1, 1),
    ]


def test_customers_of_a_stage_have_a_mention_of_it(shop: Store) -> None:
    support = find_customers(shop.engine, replace(NOVEMBER, stage=(Stage.SUPPORT,)), zone=TEHRAN)

    assert [(one.key, one.n_messages, one.counts) for one in support.items] == [("ali", 1, Counts(0, 0, 1))]


def test_a_selection_without_customers_lists_none(store: Store) -> None:
    found = find_customers(store.engine, NOVEMBER, zone=TEHRAN)

    assert (found.n_customers, found.items) == (0, ())


def test_a_way_goes_over_channels_in_order_with_gaps(shop: Store) -> None:
    way = way_of(shop, "ali")

    assert [(one.native_id, one.channel.value, one.gap) for one in way.steps] == [
        ("1", "social", None),
        ("2", "ticket", timedelta(days=2, hours=6)),
        ("3", "survey", timedelta(0)),
        ("4", "social", timedelta(days=4, hours=18)),
    ]
    assert [one.net_sentiment for one in way.steps] == [0, 0, None, -100]
    assert way.channels == (Channel.SOCIAL, Channel.TICKET, Channel.SURVEY)
    assert (way.n_messages, way.first_at, way.last_at) == (4, november(2), november(9))


def test_a_step_has_its_mentions_its_case_and_its_score(shop: Store) -> None:
    first, ticket, survey, spam = way_of(shop, "ali").steps

    assert [(one.stage, one.sentiment.value, one.text) for one in ticket.mentions] == [
        ("delivery", "negative", "بسته دیر رسید"),
        ("support", "positive", "بسته دیر رسید"),
    ]
    assert (ticket.conversation_id, ticket.queue, ticket.status, ticket.n_replies) == (
        "t1",
        "ارسال",
        "open",
        1,
    )
    assert (survey.nps, survey.sentiment, survey.emotion, survey.mentions) == (4, None, None, ())
    assert (spam.flags, first.flags) == ((Flag.SPAM,), ())


def test_the_stages_of_a_way_are_in_the_order_of_the_journey(shop: Store) -> None:
    assert [(one.stage, one.counts, one.first_at, one.last_at) for one in way_of(shop, "ali").stages] == [
        (Stage.DELIVERY, Counts(2, 1, 0), november(2), november(9)),
        (Stage.SUPPORT, Counts(0, 0, 1), november(4, 18), november(4, 18)),
    ]


def test_pages_of_a_way_join_without_gap_or_repetition(shop: Store) -> None:
    seen: list[tuple[str, timedelta | None]] = []
    after: Place | None = None
    while True:
        page = way_of(shop, "ali", limit=1, after=after)
        seen += [(one.native_id, one.gap) for one in page.steps]
        if page.next is None:
            break
        after = page.next

    assert seen == [(one.native_id, one.gap) for one in way_of(shop, "ali").steps]
    assert len(seen) == 4


def test_whoever_may_see_one_brand_sees_that_part_of_a_way(shop: Store) -> None:
    way = way_of(shop, "ali", brands=("ب",))

    assert [one.native_id for one in way.steps] == ["2", "3"]
    assert (way.n_messages, way.channels) == (2, (Channel.TICKET, Channel.SURVEY))
    assert customer_way(shop.engine, "sara", zone=TEHRAN, brands=("ب",)) is None


def test_an_unknown_customer_has_no_way(shop: Store) -> None:
    assert customer_way(shop.engine, "nobody", zone=TEHRAN) is None
