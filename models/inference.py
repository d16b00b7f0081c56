"""Runs windows through a network in batches of like length, whatever engine the network runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.encoding import Window
from models.heads import MENTION_HEADS

Floats = NDArray[np.float32]
Scores = dict[str, Floats]
DEFAULT_BATCH_TOKENS = 512


class Forward(Protocol):
    """A network on any engine: arrays in, the scores of each head out (see ``network.Network``)."""

    def __call__(
        self, tokens: NDArray[np.int64], is_token: NDArray[np.bool_], spans: NDArray[np.bool_]
    ) -> Mapping[str, Floats]:
        """Returns the scores of each head."""
        ...


def score_windows(
    forward: Forward,
    windows: Sequence[Window],
    *,
    batch_tokens: int = DEFAULT_BATCH_TOKENS,
    threads: int = 1,
) -> list[Scores]:
    """Returns for each window the scores of each head.

    Args:
        forward: The network.
        windows: What to read.
        batch_tokens: Tokens of a batch, padding included. Small batches stay in the processor's cache: 512
            took a third less time than 2,048.
        threads: Batches run at once.

    Returns:
        In the order given. Mention heads: Shape: (mentions, labels). Message heads: Shape: (labels,).
    """
    results: list[Scores] = [{}] * len(windows)
    batches = list(_batches(windows, batch_tokens))[
        ::-1
    ]  # the longest first, so that all threads end together
    with ThreadPoolExecutor(max_workers=threads) as workers:
        scored = list(workers.map(lambda batch: forward(*collate([windows[i] for i in batch])), batches))
    for batch, scores in zip(batches, scored, strict=True):
        for row, i in enumerate(batch):
            n_mentions = len(windows[i].spans)
            results[i] = {
                name: values[row, :n_mentions] if name in MENTION_HEADS else values[row]
                for name, values in scores.items()
            }
    return results


def collate(
    windows: Sequence[Window], *, n_tokens: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Returns tokens, token mask and span masks of some windows as one batch.

    Args:
        windows: At least one.
        n_tokens: Length to pad to; ``None``: that of the longest.

    Returns:
        Shapes: (batch, tokens), (batch, tokens), (batch, mentions, tokens); at least one mention.
    """
    longest = n_tokens or max(len(window.pieces) for window in windows)
    n_mentions = max(1, *(len(window.spans) for window in windows))
    tokens = np.zeros((len(windows), longest), dtype=np.int64)
    lengths = np.array([len(window.pieces) for window in windows])
    bounds = np.zeros((2, len(windows), n_mentions, 1), dtype=np.int64)
    for row, window in enumerate(windows):
        tokens[row, : len(window.pieces)] = window.pieces
        for mention, (first, last) in enumerate(window.spans):
            bounds[0, row, mention, 0], bounds[1, row, mention, 0] = first, last
    places = np.arange(longest)
    return tokens, places < lengths[:, None], (places >= bounds[0]) & (places < bounds[1])


def _batches(windows: Sequence[Window], batch_tokens: int) -> Iterator[list[int]]:
    order = sorted(range(len(windows)), key=lambda i: len(windows[i].pieces))
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(windows[i].pieces) > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
