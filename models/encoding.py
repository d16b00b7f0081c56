"""Turns a text into piece numbers that know their place in it, and spans of the text into spans of pieces."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from models.heads import MAX_TOKENS
from models.normalize import normalize

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as pieces, without the tokens that frame it.

    Attributes:
        pieces: Piece numbers.
        starts: For each piece the offset, in code points of the original text, at which it starts.
    """

    pieces: list[int]
    starts: list[int]

    def span(self, start: int, end: int) -> Span:
        """Returns the pieces ``[first, last)`` that start in ``[start, end)`` of the text.

        A span that no piece starts in gets the piece before it, so the result is never empty where the
        text has pieces at all.
        """
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        if first < last or not self.starts:
            return first, last
        first = max(0, first - 1)
        return first, first + 1


@dataclass(frozen=True, slots=True)
class Window:
    """What the encoder reads at once.

    Attributes:
        pieces: Piece numbers, framed by ``[CLS]`` and ``[SEP]``; at most ``MAX_TOKENS``.
        spans: The mentions to judge, as ``[first, last)`` in ``pieces``.
    """

    pieces: list[int]
    spans: list[Span]


def frame_of(tokenizer: Tokenizer) -> Span:
    """Returns the numbers of ``[CLS]`` and ``[SEP]``.

    Raises:
        ValueError: The tokenizer lacks one of them.
    """
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if first is None or last is None:
        raise ValueError("the tokenizer lacks [CLS] or [SEP]; train it with python -m models.vocabulary")
    return first, last


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> list[EncodedText]:
    """Returns each text as pieces with their places in it."""
    normalized = [normalize(text) for text in texts]
    encodings = tokenizer.encode_batch([one.text for one in normalized], add_special_tokens=False)
    return [
        EncodedText(encoding.ids, [one.origin[start] for start, _ in encoding.offsets])
        for one, encoding in zip(normalized, encodings, strict=True)
    ]


def first_window(encoded: EncodedText, spans: Sequence[Span], *, frame: Span) -> Window:
    """Returns the beginning of a text as one window, for training; spans beyond it are cut off.

    Args:
        encoded: The text.
        spans: Spans of the text in code points.
        frame: The numbers of ``[CLS]`` and ``[SEP]``.
    """
    room = MAX_TOKENS - 2
    pieces = [frame[0], *encoded.pieces[:room], frame[1]]
    placed = [encoded.span(start, end) for start, end in spans]
    clipped = [(min(first, room - 1), min(max(first + 1, last), room)) for first, last in placed]
    return Window(pieces, [(first + 1, last + 1) for first, last in clipped])
