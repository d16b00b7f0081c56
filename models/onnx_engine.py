"""Runs an exported network with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.heads import HEADS
from models.inference import Floats

INPUTS = ("tokens", "is_token", "spans")


class OnnxForward:
    """A network as :class:`models.inference.Forward` wants it.

    Each call runs on the thread that makes it: several calls at once scale better than one call on several
    threads, as the batches are small.
    """

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(model), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def __call__(
        self, tokens: NDArray[np.int64], is_token: NDArray[np.bool_], spans: NDArray[np.bool_]
    ) -> dict[str, Floats]:
        """Returns the scores of each head."""
        inputs = dict(zip(INPUTS, (tokens, is_token, spans), strict=True))
        return dict(zip(HEADS, self._session.run(list(HEADS), inputs), strict=True))
