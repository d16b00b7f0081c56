"""How well messages are cut into clauses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.clauses import split_clauses
from models.corpora import LabelledMessage
from models.metrics import Figure, f1_with_interval


def boundary_figure(messages: Sequence[LabelledMessage]) -> Figure:
    """Returns the F1 of the cuts between clauses.

    A cut is the number of letters and digits before it, so that punctuation at the seam does not matter.

    Args:
        messages: Those without a labelled clause are passed over.
    """
    counts = [_counts(message) for message in messages if message.mentions]
    return f1_with_interval(np.array(counts, dtype=np.int64).reshape(-1, 3))


def boundary_figures(messages: Sequence[LabelledMessage]) -> dict[str, Figure]:
    """Returns the F1 over ``all`` messages and over those of each source."""
    sources = sorted({message.source for message in messages})
    by_source = {one: boundary_figure([m for m in messages if m.source == one]) for one in sources}
    return {"all": boundary_figure(messages), **by_source}


def _counts(message: LabelledMessage) -> tuple[int, int, int]:
    gold = _cuts(message.text, [mention.start for mention in message.mentions])
    found = _cuts(message.text, [start for start, _ in split_clauses(message.text)])
    return len(gold & found), len(found - gold), len(gold - found)


def _cuts(text: str, starts: Sequence[int]) -> set[int]:
    return {sum(char.isalnum() for char in text[:start]) for start in starts[1:]}
