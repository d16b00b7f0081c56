"""Packed files are unpacked while they are read, up to a bound: a few kilobytes may hold terabytes (bombs)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from pipeline.errors import BazkhordError

if TYPE_CHECKING:
    from typing_extensions import Buffer

ALWAYS_ALLOWED_BYTES = 2**30
MAX_EXPANSION = 200
MAX_LINE_BYTES = 16 * 2**20
_CHUNK_BYTES = 262_144


class UnpacksTooLarge(BazkhordError):
    """A packed file holds more than its size lets expect."""


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Counted(io.RawIOBase):
    def __init__(self, inner: _Readable, name: str, limit_bytes: int) -> None:
        self._inner, self._name = inner, name
        self._limit_bytes = self._left_bytes = limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        unpacked = self._inner.read1(len(view))  # what came before a break is handed on before it is told
        view[: len(unpacked)] = unpacked
        self._left_bytes -= len(unpacked)
        if self._left_bytes < 0:
            raise UnpacksTooLarge(
                f"{self._name} unpacks to more than {self._limit_bytes:,} bytes, {MAX_EXPANSION} times its size: "
                "if that is right, unpack it by hand and name the unpacked file"
            )
        return len(unpacked)

    def close(self) -> None:
        self._inner.close()
        super().close()


def bounded(
    unpacked: object, file: Path, *, always_bytes: int = ALWAYS_ALLOWED_BYTES, expansion: int = MAX_EXPANSION
) -> IO[bytes]:
    """Return the same bytes, which end with an error where they are too many.

    Args:
        unpacked: What ``gzip`` or ``lzma`` opened.
        file: The packed file.
        always_bytes: As many are always read.
        expansion: And as many for each packed byte.

    Raises:
        UnpacksTooLarge: From reading, once there are more.
    """
    limit_bytes = max(always_bytes, expansion * file.stat().st_size)
    counted = _Counted(cast("_Readable", unpacked), file.name, limit_bytes)
    return cast("IO[bytes]", io.BufferedReader(counted, _CHUNK_BYTES))


def read_lines(stream: IO[bytes], *, limit_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes | None]:
    """Yield each line with its end; ``None`` for one that is longer than the limit, of which no more is kept."""
    while line := stream.readline(limit_bytes + 1):
        if len(line) <= limit_bytes:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(limit_bytes)
        yield None
