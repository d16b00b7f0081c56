"""Any Hugging Face encoder is fine-tuned on the same heads, saved, and served by the engine torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_bases import N_TOKENS, save_base, save_tiny_data
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel

from models.checkpoint import CheckpointError, Manifest, load_checkpoint, save_manifest
from models.classifier import Classifier
from models.encoding import encode_texts, frame_of
from models.fine_tune import RECIPE, fine_tune
from models.heads import EXCLUSIVE_HEADS, HEADS, MESSAGE_HEADS
from models.hugging_face import Base, build_encoder, load_base, save_config
from models.inference import collate
from models.network import Network
from models.torch_engine import TorchForward, choose_device, save_network
from models.windows import cut_windows

TEXT = "غذا عالی بود <phone> ولی پیک دیر رسید"
COMMAND = str(Path(sys.executable).parent / "bazkhord")
FAST = replace(RECIPE, minutes=0.02, batch_tokens=256)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("bases")
    return {family: save_base(root / family, family) for family in N_TOKENS}


@pytest.fixture(scope="session")
def bases(folders: dict[str, Path]) -> dict[str, Base]:
    return {family: load_base(str(folder)) for family, folder in folders.items()}


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_data(tmp_path_factory.mktemp("data"))


def save_untrained(folder: Path, base: Base) -> Network:
    folder.mkdir()
    network = Network(base.encoder).eval()
    save_network(network, folder / "model.safetensors")
    save_config(base.encoder, folder / "config.json")
    base.tokenizer.save(str(folder / "tokenizer.json"))
    thresholds = {str(flag): 0.5 for flag in MESSAGE_HEADS["flags"]}
    temperatures = dict.fromkeys(EXCLUSIVE_HEADS, 1.0)
    save_manifest(
        folder,
        Manifest("other-1", temperatures, thresholds, engine="torch", max_tokens=base.max_tokens),
    )
    return network


@pytest.fixture
def weights(tmp_path: Path, bases: dict[str, Base]) -> Path:
    save_untrained(tmp_path / "weights", bases["xlm-roberta"])
    return tmp_path / "weights"


@pytest.mark.parametrize("family", N_TOKENS)
def test_a_base_says_how_many_tokens_it_reads(bases: dict[str, Base], family: str) -> None:
    assert bases[family].max_tokens == N_TOKENS[family]


@pytest.mark.parametrize("family", N_TOKENS)
def test_no_piece_starts_at_the_space_before_its_word(bases: dict[str, Base], family: str) -> None:
    (encoded,) = encode_texts(bases[family].tokenizer, [TEXT])

    assert " " not in {TEXT[start] for start in encoded.starts}
    assert encoded.starts == sorted(encoded.starts)
    assert {0, TEXT.index("<phone>"), TEXT.index("پیک")} < set(encoded.starts)


@pytest.mark.parametrize("family", N_TOKENS)
def test_a_mask_of_redaction_is_one_piece_with_a_state_of_its_own(
    bases: dict[str, Base], family: str
) -> None:
    tokenizer, encoder = bases[family].tokenizer, bases[family].encoder

    (encoded,) = encode_texts(tokenizer, ["<phone> <sheba>"])
    masks = [tokenizer.token_to_id(mask) for mask in ("<phone>", "<sheba>")]

    assert set(masks) <= set(encoded.pieces)
    assert max(masks) < encoder.model.get_input_embeddings().num_embeddings


@pytest.mark.parametrize("family", N_TOKENS)
def test_padding_changes_nothing(bases: dict[str, Base], family: str) -> None:
    base = bases[family]
    (encoded,) = encode_texts(base.tokenizer, [TEXT])
    windows, _ = cut_windows(encoded, [(0, 12)], frame=frame_of(base.tokenizer), max_tokens=base.max_tokens)
    forward = TorchForward(Network(base.encoder).eval())

    short, padded = forward(*collate(windows)), forward(*collate(windows, n_tokens=64))

    for head in HEADS:
        np.testing.assert_allclose(short[head], padded[head], atol=1e-5)


@pytest.mark.parametrize("family", N_TOKENS)
def test_a_saved_network_says_what_it_said(bases: dict[str, Base], family: str, tmp_path: Path) -> None:
    network = save_untrained(tmp_path / "weights", bases[family])

    loaded = Classifier(tmp_path / "weights", threads=1)
    arrays = collate(loaded._prepare([TEXT])[0].windows)
    found, expected = loaded._engine.forward(*arrays), TorchForward(network)(*arrays)

    for head in HEADS:
        np.testing.assert_allclose(found[head], expected[head], atol=1e-6)
    assert [mention.text for mention in loaded.predict([TEXT])[0].mentions] == [
        "غذا عالی بود <phone>",
        "ولی پیک دیر رسید",
    ]


def test_a_long_text_is_read_in_windows_that_the_encoder_can_take(weights: Path) -> None:
    text = "پیک دیر رسید. " * 400
    classifier = Classifier(weights, threads=1)

    (prepared,) = classifier._prepare([text])
    (prediction,) = classifier.predict([text])

    assert max(len(window.pieces) for window in prepared.windows) == 128
    assert len(prediction.mentions) == 400
    assert prediction.mentions[-1].text == "پیک دیر رسید."
    assert prediction.mentions[-1].end == len(text) - 1


def test_code_that_a_weights_folder_brings_is_not_run(weights: Path) -> None:
    config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    config |= {"auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
    (weights / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (weights / "evil.py").write_text("raise SystemExit('code was run')", encoding="utf-8")
    save_manifest(weights, load_manifest(weights))

    assert Classifier(weights, threads=1).version == "other-1"


def load_manifest(folder: Path) -> Manifest:
    thresholds = {str(flag): 0.5 for flag in MESSAGE_HEADS["flags"]}
    return Manifest(
        "other-1", dict.fromkeys(EXCLUSIVE_HEADS, 1.0), thresholds, engine="torch", max_tokens=128
    )


def test_weights_that_do_not_fit_their_config_are_refused(weights: Path) -> None:
    config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    (weights / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}), encoding="utf-8")
    save_manifest(weights, load_manifest(weights))

    with pytest.raises(CheckpointError, match=r"model\.safetensors: does not fit config\.json beside it"):
        Classifier(weights)


def test_a_model_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no_such"}', encoding="utf-8")

    with pytest.raises(
        CheckpointError, match=r"config\.json: describes no encoder that transformers .* knows"
    ):
        build_encoder(tmp_path / "config.json")


def test_torch_weights_are_refused_where_the_setting_says_onnx(weights: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r'are for the engine "torch", the setting engine is "onnx"; set'
    ):
        Classifier(weights, engine="onnx")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(weights: Path) -> None:
    with pytest.raises(CheckpointError, match='the setting device is "cuda", but torch finds no usable GPU'):
        Classifier(weights, device="cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(CheckpointError, match='the device is "tpu", known are "cpu", "cuda"'):
        choose_device("tpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_says_what_the_processor_says(weights: Path) -> None:
    (there,) = Classifier(weights, device="cuda").predict([TEXT])
    (here,) = Classifier(weights, device="cpu").predict([TEXT])

    assert list(there.sentiment_probabilities.values()) == pytest.approx(
        list(here.sentiment_probabilities.values()), abs=0.02
    )


def test_a_model_without_one_state_per_token_is_no_base(tmp_path: Path, folders: dict[str, Path]) -> None:
    config = AutoConfig.for_model(
        "t5", vocab_size=300, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2
    )
    AutoModel.from_config(config).save_pretrained(tmp_path)
    Tokenizer.from_file(str(folders["electra"] / "tokenizer.json")).save(str(tmp_path / "tokenizer.json"))

    with pytest.raises(CheckpointError, match="a t5 does not give one state for each of 32 tokens"):
        load_base(str(tmp_path))


def test_a_slow_tokenizer_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    AutoConfig.for_model("canine").save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "CanineTokenizer"}', encoding="utf-8"
    )

    with pytest.raises(
        CheckpointError, match=r"slow tokenizer only \(CanineTokenizer\).*needed is the tokenizer"
    ):
        load_base(str(tmp_path))


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_base_that_lacks_a_file_is_refused(tmp_path: Path, folders: dict[str, Path], missing: str) -> None:
    for path in folders["electra"].iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())

    with pytest.raises(
        CheckpointError, match=r"give a folder with config\.json, model\.safetensors and tokenizer"
    ):
        load_base(str(tmp_path))


def test_a_base_that_lacks_weights_is_refused_rather_than_filled_by_chance(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    for path in folders["electra"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    state = load_file(tmp_path / "model.safetensors")
    del state["encoder.layer.1.output.dense.weight"]
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})

    with pytest.raises(CheckpointError, match="its weights lack 1 parts of the encoder, such as encoder"):
        load_base(str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "distilbert", "electra", "modernbert"])
def test_a_fine_tuned_encoder_predicts(
    folders: dict[str, Path], data_folder: Path, tmp_path: Path, family: str
) -> None:
    out = tmp_path / "out"
    shares: list[float] = []

    made = fine_tune(
        str(folders[family]),
        out,
        data=data_folder,
        recipe=FAST,
        device="cpu",
        threads=1,
        on_step=shares.append,
    )

    assert made.model_version == f"out-{made.model_version[-8:]}"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert load_checkpoint(out).manifest == made
    (prediction,) = Classifier(out, threads=1).predict([TEXT])
    assert prediction.model_version == made.model_version
    assert [TEXT[m.start : m.end] for m in prediction.mentions] == [m.text for m in prediction.mentions]


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped(
    folders: dict[str, Path], data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, out = str(folders["electra"]), tmp_path / "out"
    fine_tune(base, out, data=data_folder, recipe=FAST, device="cpu", threads=1)
    first = load_checkpoint(out).manifest.model_version

    longer = replace(FAST, minutes=2 * FAST.minutes)
    again = fine_tune(base, out, data=data_folder, recipe=longer, device="cpu", threads=1)

    assert "goes on at step" in capsys.readouterr().out
    assert load_checkpoint(out).manifest == again
    assert again.model_version[:4] == first[:4] == "out-"


def test_a_run_is_not_continued_from_another_base(
    folders: dict[str, Path], data_folder: Path, tmp_path: Path
) -> None:
    work = tmp_path / "out.work"
    work.mkdir()
    (work / "base.json").write_text('{"base": "electra"}', encoding="utf-8")

    with pytest.raises(
        CheckpointError, match=r"out\.work: holds a run that began from electra, not from .*bert"
    ):
        fine_tune(str(folders["bert"]), tmp_path / "out", data=data_folder, recipe=FAST, device="cpu")


def test_a_folder_without_data_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is missing; --data must name a folder with sentiment/"):
        fine_tune(str(folders["bert"]), tmp_path / "out", data=tmp_path, recipe=FAST, device="cpu")


def bazkhord(*words: str, expect: int = 0, **settings: str) -> tuple[str, str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "BAZKHORD_N_THREADS": "1", **settings}
    done = subprocess.run(
        [COMMAND, *words], capture_output=True, text=True, env=environment, check=False, timeout=300
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.mark.slow
def test_the_command_trains_and_the_setting_serves(
    folders: dict[str, Path], data_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine"
    start = ["train", "--base", str(folders["xlm-roberta"]), "--data", str(data_folder), "--out", str(out)]
    serving = {"BAZKHORD_WEIGHTS_DIR": str(out), "BAZKHORD_ENGINE": "torch"}

    printed, _ = bazkhord(*start, "--minutes", "0.02", "--batch-tokens", "256", "--device", "cpu")
    answer = json.loads(bazkhord("analyze", TEXT, "--json", **serving)[0])
    _, complaint = bazkhord("analyze", TEXT, expect=2, BAZKHORD_WEIGHTS_DIR=str(out))

    assert f"BAZKHORD_WEIGHTS_DIR={out} BAZKHORD_ENGINE=torch bazkhord serve" in printed
    assert f"bazkhord evaluate --weights {out} --data {data_folder}" in printed
    assert answer["model_version"] == load_checkpoint(out).manifest.model_version
    assert [TEXT[m["start"] : m["end"]] for m in answer["mentions"]] == [
        m["text"] for m in answer["mentions"]
    ]
    assert f'the weights in {out} are for the engine "torch", the setting engine is "onnx"' in complaint


def test_a_base_that_is_nowhere_is_explained(tmp_path: Path) -> None:
    _, complaint = bazkhord("train", "--base", "nobody/nothing", "--out", str(tmp_path / "out"), expect=2)

    assert "nobody/nothing: no such folder, and the hub cannot be reached or has no such model" in complaint
    assert "give a folder with config.json, model.safetensors and tokenizer.json" in complaint
