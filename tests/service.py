"""A running service for tests: a small store, a model that says the same of every text, keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from config.settings import Settings, load_settings
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from tests.api_feedback import NOW
from tests.builders import mention, prediction


@dataclass(frozen=True)
class SaysLate:
    """A model that says of each text that its beginning is a complaint about delivery."""

    levels = Levels()
    confusion: ClassVar[Mapping[str, Mapping[str, list[list[int]]]]] = {}

    version: str = "v1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [prediction(mention(text=text[:13])) for text in texts]


def settings_of(url: str, folder: Path, **values: object) -> Settings:
    """Return settings of a data base and an empty folder; ``values`` replace single ones."""
    changed = {"database_url": SecretStr(url), "data_dir": folder, "sources_file": folder / "none.toml"}
    changed["answers_lag_s"] = 0.0  # what a test writes beside the service is in the next answer
    return load_settings().model_copy(update=changed | values)


@contextmanager
def serving(settings: Settings, *, version: str = "v1") -> Iterator[TestClient]:
    """A client of the running service; ``version`` is the model's."""
    app = create_app(settings, analyzer=Analyzer(SaysLate(version)), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
