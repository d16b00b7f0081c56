"""A backup as one file: a ZIP archive of the data base and a manifest that says what it is."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pipeline.errors import StoreError

MANIFEST, FORMAT = "manifest.json", 1
DATA = {"sqlite": "bazkhord.db", "postgresql": "bazkhord.sql"}
CHUNK_BYTES = 1_000_000
OnBytes = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup is.

    Args:
        data_base: ``sqlite`` or ``postgresql``; it is put back into one of the same kind.
        version: Of the bazkhord that made it.
        schema: The last migration of its data base.
        keyed_by: Identifier of the identity key at that time; ``None``: there was none yet.
        sha256: Of the data.
    """

    data_base: str
    version: str
    schema: str
    made_at: datetime
    n_messages: int
    keyed_by: str | None
    n_bytes: int
    sha256: str


class Sink:
    """Data on its way into an archive: counted, with its digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.n_bytes = 0

    def write(self, chunk: bytes) -> None:
        """The chunk is in the archive."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.n_bytes += len(chunk)

    @property
    def sha256(self) -> str:
        """Digest of all that was written."""
        return self._digest.hexdigest()


@contextmanager
def new_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive that only its owner may read; it has its name only when the block has ended well.

    Raises:
        StoreError: The file is there already, or cannot be written.
    """
    if path.exists():
        raise StoreError(f"{path} is there already; choose another name for the backup")
    draft = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            f"cannot write the backup {path}: {error.strerror}; choose a folder that may be written and has room"
        ) from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def new_data(archive: zipfile.ZipFile, data_base: str) -> Iterator[Sink]:
    """Where the data base is written to within an archive."""
    with archive.open(DATA[data_base], "w", force_zip64=True) as file:
        yield Sink(file)


def write_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """The archive says what it is."""
    written = asdict(manifest) | {"format": FORMAT, "made_at": manifest.made_at.isoformat()}
    archive.writestr(MANIFEST, json.dumps(written, indent=2) + "\n")


@contextmanager
def open_backup(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup and what it is.

    Raises:
        StoreError: The file is none, is damaged or cut off, or was made by a newer bazkhord.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _read_manifest(archive)
    except OSError as error:
        raise StoreError(
            f"cannot read the backup {path}: {error.strerror}; name the file of a backup"
        ) from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError):
        raise StoreError(
            f"{path} is no backup of bazkhord, or is damaged or cut off; nothing was changed: take another one"
        ) from None


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    written = json.loads(archive.read(MANIFEST))
    if written.pop("format") != FORMAT:
        raise StoreError("the backup was made by a newer bazkhord; update bazkhord, then put it back")
    made_at = datetime.fromisoformat(written.pop("made_at"))
    return Manifest(made_at=made_at, **written)


def check_data(archive: zipfile.ZipFile, manifest: Manifest, *, on_bytes: OnBytes = lambda n: None) -> None:
    """The data is what was written.

    Raises:
        StoreError: It is not.
    """
    digest = hashlib.sha256()
    with archive.open(DATA[manifest.data_base]) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            on_bytes(len(chunk))
    if digest.hexdigest() != manifest.sha256:
        raise StoreError("the backup is damaged: its data is not what was written; nothing was changed")
