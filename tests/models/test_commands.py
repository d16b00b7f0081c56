"""The six commands make a usable weights folder out of a data folder."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import TEXTS

from models import export, pretrain, train, vocabulary
from models.checkpoint import load_checkpoint
from models.classifier import Classifier
from models.crossed import Crossed, load_crossed
from models.dequantize import network_from_onnx
from models.evaluate import evaluate
from models.evaluation.records import load_evaluation
from models.export import load_trained

MENTION = {"stage": "use", "intent": "praise", "aspect": "product", "sentiment": "positive"}


def write(path: Path, rows: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def full(text: str) -> dict[str, object]:
    mentions = [{"start": 0, "end": 10, **MENTION}, {"start": 10, "end": len(text), **MENTION}]
    labels = {"sentiment": "positive", "emotion": "joy", "flags": [], "mentions": mentions}
    return {"id": "1", "source": "test", "text": text, **labels}


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for split, ending in (("train", ""), ("dev", " واقعا"), ("test", " حتما")):
        texts = [text + ending for text in TEXTS]
        for name in ("snappfood", "dksf", "bank_reviews"):
            rows = [{"text": text, "sentiment": "positive"} for text in texts]
            write(folder / "sentiment" / f"{name}.{split}.jsonl.xz", list(rows))
        polar = [{"text": text, "polarity": -1} for text in texts]
        write(folder / "sentiment" / f"deepsentipers.{split}.jsonl.xz", list(polar))
        for name in ("annotated", "authored"):
            write(folder / name / f"messages.{split}.jsonl.xz", [full(text) for text in texts])
    write(folder / "authored" / "conversations.jsonl.xz", [])
    write(folder / "finglish" / "pairs.jsonl.xz", [{"finglish": "salam khoobi", "fa": "سلام خوبی"}])
    for name in ("ugc", "telegram", "formal"):
        write(folder / "corpus" / f"{name}.txt.xz", list(TEXTS * 30))
    return folder


@pytest.mark.slow
def test_the_commands_lead_from_texts_to_weights(data_folder: Path, tmp_path: Path) -> None:
    work, weights = tmp_path / "work", tmp_path / "weights"

    vocabulary.main(data=data_folder, work=work, n_pieces=300, width=32, epochs=1, threads=1)
    pretrain.main(work=work, minutes=0.02, threads=1, compiled=False)
    options = ("--data", data_folder, "--work", work, "--minutes", "0.02", "--no-compiled")
    subprocess.run([sys.executable, "-m", "models.teach", *options], check=True)
    train.main(data=data_folder, work=work, minutes=0.05, threads=1, compiled=False)
    export.main(data=data_folder, work=work, weights=weights, version="made-1")
    evaluate(data=data_folder, weights=weights, split="dev", out=tmp_path / "dev.json", card=True, threads=1)

    stage = load_evaluation(tmp_path / "dev.json").heads["stage"].scores.macro_f1
    assert stage.n == 100
    assert load_checkpoint(weights).manifest.figures["dev stage"] == stage.value
    assert (weights / "CARD.md").read_text(encoding="utf-8").startswith("# made-1\n")
    assert Classifier(weights, threads=1).predict(["غذا عالی بود"])[0].model_version == "made-1"

    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(work / "tokenizer.json", again)
    subprocess.run(
        [sys.executable, "-m", "models.teach", *options, "--work", again, "--by", weights], check=True
    )
    start = weights / "model.onnx"
    train.main(data=data_folder, work=again, minutes=0.02, threads=1, compiled=False, start=start)

    manifest = load_checkpoint(weights).manifest
    assert load_crossed(again / "crossed.json") == Crossed(manifest.confusion, manifest.levels)
    assert load_trained(again).encoder.shape == network_from_onnx(start).encoder.shape
