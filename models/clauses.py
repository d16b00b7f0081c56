"""Cuts a message into clauses that each say one thing.

Cuts are made by punctuation, line ends and contrasting connectives; a comma cuts where both sides are long
enough to say something; what nobody punctuated is cut at a later connective, and at last by length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial

from models.normalize import has_content, is_emoji

Span = tuple[int, int]

MAX_WORDS = 48
_COMMA_WORDS = 6
_CLOSERS = "\"'»”’)]}"
_OPENERS = "([{«"
_PROTECTED = re.compile(
    r"<(?:phone|national_id|card|sheba|email|postal_code|user|plate|url|num)>"
    r"|[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]"
    r"|(?:https?://|www\.)[!-;=?-~]*[A-Za-z0-9/_#=&-]"
    r"|(?<![A-Za-z0-9])[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}"
    r"\.(?:com|ir|org|net|me|io|info|shop|app)(?![A-Za-z0-9])(?:/[!-;=?-~]*[A-Za-z0-9/_#=&-])?"
    r"|@\w+(?:\.\w+)*"
    r"|(?<!\d)\d{1,32}(?:[.,،٬٫/:٪%-]\d{1,32})+"
)
_END = re.compile(r"[.!?؟…؛;\n\r\u2028\u2029]+")
_COMMA = re.compile(r"[،,]+")
_LETTER_BEFORE, _LETTER_AFTER = r"(?<![\w\u200c])", r"(?![\w\u200c])"
_CONTRAST = re.compile(
    _LETTER_BEFORE
    + r"(?:و\s+)?(?:ول[یي]|اما|البته|منتها|منتهی|هرچند|لیکن|vali|amma|albate|faghat|فقط)"
    + _LETTER_AFTER
)
_SIGN_OFF = re.compile(
    r"^\s*(?:با\s+)?سلام(?:\s+(?:وقت\s+بخیر|خسته\s+نباشید|و\s+احترام|و\s+عرض\s+ادب))?\s*[،,]"
)
_ONLY = frozenset(("فقط", "faghat"))
_VERB_END = re.compile(
    r"(?:ه|بود|نبود|شد|نشد|است|نیست|هست|داشت|نداشت|داره|نداره|رسید|نرسید|ود|دم|دن|دند|ند|یم|ید|ست|کرد|عالی|خوب|بد|خوشمزه"
    r"|معمولی|افتضاح)$"
)
_CONNECTIVE = re.compile(
    _LETTER_BEFORE + r"(?:و|که|چون|چونکه|اگه|اگر|بعد|حتی|تازه|الان|دیگه|لطفا|هم)" + _LETTER_AFTER
)
_WORD = re.compile(r"\S+")


def split_clauses(text: str) -> list[Span]:
    """Returns where each clause starts and ends.

    Args:
        text: A message as written, up to any length.

    Returns:
        Offsets ``[start, end)`` in code points: in order, apart, trimmed, each with a letter or an emoji.
        Nothing is cut inside an e-mail address, a link, a handle, a number or a mask of redaction.

    >>> text = "غذا عالی بود ولی پیک دیر رسید"
    >>> [text[start:end] for start, end in split_clauses(text)]
    ['غذا عالی بود', 'ولی پیک دیر رسید']
    """
    protected = [match.span() for match in _PROTECTED.finditer(text)]
    cuts = _free(_hard_cuts(text), protected)
    spans: list[Span] = []
    for start, end in _between(cuts, len(text)):
        soft = _free(_soft_cuts(text, start, end), protected)
        for part in _between(soft, end, start):
            spans += _shorten(text, *part)
    return _with_content(text, spans)


def _hard_cuts(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        end = match.end()
        while end < len(text) and (text[end] in _CLOSERS or is_emoji(text[end])):
            end += 1
        yield end
    for match in _SIGN_OFF.finditer(text):
        yield match.end()
    for place in range(1, len(text) - 1):
        if text[place] == " " and is_emoji(text[place - 1]) and not is_emoji(text[place + 1]):
            yield place
    for match in _CONTRAST.finditer(text):
        if match[0].split()[-1] not in _ONLY or _opens_a_clause(
            text[max(0, match.start() - 60) : match.start()]
        ):
            yield match.start()


def _soft_cuts(text: str, start: int, end: int) -> Iterator[int]:
    commas = [match.end() for match in _COMMA.finditer(text, start, end)]
    words = [match.start() for match in _WORD.finditer(text, start, end)] if commas else []
    last = 0
    for comma in commas:
        at = bisect_left(words, comma)
        if at - last >= _COMMA_WORDS and len(words) - at > 1:
            yield comma
            last = at


def _opens_a_clause(before: str) -> bool:
    words = before.split()
    if not words or words[-1][-1] in "،,.!?؟…؛;:":
        return True
    return bool(_VERB_END.search(words[-1]))


def _shorten(text: str, start: int, end: int) -> Iterator[Span]:
    words = [match.start() for match in _WORD.finditer(text, start, end)]
    first = 0
    while len(words) - first > MAX_WORDS:
        low, middle, high = (words[first + n] for n in (8, MAX_WORDS // 2, MAX_WORDS))
        later = [match.start() for match in _CONNECTIVE.finditer(text, low, high)]
        cut = min(later, key=partial(_distance, middle)) if later else middle
        yield start, cut
        start = cut
        first = bisect_left(words, cut, first)
    yield start, end


def _distance(one: int, other: int) -> int:
    return abs(one - other)


def _free(cuts: Iterator[int], protected: list[Span]) -> list[int]:
    free: list[int] = []
    at = 0
    for cut in sorted(set(cuts)):
        while at < len(protected) and protected[at][1] <= cut:
            at += 1
        if at == len(protected) or cut <= protected[at][0]:
            free.append(cut)
    return free


def _between(cuts: list[int], end: int, start: int = 0) -> Iterator[Span]:
    for cut in (*cuts, end):
        if cut > start:
            yield start, cut
            start = cut


def _with_content(text: str, spans: list[Span]) -> list[Span]:
    trimmed = [_trim(text, *span) for span in spans]
    return [(start, end) for start, end in trimmed if has_content(text[start:end])]


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and _is_loose(text[start]):
        start += 1
    while start < end and (_is_loose(text[end - 1]) or text[end - 1] in _OPENERS):
        end -= 1
    return start, end


def _is_loose(char: str) -> bool:
    return char.isspace() or not char.isprintable() or char in "\u200b\u200c\u200d\ufeff،,"
