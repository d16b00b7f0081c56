"""Writes Persian in Latin letters («خیلی خوب بود» as "kheili khub bood"), each message as one writer would.

Persian script leaves short vowels out: ``models.pronunciation`` knows those of frequent words,
``models.letters`` guesses the others, and a :class:`Writer` turns sounds into the letters people type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from models.letters import guess_sounds
from models.pronunciation import HALF_SPACE, Part, read_word

_WORD = re.compile("[\u0620-\u065f\u0670-\u06d3\u200c]+")
_PLAIN = str.maketrans("؟،؛٪«»٫٬۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", '?,;%"".,' + "0123456789" * 2)
_SOUND = re.compile(r"i(?=aa)|aa|oo|ei|kh|gh|zh|q|'|(?<=.)i(?=.)|E|([b-df-hj-np-tv-z])\1")
_SHORT_VOWEL = re.compile(r"(?<=[b-df-hj-np-tv-z])[aeo](?=[b-df-hj-np-tv-z])")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text made from another.

    Attributes:
        text: The new text.
        origin: For each code point of ``text`` the offset of the code point of the source it came from.
            Never decreasing; same length as ``text``. Inside a word of the table it is proportional.
    """

    text: str
    origin: list[int]


@dataclass(frozen=True, slots=True)
class Writer:
    """How one person spells Finglish.

    Attributes:
        letters: What is typed for each sound that has several spellings.
        doubles: Whether doubled consonants are typed twice.
        drops_vowels: Whether the first short vowel of longer words is left out ("sfaresh").
        half_space: What stands between a word and an ending that Persian parts by a half-space.
        after_mi: What stands between «می» and its verb.
        ezafe: What joins an ezafe to its noun; ``None`` if it is not written.
    """

    letters: Mapping[str, str]
    doubles: bool = False
    drops_vowels: bool = False
    half_space: str = ""
    after_mi: str = ""
    ezafe: str | None = ""


_CHOICES: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "aa": (("a", "aa"), (85, 15)),
    "oo": (("oo", "u", "o", "ou"), (52, 36, 8, 4)),
    "ei": (("ei", "ey", "e"), (50, 42, 8)),
    "kh": (("kh", "x"), (93, 7)),
    "gh": (("gh", "q"), (93, 7)),
    "q": (("gh", "q"), (82, 18)),
    "zh": (("zh", "j"), (70, 30)),
    "'": (("", "'", "a"), (88, 7, 5)),
    "i": (("i", "ee"), (94, 6)),
    "i before aa": (("i", "iy"), (60, 40)),
    "E": (("e", "a"), (75, 25)),
    "e": (("e", "eh"), (93, 7)),
}


def sample_writer(rng: Random) -> Writer:
    """Returns a writer with the habits of one person, drawn in the proportions seen in chats."""
    return Writer(
        letters={sound: rng.choices(*options)[0] for sound, options in _CHOICES.items()},
        doubles=rng.random() < 0.3,
        drops_vowels=rng.random() < 0.07,
        half_space=" " if rng.random() < 0.15 else "",
        after_mi=" " if rng.random() < 0.06 else "",
        ezafe=rng.choices(("", " ", None), (62, 8, 30))[0],
    )


def transliterate(text: str, rng: Random, *, writer: Writer | None = None) -> Rewritten:
    """Returns the text in Latin letters; what is not Persian script stays as it is.

    Args:
        text: Any string; Persian digits and punctuation become Latin, emoji and masks stay.
        rng: Draws the writer and the spellings; equal states give equal texts.
        writer: The habits to write with; drawn from ``rng`` when ``None``.

    >>> plain = Writer({sound: options[0][0] for sound, options in _CHOICES.items()})
    >>> transliterate("غذا خیلی خوب بود، پیک نیومد؟", Random(1), writer=plain).text
    'ghaza kheili khoob bood, peik nayoomad?'
    """
    hand = _Hand(writer or sample_writer(rng), rng)
    chars: list[str] = []
    origin: list[int] = []
    end = 0
    matches = list(_WORD.finditer(text))
    for place, match in enumerate(matches):
        between = text[end : match.start()]
        chars.append(between.translate(_PLAIN))
        origin.extend(range(end, match.start()))
        start, end = match.span()
        spelt, places = hand.write(match[0])
        chars.append(spelt)
        origin.extend([start + one for one in places])
        following = matches[place + 1] if place + 1 < len(matches) else None
        if following is not None and text[end : following.start()] == " ":
            ezafe = hand.ezafe(match[0], following[0], spelt)
            chars.append(ezafe)
            origin.extend([end - 1] * len(ezafe))
    chars.append(text[end:].translate(_PLAIN))
    origin.extend(range(end, len(text)))
    return Rewritten("".join(chars), origin)


class _Hand:
    """Writes the words of one message, equal words alike."""

    def __init__(self, writer: Writer, rng: Random) -> None:
        self._writer = writer
        self._rng = rng
        self._written: dict[str, tuple[str, list[int]]] = {}

    def write(self, word: str) -> tuple[str, list[int]]:
        if word not in self._written:
            self._written[word] = self._write(word)
        return self._written[word]

    def ezafe(self, word: str, following: str, spelt: str) -> str:
        joint = self._writer.ezafe
        if joint is None or not (read_word(word).may_lead_ezafe and read_word(following).may_follow_ezafe):
            return ""
        return joint + ("ye" if spelt[-1:] in "aeou" else "e")

    def _write(self, word: str) -> tuple[str, list[int]]:
        read = read_word(word)
        chars: list[str] = []
        origin: list[int] = []
        joints = {"mi": self._writer.after_mi, HALF_SPACE: self._writer.half_space, "": ""}
        for place, part in enumerate(read.parts):
            for sounds, places in self._sounds(part):
                _append(self._spell(sounds), places, chars, origin)
            if place + 1 < len(read.parts):
                _append(joints[part.joint], part.places[-1:], chars, origin)
        if chars and read.n_stretched:
            _append(chars[-1][-1] * read.n_stretched, (len(word) - 1,), chars, origin)
        elif len(origin) > 2 and chars[-1][-1] == "e":
            _append(self._writer.letters["e"][1:], (len(word) - 1,), chars, origin)
        return "".join(chars), origin

    def _sounds(self, part: Part) -> list[tuple[str, tuple[int, ...]]]:
        if not part.sounds:
            guessed = guess_sounds(part.letters, self._rng)
            return [(sound, part.places[place : place + 1]) for sound, place in guessed]
        sounds = part.sounds[0] if len(part.sounds) == 1 else self._rng.choice(part.sounds)
        return [(sounds, part.places)]

    def _spell(self, sounds: str) -> str:
        if self._writer.drops_vowels and len(sounds) > 4:
            sounds = _SHORT_VOWEL.sub("", sounds, count=1)
        return _SOUND.sub(self._letters, sounds)

    def _letters(self, match: re.Match[str]) -> str:
        sound = match[0]
        if match[1]:
            return sound if self._writer.doubles else match[1]
        before_a = sound == "i" and match.string.startswith("aa", match.end())
        return self._writer.letters["i before aa" if before_a else sound]


def _append(spelt: str, places: tuple[int, ...], chars: list[str], origin: list[int]) -> None:
    if spelt:
        chars.append(spelt)
        origin.extend([places[at * len(places) // len(spelt)] for at in range(len(spelt))])
