"""A weights folder runs on the engine it was made for, or a sentence says what to change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.checkpoint import CheckpointError, Manifest, load_checkpoint, save_manifest
from models.engines import open_engine
from models.heads import EXCLUSIVE_HEADS
from models.inference import DEFAULT_BATCH_TOKENS

LOAD = """
import sys
sys.modules["torch"] = None
from pathlib import Path
from models.checkpoint import CheckpointError
from models.classifier import Classifier
try:
    Classifier(Path(sys.argv[1]))
except CheckpointError as error:
    print(error)
"""
TRAIN = """
import sys
sys.modules["torch"] = None
sys.argv = ["bazkhord", "train", "--base", "x", "--out", "y"]
from pipeline.__main__ import main
main()
"""


@pytest.fixture
def torch_folder(tmp_path: Path) -> Path:
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"")
    save_manifest(tmp_path, Manifest("other-1", dict.fromkeys(EXCLUSIVE_HEADS, 1.0), {}, engine="torch"))
    return tmp_path


def without_torch(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_onnx_weights_run_as_many_batches_at_once_as_there_are_threads(tiny_weights: Path) -> None:
    engine = open_engine(load_checkpoint(tiny_weights), threads=3, engine="onnx", device="cpu")

    assert (engine.n_at_once, engine.batch_tokens) == (3, DEFAULT_BATCH_TOKENS)


def test_onnx_weights_are_refused_where_the_setting_says_torch(tiny_weights: Path) -> None:
    with pytest.raises(CheckpointError) as refused:
        open_engine(load_checkpoint(tiny_weights), threads=1, engine="torch", device="")

    assert str(refused.value) == (
        f'the weights in {tiny_weights} are for the engine "onnx", the setting engine is "torch"; '
        'set engine = "onnx" (BAZKHORD_ENGINE=onnx) or name another folder in weights_dir'
    )


def test_onnx_weights_are_refused_where_the_setting_asks_for_a_gpu(tiny_weights: Path) -> None:
    with pytest.raises(CheckpointError, match=r'the setting device is "cuda", but the weights in .* "onnx"'):
        open_engine(load_checkpoint(tiny_weights), threads=1, engine="onnx", device="cuda")


def test_torch_weights_without_torch_say_what_to_install(torch_folder: Path) -> None:
    done = without_torch(LOAD, str(torch_folder))

    assert done.stdout == (
        f'the weights in {torch_folder} are for the engine "torch", which is not installed: '
        "install bazkhord[train] (WITH_TORCH=1 make setup)\n"
    )


def test_training_without_torch_says_what_to_install() -> None:
    done = without_torch(TRAIN)

    assert done.stderr == ("error: training needs torch: install bazkhord[train] (WITH_TORCH=1 make setup)\n")
    assert done.returncode == 2
