"""Writes labelled messages anew as other people would have typed them; their labels and spans go along.

Only what normalising leaves standing is worth teaching. Arabic letter forms («كيفيت») are therefore not
offered: they are folded before the model reads them, as «می خوام» beside «می‌خوام» and stretched words that
a dictionary knows («عالییییی») are. Half-spaces inside other words, stretched spoken forms («میخوااام») and
stretched Finglish do reach it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from random import Random

from models.corpora import LabelledMessage
from models.finglish import Rewritten, transliterate
from models.labels import Flag

Edit = tuple[int, int, str]

_PERSIAN_LETTERS = "اآبپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئكي"
_PERSIAN_WORD = re.compile(f"[{_PERSIAN_LETTERS}]+")
_LATIN_WORD = re.compile(r"(?<![\w<@./:_-])[a-z]+(?![\w>@./:_-])")
_HALF_SPACE = re.compile("(?<=\\w)\u200c+(?=\\w)")
_PUNCTUATION = re.compile(r"(?<!\d)[.،,](?!\d)|[!؟?؛;…«»\"()]+|(?<!\d):(?!\d)|(?<!\w)[-–—](?!\w)")
_PROTECTED = re.compile(r"<[a-z_]+>|\S*[a-zA-Z0-9][@./:]\S*")
_KEY_ROWS = ("ضصثقفغعهخحجچ", "شسیبلاتنمکگ", "ظطزرذدپو")
_NEIGHBOURS = {
    key: (row[place - 1 : place] + row[place + 1 : place + 2])
    for row in _KEY_ROWS
    for place, key in enumerate(row)
}
_SAME_SOUND = {
    letter: letters.replace(letter, "") for letters in ("زذضظ", "سصث", "تط", "هح", "قغ") for letter in letters
}
_STRETCHABLE = frozenset("اویهaeiou")
_MIN_TYPO_LETTERS = 4
_SPOKEN = {
    "را": "رو",
    "اگر": "اگه",
    "دیگر": "دیگه",
    "یک": "یه",
    "آن": "اون",
    "آنها": "اونا",
    "آنجا": "اونجا",
    "اینها": "اینا",
    "خانه": "خونه",
    "نان": "نون",
    "تومان": "تومن",
    "ارزان": "ارزون",
    "گران": "گرون",
    "تمام": "تموم",
    "کوچک": "کوچیک",
    "برای": "واسه",
    "کدام": "کدوم",
    "همان": "همون",
    "می‌شود": "میشه",
    "نمی‌شود": "نمیشه",
    "می‌کند": "میکنه",
    "نمی‌کند": "نمیکنه",
    "می‌دهد": "میده",
    "نمی‌دهد": "نمیده",
    "می‌کنند": "میکنن",
    "نمی‌کنند": "نمیکنن",
    "می‌خواهم": "میخوام",
    "نمی‌خواهم": "نمیخوام",
    "می‌توانم": "میتونم",
    "نمی‌توانم": "نمیتونم",
    "می‌توانید": "میتونید",
    "می‌گوید": "میگه",
    "می‌آید": "میاد",
    "نمی‌آید": "نمیاد",
    "می‌رود": "میره",
    "آمد": "اومد",
    "نیامد": "نیومد",
    "بشود": "بشه",
    "نشود": "نشه",
    "هستند": "هستن",
    "نیستند": "نیستن",
}
_WRITTEN = {spoken: formal for formal, spoken in _SPOKEN.items()}
_REGISTER_WORD = re.compile("[\u0620-\u06d3\u200c]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmenter:
    """How often each way of writing is put on a message, as shares between 0 and 1.

    Attributes:
        finglish: Latin letters.
        typos: Slips of the finger, in ``typo_rate`` of the longer words.
        typo_rate: Share of words of four or more letters that a message with typos gets wrong.
        stretched: One or two words stretched.
        half_spaces: Half-spaces become spaces or nothing.
        punctuation: Punctuation left out.
        register: Spoken forms for written ones, or the other way round.
    """

    finglish: float = 0.1
    typos: float = 0.12
    typo_rate: float = 0.12
    stretched: float = 0.05
    half_spaces: float = 0.2
    punctuation: float = 0.15
    register: float = 0.1

    def augment(self, message: LabelledMessage, rng: Random) -> LabelledMessage:
        """Returns the message with a drawn selection of the ways of writing, which may be none of them.

        Args:
            message: Any; the text may be empty.
            rng: Draws everything; equal states give equal messages.
        """
        for share, rewrite in (
            (self.register, in_other_register),
            (self.half_spaces, without_half_spaces),
            (self.punctuation, without_punctuation),
            (self.typos, lambda given, chance: with_typos(given, chance, rate=self.typo_rate)),
            (self.finglish, as_finglish),
            (self.stretched, with_stretched_letters),
        ):
            if rng.random() < share:
                message = rewrite(message, rng)
        return message


def as_finglish(message: LabelledMessage, rng: Random) -> LabelledMessage:
    """Returns the message in Latin letters, flagged as Finglish where its flags are known.

    A message with fewer Persian letters than others is returned as it is.
    """
    if not is_persian_script(message.text):
        return message
    moved = _moved(message, transliterate(message.text, rng))
    if moved is message or moved.flags is None:
        return moved
    return replace(moved, flags=moved.flags | {Flag.FINGLISH})


def with_typos(message: LabelledMessage, rng: Random, *, rate: float = 0.12) -> LabelledMessage:
    """Returns the message with slips: a neighbouring key, a dropped, doubled, swapped or like-sounding letter.

    The first letter of a word stays, because «نبود» without it says the opposite; so do words of fewer than
    four letters.

    Args:
        message: Words in Latin letters are left alone.
        rng: Draws the words and slips.
        rate: Share of the longer words that are hit, 0 to 1.
    """
    edits = [
        _typo(match[0], match.start(), rng)
        for match in _PERSIAN_WORD.finditer(message.text)
        if len(match[0]) >= _MIN_TYPO_LETTERS and rng.random() < rate
    ]
    return _edited(message, edits)


def with_stretched_letters(message: LabelledMessage, rng: Random) -> LabelledMessage:
    """Returns the message with the last vowel of one or two words stretched («عالییی», "aliiii")."""
    pattern = _PERSIAN_WORD if is_persian_script(message.text) else _LATIN_WORD
    words = [match for match in pattern.finditer(message.text) if len(match[0]) > 2]
    if not words:
        return message
    edits: list[Edit] = []
    for match in sorted(rng.sample(words, min(len(words), rng.choice((1, 1, 2)))), key=re.Match.start):
        vowels = [place for place, letter in enumerate(match[0]) if letter in _STRETCHABLE]
        if vowels:
            place = match.start() + vowels[-1]
            edits.append((place, place + 1, message.text[place] * rng.randint(3, 6)))
    return _edited(message, edits)


def without_half_spaces(message: LabelledMessage, rng: Random) -> LabelledMessage:
    """Returns the message with spaces for its half-spaces, or with nothing, the same all through."""
    instead = rng.choice(("", " "))
    return _edited(
        message, [(match.start(), match.end(), instead) for match in _HALF_SPACE.finditer(message.text)]
    )


def without_punctuation(message: LabelledMessage, rng: Random) -> LabelledMessage:  # noqa: ARG001 - all alike
    """Returns the message without punctuation; numbers, links, addresses and masks keep theirs."""
    text = message.text
    protected = [match.span() for match in _PROTECTED.finditer(text)]
    edits = []
    for match in _PUNCTUATION.finditer(text):
        start, end = match.span()
        if any(start < last and end > first for first, last in protected):
            continue
        parts_words = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
        edits.append((start, end, " " if parts_words else ""))
    return _edited(message, edits)


def in_other_register(message: LabelledMessage, rng: Random) -> LabelledMessage:
    """Returns the message with spoken forms for written ones («می‌شود» to «میشه»), or the other way round."""
    forms = _SPOKEN if rng.random() < 0.7 else _WRITTEN
    return _edited(
        message,
        [
            (match.start(), match.end(), forms[match[0]])
            for match in _REGISTER_WORD.finditer(message.text)
            if match[0] in forms
        ],
    )


def is_persian_script(text: str) -> bool:
    """Returns whether at least half of the letters, and one, are of the Persian or Arabic script."""
    n_persian = sum(map(len, _PERSIAN_WORD.findall(text)))
    return n_persian > 0 and 2 * n_persian >= sum(char.isalpha() for char in text)


def _typo(word: str, start: int, rng: Random) -> Edit:
    at = rng.randrange(1, len(word) - 1)
    letter, place = word[at], start + at
    same = _SAME_SOUND.get(letter)
    slip = rng.choice(("key", "drop", "double", "swap", "sound", "sound"))
    if slip == "sound" and same:
        return place, place + 1, rng.choice(same)
    if slip == "drop":
        return place, place + 1, ""
    if slip == "double":
        return place, place + 1, letter * 2
    if slip == "swap":
        return place, place + 2, word[at + 1] + letter
    return place, place + 1, rng.choice(_NEIGHBOURS.get(letter) or letter)


def _edited(message: LabelledMessage, edits: list[Edit]) -> LabelledMessage:
    if not edits:
        return message
    text = message.text
    chunks: list[str] = []
    origin: list[int] = []
    end = 0
    for start, stop, new in edits:
        chunks += (text[end:start], new)
        origin.extend(range(end, start))
        origin.extend([start + place * (stop - start) // len(new) for place in range(len(new))])
        end = stop
    chunks.append(text[end:])
    origin.extend(range(end, len(text)))
    return _moved(message, Rewritten("".join(chunks), origin))


def _moved(message: LabelledMessage, rewritten: Rewritten) -> LabelledMessage:
    """Returns the message with the new text and its spans on it; unchanged where a span would be empty."""
    text, origin = rewritten.text, rewritten.origin
    mentions = []
    for mention in message.mentions:
        start, end = bisect_left(origin, mention.start), bisect_left(origin, mention.end)
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start == end:
            return message
        mentions.append(replace(mention, start=start, end=end))
    if not text.strip():
        return message
    return replace(message, text=text, mentions=tuple(mentions))
