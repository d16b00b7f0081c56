"""Which words carried a label: how much of its probability is lost when a word is hidden from the network.

Occlusion: Zeiler & Fergus 2014 (arXiv 1311.2901) for pictures, Li et al. 2016 (arXiv 1612.08220) for text. The
pieces of a word are exchanged one by one for the token by which pre-training hid them, so that every other piece
and the mention's span stay where they are.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tokenizers import Tokenizer

from models.encoding import EncodedText, Span, Window
from models.inference import Scores
from models.normalize import is_emoji

MAX_WORDS = 60
BUDGET_TOKENS = 2_000
MAX_READ_CHARS = 4_000
_HIDERS = ("[MASK]", "<mask>", "[UNK]", "<unk>")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Occlusion:
    """What the network says of one mention, as written and with each word hidden.

    Attributes:
        words: Where each word stands, in code points of the text.
        as_written: Probabilities of each mention head. Shape of each: (labels,).
        without: The same with each of ``words`` hidden.
    """

    words: tuple[Span, ...]
    as_written: Scores
    without: tuple[Scores, ...]


def hider_of(tokenizer: Tokenizer) -> int:
    """Returns the number of the token that stands for a hidden piece.

    Raises:
        ValueError: The tokenizer has neither a mask nor an unknown token.
    """
    for name in _HIDERS:
        number = tokenizer.token_to_id(name)
        if number is not None:
            return int(number)
    raise ValueError(f"the tokenizer has none of {', '.join(_HIDERS)}, of which one has to hide words")


def part_around(text: str, mention: Span) -> Span:
    """Returns the part of a text that is read again: of a long one what surrounds the mention's beginning."""
    start = max(0, mention[0] - MAX_READ_CHARS // 4) if len(text) > MAX_READ_CHARS else 0
    return start, min(len(text), start + MAX_READ_CHARS)


def words_around(text: str, mention: Span, *, n_tokens: int = 1) -> list[Span]:
    """Returns the words of a mention and the nearest ones around it, in order of the text.

    A run of emojis is a word, so is a mask of redaction; punctuation is none. The words of the mention come
    first, up to 60; around it there are as many as can be asked about within 2,000 tokens.

    Args:
        text: What the network reads.
        mention: In code points of the text.
        n_tokens: That the network reads for each word.

    >>> text = "پیک دیر رسید. غذا سرد بود😡، افتضاح!"
    >>> [text[start:end] for start, end in words_around(text, (14, 35), n_tokens=400)]
    ['رسید', 'غذا', 'سرد', 'بود', '😡', 'افتضاح']
    """
    nearest = sorted(
        _words(text), key=lambda word: max(0, mention[0] - word[1] + 1, word[0] - mention[1] + 1)
    )
    n_inside = sum(word[0] < mention[1] and word[1] > mention[0] for word in nearest)
    return sorted(nearest[: min(MAX_WORDS, max(n_inside, BUDGET_TOKENS // n_tokens))])


def hidden(
    encoded: EncodedText, window: Window, *, offset: int, words: Sequence[Span], hider: int
) -> Iterator[tuple[Span, Window]]:
    """Yields each word that the window holds with the window in which its pieces are hidden.

    Args:
        encoded: The whole text.
        window: What the network reads, its frame included.
        offset: Number of the text's piece that stands first in the window.
        words: In code points of the text.
        hider: Stands for each hidden piece.
    """
    for word in words:
        first, last = (bisect_left(encoded.starts, end) - offset + 1 for end in word)
        first, last = max(first, 1), min(last, len(window.pieces) - 1)
        if first < last:
            pieces = [*window.pieces[:first], *[hider] * (last - first), *window.pieces[last:]]
            yield word, Window(pieces, window.spans)


def _words(text: str) -> Iterator[Span]:
    start = 0
    for kind, run in groupby(_kinds(text)):
        end = start + sum(1 for _ in run)
        if kind != "between":
            yield start, end
        start = end


def _kinds(text: str) -> Iterator[str]:
    """For each character: of a word, of a run of emojis, or between them."""
    kind = "between"
    for char in text:
        if is_emoji(char):
            kind = "emoji"
        elif not (kind != "between" and _clings(char)):
            kind = "word" if char in "<>_" or char.isalnum() else "between"
        yield kind


def _clings(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) in {"Mn", "Me", "Sk"}
