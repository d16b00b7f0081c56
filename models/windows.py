"""Cuts a text longer than the encoder reads into overlapping windows, each mention in the one it fits best."""

from __future__ import annotations

from dataclasses import dataclass

from models.encoding import EncodedText, Span, Window
from models.heads import MAX_TOKENS

ROOM = MAX_TOKENS - 2


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a mention went: the number of the window, and its number among that window's mentions."""

    window: int
    mention: int


def cut_windows(
    encoded: EncodedText, spans: list[Span], *, frame: Span, max_tokens: int = MAX_TOKENS
) -> tuple[list[Window], list[Placed]]:
    """Returns the windows of a text and where each of its mentions went.

    Args:
        encoded: The text, with at least one piece.
        spans: Its mentions in code points.
        frame: The numbers of ``[CLS]`` and ``[SEP]``.
        max_tokens: Tokens that the encoder reads at once, frame included; at least 4.

    Returns:
        One window where the text fits into it, else windows that overlap by a quarter; a mention longer than
        a window is judged by what of it the window holds.
    """
    room = max_tokens - 2
    offsets = window_offsets(len(encoded.pieces), max_tokens=max_tokens)
    inside: list[list[Span]] = [[] for _ in offsets]
    placed: list[Placed] = []
    for start, end in spans:
        first, last = encoded.span(start, end)
        best = _best_window(offsets, (first + last) // 2, room)
        offset = offsets[best]
        low = min(max(first - offset, 0), room - 1)
        high = min(max(last - offset, low + 1), room)
        placed.append(Placed(best, len(inside[best])))
        inside[best].append((low + 1, high + 1))
    windows = [
        Window([frame[0], *encoded.pieces[offset : offset + room], frame[1]], spans)
        for offset, spans in zip(offsets, inside, strict=True)
    ]
    return windows, placed


def window_offsets(n_pieces: int, *, max_tokens: int = MAX_TOKENS) -> list[int]:
    """Returns for each window of a text of ``n_pieces`` the number of the first piece that it holds."""
    room = max_tokens - 2
    stride = room * 3 // 4
    n_windows = 1 + max(0, -(-(n_pieces - room) // stride))
    return [min(i * stride, max(0, n_pieces - room)) for i in range(n_windows)]


def _best_window(offsets: list[int], middle: int, room: int) -> int:
    if len(offsets) == 1:
        return 0
    guess = min(max(0, round((middle - room // 2) / (room * 3 // 4))), len(offsets) - 1)
    around = range(max(0, guess - 1), min(len(offsets), guess + 2))
    return min(around, key=lambda i: abs(offsets[i] + room // 2 - middle))
