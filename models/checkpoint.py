"""Loads and saves a weights folder, and proves that it is whole.

A folder holds ``tokenizer.json``, ``manifest.toml`` and, for the engine onnx, ``model.onnx``; for the engine
torch ``model.safetensors`` and the encoder's ``config.json``. The manifest says what the outputs mean and the
SHA-256 of the other files. Nothing in a folder is ever run as code.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.heads import HEADS, MAX_TOKENS

MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE = "model.onnx", "tokenizer.json", "manifest.toml"
TORCH_MODEL_FILE, CONFIG_FILE = "model.safetensors", "config.json"
FILES = {
    "onnx": (MODEL_FILE, TOKENIZER_FILE),
    "torch": (TORCH_MODEL_FILE, TOKENIZER_FILE, CONFIG_FILE),
}
SHIPPED = Path(__file__).parent / "weights"
_REMEDY = "restore the folder from the release, or make it again (python -m models.export, or bazkhord train --base)"


class CheckpointError(Exception):
    """A weights folder cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a weights folder says of itself.

    Attributes:
        model_version: Stored with every prediction.
        temperatures: What the scores of each head are divided by.
        flag_thresholds: From which probability each flag is raised.
        figures: What was measured, by name.
        labels: The labels of each head, in the order of the outputs.
        engine: What runs the network: ``onnx`` or ``torch``.
        max_tokens: Tokens that the encoder reads at once, frame included.
        levels: For each head and label the confidences from which it is called high and medium.
        confusion: For each head and source how often each label (row) was taken for which (column), in
            cross-validation.
    """

    model_version: str
    temperatures: Mapping[str, float]
    flag_thresholds: Mapping[str, float]
    figures: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {name: tuple(map(str, labels)) for name, labels in HEADS.items()}
    )
    engine: str = "onnx"
    max_tokens: int = MAX_TOKENS
    levels: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, list[list[int]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A weights folder whose files are those its manifest names; ``config`` is there for torch only."""

    manifest: Manifest
    model: Path
    tokenizer: Path
    config: Path


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes ``manifest.toml`` with the SHA-256 of the other files, which must be there."""
    sums = {name: file_sha256(folder / name) for name in FILES[manifest.engine]}
    lines = [f"model_version = {json.dumps(manifest.model_version)}"]
    if manifest.engine != "onnx":
        lines += [f"engine = {json.dumps(manifest.engine)}", f"max_tokens = {manifest.max_tokens}"]
    for table, values in (
        ("sha256", sums),
        ("temperatures", manifest.temperatures),
        ("flag_thresholds", manifest.flag_thresholds),
        ("figures", manifest.figures),
        ("labels", {name: list(labels) for name, labels in manifest.labels.items()}),
        *((f"levels.{head}", labels) for head, labels in manifest.levels.items()),
        *((f"confusion.{head}", sources) for head, sources in manifest.confusion.items()),
    ):
        lines += ["", f"[{table}]", *(f'"{key}" = {json.dumps(value)}' for key, value in values.items())]
    (folder / MANIFEST_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Returns the folder's files after checking each.

    Raises:
        CheckpointError: A file is missing, differs from its SHA-256, the manifest's labels are not the
            taxonomy's in its order, or its engine is not known.
    """
    path = folder / MANIFEST_FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: is no TOML ({error}); {_REMEDY}") from error
    missing = {"model_version", "sha256", "temperatures", "flag_thresholds", "labels"} - content.keys()
    if missing:
        raise CheckpointError(f"{path}: lacks {', '.join(sorted(missing))}; {_REMEDY}")
    manifest = Manifest(
        model_version=content["model_version"],
        temperatures=content["temperatures"],
        flag_thresholds=content["flag_thresholds"],
        figures=content.get("figures", {}),
        labels={name: tuple(labels) for name, labels in content["labels"].items()},
        engine=content.get("engine", "onnx"),
        max_tokens=content.get("max_tokens", MAX_TOKENS),
        levels={
            head: {label: (high, medium) for label, (high, medium) in labels.items()}
            for head, labels in content.get("levels", {}).items()
        },
        confusion=content.get("confusion", {}),
    )
    _check_labels(path, manifest)
    _check_engine(path, manifest)
    files = FILES[manifest.engine]
    for name in files:
        _check_sum(folder / name, content["sha256"].get(name, ""))
    return Checkpoint(manifest, folder / files[0], folder / TOKENIZER_FILE, folder / CONFIG_FILE)


def _check_labels(path: Path, manifest: Manifest) -> None:
    for head, labels in HEADS.items():
        found, expected = manifest.labels.get(head, ()), tuple(map(str, labels))
        if found != expected:
            raise CheckpointError(
                f"{path}: the labels of {head} are {', '.join(found) or 'missing'}, "
                f"expected {', '.join(expected)} in this order; {_REMEDY}"
            )
        if head not in manifest.temperatures and head != "flags":
            raise CheckpointError(f"{path}: no temperature for {head}; {_REMEDY}")


def _check_engine(path: Path, manifest: Manifest) -> None:
    if manifest.engine not in FILES:
        raise CheckpointError(
            f"{path}: the engine is {manifest.engine!r}, known are {', '.join(FILES)}; {_REMEDY}"
        )
    if not isinstance(manifest.max_tokens, int) or not 4 <= manifest.max_tokens <= MAX_TOKENS:
        raise CheckpointError(
            f"{path}: max_tokens is {manifest.max_tokens}, expected 4 to {MAX_TOKENS}; {_REMEDY}"
        )


def _check_sum(path: Path, expected: str) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path}: is missing; {_REMEDY}")
    found = file_sha256(path)
    if found != expected:
        raise CheckpointError(
            f"{path}: SHA-256 is {found[:12]}…, the manifest says {expected[:12]}…; {_REMEDY}"
        )


def file_sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
