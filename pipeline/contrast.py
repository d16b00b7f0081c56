"""Phrases that one group of messages uses more than another.

Counts are of messages, so that somebody who repeats a word is heard once. A phrase is told only where at least
three customers said it: what one person alone says could give that person away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.aggregate_basis import share_of
from pipeline.brand_names import BrandNames
from pipeline.intervals import Z95, Estimate
from pipeline.log_odds import log_odds
from pipeline.reading_terms import TermCounts
from pipeline.terms import Ints, TermMemory

MIN_VOICES = 3
MOSTLY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One or two words, ``n`` messages of the selection that hold them, and ``n_other`` of the other ones.

    Of both only what was read is counted; ``share`` and ``share_other`` are of what was read. ``n_customers``
    said it on the side that says it more. ``log_odds`` is the difference of Monroe et al. with its 95 %
    interval, ``z`` the same in standard deviations.
    """

    text: str
    n: int
    n_other: int
    n_customers: int
    share: Estimate
    share_other: Estimate
    log_odds: Estimate
    z: float


def contrast(
    memory: TermMemory,
    counts: TermCounts,
    counts_other: TermCounts,
    *,
    min_n: int = MIN_VOICES,
    min_z: float = 0.0,
    only_new: bool = False,
    only_more: bool = False,
    without: BrandNames | None = None,
    limit: int | None = None,
) -> list[Phrase]:
    """Return the phrases of two groups, from those that the first uses most to those of the second.

    Words and pairs of words are compared among themselves. A word is left out where a pair that is as far
    from 0 explains it: four of five messages with the word hold the pair.

    Args:
        memory: Knows the terms of both groups.
        counts: In how many messages of the first group each term stands.
        counts_other: The same of the second one, counted side by side with it.
        min_n: In how many messages of the side that uses it more a phrase must stand; at least three
            customers must have said it there.
        min_z: How many standard deviations it must be away from no difference.
        only_new: Only what stands in no message of the second group.
        only_more: Only what the first group uses more.
        without: Names that no phrase may hold.
        limit: Most phrases, those that are farthest on the side of the first group; ``None``: all.
    """
    both = _Counted.of(counts, counts_other)
    is_pair = memory.are_pairs(both.terms)
    pairs, words = (
        _found(both, is_kind, min_n, min_z, only_new=only_new, only_more=only_more)
        for is_kind in (is_pair, ~is_pair)
    )
    if without:
        pairs, words = _without_names(memory, pairs, words, without)
    told = sorted((*pairs, *_without_parts(memory, words, pairs)), key=lambda one: -one.z)
    if limit is not None and len(told) > limit:
        told = [one for one in told if one.z >= told[limit - 1].z]
    n_read = counts.n_read, counts_other.n_read
    phrases = [_phrase(memory, one, n_read) for one in told]
    return sorted(phrases, key=lambda one: (-one.z, one.text))[:limit]


@dataclass(frozen=True, slots=True)
class _Found:
    """A term that is far enough from no difference: messages of both groups, customers of the side that says it more."""

    number: int
    n: int
    n_other: int
    n_customers: int
    difference: float
    deviation: float
    z: float


@dataclass(frozen=True, slots=True)
class _Counted:
    """Messages and customers by term, of two groups side by side. Shapes: (terms,), the counts (2, terms)."""

    terms: Ints
    messages: Ints
    voices: Ints

    @classmethod
    def of(cls, first: TermCounts, second: TermCounts) -> _Counted:
        if first.terms is not second.terms:
            raise ValueError("the terms of both groups must be counted side by side")
        messages = np.stack([first.n_messages, second.n_messages])
        return cls(first.terms, messages, np.stack([first.n_voices, second.n_voices]))

    def only(self, chosen: NDArray[np.bool_]) -> _Counted:
        # By places, as a mask would be turned into them once for each row.
        places = np.flatnonzero(chosen)
        return _Counted(self.terms[places], self.messages.take(places, 1), self.voices.take(places, 1))

    def may_be_told(self, in_second: NDArray[np.bool_], min_n: int) -> NDArray[np.bool_]:
        """Whether enough messages and customers hold it on the side that uses it more."""
        n_messages, n_voices = (np.where(in_second, one[1], one[0]) for one in (self.messages, self.voices))
        return np.asarray((n_messages >= min_n) & (n_voices >= MIN_VOICES), dtype=np.bool_)


def _found(
    both: _Counted,
    is_kind: NDArray[np.bool_],
    min_n: int,
    min_z: float,
    *,
    only_new: bool,
    only_more: bool,
) -> list[_Found]:
    """The terms of one kind that may be told; all of the kind count in how often it is used at all."""
    n, n_other = (both.messages @ is_kind).tolist()
    if np.count_nonzero(is_kind) < 2 or not n or not n_other:
        return []
    counted = both.only(is_kind & (np.maximum(*both.messages) >= min_n))
    odds = log_odds(*counted.messages.astype(np.float64), totals=(n, n_other))
    z = odds.z
    told = counted.may_be_told(z < 0, min_n) & (np.abs(z) >= min_z)
    if only_new:
        told &= counted.messages[1] == 0
    if only_more:
        told &= z > 0
    chosen = counted.only(told)
    n_customers = np.where(z[told] < 0, chosen.voices[1], chosen.voices[0])
    columns = (
        chosen.terms,
        *chosen.messages,
        n_customers,
        odds.difference[told],
        odds.deviation[told],
        z[told],
    )
    return [_Found(*values) for values in zip(*(one.tolist() for one in columns), strict=True)]


def _phrase(memory: TermMemory, found: _Found, n_read: tuple[int, int]) -> Phrase:
    half = Z95 * found.deviation
    return Phrase(
        text=memory.spelled(found.number),
        n=found.n,
        n_other=found.n_other,
        n_customers=found.n_customers,
        share=share_of(found.n, n_read[0]),
        share_other=share_of(found.n_other, n_read[1]),
        log_odds=Estimate(found.difference, found.difference - half, found.difference + half),
        z=found.z,
    )


def _without_names(
    memory: TermMemory, pairs: Sequence[_Found], words: Sequence[_Found], names: BrandNames
) -> tuple[list[_Found], list[_Found]]:
    """The terms that hold no name; of a name that is written as two words each is one."""
    spelled = {
        one.number: [memory.normal(word) for word in memory.words(one.number)] for one in (*pairs, *words)
    }
    parts = {
        part for pair in pairs if names.are("".join(spelled[pair.number])) for part in spelled[pair.number]
    }
    kept = {number for number, said in spelled.items() if not names.hold(said) and parts.isdisjoint(said)}
    return [one for one in pairs if one.number in kept], [one for one in words if one.number in kept]


def _without_parts(memory: TermMemory, words: Sequence[_Found], pairs: Sequence[_Found]) -> list[_Found]:
    of_pairs: dict[int, int] = {}
    for pair in pairs:
        for word in memory.words(pair.number):
            of_pairs[word] = max(of_pairs.get(word, 0), pair.n, pair.n_other)
    return [one for one in words if of_pairs.get(one.number, 0) < MOSTLY * max(one.n, one.n_other)]
