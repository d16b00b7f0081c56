"""How far an exported network says the same as the one it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.calibration import gather
from models.encoding import Window
from models.examples import Example
from models.heads import EXCLUSIVE_HEADS, MENTION_HEADS, MESSAGE_HEADS
from models.inference import Forward, Scores, score_windows
from models.metrics import macro_f1


def same_label_shares(first: Sequence[Scores], second: Sequence[Scores]) -> dict[str, float]:
    """Returns for each head the share of items that get the same label from both; flags: raised at 0.5.

    Args:
        first: What one network said of some windows.
        second: What the other said of the same.
    """
    shares: dict[str, float] = {}
    for head in (*EXCLUSIVE_HEADS, "flags"):
        join = np.concatenate if head in MENTION_HEADS else np.stack
        one, other = (join([scores[head] for scores in some]) for some in (first, second))
        if head == "flags":
            shares[head] = float(((one > 0) == (other > 0)).mean())
        else:
            shares[head] = float((one.argmax(axis=-1) == other.argmax(axis=-1)).mean())
    return shares


def measure_parity(
    exported: Forward,
    original: Forward,
    windows: Sequence[Window],
    labelled: Sequence[Example],
    *,
    threads: int,
) -> Mapping[str, float]:
    """Returns how alike two networks are, by name as the manifest keeps it.

    Args:
        exported: The one that ships.
        original: The one it was made from.
        windows: Texts to compare the labels of.
        labelled: Messages to compare macro F1 on.
        threads: Threads of the matrix work.

    Returns:
        ``parity HEAD``: share of equal labels. ``parity HEAD points``: macro F1 of the exported network less
        that of the original one, in points of 100.
    """
    sides = [score_windows(one, windows, threads=threads) for one in (exported, original)]
    shares = same_label_shares(*sides)
    figures = {f"parity {head}": round(share, 5) for head, share in shares.items()}
    judged = [
        score_windows(one, [example.window for example in labelled], threads=threads)
        for one in (exported, original)
    ]
    for head in (*MENTION_HEADS, *(name for name in MESSAGE_HEADS if name != "flags")):
        f1 = [
            macro_f1(truth, scores.argmax(axis=1))
            for scores, truth in (gather(j, labelled, head) for j in judged)
        ]
        figures[f"parity {head} points"] = round(100 * (f1[0] - f1[1]), 2)
    return figures
