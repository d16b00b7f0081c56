"""Measures whether a message keeps its sentiment when it is written in Latin letters."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from random import Random

import numpy as np

from models.augment import is_persian_script
from models.corpora import LabelledMessage
from models.finglish import transliterate
from models.labels import Prediction
from models.metrics import Figure, share

Predict = Callable[[Sequence[str]], list[Prediction]]

MIN_LIKENESS = 0.75
_VOWELS = re.compile(r"[^bcdfghjklmnpqrstvwxz]|(?<=[aeou])h\b")
_ALIKE = str.maketrans("qwxj", "gvkz")


@dataclass(frozen=True, slots=True)
class FinglishPair:
    """One sentence in both scripts."""

    persian: str
    finglish: str


def finglish_pairs(folder: Path) -> list[FinglishPair]:
    """Returns the pairs of ``finglish/pairs.jsonl.xz`` under a data folder, misaligned ones included."""
    with lzma.open(folder / "finglish" / "pairs.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [FinglishPair(row["fa"], row["finglish"]) for row in rows]


def well_aligned(pairs: Sequence[FinglishPair], rng: Random) -> list[FinglishPair]:
    """Returns the pairs whose two sides say the same.

    A pair is kept if the consonants of the Finglish are at least ``MIN_LIKENESS`` (0.75) like those of our
    own transliteration of the Persian, by :meth:`difflib.SequenceMatcher.ratio`.
    """
    return [pair for pair in pairs if _likeness(pair, rng) >= MIN_LIKENESS]


def finglish_twin_agreement(predict: Predict, messages: Sequence[LabelledMessage], rng: Random) -> Figure:
    """Returns the share of messages whose Finglish twin gets the sentiment that the Persian original gets.

    The twins are sampled transliterations. A model that says the same of every text scores 1: read the
    figure beside its accuracy.

    Args:
        predict: The model.
        messages: Held-out; those not in Persian script or of unknown sentiment are passed over.
        rng: Draws the spellings.

    Raises:
        ValueError: No message is left to measure on.
    """
    texts = [one.text for one in messages if one.sentiment is not None and is_persian_script(one.text)]
    return pair_agreement(predict, [FinglishPair(text, transliterate(text, rng).text) for text in texts])


def pair_agreement(predict: Predict, pairs: Sequence[FinglishPair]) -> Figure:
    """Returns the share of pairs of which both sides get the same sentiment, with a 95 % interval.

    Args:
        predict: The model.
        pairs: For a figure that can reach 1, without misaligned ones: see :func:`well_aligned`.

    Raises:
        ValueError: There are no pairs.
    """
    if not pairs:
        raise ValueError(
            "no pair of Persian and Finglish to measure on; give Persian messages with a sentiment"
        )
    originals = predict([pair.persian for pair in pairs])
    twins = predict([pair.finglish for pair in pairs])
    agree = [one.sentiment == other.sentiment for one, other in zip(originals, twins, strict=True)]
    return share(np.array(agree))


def _likeness(pair: FinglishPair, rng: Random) -> float:
    ours, theirs = _consonants(transliterate(pair.persian, rng).text), _consonants(pair.finglish)
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def _consonants(text: str) -> str:
    return _VOWELS.sub("", text.lower()).translate(_ALIKE)
