"""Phrases by log-odds, against the paper's formula and against hand counts on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import logit

from models.labels import Sentiment, Stage
from pipeline.conditions import message_conditions
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.log_odds import log_odds
from pipeline.phrases import Against, Phrase, describe_phrases, new_phrases, phrases
from pipeline.reading_terms import read_group
from pipeline.selection import Selection, span_of
from pipeline.sentences import Words
from pipeline.store import Store
from pipeline.terms import TermMemory, words_with_places
from tests.api_feedback import TEHRAN, november
from tests.content_feedback import Clause, message, tell

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
DELIVERY = replace(NOVEMBER, stage=(Stage.DELIVERY,))
LATE = Clause("پیک دیر رسید", stage=Stage.DELIVERY, sentiment=Sentiment.NEGATIVE)
# Four say that the courier was late, one of them twice; eight say of the product that it tastes well.
SAID = [
    message(LATE, "طعم خوبی داشت"),
    message(LATE),
    message(LATE, LATE),
    message(replace(LATE, text="پیک نیامد")),
    *[message("طعم خوبی داشت") for _ in range(7)],
]


def told(found: tuple[Phrase, ...]) -> dict[str, tuple[int, int, int]]:
    return {one.text: (one.n, one.n_other, one.n_customers) for one in found}


def words_of(text: str) -> list[str]:
    memory = TermMemory()
    memory.read({"f": text})
    return [memory.spelled(int(one)) for one in memory.occurrences(memory.places(["f"])).term]


def test_the_log_odds_are_those_of_the_paper() -> None:
    chance = np.random.default_rng(1)
    here, there = chance.poisson(3.0, 200) + 0.0, chance.poisson(9.0, 200) + 1.0

    found = log_odds(here, there)

    weight = here.sum()
    prior = weight * (here + there) / (here.sum() + there.sum())
    first = logit((here + prior) / (here.sum() + weight))
    second = logit((there + prior) / (there.sum() + weight))
    assert found.difference == pytest.approx(first - second)
    assert found.z == pytest.approx((first - second) / np.sqrt(1 / (here + prior) + 1 / (there + prior)))


def test_words_used_alike_differ_by_chance_only() -> None:
    chance = np.random.default_rng(2)
    use = chance.dirichlet(np.ones(400))
    here, there = chance.multinomial(3_000, use), chance.multinomial(20_000, use)
    seen = (here + there) > 0

    z = log_odds(here[seen].astype(float), there[seen].astype(float)).z

    assert np.mean(np.abs(z) >= 1.96) < 0.05


@pytest.mark.parametrize("there", [[0.0, 0.0], [0.0, 1.0]])
def test_log_odds_of_a_group_without_words_or_of_an_unseen_word_are_refused(there: list[float]) -> None:
    with pytest.raises(ValueError, match="each word must stand in one of them"):
        log_odds(np.array([0.0, 3.0]), np.array(there))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("پيك دير رسيد", ["پیک", "دیر", "پیک دیر", "رسید", "دیر رسید"]),
        ("غذا از رستوران", ["غذا", "رستوران"]),
        ("غذا، رستوران", ["غذا", "رستوران"]),
        ("شماره <phone> کارت [card] بود", ["شماره", "کارت"]),
        ("کد ۱۲۳۴ 56 OTP", ["کد", "otp"]),
        ("the app is down", ["app", "down"]),
        ("آپدیت نمی‌شه", ["آپدیت", "نمی‌شه", "آپدیت نمی‌شه"]),
        ("👍 ... ۱۲", []),
    ],
)
def test_words_and_pairs_are_read_without_stop_words_numbers_and_masks(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    text = "كتاب  عالیییی «می‌خوام»"

    found = [(word, text[start:end]) for word, start, end, _ in words_with_places(text)]

    assert found == [("کتاب", "كتاب"), ("عالی", "عالی"), ("میخوام", "می‌خوام")]


def test_a_word_is_shown_as_the_careful_write_it_unless_hardly_anybody_does() -> None:
    memory = TermMemory()
    memory.read({str(number): "اپدیت عالی" for number in range(20)})
    memory.read({"a": "آپدیت عآلی", "b": "آپدیت", "c": "آپدیت"})

    shown = {memory.spelled(int(one)) for one in memory.occurrences(memory.places(["0", "a"])).term}

    assert shown == {"آپدیت", "عالی", "آپدیت عالی"}


def test_a_selection_is_held_against_the_rest_of_its_period_clause_by_clause(store: Store) -> None:
    tell(store, SAID)

    found = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN, min_z=0)

    # «رسید» and «دیر» stand in the same three messages as their pair.
    assert told(found.more) == {"پیک": (4, 0, 4), "پیک دیر": (3, 0, 3), "دیر رسید": (3, 0, 3)}
    assert told(found.less) == {"طعم خوبی": (0, 8, 8)}
    assert (found.basis.n, found.n_read, found.n_other, found.n_other_read) == (4, 4, 8, 8)
    assert all(one.z > 0 and one.log_odds.low < one.log_odds.value for one in found.more)


def test_of_whole_messages_all_words_count(store: Store) -> None:
    tell(store, [replace(one, brand="الف") for one in SAID[:4]] + SAID[4:])

    found = phrases(
        store.engine, replace(NOVEMBER, brand=("الف",)), within=NOVEMBER, zone=TEHRAN, min_z=0, min_n=4
    )

    assert told(found.more) == {"پیک": (4, 0, 4)}
    assert told(found.less) == {"طعم خوبی": (1, 7, 7)}


def test_what_one_customer_alone_says_is_not_told(store: Store) -> None:
    one_customer = [message(LATE, customer="k") for _ in range(5)]
    tell(store, [*one_customer, *SAID[4:]])

    found = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN, min_z=0)

    assert found.more == ()
    assert told(found.less) == {"طعم خوبی": (0, 7, 7)}


def test_two_customers_beside_one_without_a_name_are_enough(store: Store) -> None:
    tell(store, [message(LATE, customer="k"), message(LATE, customer="l"), message(LATE), *SAID[4:]])

    found = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN, min_z=0)

    assert told(found.more) == {"پیک دیر": (3, 0, 3), "دیر رسید": (3, 0, 3)}


def test_against_before_the_same_filters_are_asked_of_the_days_before(store: Store) -> None:
    now = [message("طعم عوض شده", at=november(18)) for _ in range(3)]
    then = [message("طعم خوبی داشت", at=november(16)) for _ in range(3)]
    tell(store, [*now, *then, message("طعم عوض شده", at=november(10))])
    two_days = replace(NOVEMBER, from_=date(2026, 11, 17), to=date(2026, 11, 19))

    found = phrases(store.engine, two_days, within=NOVEMBER, zone=TEHRAN, against=Against.BEFORE, min_z=0)

    assert told(found.more) == {"طعم عوض": (3, 0, 3)}
    assert told(found.less) == {"طعم خوبی": (0, 3, 3)}
    assert (found.other.start, found.other.end) == (november(15, 0), november(17, 0))


def test_only_what_is_far_enough_away_is_told(store: Store) -> None:
    tell(store, SAID)

    found = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN, min_z=50)

    assert (found.more, found.less) == ((), ())
    assert describe_phrases(found).en == "No phrase sets these messages apart."


def test_new_phrases_are_those_that_were_not_there_before(store: Store) -> None:
    now = [message("طعم عوض شده", at=november(18)) for _ in range(5)]
    before = [message("طعم خوبی داشت", at=november(3)) for _ in range(3)]
    tell(store, [*now, *before, message("درب عوض نشد", at=november(2))])
    week = replace(NOVEMBER, from_=date(2026, 11, 14), to=date(2026, 11, 21))

    found = new_phrases(store.engine, week, zone=TEHRAN)

    assert told(found.more) == {"طعم عوض": (5, 0, 5)}
    assert found.less == ()
    assert (found.other.end - found.other.start).days == 365
    assert describe_phrases(found) == Words(
        "بیش از همه «طعم عوض» این پیام‌ها را متمایز می‌کند.", "These messages stand out by “طعم عوض”."
    )


def test_without_a_before_nothing_is_new(store: Store) -> None:
    tell(store, SAID)

    assert new_phrases(store.engine, NOVEMBER, zone=TEHRAN, min_n=3).more == ()


def test_a_selection_that_leaves_nothing_out_has_no_rest(store: Store) -> None:
    with pytest.raises(BadRequest, match="leaves nothing out; add a filter"):
        phrases(store.engine, NOVEMBER, within=NOVEMBER, zone=TEHRAN)


def test_a_message_without_a_brand_belongs_to_the_rest_of_a_brand(store: Store) -> None:
    tell(store, [*[message("بانک خوب", brand="الف")] * 3, *[message("طعم خوبی")] * 3])

    found = phrases(store.engine, replace(NOVEMBER, brand=("الف",)), within=NOVEMBER, zone=TEHRAN, min_z=0)

    assert found.n_other == 3


def test_of_many_messages_about_so_many_are_read_and_always_the_same(store: Store) -> None:
    tell(store, [message(f"طعم {letter * 3}") for letter in "ابپتثجچحخدذرزژس" * 20])
    conditions = message_conditions(NOVEMBER, span_of(NOVEMBER, TEHRAN))
    memory = TermMemory()

    with reading(store.engine) as connection:
        first, second = (read_group(connection, memory, conditions, None, max_read=100) for _ in range(2))

    assert first.n == 300
    assert 80 <= first.n_read <= 120
    assert sorted(first.places.tolist()) == sorted(second.places.tolist())
    assert first.places.min() >= 0


def test_an_answer_is_kept_until_the_store_changes(store: Store) -> None:
    tell(store, SAID)
    first = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN)

    again = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN)
    store.delete("shop", "1")
    later = phrases(store.engine, DELIVERY, within=NOVEMBER, zone=TEHRAN)

    assert again is first
    assert (first.basis.n, later.basis.n) == (4, 3)
