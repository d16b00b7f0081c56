from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.journey import TABLES, load_journey
from config.settings import DEFAULTS_FILE, Settings, load_settings
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.errors import SettingsError
from pipeline.records import Channel


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in Settings.model_fields:
        monkeypatch.delenv(f"BAZKHORD_{key.upper()}", raising=False)
    monkeypatch.delenv("BAZKHORD_SETTINGS", raising=False)


def test_settings_load_without_arguments_and_without_any_secret() -> None:
    settings = load_settings()

    assert settings.zone == ZoneInfo("Asia/Tehran")
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.store_url == f"sqlite:///{Path.cwd()}/var/bazkhord.db"
    assert settings.identity_key.get_secret_value() == ""


def test_every_setting_but_the_secret_has_its_default_in_the_file() -> None:
    written = set(tomllib.loads(DEFAULTS_FILE.read_text(encoding="utf-8")))

    assert written == set(Settings.model_fields) - {"identity_key"}


def test_every_default_has_a_comment_above_it() -> None:
    lines = DEFAULTS_FILE.read_text(encoding="utf-8").split("\n")
    uncommented = [line for before, line in pairwise(lines) if "=" in line and not before]

    assert uncommented == []


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("port = 9000\nlease_s = 60\n", encoding="utf-8")
    monkeypatch.setenv("BAZKHORD_SETTINGS", str(file))
    monkeypatch.setenv("BAZKHORD_PORT", "9100")

    settings = load_settings()

    assert (settings.port, settings.lease_s, settings.n_threads) == (9100, 60, 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("prot = 9000", "prot: Extra inputs are not permitted"),
        ("port = 99999", "port: Input should be less than or equal to 65535"),
        (
            'time_zone = "Asia/Teheran"',
            "time_zone: Value error, 'Asia/Teheran' is no IANA time zone; try Asia/Tehran or UTC",
        ),
        ('engine = "tensorflow"', "engine: Input should be 'onnx' or 'torch'"),
        ('device = "tpu"', "device: Input should be '', 'cpu' or 'cuda'"),
        ("port = ", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(tmp_path: Path, content: str, expected: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        load_settings(file)

    assert str(file) in str(caught.value)
    assert expected in str(caught.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"cannot read nowhere\.toml: No such file or directory"):
        load_settings(Path("nowhere.toml"))


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAZKHORD_IDENTITY_KEY", "0123456789abcdef" * 4)
    monkeypatch.setenv("BAZKHORD_DATABASE_URL", "postgresql+psycopg://user:hunter2@host/name")

    shown = repr(load_settings())

    assert "0123456789abcdef" not in shown
    assert "hunter2" not in shown


def test_every_label_has_a_name_in_both_languages() -> None:
    labels = (Stage, Intent, Aspect, Sentiment, Emotion, Flag, Channel)

    journey = load_journey()

    for table, enum in zip(TABLES, labels, strict=True):
        assert list(journey.names[table]) == [label.value for label in enum]
        assert all(name.fa and name.en for name in journey.names[table].values())


def test_a_touchpoint_may_fix_only_a_known_stage(tmp_path: Path) -> None:
    shipped = (DEFAULTS_FILE.parent / "journey.toml").read_text(encoding="utf-8")
    file = tmp_path / "journey.toml"
    file.write_text(shipped.replace("[touchpoints]", '[touchpoints]\nform = "delivered"'), encoding="utf-8")

    with pytest.raises(
        SettingsError, match=r"touchpoint form names the stage 'delivered'; known: awareness, consideration"
    ):
        load_journey(file)


def test_a_journey_without_a_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "journey.toml"
    file.write_text("[stages]\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="'intents'; needed are the tables stages, intents"):
        load_journey(file)
