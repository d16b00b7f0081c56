from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from models.labels import Prediction
from pipeline.analyze import Analyzer, analysis_as_json, load_analyzer
from pipeline.errors import SettingsError
from tests.builders import mention, prediction


class WholeText:
    """A classifier that says one thing of each text as a whole, and keeps what it was given."""

    version = "fake"

    def __init__(self) -> None:
        self.given: list[str] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.given += texts
        return [prediction(replace(mention(), start=0, end=len(text), text=text)) for text in texts]


def test_the_model_reads_masks_and_the_answer_is_told_in_the_words_given() -> None:
    classifier = WholeText()
    text = "زنگ بزنید ۰۹۱۲ ۱۲۳ ۴۵۶۷ لطفا"

    (answer,) = Analyzer(classifier).analyze([text])

    assert classifier.given == ["زنگ بزنید <phone> لطفا"]
    assert [(one.start, one.end, one.text) for one in answer.mentions] == [(0, len(text), text)]


def test_a_text_without_personal_data_keeps_its_offsets() -> None:
    (answer,) = Analyzer(WholeText()).analyze(["پیک دیر رسید"])

    assert [(one.start, one.end, one.text) for one in answer.mentions] == [(0, 12, "پیک دیر رسید")]


def test_the_json_of_an_answer_numbers_its_mentions_and_rounds_confidences() -> None:
    answer = analysis_as_json("a7", "سلام", prediction(mention(), mention(), model_version="v1"))

    assert [one["id"] for one in answer["mentions"]] == ["a7.0", "a7.1"]
    assert answer["model_version"] == "v1"
    assert list(answer["sentiment_probabilities"]) == ["negative", "neutral", "positive", "mixed"]


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=str(tmp_path)):
        load_analyzer(tmp_path, 1)
