"""The secrets behind the customers' keys, of which there are several once a key was rotated.

A *chain* is applied from its first secret to its last: a rotation adds one, and every stored key is wrapped in
it (an HMAC of the key that was). Where the links to the past were broken a new chain began; the chains before it
are kept only to know again who was forgotten under them. See docs/decisions/012-rotation-of-the-identity-key.md.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

PREFIX = b"ring:"
ID_LENGTH = 16
_WRITTEN = re.compile(rb"ring:[0-9a-f]{64,}(?:[+/][0-9a-f]{64,})*")
_WRAP, _ID = "bazkhord wrapped key 1", "bazkhord key id 1"
Chain = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Secrets by chain, the present one last; within a chain the oldest first.

    Args:
        chains: At least one, each of at least one secret of 32 bytes or more.
    """

    chains: tuple[Chain, ...]

    @property
    def present(self) -> Chain:
        """The chain under which customers get their keys now."""
        return self.chains[-1]


@lru_cache
def ring_of(secret: bytes) -> KeyRing:
    """Return the ring that a secret is: a single one was never rotated, several are written as ``write_ring`` does."""
    return _read(secret) or KeyRing(((secret,),))


def is_ring(text: str) -> bool:
    """Whether a line of a file or the environment is a written ring."""
    return _read(text.encode("utf-8", "surrogateescape")) is not None


def write_ring(ring: KeyRing) -> bytes:
    """Return a ring as one line of ASCII, which takes the place of the single secret everywhere.

    >>> write_ring(KeyRing(((bytes(32),), (bytes(32), b"1" * 32))))[:10]
    b'ring:00000'
    """
    return PREFIX + b"/".join(b"+".join(part.hex().encode() for part in chain) for chain in ring.chains)


def _read(written: bytes) -> KeyRing | None:
    if not _WRITTEN.fullmatch(written):
        return None
    chains = written.removeprefix(PREFIX).decode().split("/")
    try:
        return KeyRing(tuple(tuple(map(bytes.fromhex, chain.split("+"))) for chain in chains))
    except ValueError:  # an odd number of digits
        return None


def wrap(key: str, secret: bytes) -> str:
    """Return the key that takes the place of a customer's key when a secret is added to the chain."""
    return keyed_digest(_WRAP, key, key=secret)


def wrap_all(key: str, secrets: Chain) -> str:
    """Return a key wrapped in these secrets, the first one first."""
    for secret in secrets:
        key = wrap(key, secret)
    return key


def stages(parts: tuple[str, ...], chain: Chain) -> Iterator[str]:
    """Yield the keys that an identity had as the chain grew; the last is the one that it has now."""
    digest = keyed_digest(*parts, key=chain[0])
    yield digest
    for secret in chain[1:]:
        digest = wrap(digest, secret)
        yield digest


@lru_cache
def id_of(chain: Chain) -> str:
    """Return an identifier of a chain, which tells nothing about its secrets."""
    inner = [keyed_digest(_ID, key=secret) for secret in chain]
    return keyed_digest(_ID, *inner, key=chain[-1])[:ID_LENGTH]


def key_id(secret: bytes) -> str:
    """Return the identifier of the chain under which customers get their keys now."""
    return id_of(ring_of(secret).present)


def find_stage(secret: bytes, keyed_by: str) -> tuple[Chain, Chain] | None:
    """Return the chain that had this identifier at some time, as it was then and what was added since.

    Returns:
        ``None`` where no secret of the ring was ever known by it.
    """
    for chain in ring_of(secret).chains:
        for n in range(1, len(chain) + 1):
            if id_of(chain[:n]) == keyed_by:
                return chain[:n], chain[n:]
    return None


def keyed_digest(*parts: str, key: bytes) -> str:
    """Return the HMAC-SHA256 of the parts in 64 hexadecimal digits; no two lists of parts share one."""
    return hmac.digest(key, json.dumps(parts).encode(), "sha256").hex()
