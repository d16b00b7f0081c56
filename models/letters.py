"""Guesses how an unknown Persian word sounds from its letters alone."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

_SOUNDS = (
    *("b", "p", "t", "s", "j", "ch", "h", "kh", "d", "z", "r", "z", "zh", "s", "sh", "s", "z"),
    *("t", "z", "gh", "f", "q", "k", "g", "l", "m", "n", "h", "v", "y"),
)
_CONSONANTS = dict(zip("بپتثجچحخدذرزژسشصضطظغفقکگلمنهوی", _SOUNDS, strict=True))
_GLOTTAL_OR_ALEF = frozenset("عءئاآ")
_OPENINGS = {"ای": "i", "او": "oo"}
_CODAS = frozenset(
    "st sht ft kht nd rd rt rm rk rg rs rf rb rz rsh lm lk lt ng nj mp mr bz fz ks qt ht hr fs bt bk kr hl".split()  # noqa: SIM905 - a table
)


class _Unit(NamedTuple):
    sound: str
    is_vowel: bool
    place: int


def guess_sounds(word: str, rng: Random) -> list[tuple[str, int]]:
    """Returns sounds in the notation of ``models.finglish`` with the offset of the letter of each.

    Long vowels are read from the letters; short ones are drawn where a syllable needs one: a Persian syllable
    is a consonant, a vowel and at most two more consonants.

    Args:
        word: Persian letters; anything else in it is passed over.
        rng: Draws the short vowels.

    >>> [sound for sound, _ in guess_sounds("بازیکنان", Random(1))][:4]
    ['b', 'aa', 'z', 'i']
    """
    units = _units(word, rng)
    found: list[tuple[str, int]] = []
    after_vowel = False
    for at, unit in enumerate(units):
        found.append((unit.sound, unit.place))
        if unit.is_vowel:
            after_vowel = True
            continue
        if _needs_vowel(units, at, after_vowel=after_vowel):
            found.append((_short_vowel(unit.sound, rng, is_first=at == 0), unit.place))
            after_vowel = True
        else:
            after_vowel = False
    return found


def _needs_vowel(units: list[_Unit], at: int, *, after_vowel: bool) -> bool:
    if at + 1 == len(units) or units[at + 1].is_vowel:
        return len(units) == 1
    if not after_vowel:
        return True
    closes_word = at + 2 == len(units)
    return closes_word and units[at].sound + units[at + 1].sound not in _CODAS


def _short_vowel(consonant: str, rng: Random, *, is_first: bool) -> str:
    weights = (45, 15, 40) if is_first and consonant == "m" else (55, 33, 12)
    return rng.choices("aeo", weights)[0]


def _units(word: str, rng: Random) -> list[_Unit]:
    opening = _OPENINGS.get(word[:2])
    units = [_Unit(opening, is_vowel=True, place=0)] if opening else []
    for place, letter in enumerate(word):
        if opening and place < 2:
            continue
        before, after = word[place - 1 : place], word[place + 1 : place + 2]
        after_vowel = bool(units) and units[-1].is_vowel
        if letter in _GLOTTAL_OR_ALEF:
            sound = _alef_or_ayn(letter, before, after, rng)
        else:
            sound = _letter(letter, before, after, after_vowel=after_vowel)
        if sound:
            units.append(_Unit(sound, is_vowel=sound[0] in "aeio", place=place))
    return units


def _letter(letter: str, before: str, after: str, *, after_vowel: bool) -> str:
    vowel_before = not before or after_vowel
    if letter == "و" and before == "خ" and after == "ا":
        return ""
    if letter == "و" and not vowel_before and after not in {"ا", "آ", "ی", "ه"}:
        return "oo"
    if letter == "ی" and not vowel_before:
        return "i"
    if letter == "ه" and not vowel_before and not after:
        return "e"
    return _CONSONANTS.get(letter, "")


def _alef_or_ayn(letter: str, before: str, after: str, rng: Random) -> str:
    if letter == "آ" or (letter == "ا" and before):
        return "aa"
    if before:
        return "'"
    return "" if after in {"ا", "آ"} else rng.choices("aeo", (52, 40, 8))[0]
