"""What stands in the headers of a mail, in whatever characters it was written.

The email package's own structured headers raise on some malformed addresses, so that raw ones are read.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

_ID = re.compile(r"<([^<>\s]{1,998})>")
_IN_BRACKETS = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>")


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Return the text of bytes whose declared charset may be wrong, unknown or missing.

    What is no UTF-8 then is read as Windows-1256, in which Persian mail without a charset is written.

    >>> decode_bytes("سلام".encode("cp1256"), None), decode_bytes("سلام".encode(), "us-ascii")
    ('سلام', 'سلام')
    """
    for name in (charset, "utf-8"):
        try:
            return data.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    text = data.decode("utf-8", "replace")
    # a text that is cut inside a letter is still UTF-8
    return text if text.count("\ufffd") * 20 <= len(text) else data.decode("cp1256", "replace")


def read_header(message: Message, name: str) -> str:
    """Return the first header of a name, decoded (RFC 2047) and in one line; empty where there is none."""
    value = _raw_header(message, name)
    try:
        parts = decode_header(value)
    except HeaderParseError:
        parts = [(value, None)]
    # decode_header gives what is not encoded in this charset of Python's own
    words = [
        part if isinstance(part, str) else decode_bytes(part, charset or "raw-unicode-escape")
        for part, charset in parts
    ]
    return " ".join("".join(words).split())


def find_address(message: Message) -> str | None:
    """Return the address that a mail is from, in lower case."""
    value = _raw_header(message, "from")
    found = _IN_BRACKETS.findall(value)
    try:
        address = found[-1] if found else parseaddr(value)[1]
    except RecursionError:  # a remark in a remark in a remark, as brackets set them
        return None
    return address.lower() if "@" in address else None


def find_ids(message: Message, name: str) -> list[str]:
    """Return the Message-IDs of a header, without their brackets."""
    return _ID.findall(_raw_header(message, name))


def _raw_header(message: Message, name: str) -> str:
    value = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    # the parser keeps bytes beyond ASCII as lone surrogates
    return value if value.isascii() else decode_bytes(value.encode("utf-8", "surrogateescape"), None)
