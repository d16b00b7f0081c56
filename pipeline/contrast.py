"""Phrases that one group of messages uses more than another.

Counts are of messages, so that somebody who repeats a word is heard once. A phrase is told only where at least
three customers said it: what one person alone says could give that person away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.aggregate_basis import share_of
from pipeline.intervals import Z95, Estimate
from pipeline.log_odds import LogOdds, log_odds
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
) -> list[Phrase]:
    """Return the phrases of two groups, from those that the first uses most to those of the second.

    Words and pairs of words are compared among themselves. A word is left out where a pair that is as far
    from 0 explains it: four of five messages with the word hold the pair.

    Args:
        memory: Knows the terms of both groups.
        counts: In how many messages of the first group each term stands.
        counts_other: The same of the second one.
        min_n: In how many messages of the side that uses it more a phrase must stand; at least three
            customers must have said it there.
        min_z: How many standard deviations it must be away from no difference.
        only_new: Only what stands in no message of the second group.
    """
    both = _Counted.of(counts, counts_other)
    n_read = counts.n_read, counts_other.n_read
    is_pair = memory.are_pairs(both.terms)
    found: list[tuple[int, Phrase]] = []
    for chosen in (both.only(is_pair), both.only(~is_pair)):
        messages = chosen.messages.astype(np.float64)
        if len(messages) < 2 or not messages.sum(axis=0).all():
            continue
        odds = log_odds(messages[:, 0], messages[:, 1])
        told = chosen.may_be_told(odds.z < 0, min_n) & (np.abs(odds.z) >= min_z)
        if only_new:
            told &= chosen.messages[:, 1] == 0
        for place in np.flatnonzero(told):
            phrase = _phrase(memory, chosen, int(place), odds, n_read)
            found.append((int(chosen.terms[place]), phrase))
    return _without_parts(memory, sorted(found, key=lambda one: (-one[1].z, one[1].text)))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Messages and customers by term, of two groups side by side. Shapes: (terms,), the counts (terms, 2)."""

    terms: Ints
    messages: Ints
    voices: Ints

    @classmethod
    def of(cls, first: TermCounts, second: TermCounts) -> _Counted:
        terms = np.union1d(first.terms, second.terms)
        messages, voices = np.zeros((2, len(terms), 2), dtype=np.int64)
        for column, one in enumerate((first, second)):
            places = np.searchsorted(terms, one.terms)
            messages[places, column] = one.n_messages
            voices[places, column] = one.n_voices
        return cls(terms, messages, voices)

    def only(self, chosen: NDArray[np.bool_]) -> _Counted:
        return _Counted(self.terms[chosen], self.messages[chosen], self.voices[chosen])

    def may_be_told(self, in_second: NDArray[np.bool_], min_n: int) -> NDArray[np.bool_]:
        """Whether enough messages and customers hold it on the side that uses it more."""
        side = in_second.astype(np.int64)
        places = np.arange(len(side))
        enough = (self.messages[places, side] >= min_n) & (self.voices[places, side] >= MIN_VOICES)
        return np.asarray(enough, dtype=np.bool_)


def _phrase(
    memory: TermMemory, counted: _Counted, place: int, odds: LogOdds, n_read: tuple[int, int]
) -> Phrase:
    n, n_other = map(int, counted.messages[place])
    difference, z = float(odds.difference[place]), float(odds.z[place])
    half = Z95 * float(odds.deviation[place])
    return Phrase(
        text=memory.spelled(int(counted.terms[place])),
        n=n,
        n_other=n_other,
        n_customers=int(counted.voices[place, int(z < 0)]),
        share=share_of(n, n_read[0]),
        share_other=share_of(n_other, n_read[1]),
        log_odds=Estimate(difference, difference - half, difference + half),
        z=z,
    )


def _without_parts(memory: TermMemory, found: list[tuple[int, Phrase]]) -> list[Phrase]:
    of_pairs: dict[int, int] = {}
    for number, phrase in found:
        if len(words := memory.words(number)) == 2:
            for word in words:
                of_pairs[word] = max(of_pairs.get(word, 0), phrase.n, phrase.n_other)
    return [
        phrase
        for number, phrase in found
        if len(memory.words(number)) == 2 or of_pairs.get(number, 0) < MOSTLY * max(phrase.n, phrase.n_other)
    ]
