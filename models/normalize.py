"""Brings any Persian spelling of a text to one form, and knows where each character came from.

hazm folds the letters and digits, drops diacritics and shortens stretched words; this file adds what hazm
leaves (invisible characters, HTML entities, half-spaces, links and handles, Latin case, emoji) and keeps the
alignment with the original. It is the only file that imports hazm.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from hazm import Normalizer

MASKS = ("<phone>", "<national_id>", "<card>", "<sheba>", "<email>", "<postal_code>", "<user>", "<plate>")
PLACEHOLDERS = (*MASKS, "<url>", "<num>")

_MAX_WORD_CHARS = 256
_MIN_MASKED_DIGITS = 5
_WORD = re.compile(rf"\S{{1,{_MAX_WORD_CHARS}}}")
_PERSIAN = "اآبپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئ"
_STRETCHED_WORD = re.compile(rf"[{_PERSIAN}]*([{_PERSIAN}])\1{{2,}}[{_PERSIAN}]*")
_STRETCHED = re.compile(r"([^\d])\1{2,}")
_FOLD = str.maketrans("آئ", "ای")
_PLURALS = frozenset(
    ("ها", "های", "هایی", "هام", "هات", "هاش", "هامون", "هاتون", "هاشون", "تر", "تری", "ترین")
)
_AFTER_HEH = frozenset(("ام", "ات", "اش", "ای", "ایم", "اید", "اند", "ی"))
_PREFIXES = frozenset(("می", "نمی"))
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_DROPPED_CATEGORIES = frozenset(("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"))
_MASK = re.compile("|".join(PLACEHOLDERS))
_SPECIAL = re.compile(
    r"(?P<mask><(?:phone|national_id|card|sheba|email|postal_code|user|plate|url|num)>)"
    r"|(?P<email>[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
    r"|(?P<url>(?:https?://|www\.)[!-;=?-~]+"
    r"|(?<![A-Za-z0-9.-])(?:[A-Za-z0-9-]+\.)+(?:com|ir|org|net|me|io|info|shop|app)(?![A-Za-z0-9])(?:/[!-;=?-~]*)?)"
    r"|(?P<user>(?<!\w)@\w{2,})"
    r"|(?P<num>\d(?:[.,٬٫/:-]?\d)+)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});)",
)


@dataclass(frozen=True, slots=True)
class Normalized:
    """A text in its one form, aligned with the text it came from.

    Attributes:
        text: The normalised text: single spaces, folded letters, Persian digits, lower-case Latin.
        origin: For each code point of ``text`` the offset, in code points, of the character of the original
            it stands for. Never decreasing; same length as ``text``.
    """

    text: str
    origin: list[int]


class _Word(NamedTuple):
    text: str
    offsets: tuple[int, ...] | None
    is_prefix: bool
    is_suffix: bool
    is_heh_suffix: bool


def normalize(text: str) -> Normalized:
    """Returns the text in its one form.

    Half-spaces and spaces inside a word («می‌خوام», «می خوام») are closed up, so that all spellings of a word
    meet in «میخوام». Links, e-mail addresses, handles and numbers of five or more digits become
    ``<url>``, ``<email>``, ``<user>`` and ``<num>``; the masks of redaction stay.

    Args:
        text: Any string, lone surrogates included.

    Returns:
        The normalised text with the offset every code point came from.

    >>> normalize("كتاب  هاي عالیییی!!!!").text
    'کتابهای عالی!!'
    >>> normalize("ایمیل من a@b.com").origin[-1]
    9
    """
    parts: list[str] = []
    origin: list[int] = []
    previous, previous_end = "", -1
    for match in _WORD.finditer(text):
        start = match.start()
        word = _word(match[0])
        if not word.text:
            continue
        if parts and start != previous_end and not _joins(previous, word):
            parts.append(" ")
            origin.append(start - 1)
        parts.append(word.text)
        if word.offsets is None:
            origin.extend(range(start, start + len(word.text)))
        else:
            origin.extend([start + offset for offset in word.offsets])
        previous, previous_end = word.text, match.end()
    return Normalized("".join(parts), origin)


def letters_key(text: str) -> str:
    """Returns the letters and digits of a text alone, all spellings joined: equal keys mean the same text.

    >>> letters_key("خيلي  خوب بود!!") == letters_key("خیلی خوب‌بود")
    True
    """
    return "".join(char for char in normalize(text).text if char.isalnum())


def has_content(text: str) -> bool:
    """Returns whether the text holds at least one letter or emoji beside the masks of redaction.

    >>> has_content("۱۲۳ ..."), has_content("👍")
    (False, True)
    """
    if "<" in text:
        text = _MASK.sub(" ", text)
    return any(char.isalpha() or is_emoji(char) for char in text)


def is_emoji(char: str) -> bool:
    """Returns whether one character is an emoji or a pictograph."""
    return char > "\u2000" and unicodedata.category(char) == "So"


def _joins(previous: str, word: _Word) -> bool:
    last = previous[-1:]
    if previous in _PREFIXES:
        return word.text[0] in _PERSIAN
    if word.is_suffix:
        return len(previous) > 1 and last in _PERSIAN
    return word.is_heh_suffix and len(previous) > 2 and last == "ه"


@lru_cache(maxsize=1 << 17)
def _word(word: str) -> _Word:
    chars: list[str] = []
    offsets: list[int] = []
    end = 0
    for match in _SPECIAL.finditer(word):
        _append_plain(word, end, match.start(), chars, offsets)
        for char in _replacement(match):
            if char != " " or (chars and chars[-1] != " "):
                chars.append(char)
                offsets.append(match.start())
        end = match.end()
    _append_plain(word, end, len(word), chars, offsets)
    while chars and chars[-1] == " ":
        del chars[-1], offsets[-1]
    text = "".join(chars)
    bare = text.rstrip(".،؟!؛:…)»")
    is_identity = offsets == list(range(len(word)))
    return _Word(
        text,
        None if is_identity else tuple(offsets),
        text in _PREFIXES,
        bare in _PLURALS,
        bare in _AFTER_HEH,
    )


def _replacement(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match[0]
    if kind == "mask":
        return found
    if kind == "num":
        digits = sum(char.isdigit() for char in found)
        return "<num>" if digits >= _MIN_MASKED_DIGITS else "".join(_FORMS[char] for char in found)
    if kind == "entity":
        plain = html.unescape(found)
        return "".join(_FORMS[char] for char in plain) if plain != found else found.lower()
    return f"<{kind}>"


def _append_plain(word: str, start: int, end: int, chars: list[str], offsets: list[int]) -> None:
    if start == end:
        return
    run: list[str] = []
    places: list[int] = []
    for place in range(start, end):
        for char in _FORMS[word[place]]:
            run.append(char)
            places.append(place)
    text = "".join(run)
    if _STRETCHED.search(text):
        text, places = _shorten(text, places)
    for char, place in zip(text.translate(_FOLD), places, strict=True):
        if is_emoji(char):
            if chars and chars[-1] != " ":
                chars.append(" ")
                offsets.append(place)
            chars += (char, " ")
            offsets += (place, place)
        elif char != " " or (chars and chars[-1] != " "):
            chars.append(char)
            offsets.append(place)


def _shorten(text: str, places: list[int]) -> tuple[str, list[int]]:
    short = _STRETCHED_WORD.sub(lambda match: _hazm().decrease_repeated_chars(match[0]), text)
    short = _STRETCHED.sub(r"\1\1", short)
    kept: list[int] = []
    at = 0
    for char in short:
        while text[at] != char:
            at += 1
        kept.append(places[at])
        at += 1
    return short, kept


class _Forms(dict[str, str]):
    """The normal form of each character, worked out when it is first met."""

    def __missing__(self, char: str) -> str:
        form = self[char] = _form(char)
        return form


_FORMS = _Forms()
_OWN_FORMS = {
    "أ": "ا",
    "إ": "ا",
    "ٱ": "ا",
    "ؤ": "و",
    "ۀ": "ه",
    "ة": "ه",
    "ء": "",
    "ـ": "",
    "?": "؟",
    ",": "،",
    ";": "؛",
    "\u00a0": " ",
    "“": '"',
    "”": '"',
    "’": "'",
    "‘": "'",
}


def _form(char: str) -> str:
    if char in _OWN_FORMS:
        return _OWN_FORMS[char]
    if unicodedata.category(char) in _DROPPED_CATEGORIES or ord(char) in _SKIN_TONES:
        return ""
    plain = _hazm().normalize(unicodedata.normalize("NFKC", char)).lower()
    return "".join(
        _OWN_FORMS.get(part, part) for part in plain if unicodedata.category(part) not in _DROPPED_CATEGORIES
    )


@cache
def _hazm() -> Normalizer:
    return Normalizer(correct_spacing=False, persian_style=False, seperate_mi=False)
