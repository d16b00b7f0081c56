"""The mails of an mbox file (RFC 4155), one by one.

Python's own ``mailbox`` reads no compressed files and begins a new mail at every line of a text that starts
with "From "; so the mails are told apart here, and read by Python's ``email``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

# texts stand first, attachments after them
MAX_MAIL_BYTES = 4 * 2**20
_BEGIN = re.compile(rb"From \S.* \d\d:\d\d.*\d{4}(?: [+-]\d{4})?\r?\n?\Z")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail of a file: its number, its bytes, and whether the file breaks off inside it."""

    number: int
    raw: bytes
    is_cut: bool


def find_mails(stream: IO[bytes]) -> Iterator[FoundMail]:
    """Yield the mails of a file one by one; of each no more than its first 4 MiB are kept in memory."""
    lines: list[bytes] = []
    n_mails = n_bytes = 0
    before = b"\n"
    # a line without an end is no reason to hold a whole file in memory
    for line in iter(partial(stream.readline, MAX_MAIL_BYTES), b""):
        if before in (b"\n", b"\r\n") and _BEGIN.match(line):
            if n_mails:
                yield FoundMail(n_mails, _join(lines), is_cut=False)
            lines, n_bytes, n_mails = [], 0, n_mails + 1
        elif n_mails and n_bytes < MAX_MAIL_BYTES:
            lines.append(line)
            n_bytes += len(line)
        before = line
    if n_mails:
        yield FoundMail(n_mails, _join(lines), is_cut=not before.endswith(b"\n"))


def _join(lines: list[bytes]) -> bytes:
    return _ESCAPED.sub(rb"\1", b"".join(lines))
