"""A JSON document as a stream: objects one by one, whatever its size, damage mended where it can be."""

from __future__ import annotations

import codecs
import re
from typing import IO

_CHUNK_BYTES = 262_144
# Whole escapes are taken, so that the second backslash of a pair begins none.
_ESCAPES = re.compile(
    r"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|x(?P<control>[0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2}))"
    r"|(?P<raw>[\x00-\x08\x0b\x0c\x0e-\x1f])"
)


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
            if cut:
                return _ESCAPES.sub(_mend, text[:cut]).encode()
        return b""


def _mend(match: re.Match[str]) -> str:
    if match["control"]:
        return f"\\u00{match['control']}"
    if match["half"]:
        return "\\ufffd"
    return " " if match["raw"] else match[0]
