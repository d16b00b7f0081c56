"""What the heads are trained to lessen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.examples import IGNORED, Batch
from models.heads import MENTION_HEADS

HEAD_WEIGHTS = {
    "stage": 1.0,
    "intent": 1.0,
    "aspect": 1.0,
    "mention_sentiment": 0.8,
    "sentiment": 1.0,
    "emotion": 0.5,
    "flags": 1.0,
}
_SMOOTHING = 0.05
_OUTSIDE = -1e4


def class_weights(counts: Mapping[str, NDArray[np.float64]], *, power: float) -> dict[str, Tensor]:
    """Returns a weight for each label of each head, one on average over what occurs.

    Args:
        counts: How often each label occurs.
        power: 0 weighs all alike, 1 gives every label of a head the same share of the loss.
    """
    weights: dict[str, Tensor] = {}
    for name, count in counts.items():
        inverse = np.maximum(count, 1.0) ** -power
        weights[name] = torch.tensor(
            inverse * count.sum() / max(1.0, float((inverse * count).sum())), dtype=torch.float32
        )
    return weights


def total_loss(scores: Mapping[str, Tensor], batch: Batch, weights: Mapping[str, Tensor]) -> Tensor:
    """Returns the weighted sum of the losses of all heads, over the labels and the teachers' opinions at hand.

    Args:
        scores: What :class:`models.network.Network` returned.
        batch: The labels.
        weights: What :func:`class_weights` returned.
    """
    losses = [HEAD_WEIGHTS["sentiment"] * _sentiment_loss(scores["sentiment"], batch)]
    for column, name in enumerate(MENTION_HEADS):
        labels = batch.mentions[..., column].flatten()
        losses.append(HEAD_WEIGHTS[name] * _choice_loss(scores[name].flatten(0, 1), labels, weights[name]))
    losses.append(
        HEAD_WEIGHTS["emotion"] * _choice_loss(scores["emotion"], batch.emotion, weights["emotion"])
    )
    losses.append(HEAD_WEIGHTS["flags"] * _flags_loss(scores["flags"], batch.flags))
    losses += [
        HEAD_WEIGHTS[name] * _taught_loss(name, scores[name], taught) for name, taught in batch.taught.items()
    ]
    return torch.stack(losses).sum()


def _taught_loss(name: str, scores: Tensor, taught: Tensor) -> Tensor:
    known = taught.sum(dim=-1) > 0
    if not bool(known.any()):
        return scores.sum() * 0.0
    if name == "flags":
        return functional.binary_cross_entropy_with_logits(scores[known].float(), taught[known])
    return functional.cross_entropy(scores[known].float(), taught[known])


def _choice_loss(scores: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    known = labels != IGNORED
    if not bool(known.any()):
        return scores.sum() * 0.0
    return functional.cross_entropy(
        scores[known].float(), labels[known], weight=weights, label_smoothing=_SMOOTHING
    )


def _sentiment_loss(scores: Tensor, batch: Batch) -> Tensor:
    known = batch.sentiment != IGNORED
    if not bool(known.any()):
        return scores.sum() * 0.0
    allowed = batch.allowed[known]
    logs = scores[known].float().masked_fill(~allowed, _OUTSIDE).log_softmax(dim=-1)
    right = logs.gather(1, batch.sentiment[known, None])[:, 0]
    spread = (logs * allowed).sum(dim=-1) / allowed.sum(dim=-1)
    doubt = batch.smoothing[known]
    return -((1.0 - doubt) * right + doubt * spread).mean()


def _flags_loss(scores: Tensor, flags: Tensor) -> Tensor:
    known = flags != IGNORED
    if not bool(known.any()):
        return scores.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(scores[known].float(), flags[known])
