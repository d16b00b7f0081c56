"""Text search by plain SQL: every word of the question must stand somewhere in the text.

Letters that look alike are one («ك» and «ک»), digits of all scripts are one, half-spaces, kashida and vowel
signs do not count, nor does the case of Latin letters. Words are looked for as parts («پیک» finds «پیکش»);
there is no stemming and no index: all texts of the period are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, func, true
from sqlalchemy.orm import InstrumentedAttribute

LOOK_ALIKE = {
    "ی": "يىې",
    "ک": "كڪ",
    "ه": "ةۀە",
    "ا": "أإٱآ",
    "و": "ؤ",
    **{str(digit): chr(0x06F0 + digit) + chr(0x0660 + digit) for digit in range(10)},
}
SILENT = "\u200c\u200d\u200e\u200f\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654"
FOLDED = str.maketrans(
    {other: letter for letter, others in LOOK_ALIKE.items() for other in others} | dict.fromkeys(SILENT, "")
)


def words_of(q: str) -> Iterator[str]:
    """Yield what a search asks for, in one spelling: words, and phrases that stand in quotes.

    >>> list(words_of('پيك "خیلی دیر" ۲ بار'))
    ['پیک', 'خیلی دیر', '2', 'بار']
    """
    folded = q.translate(FOLDED).replace("«", '"').replace("»", '"')
    for number, part in enumerate(folded.split('"')):
        phrase = " ".join(part.split())
        if number % 2 and phrase:
            yield phrase
        else:
            yield from phrase.split()


def text_holds(column: InstrumentedAttribute[str], q: str) -> ColumnElement[bool]:
    """Return the condition that a text holds every word and phrase of ``q``; true for an empty one."""
    return and_(
        true(), *(_spelled_alike(column, word).icontains(word, autoescape=True) for word in words_of(q))
    )


def _spelled_alike(column: InstrumentedAttribute[str], word: str) -> ColumnElement[str]:
    """Only letters that the word holds are exchanged: each exchange costs a copy of the text."""
    expression: ColumnElement[str] = column.expression
    for letter in sorted(set(word) & LOOK_ALIKE.keys()):
        for other in LOOK_ALIKE[letter]:
            expression = func.replace(expression, other, letter)
    for sign in SILENT:
        expression = func.replace(expression, sign, "")
    return expression
