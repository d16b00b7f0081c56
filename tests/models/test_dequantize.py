"""A network read back from its export says what the export says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from tiny import tiny_network

from models.checkpoint import MODEL_FILE, SHIPPED
from models.dequantize import network_from_onnx
from models.export import export_onnx
from models.heads import HEADS
from models.network import Network
from models.onnx_engine import OnnxForward


def inputs(n_pieces: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens = np.random.default_rng(1).integers(5, n_pieces, size=(3, 12))
    is_token = np.arange(12) < np.array([[12], [9], [5]])
    spans = np.zeros((3, 2, 12), dtype=np.bool_)
    spans[:, 0, 1:3], spans[:2, 1, 3:8] = True, True
    return tokens, is_token, spans


def answers(network: Network, arrays: tuple[np.ndarray, np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    with torch.inference_mode():
        return {name: scores.numpy() for name, scores in network(*map(torch.from_numpy, arrays)).items()}


def test_a_float_export_gives_every_weight_back(tmp_path: Path) -> None:
    network = tiny_network(100)
    export_onnx(network, tmp_path / "model.onnx", quantized=False)

    read = network_from_onnx(tmp_path / "model.onnx")

    assert read.encoder.shape == network.encoder.shape
    state = read.state_dict()
    assert all(torch.equal(state[name], weight) for name, weight in network.state_dict().items())


@pytest.mark.parametrize("source", ["tiny", "shipped"])
def test_an_int8_export_is_read_so_that_it_says_the_same(source: str, tmp_path: Path) -> None:
    path = SHIPPED / MODEL_FILE
    if source == "tiny":
        path = tmp_path / MODEL_FILE
        export_onnx(tiny_network(100), path)
    arrays = inputs(100)
    expected = OnnxForward(path)(*arrays)

    found = answers(network_from_onnx(path), arrays)

    for name in HEADS:
        spread = float(np.abs(expected[name]).max())
        real = arrays[2].any(axis=-1) if expected[name].ndim == 3 else slice(None)
        assert np.abs(found[name] - expected[name])[real].max() < 0.1 * max(spread, 1.0), name


def test_a_foreign_file_is_refused_by_name(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "other", [value], [value])
    onnx.save(helper.make_model(graph), str(tmp_path / "other.onnx"))

    with pytest.raises(ValueError, match=r"other\.onnx: lacks encoder\.embedding\.weight"):
        network_from_onnx(tmp_path / "other.onnx")
