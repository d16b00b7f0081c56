"""Runs a network with torch, on a GPU or the processor."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from models.checkpoint import Checkpoint, CheckpointError
from models.inference import Floats
from models.network import Network


class TorchForward:
    """A network as :class:`models.inference.Forward` wants it, on the device that it lies on."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __call__(
        self, tokens: NDArray[np.int64], is_token: NDArray[np.bool_], spans: NDArray[np.bool_]
    ) -> dict[str, Floats]:
        """Returns the scores of each head."""
        device = next(self.network.parameters()).device
        with torch.inference_mode(), half_precision(device):
            arrays = (torch.from_numpy(array).to(device) for array in (tokens, is_token, spans))
            return {name: scores.float().cpu().numpy() for name, scores in self.network(*arrays).items()}


def choose_device(device: str) -> torch.device:
    """Returns where to run: ``cpu``, ``cuda``, or, for an empty string, a GPU where there is one.

    Raises:
        CheckpointError: ``cuda`` was asked for and there is none, or the device is not known.
    """
    if device not in {"", "cpu", "cuda"}:
        raise CheckpointError(
            f'the device is "{device}", known are "cpu", "cuda" and "" (a GPU where there is one)'
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise CheckpointError(
            'the setting device is "cuda", but torch finds no usable GPU here; set it to "cpu", or install a '
            "driver and a torch that fit the GPU"
        )
    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """Returns a context, for predicting, in which a GPU multiplies matrices in 16 bits."""
    if device.type != "cuda":
        return nullcontext()
    return torch.autocast("cuda", dtype=torch.bfloat16 if _gpu_has_bfloat16() else torch.float16)


def bfloat16(device: torch.device) -> AbstractContextManager[object]:
    """Returns a context, for training, in which matrices are multiplied in bfloat16 unless the GPU has none."""
    return torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=device.type != "cuda" or _gpu_has_bfloat16()
    )


def _gpu_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def save_network(network: Network, path: Path) -> None:
    """Writes all weights of the network, heads included, to one safetensors file."""
    save_model(network, str(path))


def load_network(checkpoint: Checkpoint, device: torch.device) -> Network:
    """Returns the network of a weights folder of the engine torch, on a device and ready to predict.

    Raises:
        CheckpointError: The weights do not fit the encoder that ``config.json`` describes.
    """
    # transformers takes three seconds to import; training the shipped network does without.
    from models.hugging_face import build_encoder

    network = Network(build_encoder(checkpoint.config))
    try:
        load_model(network, str(checkpoint.model))
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise CheckpointError(
            f"{checkpoint.model}: does not fit {checkpoint.config.name} beside it ({reason}); train again"
        ) from error
    return network.eval().to(device)
