from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from models.labels import Aspect, Prediction, Stage
from models.levels import Levels
from pipeline.analyze import Analyzer, analysis_as_json, load_analyzer
from pipeline.errors import SettingsError
from tests.builders import mention, prediction
from tests.service import serving, settings_of


class WholeText:
    """A classifier that says one thing of each text as a whole, and keeps what it was given."""

    version = "fake"
    levels = Levels()

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
    answer = analysis_as_json("a7", "سلام", prediction(mention(), mention(), model_version="v1"), Levels())

    assert [one["id"] for one in answer["mentions"]] == ["a7.0", "a7.1"]
    assert answer["model_version"] == "v1"
    assert list(answer["sentiment_probabilities"]) == ["negative", "neutral", "positive", "mixed"]


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=str(tmp_path)):
        load_analyzer(tmp_path, 1)


def test_confidences_are_put_into_words() -> None:
    levels = Levels({"stage": {"delivery": (0.6, 0.3)}, "aspect": {"delivery": (1.01, 1.01)}})
    said = replace(
        mention(),
        stage=Stage.DELIVERY,
        aspect=Aspect.DELIVERY,
        stage_confidence=0.7,
        aspect_confidence=0.99,
        intent_confidence=0.75,
        sentiment_confidence=0.2,
    )

    answer = analysis_as_json("a7", "سلام", prediction(said), levels)

    assert answer["mentions"][0]["levels"] == {
        "stage": "high",
        "intent": "medium",
        "aspect": "low",
        "sentiment": "low",
    }
    assert answer["levels"] == {"sentiment": "medium", "emotion": "medium"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "بسته ها " * 5_000}, 200),
        ({"text": "a" * 100_000}, 200),
        ({"text": "a" * 100_001}, 422),
        ({"texts": ["a" * 60_000, "b" * 40_001]}, 422),
    ],
    ids=["ten thousand words", "the longest", "longer", "longer together"],
)
def test_analyze_takes_long_tickets_and_no_more_than_a_hundred_thousand_characters(
    tmp_path: Path, body: dict[str, object], status: int
) -> None:
    with serving(settings_of(f"sqlite:///{tmp_path}/bazkhord.db", tmp_path)) as client:
        answer = client.post("/v1/analyze", json=body)

    told = "100001 characters were given, at most 100000 are taken at once; send several requests"
    assert answer.status_code == status
    assert (told in answer.text) is (status == 422)
    assert [one["parameter"] for one in answer.json().get("errors", [])] == list(body)[: status == 422]
