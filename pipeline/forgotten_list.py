"""The list of the forgotten outside of the data base, so that a backup that is put back does not bring them back.

One line for each key: the identifier of the secrets it was made under, and the key (an HMAC). Nobody can read from
it who it is about. It lies beside the identity key, readable by its owner only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import SettingsError

_LINE = re.compile(r"([0-9a-f]{16}) ([0-9a-f]{64})")


class Mark(NamedTuple):
    """A customer key, and the identifier of the secrets that it was made under."""

    keyed_by: str
    key: str


def add_marks(path: Path, marks: Iterable[Mark]) -> None:
    """The marks are in the file, which is made where it is missing, and on disk.

    Raises:
        SettingsError: The file cannot be written.
    """
    new = set(marks) - read_marks(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{mark.keyed_by} {mark.key}\n" for mark in sorted(new))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(
            f"the list of the forgotten {path} cannot be written ({error.strerror}); nobody was forgotten: give "
            "this user the right to write there, and do it again"
        ) from None


def read_marks(path: Path) -> set[Mark]:
    """Return the marks of the file; none where there is no file. A line that was cut off is passed over.

    Raises:
        SettingsError: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
    except OSError as error:
        raise SettingsError(
            f"the list of the forgotten {path} cannot be read ({error.strerror}); give this user the right to"
        ) from None
    return {Mark(*match.groups()) for line in lines if (match := _LINE.fullmatch(line))}
