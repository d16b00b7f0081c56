"""What a model said of the demo's messages, kept in a file: tests of the page do not move with each new model.

``python -m tests.page.demo FOLDER --record`` writes the file anew with the shipped model; the figures in the tests of
the page are then to be looked at again.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.labels import Prediction
from pipeline.analyze import Classifier

FILE = Path(__file__).parent.parent / "fixtures" / "demo_labels.jsonl.xz"
_PREDICTION: TypeAdapter[Prediction] = TypeAdapter(Prediction)


class Recorded:
    """A classifier that says what was recorded; the version is that of the model that it stands for.

    Args:
        model: Told apart from nothing: its version, levels and confusions are given on.
    """

    def __init__(self, model: Classifier) -> None:
        self.version, self.levels, self.confusion = model.version, model.levels, model.confusion
        with lzma.open(FILE, "rt", encoding="utf-8") as lines:
            self._said = {one["of"]: one["said"] for one in map(json.loads, lines)}

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return what was said of each text; a KeyError names the digest of one that was never asked about."""
        return [self._read(text, dict(self._said[_digest(text)])) for text in texts]

    def _read(self, text: str, said: dict[str, Any]) -> Prediction:
        spans = [one | {"text": text[one["start"] : one["end"]]} for one in said["mentions"]]
        return _PREDICTION.validate_python(said | {"mentions": spans, "model_version": self.version})


class Recording:
    """A classifier that writes down what another says."""

    def __init__(self, model: Classifier) -> None:
        self.version, self.levels, self.confusion = model.version, model.levels, model.confusion
        self._model = model

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return what the other says; it is in the file."""
        predictions = self._model.predict(texts)
        said = {_digest(text): _written(one) for text, one in zip(texts, predictions, strict=True)}
        with lzma.open(FILE, "wt", encoding="utf-8") as lines:
            for digest in sorted(said):
                lines.write(json.dumps({"of": digest, "said": said[digest]}) + "\n")
        return predictions


def _written(prediction: Prediction) -> dict[str, Any]:
    said = asdict(prediction)
    del said["model_version"]
    for mention in said["mentions"]:
        del mention["text"]
    return json.loads(json.dumps(said, default=float))  # type: ignore[no-any-return] # numpy's numbers


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:24]
