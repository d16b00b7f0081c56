"""Chooses what runs the network of a weights folder, and in what portions."""

from __future__ import annotations

from dataclasses import dataclass

from models.checkpoint import Checkpoint, CheckpointError
from models.inference import DEFAULT_BATCH_TOKENS, Forward
from models.onnx_engine import OnnxForward

GPU_BATCH_TOKENS = 32_768
_TORCH_PACKAGES = frozenset(("torch", "transformers", "safetensors"))


@dataclass(frozen=True, slots=True)
class Engine:
    """A network that is ready to run.

    Attributes:
        forward: The network.
        n_at_once: Batches to run at once.
        batch_tokens: Tokens of a batch that suit it, padding included.
    """

    forward: Forward
    n_at_once: int
    batch_tokens: int


def open_engine(checkpoint: Checkpoint, *, threads: int, engine: str | None, device: str) -> Engine:
    """Returns the network of a weights folder on the engine that its manifest names.

    Args:
        checkpoint: The folder.
        threads: Processor threads of the matrix work.
        engine: The engine that the settings name; ``None``: whatever the manifest says.
        device: ``cpu``, ``cuda``, or an empty string for a GPU where the engine can use one.

    Raises:
        CheckpointError: The settings name another engine than the manifest, the engine cannot use the device,
            or torch is not installed.
    """
    folder, needed = checkpoint.model.parent, checkpoint.manifest.engine
    if engine not in {None, needed}:
        raise CheckpointError(
            f'the weights in {folder} are for the engine "{needed}", the setting engine is "{engine}"; '
            f'set engine = "{needed}" (BAZKHORD_ENGINE={needed}) or name another folder in weights_dir'
        )
    if needed == "torch":
        return _open_torch(checkpoint, threads, device)
    if device == "cuda":
        raise CheckpointError(
            f'the setting device is "cuda", but the weights in {folder} are for the engine "onnx", which runs '
            'on the processor; set device = "", or serve weights that bazkhord train made'
        )
    return Engine(OnnxForward(checkpoint.model), threads, DEFAULT_BATCH_TOKENS)


def _open_torch(checkpoint: Checkpoint, threads: int, device: str) -> Engine:
    try:
        import torch

        from models.torch_engine import TorchForward, choose_device, load_network
    except ModuleNotFoundError as error:
        if error.name not in _TORCH_PACKAGES:
            raise
        raise CheckpointError(
            f'the weights in {checkpoint.model.parent} are for the engine "torch", which is not installed: '
            "install bazkhord[train] (WITH_TORCH=1 make setup)"
        ) from None
    chosen = choose_device(device)
    # torch shares one product of matrices among the threads; several at once would fight for them.
    torch.set_num_threads(threads)
    forward = TorchForward(load_network(checkpoint, chosen))
    return Engine(forward, 1, GPU_BATCH_TOKENS if chosen.type == "cuda" else DEFAULT_BATCH_TOKENS)
