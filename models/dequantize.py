"""Reads an exported network back into torch, so that the shipped weights alone can be fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from models.inference import Floats
from models.network import ROTARY_OPERATOR, Encoder, Network, Shape

_ROTARY = ROTARY_OPERATOR.rpartition(":")[2]
_PREFIX, _EMBEDDING = "network.", "encoder.embedding.weight"
_MATRIX_OPERATORS = ("MatMulInteger", "MatMul", "Gemm")


def network_from_onnx(path: Path, *, dropout: float = 0.0) -> Network:
    """Returns the network of an ONNX file that :func:`models.export.export_onnx` wrote, in float32.

    Quantised matrices become what they stand for, so that the network says what the file says but for the
    rounding of the states between layers.

    Args:
        path: The file, int8 or float32.
        dropout: Share of the states dropped while training.

    Raises:
        ValueError: The file is of another network; the message names the first weight that is missing.
    """
    graph = _Graph.read(path)
    network = Network(Encoder(graph.shape(), dropout=dropout), dropout=dropout)
    state = {
        name: torch.from_numpy(graph.weight(name, tuple(weight.shape)))
        for name, weight in network.state_dict().items()
    }
    network.load_state_dict(state)
    return network.eval()


@dataclass(frozen=True, slots=True)
class _Graph:
    """The numbers of an ONNX graph by name, and which node makes and reads what."""

    path: Path
    numbers: dict[str, NDArray[np.generic]]
    n_heads: int
    makers: dict[str, onnx.NodeProto]
    readers: dict[str, onnx.NodeProto]

    @classmethod
    def read(cls, path: Path) -> _Graph:
        graph = onnx.load(str(path)).graph
        numbers = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        for node in graph.node:  # equal weights are stored once
            if node.op_type == "Identity" and node.input[0] in numbers:
                numbers[node.output[0]] = numbers[node.input[0]]
        return cls(
            path,
            numbers,
            max((one.attribute[0].i for one in graph.node if one.op_type == _ROTARY), default=0),
            {output: node for node in graph.node for output in node.output},
            {name: node for node in graph.node for name in node.input},
        )

    def shape(self) -> Shape:
        n_pieces, width = self._embedding().shape
        n_layers = sum(name.endswith(".inner.bias") for name in self.numbers)
        if not self.n_heads or not n_layers:
            raise ValueError(f"{self.path}: has no rotary positions or no blocks; export the network again")
        return Shape(
            n_pieces,
            width,
            n_layers,
            self.n_heads,
            len(self.numbers[f"{_PREFIX}encoder.blocks.0.inner.bias"]),
        )

    def weight(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Returns a weight of the network as torch lays it out."""
        found = self._embedding() if name == _EMBEDDING else self.numbers.get(_PREFIX + name)
        if found is None and name.endswith(".weight"):
            found = self._matrix(_PREFIX + name)
        if found is None or found.shape != shape:
            raise ValueError(f"{self.path}: lacks {name} of shape {shape}; export the network again")
        return np.array(found, dtype=np.float32)

    def _embedding(self) -> Floats:
        found = self._stored(_PREFIX + _EMBEDDING)
        if found is None:
            raise ValueError(f"{self.path}: lacks {_EMBEDDING}; not our network")
        return found

    def _matrix(self, name: str) -> Floats | None:
        """Returns a matrix that the exporter turned round, and perhaps renamed."""
        turned = self._stored(name)
        if turned is None:
            turned = self._stored(self._matrix_name(name.removesuffix("weight") + "bias"))
        return None if turned is None else turned.T

    def _stored(self, name: str) -> Floats | None:
        if name in self.numbers:
            return self.numbers[name].astype(np.float32)
        if f"{name}_quantized" not in self.numbers:
            return None
        parts = (self.numbers[f"{name}_{part}"] for part in ("quantized", "scale", "zero_point"))
        whole, scale, zero = (part.astype(np.float32) for part in parts)
        if scale.ndim == 1 and scale.size == whole.shape[0] != whole.shape[-1]:
            scale, zero = scale[:, None], zero[:, None]
        return (whole - zero) * scale

    def _matrix_name(self, bias: str) -> str:
        """Returns the name of the matrix whose product that bias is added to: exporters rename matrices."""
        waiting = [name for name in self.readers[bias].input if name != bias] if bias in self.readers else []
        while waiting:
            node = self.makers.get(waiting.pop())
            if node is None:
                continue
            if node.op_type in _MATRIX_OPERATORS:
                return str(node.input[1]).removesuffix("_quantized")
            if node.op_type in ("Cast", "Mul", "Reshape"):
                waiting += list(node.input)
        return bias
