"""What a backfill works through: the files of an archive, cut into units that one process takes at a time."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from pipeline.connectors.drop_folder import READERS as ROW_READERS
from pipeline.connectors.files import FileConnector, bare_suffix
from pipeline.connectors.parquet_file import ParquetFile
from pipeline.connectors.remote_folder import stamp
from pipeline.errors import SettingsError, StopSource
from pipeline.parquet import parquet_library

log = logging.getLogger(__name__)
UNIT_ROWS = 50_000
READERS: Mapping[str, type[FileConnector]] = {
    **ROW_READERS,
    **dict.fromkeys((".parquet", ".pq"), ParquetFile),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A file, or the row groups of a Parquet file that one process takes at a time.

    Args:
        file: Where it lies: a path, or an address that fsspec knows.
        number: Of this unit among those of its file, from 0.
        stamp: Changes with the file.
        first_group: Of the row groups; 0 for files of other kinds.
        after_group: The first row group that is not meant any more; ``None``: all the rest are.
    """

    file: str
    number: int
    stamp: str
    first_group: int = 0
    after_group: int | None = None

    @property
    def name(self) -> str:
        """What its part of the output is called: the file's name, a digest of where it lies, the number."""
        digest = hashlib.sha256(self.file.encode()).hexdigest()[:10]
        stem = Path(self.file).name.partition(".")[0][:40]
        return f"{stem}-{digest}-{self.number:05d}"


def plan(pattern: str, *, unit_rows: int = UNIT_ROWS) -> tuple[Unit, ...]:
    """Return the units of all files that a path, an address or a pattern names, in the order of their names.

    Args:
        unit_rows: A unit of a Parquet file takes row groups until it has so many rows.

    Raises:
        SettingsError: There is no such file, one cannot be read here, or its file system is not known.
    """
    found = _find(pattern)
    if not found:
        raise SettingsError(f"no file matches {pattern}: correct --input")
    if other := [file for file in found if bare_suffix(Path(file)) not in READERS]:
        raise SettingsError(
            f"{other[0]} is of a kind that cannot be read ({len(other)} of {len(found)} are): narrow --input down to "
            f"files that end in one of {', '.join(READERS)}, also packed as .gz or .xz"
        )
    return tuple(unit for file in sorted(found) for unit in _cut(file, found[file], unit_rows))


@contextmanager
def at_hand(file: str) -> Iterator[Path]:
    """The file as a path of this machine; a copy that is gone afterwards where it lies elsewhere.

    Raises:
        StopSource: It cannot be had now.
    """
    system, path = fsspec.core.url_to_fs(file)
    if isinstance(system, LocalFileSystem):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="bazkhord-") as place:
        copy = Path(place) / Path(path).name
        try:
            system.get_file(path, str(copy))
        except Exception as error:  # every file system has errors of its own
            raise StopSource(
                f"{file} cannot be copied to be read ({type(error).__name__}): do it again when it can be had"
            ) from error
        yield copy


def _find(pattern: str) -> dict[str, str]:
    try:
        system, path = fsspec.core.url_to_fs(pattern)
        infos: dict[str, Any] = system.glob(path, detail=True)
    except ImportError as error:
        raise SettingsError(f"--input {pattern} needs a package beside bazkhord: {error}") from None
    except Exception as error:  # every file system has errors of its own, and few are OSErrors
        raise SettingsError(
            f"--input {pattern} cannot be listed ({type(error).__name__}): check the address, and that it may be read "
            "from here"
        ) from error
    files = {name: info for name, info in infos.items() if info["type"] == "file"}
    return {str(system.unstrip_protocol(name)): stamp(info) for name, info in files.items()}


def _cut(file: str, file_stamp: str, unit_rows: int) -> Iterator[Unit]:
    if READERS[bare_suffix(Path(file))] is not ParquetFile:
        yield Unit(file=file, number=0, stamp=file_stamp)
        return
    sizes = _group_sizes(file)
    first, n_rows, number = 0, 0, 0
    for group, size in enumerate(sizes):
        n_rows += size
        if n_rows >= unit_rows or group == len(sizes) - 1:
            yield Unit(file=file, number=number, stamp=file_stamp, first_group=first, after_group=group + 1)
            first, n_rows, number = group + 1, 0, number + 1


def _group_sizes(file: str) -> list[int]:
    """Return the rows of each row group, read from the end of the file alone; of a damaged one, that it has one group."""
    arrow = parquet_library()
    try:
        with fsspec.open(file, "rb") as stream:
            metadata = arrow.parquet.read_metadata(stream)
    except Exception as error:  # noqa: BLE001 - whoever takes the unit reads it again, and says why
        log.debug("%s: %s", file, type(error).__name__)
        return [0]
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
