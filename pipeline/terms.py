"""The words and pairs of words that messages hold, and a memory of them: the same text is read once.

Words are in their normal form, so that all spellings meet; stop words, numbers and masks are left out. Nothing
here is ever written to a log or a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from models.normalize import normalize

STOP_WORDS = Path(__file__).with_name("stop_words.txt")
MIN_LETTERS = 2
MAX_MESSAGES = 100_000
MAX_TERMS = 2_000_000
HALF_SPACE = "\u200c"
_PIECE = re.compile(r"[<\[][a-z_]+[>\]]|[^\W\d_]+")
_PLAIN = str.maketrans({"آ": "ا", "ئ": "ی", HALF_SPACE: ""})

Ints = NDArray[np.int64]
Line = tuple[int, int, int]  # number of a term, start, end
Place = tuple[
    int, int, int
]  # first line of a message, how many, how many of these with a term not said before
UNKNOWN: Place = (-1, 0, 0)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Terms of many messages, one line each: which message (its place in the question), which term, from, to.

    ``start`` and ``end`` are offsets in code points of the message as it is stored.
    """

    message: Ints
    term: Ints
    start: Ints
    end: Ints


@cache
def stop_words() -> frozenset[str]:
    """Return the words that say nothing by themselves, in their normal form."""
    lines = STOP_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_telling(word: str) -> bool:
    """Return whether a piece of a normalised text is a word that is counted.

    >>> is_telling("پیک"), is_telling("از"), is_telling("<phone>"), is_telling("و")
    (True, False, False, False)
    """
    return len(word) >= MIN_LETTERS and word[0] not in "<[" and word not in stop_words()


def words_with_places(text: str) -> Iterator[tuple[str, int, int, bool]]:
    """Yield the words and masks of a text in order.

    Yields:
        The normal form, where it starts and ends in ``text``, and whether only a space parts it from the
        piece before.

    >>> list(words_with_places("پيك نیامد"))
    [('پیک', 0, 3, False), ('نیامد', 4, 9, True)]
    """
    normalized = normalize(text)
    plain, origin = normalized.text, normalized.origin
    before = -1
    for match in _PIECE.finditer(plain):
        start, end = match.span()
        yield match[0], origin[start], origin[end - 1] + 1, start == before + 1 and plain[before] == " "
        before = end


