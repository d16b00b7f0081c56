"""Teaches all heads on any encoder of the transformers library, and writes a weights folder for the engine torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch

from models.calibration import fit_flag_thresholds, fit_temperatures
from models.checkpoint import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    TORCH_MODEL_FILE,
    CheckpointError,
    Manifest,
    file_sha256,
    save_manifest,
)
from models.corpora import DEFAULT_DATA, Corpora
from models.hugging_face import Base, load_base, save_config
from models.inference import score_windows
from models.network import Network
from models.torch_engine import TorchForward, choose_device, save_network
from models.train import TRAINED, Recipe, Trainer
from models.training_set import TrainingSet, load_training_set

# Devlin et al. 2019 (arXiv 1810.04805), appendix A.3: 2e-5 to 5e-5 for the encoder.
RECIPE = Recipe(peak_rate=3e-5, head_rate_factor=10.0, noise=0.0, batch_tokens=2048, evaluate_every_s=600.0)
_ORIGIN = "base.json"


def fine_tune(
    base: str,
    out: Path,
    *,
    data: Path = DEFAULT_DATA,
    work: Path | None = None,
    recipe: Recipe = RECIPE,
    device: str = "",
    threads: int = 0,
    on_step: Callable[[float], None] = lambda share: None,
) -> Manifest:
    """Trains, calibrates on the dev sets and writes a weights folder; returns its manifest.

    Stopped and started again with the same work folder, it goes on where it stopped.

    Args:
        base: A folder with an encoder, or its identifier on the hub.
        out: The weights folder; made where it is not there.
        data: Folder of the corpora.
        work: Folder of the run's state; ``None``: ``<out>.work``.
        recipe: How to train. Its noise must be 0: pieces are numbered otherwise in every base.
        device: ``cpu``, ``cuda``, or an empty string for a GPU where there is one.
        threads: Processor threads of the matrix work; 0: torch chooses.
        on_step: Is told after each step which share of the time is spent.

    Raises:
        CheckpointError: The base or the data cannot be used, the device is not there, or the work folder
            belongs to another base.
    """
    chosen = choose_device(device)
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    ready = load_base(base)
    work = work or out.with_name(f"{out.name}.work")
    _claim(work, str(Path(base).resolve()) if Path(base).is_dir() else base)
    training_set = _load_data(data, ready)
    network = Network(ready.encoder, dropout=recipe.dropout).train()
    trainer = Trainer(
        work, training_set, recipe, network=network, compiled=False, device=chosen.type, on_step=on_step
    )
    try:
        trainer.run()
    except torch.OutOfMemoryError as error:
        raise CheckpointError(
            f"the GPU's memory does not hold a batch of {recipe.batch_tokens:,} tokens; run it again with a smaller "
            "--batch-tokens"
        ) from error
    state = torch.load(work / TRAINED, map_location=chosen, weights_only=True)
    network.load_state_dict(state["model"])
    return _write(out, ready, network.eval(), training_set, state["dev"])


def _claim(work: Path, base: str) -> None:
    work.mkdir(parents=True, exist_ok=True)
    path = work / _ORIGIN
    if not path.exists():
        path.write_text(json.dumps({"base": base}) + "\n", encoding="utf-8")
    begun = json.loads(path.read_text(encoding="utf-8"))["base"]
    if begun != base:
        raise CheckpointError(
            f"{work}: holds a run that began from {begun}, not from {base}; name another folder with --work, "
            "or remove this one"
        )


def _load_data(data: Path, base: Base) -> TrainingSet:
    try:
        return load_training_set(Corpora(data), base.tokenizer, max_tokens=base.max_tokens)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{error.filename}: is missing; --data must name a folder with sentiment/, annotated/ and authored/ "
            "as models/corpora.py describes them"
        ) from error


def _write(out: Path, base: Base, network: Network, data: TrainingSet, dev: dict[str, float]) -> Manifest:
    out.mkdir(parents=True, exist_ok=True)
    save_network(network, out / TORCH_MODEL_FILE)
    save_config(base.encoder, out / CONFIG_FILE)
    base.tokenizer.save(str(out / TOKENIZER_FILE))
    scores = score_windows(TorchForward(network), [example.window for example in data.dev_full])
    manifest = Manifest(
        model_version=f"{out.name}-{file_sha256(out / TORCH_MODEL_FILE)[:8]}",
        temperatures=fit_temperatures(scores, data.dev_full),
        flag_thresholds=fit_flag_thresholds(scores, data.dev_full),
        figures={f"dev {name}": round(value, 4) for name, value in dev.items()},
        engine="torch",
        max_tokens=base.max_tokens,
    )
    save_manifest(out, manifest)
    return manifest
