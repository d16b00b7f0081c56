"""Loads and saves a weights folder, and proves that it is whole.

A folder holds ``model.onnx``, ``tokenizer.json`` and ``manifest.toml``; the manifest says what the outputs
mean and the SHA-256 of the other files.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.heads import HEADS

MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE = "model.onnx", "tokenizer.json", "manifest.toml"
SHIPPED = Path(__file__).parent / "weights"
_REMEDY = "restore the folder from the release, or train and export again (python -m models.export)"


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
    """

    model_version: str
    temperatures: Mapping[str, float]
    flag_thresholds: Mapping[str, float]
    figures: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {name: tuple(map(str, labels)) for name, labels in HEADS.items()}
    )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A weights folder whose files are those its manifest names."""

    manifest: Manifest
    model: Path
    tokenizer: Path


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes ``manifest.toml`` with the SHA-256 of the other two files, which must be there."""
    sums = {name: _sha256(folder / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
    lines = [f"model_version = {json.dumps(manifest.model_version)}"]
    for table, values in (
        ("sha256", sums),
        ("temperatures", manifest.temperatures),
        ("flag_thresholds", manifest.flag_thresholds),
        ("figures", manifest.figures),
        ("labels", {name: list(labels) for name, labels in manifest.labels.items()}),
    ):
        lines += ["", f"[{table}]", *(f'"{key}" = {json.dumps(value)}' for key, value in values.items())]
    (folder / MANIFEST_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Returns the folder's files after checking each.

    Raises:
        CheckpointError: A file is missing, differs from its SHA-256, or the manifest's labels are not the
            taxonomy's in its order.
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
    )
    _check_labels(path, manifest)
    for name in (MODEL_FILE, TOKENIZER_FILE):
        _check_sum(folder / name, content["sha256"].get(name, ""))
    return Checkpoint(manifest, folder / MODEL_FILE, folder / TOKENIZER_FILE)


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


def _check_sum(path: Path, expected: str) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path}: is missing; {_REMEDY}")
    found = _sha256(path)
    if found != expected:
        raise CheckpointError(
            f"{path}: SHA-256 is {found[:12]}…, the manifest says {expected[:12]}…; {_REMEDY}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
