"""Brands side by side, counted by hand on both data bases, their tests against statsmodels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from models.labels import Aspect, Sentiment, Stage
from pipeline.aggregate_counts import Counts
from pipeline.brands import Brands, brands, describe_brands
from pipeline.selection import Selection
from pipeline.sentences import Words
from pipeline.store import Store
from tests.api_feedback import TEHRAN
from tests.content_feedback import Clause, message, tell

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
LATE = Clause("پیک دیر رسید", Stage.DELIVERY, aspect=Aspect.DELIVERY, sentiment=Sentiment.NEGATIVE)
TASTY = Clause("طعم خوبی داشت", Stage.USE, sentiment=Sentiment.POSITIVE)
SO_SO = Clause("معمولی", Stage.USE)


def parts(found: Brands, brand: str) -> dict[str, Counts]:
    one = next(one for one in found.brands if one.brand == brand)
    return {part.label.value: part.counts for part in (*one.stages, *one.aspects) if part.counts.n}


def test_brands_have_their_share_of_voice_and_their_parts(store: Store) -> None:
    tell(
        store,
        [
            *[message(LATE, TASTY, brand="الف")] * 3,
            *[message(TASTY, brand="ب")] * 2,
            message(LATE),
            message(TASTY),
        ],
    )

    found = brands(store.engine, NOVEMBER, zone=TEHRAN)

    assert [(one.brand, one.counts) for one in found.brands] == [
        ("الف", Counts(3, 0, 3)),
        ("ب", Counts(0, 0, 2)),
    ]
    assert parts(found, "الف") == {
        "delivery": Counts(3, 0, 0),
        "use": Counts(0, 0, 3),
        "product": Counts(0, 0, 3),
    }
    assert (found.basis.n, found.n_brands, found.n_without_brand) == (8, 2, 2)
    assert found.brands[0].share_of_voice.value == 0.75
    assert found.brands[1].stages[0].counts == Counts()


def test_of_messages_with_one_mention_each_the_share_has_the_interval_of_wilson(store: Store) -> None:
    tell(store, [*[message(LATE, brand="الف")] * 40, *[message(TASTY, brand="ب")] * 60])

    share = brands(store.engine, NOVEMBER, zone=TEHRAN, n_phrases=0).brands[1].share_of_voice

    low, high = proportion_confint(40, 100, method="wilson")
    assert share.value == 0.4
    assert (share.low, share.high) == pytest.approx((low, high), abs=0.01)


def test_brands_are_compared_and_the_tests_held_in_check_together(store: Store) -> None:
    first = [*[LATE] * 30, *[TASTY] * 30, *[SO_SO] * 20]
    second = [*[LATE] * 31, *[TASTY] * 80, *[SO_SO] * 9]
    tell(
        store, [message(one, brand=brand) for brand, said in (("الف", first), ("ب", second)) for one in said]
    )

    found = brands(store.engine, NOVEMBER, zone=TEHRAN, n_phrases=0)

    tests = [one.versus_others for brand in found.brands for one in (brand, *brand.stages, *brand.aspects)]
    known = [one for one in tests if one.q_value is not None]
    assert [one.difference is None for one in tests] == [one.q_value is None for one in tests]
    # ب: 49 of 120; الف: 0 of 80; in use alone 80 of 89 against 30 of 50.
    here, there = ([-1] * 31 + [1] * 80 + [0] * 9, [-1] * 30 + [1] * 30 + [0] * 20)
    p_value = CompareMeans(DescrStatsW(here), DescrStatsW(there)).ztest_ind(usevar="unequal")[1]
    use = CompareMeans(DescrStatsW([1] * 80 + [0] * 9), DescrStatsW([1] * 30 + [0] * 20)).ztest_ind(
        usevar="unequal"
    )[1]
    family = [p_value, 1.0, use, use, 1.0]
    expected = multipletests([*family, *family], method="fdr_bh")[1]
    # Half an observation is added to each kind, so that the figures differ a little.
    assert [one.q_value for one in known] == pytest.approx(expected, abs=0.03)
    assert [one.differs for one in known] == [bool(one <= 0.05) for one in expected]
    assert found.brands[0].versus_others.difference is not None
    assert found.brands[0].versus_others.difference.value == pytest.approx(100 * 49 / 120)


def test_what_is_said_of_one_brand_and_not_of_the_other_is_told(store: Store) -> None:
    tell(store, [*[message(LATE, brand="الف")] * 20, *[message(TASTY, brand="ب")] * 20, message("سلام")])

    found = brands(store.engine, NOVEMBER, zone=TEHRAN)

    assert {one.brand: [phrase.text for phrase in one.says] for one in found.brands} == {
        "الف": ["دیر رسید", "پیک دیر"],
        "ب": ["طعم خوبی"],
    }
    assert found.n_read == 40


def test_brands_beyond_the_limit_stay_in_the_whole(store: Store) -> None:
    tell(store, [*[message(LATE, brand="الف")] * 3, message(LATE, brand="ب"), message(TASTY, brand="ج")])

    found = brands(store.engine, NOVEMBER, zone=TEHRAN, limit=1)

    assert [(one.brand, one.share_of_voice.value) for one in found.brands] == [("الف", 0.6)]
    assert (found.n_brands, found.basis.n, found.n_read) == (3, 5, 0)


def test_only_the_named_brands_are_compared(store: Store) -> None:
    tell(store, [message(LATE, brand=one) for one in "ابپا"])

    found = brands(store.engine, replace(NOVEMBER, brand=("ا", "پ")), zone=TEHRAN)

    assert [(one.brand, one.counts.n) for one in found.brands] == [("ا", 2), ("پ", 1)]
    assert describe_brands(found) == Words(
        "سهم هر برند: «ا» ۶۶٫۷٪ از نظرها با رضایت خالص \u200e−۱۰۰ و «پ» ۳۳٫۳٪ از نظرها با رضایت خالص \u200e−۱۰۰.",
        "ا has 66.7% of the mentions at net sentiment −100 and پ has 33.3% of the mentions at net sentiment −100.",
    )


def test_a_period_without_brands_says_so(store: Store) -> None:
    tell(store, [message(LATE)])

    found = brands(store.engine, NOVEMBER, zone=TEHRAN)

    assert (found.brands, found.n_without_brand) == ((), 1)
    assert describe_brands(found).en == "No brand was spoken of in this period."


def test_the_names_of_brands_are_not_what_is_said_of_them(store: Store) -> None:
    ours, theirs = replace(LATE, text="پیک نیک‌سبد دیر رسید"), replace(TASTY, text="طعم بانک ملت خوبی داشت")
    tell(
        store, [message(one, brand=brand) for one, brand in ((ours, "نیک‌سبد"), (theirs, "Mellat Bank"))] * 20
    )

    found = brands(store.engine, NOVEMBER, zone=TEHRAN)

    told = {one.brand: [(phrase.text, phrase.n) for phrase in one.says] for one in found.brands}
    assert told == {
        "Mellat Bank": [("خوبی", 20), ("طعم", 20)],
        "نیک‌سبد": [("دیر رسید", 20), ("پیک", 20)],
    }
    assert [one.n_read for one in found.brands] == [20, 20]
