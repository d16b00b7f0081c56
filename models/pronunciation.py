"""Reads Persian words as they sound: prefixes and endings taken off, the stem looked up in ``finglish.tsv``.

A line of the table is word, pronunciations (one as often as it is likely) and kind: ``n`` noun, ``p``
pronoun, ``v`` verb stem, ``a`` other. A pronunciation has ``aa``, ``oo`` and ``i`` for the long vowels, ``q``
for ق, ``gh`` for غ, ``'`` for ع and همزه, ``E`` for the vowel before a possessive ending ("pool-et", "pool-at")
and doubled letters for tashdid.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

HALF_SPACE = "\u200c"
_STRETCHED = re.compile(r"(.)\1{2,}")
_FOLD = str.maketrans("يىكةأإٱؤۀ", "ییکهاااوه")
_MARKS = frozenset(chr(code) for code in (*range(0x64B, 0x660), 0x640, 0x670))
_PREFIXES = {"نمی": "nemi", "می": "mi", "ن": "na", "ب": "be"}
_SUFFIXES = {
    "ها": ("haa", "haa"),
    "های": ("haaye", "haaye"),
    "تر": ("tar", "tar"),
    "ترین": ("tarin", "tarin"),
    "م": ("am", "m"),
    "ت": ("Et", "t"),
    "ش": ("Esh", "sh"),
    "مون": ("Emoon", "moon"),
    "تون": ("Etoon", "toon"),
    "شون": ("Eshoon", "shoon"),
    "ی": ("i", "ye"),
    "یی": ("i", "i"),
    "ای": ("i", "i"),
    "ه": ("e", "e"),
    "یم": ("im", "im"),
    "ید": ("id", "id"),
    "ین": ("in", "in"),
    "ن": ("an", "n"),
    "ند": ("and", "nd"),
    "د": ("ad", "d"),
    "ست": ("ast", "st"),
    "ام": ("am", "am"),
    "ات": ("at", "at"),
    "اش": ("ash", "ash"),
    "اند": ("and", "and"),
    "ایم": ("im", "im"),
    "اید": ("id", "id"),
    "رو": ("ro", "ro"),
    "و": ("o", "o"),
}
_SURE_SUFFIXES = ("هایی", "های", "ها", "ترین", "شون", "تون", "مون")


class Part(NamedTuple):
    """A prefix, stem or ending of a word.

    Attributes:
        letters: Its letters, Arabic forms folded and stretches shortened.
        places: The offset in the word of each of ``letters``.
        sounds: Its pronunciations; empty where they must be guessed.
        joint: What parts it from the next: a half-space, "mi" after «می» and «نمی», or nothing.
    """

    letters: str
    places: tuple[int, ...]
    sounds: tuple[str, ...] = ()
    joint: str = ""


class Word(NamedTuple):
    """A word in its parts.

    Attributes:
        parts: In order; empty for a word without letters.
        may_lead_ezafe: A bare noun of the table, which an ezafe may join to the next word.
        may_follow_ezafe: A noun or pronoun, endings and all.
        n_stretched: By how many letters its last letter is stretched.
    """

    parts: tuple[Part, ...] = ()
    may_lead_ezafe: bool = False
    may_follow_ezafe: bool = False
    n_stretched: int = 0


class _Entry(NamedTuple):
    sounds: tuple[str, ...]
    kind: str


@lru_cache(maxsize=1 << 16)
def read_word(word: str) -> Word:
    """Returns the parts of a word; half-spaces inside it do not hide it from the table.

    >>> [part.sounds for part in read_word("نمی‌خوام").parts]
    [('nemi',), ('khaa',), ('m',)]
    """
    letters, places, n_stretched = _bare(word)
    joined = letters.replace(HALF_SPACE, "")
    if not joined:
        return Word()
    to_word = tuple(place for letter, place in zip(letters, places, strict=True) if letter != HALF_SPACE)
    known = _known(joined, to_word)
    if known is None and HALF_SPACE in letters:
        parts = _by_half_spaces(letters, places)
    else:
        parts = known or _unknown(joined, to_word)
    entry = _table().get(_key(joined))
    return Word(
        tuple(_with_joints(parts, word)),
        may_lead_ezafe=entry is not None and entry.kind == "n",
        may_follow_ezafe=_kind_of_stem(joined) in {"n", "p"},
        n_stretched=n_stretched,
    )


def _with_joints(parts: list[Part], word: str) -> list[Part]:
    followers = [*(word[part.places[0] - 1] for part in parts[1:]), ""]
    return [
        part._replace(joint=HALF_SPACE) if before == HALF_SPACE and not part.joint else part
        for part, before in zip(parts, followers, strict=True)
    ]


@cache
def _table() -> dict[str, _Entry]:
    lines = files("models").joinpath("finglish.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {word: _Entry(tuple(sounds.split()), kind) for word, sounds, kind in rows}


def _key(letters: str) -> str:
    return letters.replace("آ", "ا")


def _bare(word: str) -> tuple[str, tuple[int, ...], int]:
    kept = [(letter, place) for place, letter in enumerate(word) if letter not in _MARKS]
    letters = "".join(letter for letter, _ in kept).translate(_FOLD)
    stays = list(range(len(letters)))
    n_stretched = 0
    for match in reversed(list(_STRETCHED.finditer(letters))):
        del stays[match.start() + 1 : match.end()]
        if match.end() == len(letters):
            n_stretched = match.end() - match.start() - 1
    return "".join(letters[at] for at in stays), tuple(kept[at][1] for at in stays), n_stretched


def _kind_of_stem(letters: str) -> str:
    word, table = _key(letters), _table()
    for end in range(len(word), 1, -1):
        entry = table.get(word[:end])
        if entry is not None and (end == len(word) or word[end:] in _SUFFIXES):
            return entry.kind
    return ""


def _known(letters: str, places: tuple[int, ...]) -> list[Part] | None:
    word = _key(letters)
    entry = _table().get(word)
    if entry is not None:
        return [Part(letters, places, entry.sounds)]
    found = [
        one for prefix in ("", *_PREFIXES) if word.startswith(prefix) for one in _stems(word, len(prefix))
    ]
    if not found:
        return None
    start, end, endings = max(found, key=lambda one: one[1])
    stem = Part(letters[start:end], places[start:end], _table()[word[start:end]].sounds)
    return [*_prefix(word[:start], places), stem, *_ending_parts(endings, places[end:], stem.sounds[0])]


def _prefix(prefix: str, places: tuple[int, ...]) -> list[Part]:
    if not prefix:
        return []
    joint = "mi" if prefix in {"می", "نمی"} else ""
    return [Part(prefix, places[: len(prefix)], (_PREFIXES[prefix],), joint)]


def _stems(word: str, start: int) -> list[tuple[int, int, tuple[str, ...]]]:
    found = []
    for end in range(len(word), start, -1):
        entry = _table().get(word[start:end])
        if entry is None or (start and entry.kind != "v") or (not start and end < 2):
            continue
        endings = _endings(word[end:])
        if endings is not None and _may_take(endings, end):
            found.append((start, end, endings))
    return found


def _may_take(endings: tuple[str, ...], n_letters: int) -> bool:
    """Returns whether so few letters may bear so many endings: «سهمیه» is not «سه» with three of them."""
    return len(endings) < n_letters or endings[0] in {"ها", "های"}


@lru_cache(maxsize=1 << 12)
def _endings(rest: str, *, depth: int = 3) -> tuple[str, ...] | None:
    if not rest:
        return ()
    if depth == 0:
        return None
    for length in range(len(rest), 0, -1):
        if rest[:length] in _SUFFIXES:
            more = _endings(rest[length:], depth=depth - 1)
            if more is not None:
                return (rest[:length], *more)
    return None


def _ending_parts(endings: tuple[str, ...], places: tuple[int, ...], before: str) -> list[Part]:
    parts = []
    for ending in endings:
        sounds = _SUFFIXES[ending][before[-1] in "aeo"]
        parts.append(Part(ending, places[: len(ending)], (sounds,)))
        places = places[len(ending) :]
        before = sounds
    return parts


def _by_half_spaces(letters: str, places: tuple[int, ...]) -> list[Part]:
    found: list[Part] = []
    start = 0
    for piece in letters.split(HALF_SPACE):
        at = places[start : start + len(piece)]
        start += len(piece) + 1
        if not piece:
            continue
        endings = _endings(piece) if found else None
        if piece in {"می", "نمی"}:
            found += _prefix(piece, at)
        elif endings:
            found += _ending_parts(endings, at, (found[-1].sounds or ("b",))[0])
        else:
            found += _known(piece, at) or _unknown(piece, at)
    return found


def _unknown(letters: str, places: tuple[int, ...]) -> list[Part]:
    start = next((len(prefix) for prefix in ("نمی", "می") if letters.startswith(prefix)), 0)
    start = start if len(letters) - start >= 3 else 0
    end = next((len(letters) - len(one) for one in _SURE_SUFFIXES if letters.endswith(one)), len(letters))
    end = end if end - start >= 3 else len(letters)
    stem = Part(letters[start:end], places[start:end])
    return [
        *_prefix(letters[:start], places),
        stem,
        *_ending_parts(_endings(letters[end:]) or (), places[end:], "b"),
    ]
