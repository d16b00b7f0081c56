"""A message written anew keeps its labels, and its spans keep their clauses."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.augment import (
    Augmenter,
    as_finglish,
    in_other_register,
    is_persian_script,
    with_stretched_letters,
    with_typos,
    without_half_spaces,
    without_punctuation,
)
from models.corpora import LabelledMention, LabelledMessage
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.normalize import normalize

Rewrite = Callable[[LabelledMessage, Random], LabelledMessage]
REWRITES: tuple[Rewrite, ...] = (
    as_finglish,
    with_typos,
    with_stretched_letters,
    without_half_spaces,
    without_punctuation,
    in_other_register,
)
EVERYTHING = Augmenter(
    finglish=1, typos=1, typo_rate=1, stretched=1, half_spaces=1, punctuation=1, register=1
)
NOTHING = Augmenter(finglish=0, typos=0, stretched=0, half_spaces=0, punctuation=0, register=0)


def message(*clauses: str, flags: frozenset[Flag] | None = frozenset()) -> LabelledMessage:
    mentions = []
    end = 0
    for clause in clauses:
        mentions.append(
            LabelledMention(
                end, end + len(clause), Stage.USE, Intent.PRAISE, Aspect.PRODUCT, Sentiment.POSITIVE
            )
        )
        end += len(clause) + 1
    return LabelledMessage(
        " ".join(clauses),
        "test",
        Sentiment.POSITIVE,
        emotion=Emotion.JOY,
        flags=flags,
        mentions=tuple(mentions),
    )


def clauses_of(given: LabelledMessage) -> list[str]:
    return [given.text[mention.start : mention.end] for mention in given.mentions]


TWO_CLAUSES = message("غذا عالی بود،", "ولی پیک نمی‌دونست کجا بیاد!")


def test_finglish_keeps_the_clauses_and_raises_the_flag() -> None:
    twin = as_finglish(TWO_CLAUSES, Random(3))

    first, second = clauses_of(twin)
    assert first.startswith("gh")
    assert first.endswith("d,")
    assert second.startswith("vali pe")
    assert second.endswith("!")
    assert twin.text == f"{first} {second}"
    assert twin.flags == {Flag.FINGLISH}
    assert twin.sentiment == Sentiment.POSITIVE


def test_finglish_leaves_unknown_flags_unknown() -> None:
    assert as_finglish(message("خوب بود", flags=None), Random(1)).flags is None


def test_finglish_of_latin_text_is_the_text() -> None:
    latin = message("salam kheyli bad bood")

    assert as_finglish(latin, Random(1)) is latin


def test_punctuation_goes_but_numbers_links_and_masks_keep_theirs() -> None:
    given = message("خوب،ولی گرون!!", "۳.۵ تومن: a.ir/x <phone> (بد) ساعت 10:30")

    assert clauses_of(without_punctuation(given, Random(1))) == [
        "خوب ولی گرون",
        "۳.۵ تومن a.ir/x <phone> بد ساعت 10:30",
    ]


def test_a_clause_of_punctuation_alone_keeps_the_message_as_it_is() -> None:
    given = message("بد بود", "!!!")

    assert without_punctuation(given, Random(1)) is given


def test_half_spaces_become_spaces_or_nothing() -> None:
    given = message("می‌خوام", "کتاب‌خونه")
    texts = {without_half_spaces(given, Random(seed)).text for seed in range(20)}

    assert texts == {"میخوام کتابخونه", "می خوام کتاب خونه"}


def test_stretching_repeats_one_vowel() -> None:
    stretched = with_stretched_letters(message("عالی"), Random(1)).text

    assert stretched.startswith("عالییی")
    assert set(stretched[3:]) == {"ی"}


def test_spoken_and_written_forms_are_exchanged() -> None:
    texts = {in_other_register(message("اگر می‌شود", "اگه بد"), Random(seed)).text for seed in range(20)}

    assert texts == {"اگه میشه اگه بد", "اگر می‌شود اگر بد"}


def test_typos_spare_first_letters_and_short_words() -> None:
    given = message("نبود بد کیفیت")

    for seed in range(50):
        first, second, third = with_typos(given, Random(seed), rate=1.0).text.split()
        assert first[0] == "ن"
        assert second == "بد"
        assert third[0] == "ک"


def test_typos_are_slips_of_one_letter() -> None:
    words = {with_typos(message("گذاشت"), Random(seed), rate=1.0).text for seed in range(300)}

    assert {"گزاشت", "گاذشت", "گذذاشت", "گاشت", "گداشت"} <= words


@pytest.mark.parametrize("rewrite", REWRITES)
def test_equal_states_give_equal_messages(rewrite: Rewrite) -> None:
    assert rewrite(TWO_CLAUSES, Random(5)) == rewrite(TWO_CLAUSES, Random(5))


def test_shares_of_one_change_every_message_and_of_none_no_message() -> None:
    assert all(EVERYTHING.augment(TWO_CLAUSES, Random(seed)).text.isascii() for seed in range(20))
    assert all(NOTHING.augment(TWO_CLAUSES, Random(seed)) is TWO_CLAUSES for seed in range(20))


def test_the_share_of_finglish_is_the_one_asked_for() -> None:
    augmenter = Augmenter(finglish=0.3)
    n_latin = sum(augmenter.augment(TWO_CLAUSES, Random(seed)).text.isascii() for seed in range(500))

    assert 110 < n_latin < 190


@pytest.mark.parametrize(
    ("rewrite", "text"),
    [
        (as_finglish, "خوب بود"),
        (with_stretched_letters, "میخوام"),
        (without_half_spaces, "خوشحال‌کننده"),
        (without_punctuation, "خوب، بود"),
        (in_other_register, "اگر شد"),
    ],
)
def test_the_model_sees_the_change_after_normalising(rewrite: Rewrite, text: str) -> None:
    seen = {normalize(rewrite(message(text), Random(seed)).text).text for seed in range(20)}

    assert seen - {normalize(text).text}


def test_the_script_is_that_of_most_letters() -> None:
    assert is_persian_script("سفارش iPhone نرسید")
    assert not is_persian_script("kheili بد bood")
    assert not is_persian_script("👏 123")


CLAUSES = st.text(st.sampled_from("ابپتخرسشعقکگلمنوهیآ\u200c ۱۲؟!.،a<>👏"), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and text != ""
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(CLAUSES, min_size=1, max_size=4),
    st.sampled_from((*REWRITES, EVERYTHING.augment)),
    st.integers(0, 99),
)
def test_spans_stay_in_order_inside_the_text_and_hold_something(
    clauses: list[str], rewrite: Rewrite, seed: int
) -> None:
    given_message = message(*clauses)

    rewritten = rewrite(given_message, Random(seed))

    assert len(rewritten.mentions) == len(clauses)
    end = 0
    for mention in rewritten.mentions:
        assert end <= mention.start < mention.end <= len(rewritten.text)
        end = mention.end


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(REWRITES), st.integers(0, 999))
def test_what_lies_in_a_clause_is_what_rewriting_it_gives(rewrite: Rewrite, seed: int) -> None:
    first, second = clauses_of(rewrite(TWO_CLAUSES, Random(seed)))

    assert first[0] in "غgq"
    assert second[0] in "وv"
