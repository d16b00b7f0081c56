"""A weights folder is used only when it is whole and means what the taxonomy means."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.checkpoint import SHIPPED, CheckpointError, load_checkpoint


@pytest.fixture
def weights(tiny_weights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_weights, tmp_path / "weights"))


def test_a_whole_folder_loads(weights: Path) -> None:
    checkpoint = load_checkpoint(weights)

    assert checkpoint.manifest.model_version == "tiny-1"
    assert checkpoint.manifest.labels["mention_sentiment"] == ("negative", "neutral", "positive")


def test_a_changed_model_is_refused(weights: Path) -> None:
    with (weights / "model.onnx").open("ab") as model:
        model.write(b"x")

    with pytest.raises(CheckpointError, match=r"model\.onnx: SHA-256 is .* restore the folder"):
        load_checkpoint(weights)


def test_a_missing_tokenizer_is_named(weights: Path) -> None:
    (weights / "tokenizer.json").unlink()

    with pytest.raises(CheckpointError, match=r"tokenizer\.json: is missing"):
        load_checkpoint(weights)


def test_labels_in_another_order_are_refused(weights: Path) -> None:
    manifest = weights / "manifest.toml"
    content = manifest.read_text(encoding="utf-8")
    manifest.write_text(
        content.replace('"anger", "disappointment"', '"disappointment", "anger"'), encoding="utf-8"
    )

    with pytest.raises(CheckpointError, match="labels of emotion are disappointment, anger"):
        load_checkpoint(weights)


@pytest.mark.parametrize(
    ("content", "message"), [("a = ", "is no TOML"), ('model_version = "x"', "lacks flag_thresholds, labels")]
)
def test_a_broken_manifest_is_named(weights: Path, content: str, message: str) -> None:
    (weights / "manifest.toml").write_text(content, encoding="utf-8")

    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(weights)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"manifest\.toml: cannot be read"):
        load_checkpoint(tmp_path)


def test_the_shipped_folder_is_whole_and_small() -> None:
    checkpoint = load_checkpoint(SHIPPED)

    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 40_000_000
    assert (
        (SHIPPED / "CARD.md").read_text(encoding="utf-8").startswith(f"# {checkpoint.manifest.model_version}")
    )
