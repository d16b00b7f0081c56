"""Whether the model holds up where the same thing is written otherwise: Finglish, typos, no punctuation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from models.augment import as_finglish, is_persian_script, with_typos, without_punctuation
from models.corpora import LabelledMessage
from models.evaluation.judge import Judge
from models.evaluation.records import Slice
from models.evaluation.slices import measure_slice
from models.heads import EXCLUSIVE_HEADS
from models.metrics import Figure
from models.twins import FinglishPair, Predict, finglish_twin_agreement, pair_agreement, well_aligned

_REWRITINGS: dict[str, Callable[[LabelledMessage, Random], LabelledMessage]] = {
    "typos": with_typos,
    "punctuation removed": without_punctuation,
    "Finglish": as_finglish,
}


def measure_rewritten(judge: Judge, messages: Sequence[LabelledMessage]) -> list[Slice]:
    """Returns how the model does on the messages written otherwise, those that stay as they were left out."""
    slices: list[Slice] = []
    for name, rewrite in _REWRITINGS.items():
        twins = rewritten(messages, rewrite)
        if twins:
            judged = judge.judge(twins)
            heads = {head: judged.head(head) for head in EXCLUSIVE_HEADS}
            slices.append(measure_slice(heads, "rewritten", name, range(len(twins))))
    return slices


def measure_finglish(
    predict: Predict, pairs: Sequence[FinglishPair], messages: Sequence[LabelledMessage]
) -> dict[str, Figure]:
    """Returns how often a text and the same in Latin letters get the same message sentiment.

    Args:
        predict: The model.
        pairs: What people wrote in both scripts; those that are misaligned are left out.
        messages: Their ``twins`` in Latin letters are made by sampled rules, with a fixed seed.

    Returns:
        Nothing of that of which there is none.
    """
    found: dict[str, Figure] = {}
    if aligned := well_aligned(pairs, _chance()):
        found["pairs"] = pair_agreement(predict, aligned)
    if any(is_persian_script(one.text) for one in messages):
        found["twins"] = finglish_twin_agreement(predict, messages, _chance())
    return found


def rewritten(
    messages: Sequence[LabelledMessage], rewrite: Callable[[LabelledMessage, Random], LabelledMessage]
) -> list[LabelledMessage]:
    """Returns what became of each message that the rewriting changes; the seed is fixed."""
    rng = _chance()
    pairs = [(message, rewrite(message, rng)) for message in messages]
    return [twin for message, twin in pairs if twin.text != message.text]


def _chance() -> Random:
    return Random(1)  # noqa: S311 - slips of the finger are no secrets
