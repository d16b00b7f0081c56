"""A JSON document as a stream: objects one by one, whatever its size, damage mended where it can be."""

from __future__ import annotations

import codecs
import re
from typing import IO

import numpy as np

from pipeline.connectors.unpacking import MAX_LINE_BYTES

_CHUNK_BYTES = 262_144
MAX_ITEM_BYTES = 256 * 2**20
MAX_DEPTH = 500
_QUOTE = ord('"')
_STEPS = np.zeros(256, np.int64)
_STEPS[[ord("["), ord("{")]], _STEPS[[ord("]"), ord("}")]] = 1, -1
# Whole escapes are taken, so that the second backslash of a pair begins none.
_ESCAPES = re.compile(
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|x(?P<control>[0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2}))"
    r"|(?P<raw>[\x00-\x08\x0b\x0c\x0e-\x1f])"
)


class Nesting:
    """How deep the lists and objects of a document stand in one another; the parser's time grows with its square."""

    def __init__(self) -> None:
        self._depth = self._is_inside = 0

    def follow(self, part: bytes) -> None:
        """The document goes on with this part, which cuts no escape in two.

        Raises:
            ValueError: It goes deeper than is followed.
        """
        signs = np.frombuffer(part.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
        inside = (np.cumsum(signs == _QUOTE) + self._is_inside) % 2
        steps = _STEPS[signs] * (1 - inside)
        depths = self._depth + np.cumsum(steps)
        if depths.size:
            self._depth, self._is_inside = int(depths[-1]), int(inside[-1])
            if depths.max() > MAX_DEPTH:
                raise ValueError("nested too deep to be read")


class MendedJson:
    r"""Bytes of a JSON document in which what strict parsers refuse is replaced.

    ``\x0N``, which Telegram Desktop writes for control characters, becomes ``\u000N``; half a surrogate
    pair and bytes that are no UTF-8 become the replacement character; raw control characters a space.

    Args:
        stream: The document as it stands in the file.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._kept = ""
        self._ended = False
        self._n_read = 0
        self._nesting = Nesting()

    def start_item(self) -> None:
        """What was read until now was handed on, and need not be held any more."""
        self._n_read = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next part, of any length; nothing at the end or when nothing is asked for."""
        if size == 0:
            return b""
        while not self._ended:
            chunk = self._stream.read(_CHUNK_BYTES)
            self._ended = not chunk
            text = self._kept + self._decoder.decode(chunk, final=self._ended)
            # a space, comma or line break stands inside no escape: what comes before it is whole
            cut = len(text) if self._ended else max(text.rfind(" "), text.rfind(","), text.rfind("\n"), 0)
            self._kept = text[cut:]
            self._n_read += len(chunk)
            if len(self._kept) > MAX_LINE_BYTES or self._n_read > MAX_ITEM_BYTES:
                raise ValueError("too long to be held in memory")
            if cut:
                mended = _ESCAPES.sub(_mend, text[:cut]).encode()
                self._nesting.follow(mended)
                return mended
        return b""


def _mend(match: re.Match[str]) -> str:
    if match["control"]:
        return f"\\u00{match['control']}"
    if match["half"]:
        return "\\ufffd"
    return " " if match["raw"] else match[0]
