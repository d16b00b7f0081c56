"""What the model says of texts given by hand, in offsets of exactly those texts.

Personal data is masked before the model reads a text, as the pipeline does before it stores one, so that
both see the same; the answer is then told in the words and offsets that were given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypedDict

from models.labels import Mention, Prediction
from models.levels import Levels
from pipeline.errors import SettingsError
from pipeline.known_errors import Confusion, KnownErrors
from pipeline.redact import Redacted, redact


class Classifier(Protocol):
    """The one thing that is needed of the language model (see ``models.classifier``)."""

    @property
    def version(self) -> str:
        """Identifier of the weights."""

    @property
    def levels(self) -> Levels:
        """From which confidences its labels are called high and medium."""

    @property
    def confusion(self) -> Confusion:
        """How often it took which label for which in cross-validation, by head and kind of text."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction for each text, in order."""


class MentionJson(TypedDict):
    """One mention in the fixed shape of ``analyze``."""

    id: str
    start: int
    end: int
    text: str
    stage: str
    intent: str
    aspect: str
    sentiment: str
    stage_confidence: float
    intent_confidence: float
    aspect_confidence: float
    sentiment_confidence: float
    levels: dict[str, str]


class AnalysisJson(TypedDict):
    """One analysed text in the fixed shape of ``analyze``."""

    id: str
    text: str
    sentiment: str
    sentiment_probabilities: dict[str, float]
    emotion: str
    emotion_confidence: float
    flags: list[str]
    mentions: list[MentionJson]
    model_version: str
    levels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Analyzer:
    """Answers for texts that are not stored."""

    classifier: Classifier

    @property
    def version(self) -> str:
        """Identifier of the weights."""
        return self.classifier.version

    @property
    def levels(self) -> Levels:
        """From which confidences labels are called high and medium."""
        return self.classifier.levels

    @property
    def known_errors(self) -> KnownErrors:
        """What cross-validation found out about the model."""
        return KnownErrors(self.classifier.version, self.classifier.confusion)

    def analyze(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction for each text, in order; offsets count code points of the text given."""
        masked = [redact(text) for text in texts]
        predictions = self.classifier.predict([one.text for one in masked])
        return [
            replace(
                prediction, mentions=tuple(_unmask(mention, one, text) for mention in prediction.mentions)
            )
            for text, one, prediction in zip(texts, masked, predictions, strict=True)
        ]


def load_analyzer(
    weights_dir: Path | None, n_threads: int, *, engine: str = "onnx", device: str = ""
) -> Analyzer:
    """Return an analyzer over the weights in a folder.

    Args:
        weights_dir: Folder with the weights; ``None``: the shipped one.
        n_threads: Processor threads; 0: all cores.
        engine: What the folder must be for: ``onnx`` or ``torch``.
        device: ``cpu``, ``cuda`` (engine torch only), or an empty string for a GPU where it can be used.

    Raises:
        SettingsError: The folder is not whole, was made for other labels or for another engine, or the engine
            or the device is not there.
    """
    # Costs two seconds (hazm), so that it is imported only where a model is wanted.
    from models.checkpoint import SHIPPED, CheckpointError
    from models.classifier import Classifier as Model

    threads = n_threads or os.cpu_count() or 1
    try:
        return Analyzer(Model(weights_dir or SHIPPED, threads=threads, engine=engine, device=device))
    except CheckpointError as error:
        raise SettingsError(str(error)) from None


def analysis_as_json(id_: str, text: str, prediction: Prediction, levels: Levels) -> AnalysisJson:
    """Return the fixed shape that the command line and ``POST /v1/analyze`` answer with.

    Args:
        id_: Of the text; its mentions' ids begin with it.
        text: As given.
        prediction: What the model said.
        levels: Puts its confidences into the words high, medium and low.
    """
    probabilities, emotion = prediction.sentiment_probabilities, prediction.emotion
    sentiment_confidence = probabilities[prediction.sentiment]
    return {
        "id": id_,
        "text": text,
        "sentiment": prediction.sentiment.value,
        "sentiment_probabilities": {label.value: round(share, 4) for label, share in probabilities.items()},
        "emotion": emotion.value,
        "emotion_confidence": round(prediction.emotion_confidence, 4),
        "flags": [flag.value for flag in prediction.flags],
        "mentions": [
            _mention_as_json(f"{id_}.{number}", mention, levels)
            for number, mention in enumerate(prediction.mentions)
        ],
        "model_version": prediction.model_version,
        "levels": {
            "sentiment": levels.of("sentiment", prediction.sentiment, sentiment_confidence).value,
            "emotion": levels.of("emotion", emotion, prediction.emotion_confidence).value,
        },
    }


def _mention_as_json(id_: str, mention: Mention, levels: Levels) -> MentionJson:
    sentiment = levels.of("mention_sentiment", mention.sentiment, mention.sentiment_confidence)
    return {
        "id": id_,
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "stage": mention.stage.value,
        "intent": mention.intent.value,
        "aspect": mention.aspect.value,
        "sentiment": mention.sentiment.value,
        "stage_confidence": round(mention.stage_confidence, 4),
        "intent_confidence": round(mention.intent_confidence, 4),
        "aspect_confidence": round(mention.aspect_confidence, 4),
        "sentiment_confidence": round(mention.sentiment_confidence, 4),
        "levels": {
            "stage": levels.of("stage", mention.stage, mention.stage_confidence).value,
            "intent": levels.of("intent", mention.intent, mention.intent_confidence).value,
            "aspect": levels.of("aspect", mention.aspect, mention.aspect_confidence).value,
            "sentiment": sentiment.value,
        },
    }


def _unmask(mention: Mention, masked: Redacted, text: str) -> Mention:
    if not masked.masks:
        return mention
    start, end = masked.original_span(mention.start, mention.end)
    return replace(mention, start=start, end=end, text=text[start:end])
