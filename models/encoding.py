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
        pieces: Piece numbers, framed by ``[CLS]`` and ``[SEP]`` or what the tokenizer has for them; at most
            as many as the encoder reads at once.
        spans: The mentions to judge, as ``[first, last)`` in ``pieces``.
    """

    pieces: list[int]
    spans: list[Span]


def frame_of(tokenizer: Tokenizer) -> Span:
    """Returns the numbers of the tokens before and after a text, such as ``[CLS]`` and ``[SEP]``.

    Raises:
        ValueError: The tokenizer's post-processor does not put exactly one before and one after it.
    """
    frame = tokenizer.encode("").ids
    if len(frame) != 2:
        raise ValueError(
            f"the tokenizer frames a text by {len(frame)} tokens, needed are one before it and one after it "
            "([CLS] and [SEP], <s> and </s>); its tokenizer.json needs such a post_processor"
        )
    return frame[0], frame[1]


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> list[EncodedText]:
    """Returns each text as pieces with their places in it.

    A piece that begins with the space before its word (sentencepiece, byte-level BPE) starts where the word
    does.
    """
    normalized = [normalize(text) for text in texts]
    encodings = tokenizer.encode_batch([one.text for one in normalized], add_special_tokens=False)
    if _pieces_hold_spaces(tokenizer):
        return [
            EncodedText(encoding.ids, [one.origin[s + (one.text[s] == " ")] for s, _ in encoding.offsets])
            for one, encoding in zip(normalized, encodings, strict=True)
        ]
    return [
        EncodedText(encoding.ids, [one.origin[start] for start, _ in encoding.offsets])
        for one, encoding in zip(normalized, encodings, strict=True)
    ]


def first_window(
    encoded: EncodedText, spans: Sequence[Span], *, frame: Span, max_tokens: int = MAX_TOKENS
) -> Window:
    """Returns the beginning of a text as one window, for training; spans beyond it are cut off.

    Args:
        encoded: The text.
        spans: Spans of the text in code points.
        frame: The numbers of ``[CLS]`` and ``[SEP]``.
        max_tokens: Tokens that the encoder reads at once, frame included.
    """
    room = max_tokens - 2
    pieces = [frame[0], *encoded.pieces[:room], frame[1]]
    placed = [encoded.span(start, end) for start, end in spans]
    clipped = [(min(first, room - 1), min(max(first + 1, last), room)) for first, last in placed]
    return Window(pieces, [(first + 1, last + 1) for first, last in clipped])


def _pieces_hold_spaces(tokenizer: Tokenizer) -> bool:
    return any(start == 1 for start, _ in tokenizer.encode("ا ا", add_special_tokens=False).offsets)
