"""Who wrote a message, of which a source may tell nothing."""

from __future__ import annotations

from pipeline.records import Author


def known_author(
    native_id: str | None = None,
    *,
    phone: str | None = None,
    email: str | None = None,
    crm_id: str | None = None,
) -> Author | None:
    """Return the author; ``None`` where nothing tells one from another.

    >>> known_author("", email=None) is None
    True
    """
    if not (native_id or phone or email or crm_id):
        return None
    return Author(native_id=native_id, phone=phone, email=email, crm_id=crm_id)
