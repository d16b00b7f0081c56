"""The twin measure tells a model that reads Finglish from one that does not."""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from models.augment import is_persian_script
from models.corpora import LabelledMessage
from models.labels import Emotion, Prediction, Sentiment
from models.twins import FinglishPair, finglish_pairs, finglish_twin_agreement, pair_agreement, well_aligned

MESSAGES = [LabelledMessage("غذا بد بود", "test", Sentiment.NEGATIVE)] * 30 + [
    LabelledMessage("غذا عالی بود", "test", Sentiment.POSITIVE)
] * 10


def predictions(sentiments: Sequence[Sentiment]) -> list[Prediction]:
    certain = dict.fromkeys(Sentiment, 0.25)
    return [Prediction(one, certain, Emotion.NONE, 1.0, (), (), "test") for one in sentiments]


def reads_both_scripts(texts: Sequence[str]) -> list[Prediction]:
    return predictions(
        [Sentiment.POSITIVE if "al" in text or "عال" in text else Sentiment.NEGATIVE for text in texts]
    )


def reads_persian_only(texts: Sequence[str]) -> list[Prediction]:
    return predictions([Sentiment.POSITIVE if "عال" in text else Sentiment.NEGATIVE for text in texts])


def calls_finglish_neutral(texts: Sequence[str]) -> list[Prediction]:
    return predictions(
        [Sentiment.NEGATIVE if is_persian_script(text) else Sentiment.NEUTRAL for text in texts]
    )


def test_a_model_that_reads_finglish_agrees_with_itself() -> None:
    figure = finglish_twin_agreement(reads_both_scripts, MESSAGES, Random(1))

    assert (figure.value, figure.low, figure.high, figure.n) == (1.0, 1.0, 1.0, 40)


def test_a_model_that_does_not_fails_on_what_it_cannot_read() -> None:
    figure = finglish_twin_agreement(reads_persian_only, MESSAGES, Random(1))

    assert figure.value == pytest.approx(0.75)
    assert 0.5 < figure.low < 0.75 < figure.high < 0.95
    assert finglish_twin_agreement(calls_finglish_neutral, MESSAGES, Random(1)).value == 0.0


def test_only_persian_messages_of_known_sentiment_have_twins() -> None:
    others = [
        LabelledMessage("salam khub bud", "test", Sentiment.POSITIVE),
        LabelledMessage("غذا بد بود", "test"),
    ]

    assert finglish_twin_agreement(reads_both_scripts, [*MESSAGES, *others], Random(1)).n == 40
    with pytest.raises(ValueError, match="no pair of Persian and Finglish"):
        finglish_twin_agreement(reads_both_scripts, others, Random(1))


def test_pairs_are_read_and_the_misaligned_are_found(tmp_path: Path) -> None:
    rows = [
        {"fa": "خیلی خوب بود", "finglish": "kheyli xub bood", "src": "made"},
        {"fa": "می‌خوام برم خونه", "finglish": "mikhaam beram khooneh.", "src": "made"},
        {"fa": "خیلی خوب بود", "finglish": "dishab zood raft", "src": "made"},
    ]
    (tmp_path / "finglish").mkdir()
    with lzma.open(tmp_path / "finglish" / "pairs.jsonl.xz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    pairs = finglish_pairs(tmp_path)

    assert len(pairs) == 3
    assert well_aligned(pairs, Random(1)) == pairs[:2]


def test_the_two_sides_of_given_pairs_are_compared() -> None:
    pairs = [FinglishPair("عالی بود", "ali bood"), FinglishPair("عالی بود", "bad bood")]

    assert pair_agreement(reads_both_scripts, pairs).value == pytest.approx(0.5)
