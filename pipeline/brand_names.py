"""The names of brands, and which words are such a name: it says nothing of what a brand is spoken of for.

A name is known as sources write it. Persian texts often write a Latin name in Persian letters, and leave out most
of its vowels; so names are also told by their consonants, where these are three or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine, select

from pipeline.database import reading
from pipeline.remembering import remembered
from pipeline.tables import FeedbackRow
from pipeline.terms import HALF_SPACE, words_with_places

MIN_CONSONANTS = 3
_TOGETHER = {"sh": "ش", "ch": "چ", "kh": "خ", "gh": "ک", "zh": "ژ", "ph": "f"}
_SOUNDS = str.maketrans(
    {letter: sound for sound, letters in {
        "b": "ب", "p": "پ", "t": "تط", "s": "ثسص", "g": "جگj", "d": "د", "z": "ذزضظ", "r": "ر", "f": "ف",
        "k": "کقغcq", "l": "ل", "m": "م", "n": "ن",
    }.items() for letter in letters}
)  # fmt: skip
# Persian leaves و, ی and ا between vowels and consonants, and ه often silent at the end.
_SILENT = re.compile(r"[aeiouyvwhاآوؤیئهحعء\W\d_]")
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class BrandNames:
    """All names of brands: each word of one, and one as a whole; and their consonants."""

    words: frozenset[str]
    consonants: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Return what is known of these names.

        >>> BrandNames.of(["نیک‌سبد"]).words == {"نیک", "سبد", "نیکسبد"}
        True
        """
        words: set[str] = set()
        for name in names:
            parts = _words_of(name.replace(HALF_SPACE, " "))
            words |= {*parts, *_words_of(name), "".join(parts)}
        sounds = {consonants(word) for word in words}
        return cls(frozenset(words), frozenset(one for one in sounds if len(one) >= MIN_CONSONANTS))

    def hold(self, words: Sequence[str]) -> bool:
        """Return whether one of some words that stand side by side, or all together, are a name.

        >>> names = BrandNames.of(["Mellat Mobile Bank", "digikala"])
        >>> names.hold(["ملت"]), names.hold(["دیجی", "کالا"]), names.hold(["کارمزد"])
        (True, True, False)
        """
        return any(self.are(one) for one in (*words, "".join(words)))

    def are(self, word: str) -> bool:
        """Return whether a word is a name, or a part of one."""
        return word in self.words or consonants(word) in self.consonants


@remembered
def brand_names(engine: Engine) -> BrandNames:
    """Return the names of all brands that any message carries."""
    asked = select(FeedbackRow.brand).where(FeedbackRow.brand.is_not(None)).distinct()
    with reading(engine) as connection:
        return BrandNames.of(name for name in connection.scalars(asked) if name)


def consonants(word: str) -> str:
    """Return the consonants of a word, alike for both scripts; what sounds alike in Persian is one letter.

    >>> consonants("snappfood"), consonants("اسنپفود")
    ('snpfd', 'snpfd')
    """
    for pair, letter in _TOGETHER.items():
        word = word.replace(pair, letter)
    return _TWICE.sub(r"\1", _SILENT.sub("", word.translate(_SOUNDS)))


def _words_of(name: str) -> list[str]:
    return [word for word, *_ in words_with_places(name)]
