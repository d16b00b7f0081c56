"""Who wrote becomes a key that says "the same customer" and nothing else.

The key is an HMAC-SHA256 over a JSON array of kind and value, so that no two kinds share a value
(domain separation). What identifies best over all channels wins: the phone, then the e-mail address,
then the CRM id, which count over all sources; else the author id together with its source.
"""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import phonenumbers

from pipeline.errors import SettingsError
from pipeline.key_ring import is_ring, ring_of, stages
from pipeline.records import Author

KEY_BYTES = 32
_PURPOSE = "bazkhord customer 1"
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def customer_key(author: Author | None, *, source: str, key: bytes) -> str | None:
    """Return the key under which all that this customer says is found, in 64 hexadecimal digits.

    Args:
        author: What the source tells; a phone, address or id that is none is passed over.
        source: Name of the source; counts only where nothing but the author id is known.
        key: bytes of ``load_identity_key``; another key gives other customers.

    Returns:
        ``None`` where the source does not say who wrote.
    """
    best = next(identities(author, source), None)
    if best is None:
        return None
    *_, present = stages(best, ring_of(key).present)
    return present


def known_as(author: Author | None, *, source: str, key: bytes) -> tuple[str, ...]:
    """Return every key that this customer may ever have had: by each identity, under each secret so far."""
    return tuple(
        digest
        for identity in identities(author, source)
        for chain in ring_of(key).chains
        for digest in stages(identity, chain)
    )


def identities(author: Author | None, source: str) -> Iterator[tuple[str, ...]]:
    """Yield what tells who an author is, the best first, as the parts that a key is made of."""
    if author is None:
        return
    if phone := normalize_phone(author.phone):
        yield _PURPOSE, "phone", phone
    if email := normalize_email(author.email):
        yield _PURPOSE, "email", email
    if crm_id := _trimmed(author.crm_id):
        yield _PURPOSE, "crm", crm_id
    if native_id := _trimmed(author.native_id):
        yield _PURPOSE, "author", source, native_id


def normalize_phone(phone: str | None) -> str | None:
    """Return the number in E.164, read as one of Iran where it has no country; ``None`` if it is none.

    >>> normalize_phone("۰۹۱۲ ۱۲۳ ۴۵۶۷")
    '+989121234567'
    """
    if not phone:
        return None
    digits = _INVISIBLE.sub("", phone).strip()
    if re.fullmatch(r"98\d{10}", digits):
        digits = f"+{digits}"
    try:
        number = phonenumbers.parse(digits, "IR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalize_email(email: str | None) -> str | None:
    """Return the address in its one spelling (NFKC, trimmed, lower case); ``None`` if it is none.

    >>> normalize_email(" Ali@Example.COM ")
    'ali@example.com'
    """
    address = _trimmed(email)
    if address is None or not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        return None
    return address.lower()


def _trimmed(value: str | None) -> str | None:
    if value is None:
        return None
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", value)).strip() or None


def load_identity_key(path: Path, value: str | None = None) -> bytes:
    """Return the secret, or the ring of secrets after a rotation, behind all customer keys; every process of this installation gets the same.

    Args:
        path: File that holds the secret where ``value`` is not given; written once, with mode 0600, on
            first use.
        value: The secret from the environment: hexadecimal digits of 32 bytes or more, or at least 32
            characters of anything; or what a rotation wrote.

    Raises:
        SettingsError: The value is too short, or the file is readable by others, damaged or unwritable.
    """
    if value:
        return _secret_from_environment(value)
    try:
        if not path.exists():
            _write_once(path)
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"others may read the identity key {path}; run: chmod 600 {path}")
        written = path.read_text(encoding="ascii").strip()
        return written.encode() if is_ring(written) else bytes.fromhex(_checked(written, path))
    except OSError as error:
        raise SettingsError(
            f"the identity key {path} cannot be read or written ({error.strerror}); give the service a"
            " folder it may write to, or the key in the environment"
        ) from error


def _secret_from_environment(value: str) -> bytes:
    if is_ring(value):
        return value.encode()
    if re.fullmatch(rf"(?:[0-9a-fA-F]{{2}}){{{KEY_BYTES},}}", value):
        return bytes.fromhex(value)
    if len(value) < KEY_BYTES:
        raise SettingsError(
            f"the identity key in the environment has {len(value)} characters, expected at least"
            f" {KEY_BYTES}; make one with: openssl rand -hex {KEY_BYTES}"
        )
    return value.encode("utf-8", "surrogateescape")


def _checked(text: str, path: Path) -> str:
    if not re.fullmatch(rf"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        raise SettingsError(
            f"the identity key {path} does not hold {2 * KEY_BYTES} hexadecimal digits; put back the file"
            " that was there, since a new key makes new customers of everybody"
        )
    return text


def _write_once(path: Path) -> None:
    """Write a new key unless another process was first: the link is made whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
