"""The behaviour tests tell right answers from wrong ones, and their cases are what they claim to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]

from models.behaviour import CaseResult, behaviour_keys, load_cases, pass_rates, run_cases
from models.behaviour_cases import BehaviourError, Case, Kind
from models.classifier import Classifier
from models.corpora import Corpora
from models.heads import EXCLUSIVE_HEADS, HEADS
from models.labels import Aspect, Emotion, Intent, Mention, Prediction, Sentiment, Stage
from models.normalize import letters_key

CAPABILITIES = {
    "negation", "intensity", "sarcasm", "code_switching", "finglish", "typos", "spacing", "brands", "digits",
    "emoji", "politeness", "mixed", "questions", "comparison", "stage", "intent", "aspect",
}  # fmt: skip


def mention(text: str, start: int, end: int, sentiment: Sentiment, stage: Stage = Stage.USE) -> Mention:
    return Mention(
        start=start,
        end=end,
        text=text[start:end],
        stage=stage,
        intent=Intent.PRAISE,
        aspect=Aspect.PRODUCT,
        sentiment=sentiment,
        stage_confidence=1.0,
        intent_confidence=1.0,
        aspect_confidence=1.0,
        sentiment_confidence=1.0,
    )


def prediction(negativity: float, mentions: tuple[Mention, ...] = ()) -> Prediction:
    negative, positive = max(negativity, 0.0), max(-negativity, 0.0)
    return Prediction(
        sentiment=Sentiment.NEGATIVE if negativity > 0 else Sentiment.POSITIVE,
        sentiment_probabilities={
            Sentiment.NEGATIVE: negative,
            Sentiment.NEUTRAL: 1.0 - negative - positive,
            Sentiment.POSITIVE: positive,
            Sentiment.MIXED: 0.0,
        },
        emotion=Emotion.NONE,
        emotion_confidence=1.0,
        flags=(),
        mentions=mentions,
        model_version="by-hand",
    )


def judge(case: Case, *negativities: float) -> CaseResult:
    answers = dict(zip(case.texts, map(prediction, negativities), strict=True))
    (result,) = run_cases(lambda texts: [answers[text] for text in texts], [case])
    return result


def label_case(text: str, clause: str = "", **accepted: str) -> Case:
    return Case(
        "c.mft 1", "c", Kind.MFT, (text,), {head: frozenset((x,)) for head, x in accepted.items()}, clause
    )


def test_there_are_enough_cases_for_every_capability() -> None:
    counts = Counter(case.capability for case in load_cases())

    assert counts.total() >= 340
    assert counts.keys() == CAPABILITIES
    assert min(counts.values()) >= 25


def test_no_text_is_asked_about_twice() -> None:
    texts = [case.texts[0] for case in load_cases() if case.kind is Kind.MFT]

    assert [text for text, n in Counter(texts).items() if n > 1] == []


def test_every_expected_label_is_in_the_taxonomy() -> None:
    asked = [(head, labels) for case in load_cases() for head, labels in case.accepted.items()]

    assert {head for head, _ in asked} <= set(EXCLUSIVE_HEADS)
    assert all(labels and labels <= set(HEADS[head]) for head, labels in asked)


@pytest.mark.parametrize("head", ["stage", "intent", "aspect", "sentiment"])
def test_every_label_is_expected_somewhere(head: str) -> None:
    expected = {label for case in load_cases() for label in case.accepted.get(head, ())}

    assert expected == set(HEADS[head])


def test_no_label_case_accepts_every_answer() -> None:
    asked = [(head, labels) for case in load_cases() for head, labels in case.accepted.items()]

    assert all(len(labels) <= 2 < len(HEADS[head]) for head, labels in asked)


def test_a_wrong_label_fails_and_a_right_one_passes() -> None:
    case = label_case("پیک نیم ساعت زود رسید", sentiment="positive")

    right, wrong = judge(case, -0.9), judge(case, 0.9)

    assert (right.passed, right.reason) == (True, "")
    assert (wrong.passed, wrong.reason) == (False, "sentiment is negative, expected positive")


@pytest.mark.parametrize(
    ("clause", "expected", "passed"),
    [
        ("غذا خوب", "positive", True),
        ("پیک دیر رسید", "negative", True),
        ("پیک دیر رسید", "positive", False),
        ("", "negative", True),
    ],
)
def test_the_mention_that_holds_the_clause_is_asked(clause: str, expected: str, passed: bool) -> None:
    text = "غذا خوب ولی پیک دیر رسید"
    mentions = (mention(text, 0, 7, Sentiment.POSITIVE), mention(text, 8, 24, Sentiment.NEGATIVE))
    case = label_case(text, clause, mention_sentiment=expected)

    (result,) = run_cases(lambda texts: [prediction(0.1, mentions)], [case])

    assert result.passed is passed


def test_every_label_of_a_case_must_be_right() -> None:
    text = "طعمش عالی بود"
    case = label_case(text, stage="use", intent="praise", aspect="price")

    answer = prediction(-0.5, (mention(text, 0, 13, Sentiment.POSITIVE),))
    (result,) = run_cases(lambda texts: [answer], [case])

    assert result.reason == "aspect is product, expected price"


def test_a_missing_mention_fails() -> None:
    assert judge(label_case("طعمش عالی بود", stage="use"), -0.5).reason == "stage is missing, expected use"


def test_texts_read_differently_fail() -> None:
    case = Case("c.inv 1", "c", Kind.INV, ("پیک الف دیر کرد", "پیک ب دیر کرد", "پیک پ دیر کرد"))

    assert judge(case, 0.9, 0.1, 0.5).passed
    assert (
        judge(case, 0.9, 0.9, -0.1).reason == "sentiments are negative, negative, positive, expected the same"
    )


@pytest.mark.parametrize(
    ("worsens", "after", "passed"),
    [
        (True, 0.9, True),
        (True, 0.45, True),
        (True, 0.35, False),
        (False, 0.1, True),
        (False, 0.55, True),
        (False, 0.65, False),
    ],
)
def test_a_move_to_the_wrong_side_beyond_the_tolerance_fails(
    worsens: bool, after: float, passed: bool
) -> None:
    case = Case("c.dir 1", "c", Kind.DIR, ("غذا شور بود", "غذا خیلی شور بود"), worsens=worsens, tolerance=0.1)

    assert judge(case, 0.5, after).passed is passed


def test_the_model_is_asked_once_with_each_text_once() -> None:
    calls: list[Sequence[str]] = []

    def predict(texts: Sequence[str]) -> list[Prediction]:
        calls.append(texts)
        return [prediction(0.5) for _ in texts]

    cases = [
        Case("c.inv 1", "c", Kind.INV, ("الف", "ب")),
        Case("c.dir 1", "c", Kind.DIR, ("ب", "پ"), worsens=True),
    ]
    results = run_cases(predict, cases)

    assert calls == [["الف", "ب", "پ"]]
    assert [result.case for result in results] == cases


def test_pass_rates_have_the_interval_that_statsmodels_gives() -> None:
    case = label_case("پیک نیم ساعت زود رسید", sentiment="positive")
    other = Case("d.inv 1", "d", Kind.INV, ("الف", "ب"))

    rates = pass_rates(
        [*(CaseResult(case, "") for _ in range(7)), *[CaseResult(case, "wrong")] * 3, CaseResult(other, "")]
    )

    low, high = proportion_confint(7, 10, method="wilson")
    assert list(rates) == ["c", "d"]
    assert (rates["c"].n, rates["c"].n_passed, rates["c"].value) == (10, 7, 0.7)
    assert (rates["c"].low, rates["c"].high) == pytest.approx((low, high))
    assert rates["d"].value == 1.0


def test_a_template_is_filled_and_a_direction_read(tmp_path: Path) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(
        '[brands]\ninv = [{ put = ["الف", "ب"], text = "پیک {} دیر کرد" }]\n'
        '[intensity]\ndir = [{ better = ["بد بود", "خوب بود"], tolerance = 0.2 }]\n'
        'mft = [{ sentiment = ["neutral", "positive"], text = "بدک نبود" }]\n',
        encoding="utf-8",
    )

    assert load_cases(path) == [
        Case("brands.inv 1", "brands", Kind.INV, ("پیک الف دیر کرد", "پیک ب دیر کرد")),
        Case("intensity.dir 1", "intensity", Kind.DIR, ("بد بود", "خوب بود"), worsens=False, tolerance=0.2),
        Case(
            "intensity.mft 1",
            "intensity",
            Kind.MFT,
            ("بدک نبود",),
            accepted={"sentiment": frozenset(("neutral", "positive"))},
        ),
    ]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('mft = [{ sentiment = "happy", text = "خوب" }]', "a.mft 1: ['happy'] is no sentiment"),
        ('mft = [{ sentiment = [], text = "خوب" }]', "a.mft 1: [] is no sentiment"),
        ('mft = [{ mention_sentiment = "mixed", text = "خوب" }]', "['mixed'] is no mention_sentiment"),
        ('mft = [{ mood = "positive", text = "خوب" }]', "a.mft 1: 'mood' is none of text, clause, stage"),
        ('mft = [{ sentiment = "positive" }]', "a.mft 1: None is no text"),
        ('mft = [{ text = "خوب" }]', "a.mft 1: says no label that is expected"),
        ('mft = [{ stage = "use", clause = "بد", text = "خوب" }]', "a.mft 1: the clause 'بد' is no part"),
        ('mft = [{ sentiment = "positive", clause = "خوب", text = "خوب" }]', "asks nothing of its mention"),
        ('mft = ["خوب"]', "a.mft 1: is no table"),
        ('inv = [["الف", "ب"], ["الف"]]', "a.inv 2: needs two or more texts"),
        ('inv = [["الف", "الف"]]', "a.inv 1: needs two or more texts, each once"),
        ('inv = [["الف", " "]]', "a.inv 1: ' ' is no text"),
        ('inv = [{ put = ["الف"], text = "بدون جا" }]', "a.inv 1: expected a text with one {}"),
        ('dir = [{ worse = ["الف"] }]', "a.dir 1: needs the text before and another after"),
        ('dir = [{ worse = ["الف", "ب"], better = ["ب", "الف"] }]', "a.dir 1: has worse, better"),
        ('dir = [{ worse = ["الف", "ب"], tolerance = 3 }]', "a.dir 1: the tolerance 3 is no number"),
        ('dir = [{ worse = "الف" }]', "a.dir 1: 'الف' is no list of texts"),
        ("max = []", "a.max is no list of mft, inv or dir cases"),
        ("mft = 3", "a.mft is no list of mft, inv or dir cases"),
    ],
)
def test_a_malformed_case_is_refused_by_its_name(tmp_path: Path, entry: str, complaint: str) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(f"[a]\n{entry}\n", encoding="utf-8")

    with pytest.raises(BehaviourError) as refusal:
        load_cases(path)

    assert complaint in str(refusal.value)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("a = 1", "a is no table"), ("a = [", "is no TOML"), (None, "cannot be read")],
)
def test_a_file_without_cases_is_refused(tmp_path: Path, content: str | None, complaint: str) -> None:
    path = tmp_path / "cases.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(BehaviourError, match=complaint):
        load_cases(path)


def test_training_can_leave_the_cases_out_however_they_are_spelled() -> None:
    keys = behaviour_keys()

    assert letters_key("غذاش بد نبود ، قابل خوردن بود...") in keys
    assert letters_key("سفارشم از اسنپ فود سرد رسید!") in keys
    assert "" not in keys


def test_the_shipped_model_is_measured_and_hears_no_brand_names() -> None:
    rates = pass_rates(run_cases(Classifier(threads=1).predict, load_cases()))

    assert rates.keys() == CAPABILITIES
    assert all(0.0 <= rate.low <= rate.value <= rate.high <= 1.0 for rate in rates.values())
    assert rates["brands"].value >= 0.8


@pytest.mark.shared
def test_no_case_is_a_text_of_the_test_sets(data: Path) -> None:
    assert behaviour_keys() & Corpora(data).held_out_keys() == set()