class TermMemory:
    """Terms by the fingerprint of the message that holds them: its words and the pairs that stand side by side.

    Several threads may use it at once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[str | tuple[int, int], int] = {}
        self._names: list[str | tuple[int, int]] = []
        self._is_pair = bytearray()
        self._n_uses: list[int] = []
        self._spellings: dict[int, Counter[str]] = {}
        self._messages: dict[str, Place] = {}
        self._of_array: NDArray[np.bytes_] = np.zeros(0, dtype=np.bytes_)
        self._places = np.zeros((0, 3), dtype=np.int64)
        self._lines = np.zeros((1024, 3), dtype=np.int32)
        self._n_lines = 0

    @property
    def is_full(self) -> bool:
        """Whether it holds 100,000 messages or two million terms; 71,536 messages take 54 MB."""
        return len(self._messages) >= MAX_MESSAGES or len(self._names) >= MAX_TERMS

    def missing(self, fingerprints: Iterable[str]) -> set[str]:
        """Return the fingerprints whose terms are not known yet."""
        with self._lock:
            return {one for one in fingerprints if one not in self._messages}

    def read(self, texts: Mapping[str, str]) -> None:
        """The terms of these texts, by fingerprint, are known."""
        with self._lock:
            for fingerprint, text in texts.items():
                if fingerprint not in self._messages:
                    self._keep(fingerprint, self._lines_of(text))

    def places(self, fingerprints: Sequence[str]) -> Ints:
        """Return where the terms of messages are kept, for ``occurrences``; a first line of -1: not known."""
        with self._lock:
            return self._look_up(fingerprints)

    def places_among(self, fingerprints: NDArray[np.bytes_], which: Ints) -> Ints:
        """Return the ``places`` of some of many fingerprints, by their numbers.

        What was found is remembered as long as nobody asks about another array.
        """
        with self._lock:
            if self._of_array is not fingerprints:
                self._of_array = fingerprints
                self._places = np.full((len(fingerprints), 3), UNKNOWN, dtype=np.int64)
            found = self._places[which]
            missing = found[:, 0] < 0
            if missing.any():
                found[missing] = self._look_up(fingerprints[which[missing]].astype(np.str_).tolist())
                self._places[which] = found
        return found

    def occurrences(self, places: Ints, *, once: bool = False) -> Occurrences:
        """Return the terms of messages one after the other; those not known have none.

        Args:
            places: Of each message. Shape: (messages, 3).
            once: Leave out what a message said before.
        """
        starts, sizes = places[:, 0], places[:, 2 if once else 1]
        message = np.repeat(np.arange(len(places)), sizes)
        before = np.repeat(np.cumsum(sizes) - sizes, sizes)
        with self._lock:
            lines = self._lines.take(np.repeat(starts, sizes) + np.arange(len(message)) - before, axis=0)
        return Occurrences(message, *lines.T.astype(np.int64))

    def are_pairs(self, numbers: Ints) -> NDArray[np.bool_]:
        """Return for each term whether it is a pair of words."""
        with self._lock:
            all_of_them = np.frombuffer(bytes(self._is_pair), dtype=np.bool_)
        return np.asarray(all_of_them[numbers])

    def spelled(self, number: int) -> str:
        """Return how a term is shown: the normal form, or with آ, ئ and half-spaces as at least a tenth write it."""
        with self._lock:
            return " ".join(self._spelled(one) for one in self.words(number))

    def words(self, number: int) -> tuple[int, ...]:
        """Return the numbers of the words that a term is made of: one or two."""
        name = self._names[number]
        return (number,) if isinstance(name, str) else name

    def normal(self, number: int) -> str:
        """Return the normal form of a word, no pair."""
        return str(self._names[number])

    def _spelled(self, number: int) -> str:
        careful = self._spellings.get(number)
        spelling, n = careful.most_common(1)[0] if careful else ("", 0)
        return spelling if 10 * n > self._n_uses[number] else str(self._names[number])

    def _look_up(self, fingerprints: Sequence[str]) -> Ints:
        places = [self._messages.get(one, UNKNOWN) for one in fingerprints]
        return np.array(places, dtype=np.int64).reshape(-1, 3)

    def _lines_of(self, text: str) -> list[Line]:
        lines: list[Line] = []
        before, before_start = -1, 0
        for word, start, end, is_beside in words_with_places(text):
            number = self._number_of_word(word)
            if number >= 0:
                lines.append((number, start, end))
                if before >= 0 and is_beside:
                    lines.append((self._number(before, number), before_start, end))
                self._n_uses[number] += 1
                if (written := text[start:end]) != word and written.translate(_PLAIN) == word:
                    self._spellings.setdefault(number, Counter())[written] += 1
            before, before_start = number, start
        return lines

    def _number_of_word(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._names) if is_telling(word) else -1
            if number >= 0:
                self._add(word, is_pair=False)
        return number

    def _number(self, first: int, second: int) -> int:
        pair = (first, second)
        number = self._numbers.setdefault(pair, len(self._names))
        if number == len(self._names):
            self._add(pair, is_pair=True)
        return number

    def _add(self, name: str | tuple[int, int], *, is_pair: bool) -> None:
        self._names.append(name)
        self._is_pair.append(is_pair)
        self._n_uses.append(0)

    def _keep(self, fingerprint: str, lines: list[Line]) -> None:
        """What the message says for the first time stands before what it says again."""
        firsts: dict[int, Line] = {}
        for line in lines:
            firsts.setdefault(line[0], line)
        again = [line for line in lines if firsts[line[0]] is not line]
        n = len(lines)
        while self._n_lines + n > len(self._lines):
            self._lines = np.concatenate([self._lines, np.zeros_like(self._lines)])
        ordered = np.array([*firsts.values(), *again], dtype=np.int32).reshape(-1, 3)
        self._lines[self._n_lines : self._n_lines + n] = ordered
        self._messages[fingerprint] = (self._n_lines, n, len(firsts))
        self._n_lines += n


class TermMemories:
    """The memory in use; a full one is left to those who still ask it, and a new one begun."""

    def __init__(self) -> None:
        self._current = TermMemory()

    def current(self) -> TermMemory:
        """Return a memory that has room; whoever asks it for numbers must ask the same one for words."""
        if self._current.is_full:
            self._current = TermMemory()
        return self._current
