"""Writes a trained network as a weights folder: ONNX, quantised to int8, with its tokenizer and manifest.

``python -m models.export`` reads ``trained.pt`` from the work folder, fits the temperatures on the dev sets
and writes ``models/weights/``; ``bazkhord evaluate`` then measures it and writes the card.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Annotated

import onnx
import torch
import typer
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.calibration import fit_flag_thresholds, fit_temperatures
from models.checkpoint import MODEL_FILE, SHIPPED, TOKENIZER_FILE, Manifest, save_manifest
from models.corpora import DEFAULT_DATA, Corpora, LabelledMessage
from models.crossed import CROSSED, load_crossed
from models.examples import encode_messages
from models.heads import HEADS
from models.inference import score_windows
from models.network import ROTARY_OPERATOR, Encoder, Network, Shape
from models.onnx_engine import INPUTS, OnnxForward
from models.parity import measure_parity
from models.torch_engine import TorchForward
from models.train import TRAINED
from models.vocabulary import WORK_FOLDER

N_PARITY_TEXTS = 5_000


def export_onnx(network: Network, path: Path, *, quantized: bool = True) -> None:
    """Writes the network to one ONNX file with free numbers of texts, tokens and mentions.

    Args:
        network: Trained; it is put into evaluation mode.
        path: The file to write.
        quantized: Whether the weights become int8; float32 otherwise.
    """
    network.eval()
    tokens = torch.tensor([[2, 20, 21, 3], [2, 22, 3, 0]])
    spans = torch.tensor([[[False, True, True, False]], [[False, True, False, False]]])
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _InOrder(network),
                (tokens, tokens != 0, spans),
                str(plain),
                input_names=list(INPUTS),
                output_names=list(HEADS),
                dynamic_axes={
                    "tokens": {0: "batch", 1: "tokens"},
                    "is_token": {0: "batch", 1: "tokens"},
                    "spans": {0: "batch", 1: "mentions", 2: "tokens"},
                },
                opset_version=17,
                custom_opsets={ROTARY_OPERATOR.partition(":")[0]: 1},
                dynamo=False,
            )
        if quantized:
            _quantize(plain, path)
        else:
            shutil.copy(plain, path)


def load_trained(work: Path) -> Network:
    """Returns the network that training left in the work folder."""
    state = torch.load(work / TRAINED, weights_only=True)
    network = Network(Encoder(Shape(**state["shape"])))
    network.load_state_dict(state["model"])
    return network.eval()


def export(work: Path, weights: Path, corpora: Corpora, *, version: str, threads: int = 2) -> Manifest:
    """Leaves a whole weights folder, calibrated on dev and compared with the float32 network.

    Args:
        work: Folder with ``trained.pt``, the tokenizer and, from :mod:`models.teach`, ``crossed.json``.
        weights: Folder to write.
        corpora: The dev sets, and the test texts whose labels are compared (their own labels are not read).
        version: Name of this model.
        threads: Threads of the matrix work.
    """
    weights.mkdir(parents=True, exist_ok=True)
    network = load_trained(work)
    export_onnx(network, weights / MODEL_FILE)
    shutil.copy(work / TOKENIZER_FILE, weights / TOKENIZER_FILE)
    tokenizer = Tokenizer.from_file(str(weights / TOKENIZER_FILE))
    dev = encode_messages(tokenizer, [*corpora.annotated("dev"), *corpora.authored("dev")])
    exported = OnnxForward(weights / MODEL_FILE)
    scores = score_windows(exported, [example.window for example in dev], threads=threads)
    texts = [window.window for window in encode_messages(tokenizer, _parity_messages(corpora), cut=True)]
    crossed = load_crossed(work / CROSSED)
    manifest = Manifest(
        version,
        fit_temperatures(scores, dev),
        fit_flag_thresholds(scores, dev),
        measure_parity(exported, TorchForward(network), texts, dev, threads=threads),
        levels=crossed.levels,
        confusion=crossed.confusion,
    )
    save_manifest(weights, manifest)
    return manifest


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the corpora.")] = DEFAULT_DATA,
    work: Annotated[Path, typer.Option(help="Folder of the checkpoints.")] = WORK_FOLDER,
    weights: Annotated[Path, typer.Option(help="Folder to write.")] = SHIPPED,
    version: Annotated[str, typer.Option(help="Name of this model.")] = "bazkhord-4",
) -> None:
    """Exports the trained network and calibrates it."""
    manifest = export(work, weights, Corpora(data), version=version)
    size = sum(path.stat().st_size for path in weights.iterdir()) / 1e6
    typer.echo(f"{weights}: {size:.1f} MB, temperatures {dict(manifest.temperatures)}")
    for name, value in manifest.figures.items():
        typer.echo(f"{name}: {value}")


def _parity_messages(corpora: Corpora) -> list[LabelledMessage]:
    messages = [
        *corpora.annotated("test"),
        *corpora.authored("test"),
        *corpora.sentiment("snappfood", "test"),
    ]
    return messages[:N_PARITY_TEXTS]


class _InOrder(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor, is_token: Tensor, spans: Tensor) -> tuple[Tensor, ...]:
        scores = self.network(tokens, is_token, spans)
        return tuple(scores[name] for name in HEADS)


def _quantize(plain: Path, path: Path) -> None:
    quantize_dynamic(
        plain,
        path,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        extra_options={"MatMulConstBOnly": True},
    )
    model = onnx.load(str(path))
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.save(model, str(path))


if __name__ == "__main__":
    typer.run(main)
