"""A weights folder is used only when it is whole and means what the taxonomy means."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.checkpoint import SHIPPED, CheckpointError, Manifest, load_checkpoint, save_manifest
from models.heads import EXCLUSIVE_HEADS


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


def test_a_manifest_that_names_no_engine_is_for_onnx(weights: Path) -> None:
    assert "engine" not in (weights / "manifest.toml").read_text(encoding="utf-8")
    assert load_checkpoint(weights).manifest.engine == "onnx"


def test_a_torch_folder_says_engine_and_window_and_sums_its_three_files(tmp_path: Path) -> None:
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    temperatures = dict.fromkeys(EXCLUSIVE_HEADS, 1.0)
    made = Manifest("other-1", temperatures, {"urgent": 0.5}, engine="torch", max_tokens=128)

    save_manifest(tmp_path, made)
    checkpoint = load_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("changed", encoding="utf-8")

    assert checkpoint.manifest == made
    assert checkpoint.model == tmp_path / "model.safetensors"
    with pytest.raises(CheckpointError, match=r"config\.json: SHA-256 is"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('engine = "tensorflow"', "the engine is 'tensorflow', known are onnx, torch"),
        ("max_tokens = 512", "max_tokens is 512, expected 4 to 256"),
    ],
)
def test_an_engine_that_cannot_be_is_named(weights: Path, line: str, message: str) -> None:
    manifest = weights / "manifest.toml"
    manifest.write_text(f"{line}\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")

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
