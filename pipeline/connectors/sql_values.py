"""Values of a data base's columns: as messages want them, and as a bookmark keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

READERS: Mapping[str, Callable[[str], object]] = {
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "str": str,
    "UUID": UUID,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def as_plain(value: object) -> object:
    """Return a value as one that JSON could hold; what is none stays as it is.

    >>> as_plain(Decimal("7.00")), as_plain(Decimal("4.5"))
    (7, 4.5)
    """
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, UUID) else value


def write_values(values: Sequence[object]) -> list[list[str]] | None:
    """Return values with their kinds, for a bookmark; ``None`` where one is null.

    Raises:
        TypeError: One is of a kind that has no order, or that a bookmark cannot hold.
    """
    if any(value is None for value in values):
        return None
    for value in values:
        if type(value).__name__ not in READERS:
            raise TypeError(type(value).__name__)
    return [
        [type(value).__name__, value.isoformat() if isinstance(value, date) else str(value)]
        for value in values
    ]


def read_values(written: object) -> tuple[object, ...]:
    """Return what ``write_values`` wrote; nothing where it wrote nothing or the text is another's."""
    if not isinstance(written, list):
        return ()
    try:
        return tuple(READERS[kind](text) for kind, text in written)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return ()
