"""Text search by plain SQL: every word of the question must stand somewhere in the text.

Letters that look alike are one («ك» and «ک»), digits of all scripts are one, half-spaces, kashida and vowel
signs do not count, nor does the case of Latin letters. Words are looked for as parts («پیک» finds «پیکش»);
there is no stemming and no index: all texts of the period are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, String, and_, func, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

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


# SQLite's parser holds 100 open symbols, and a search may stand inside other queries.
MAX_NESTED = 20
FOLD = "bazkhord_fold"


def fold(text: str | None) -> str | None:
    """Return a text in the one spelling; SQLite calls it under the name ``bazkhord_fold``."""
    return None if text is None else text.translate(FOLDED)


class _Folded(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = FOLD


@compiles(_Folded)
def _call(element: _Folded, compiler: SQLCompiler, **options: object) -> str:
    return f"{FOLD}({compiler.process(element.clauses, **options)})"


@compiles(_Folded, "postgresql")
def _translate(element: _Folded, compiler: SQLCompiler, **options: object) -> str:
    letters = [(chr(other), letter) for other, letter in FOLDED.items() if letter]
    others, ones = ("".join(part) for part in zip(*letters, strict=True))
    return f"translate({compiler.process(element.clauses, **options)}, '{others}{SILENT}', '{ones}')"


def _spelled_alike(column: InstrumentedAttribute[str], word: str) -> ColumnElement[str]:
    """Only letters that the word holds are exchanged: each exchange costs a copy of the text."""
    expression: ColumnElement[str] = column.expression
    exchanged = [
        (letter, other) for letter in sorted(set(word) & LOOK_ALIKE.keys()) for other in LOOK_ALIKE[letter]
    ]
    if len(exchanged) + len(SILENT) > MAX_NESTED:
        return _Folded(expression)
    for letter, other in exchanged:
        expression = func.replace(expression, other, letter)
    for sign in SILENT:
        expression = func.replace(expression, sign, "")
    return expression
