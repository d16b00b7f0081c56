"""Where a backfill writes: a unit's files under their names, whole or not at all, and the record of what is done."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_plan import Unit
from pipeline.errors import SettingsError, StoreError

FILES = {"messages.parquet": "messages", "mentions.parquet": "mentions", "dead_letters.jsonl": "dead_letters"}
PARTS, SUCCESS, JOURNAL = "_parts", "_SUCCESS", "_progress.jsonl"


def is_local(out: str) -> bool:
    """Whether an output folder lies on this machine, or on a disk that is mounted here.

    Raises:
        SettingsError: Its file system is not known here.
    """
    try:
        return isinstance(fsspec.core.url_to_fs(out)[0], LocalFileSystem)
    except (ImportError, ValueError) as error:
        raise SettingsError(f"--out {out} cannot be opened: {error}") from None


def publish(place: Path, out: str, unit: str) -> None:
    """What a unit made lies in the output under the unit's name, in the place of what lay there.

    Each file appears whole: by renaming, or as object stores write. A unit that is worked through twice at once, as a
    machine that was given up goes on, writes the same twice.

    Raises:
        OSError: It cannot be written.
    """
    for name, table in FILES.items():
        made, target = place / name, f"{table}/{unit}{Path(name).suffix}"
        if made.exists():
            _put(made, out, target)
        else:
            _remove(out, target)


def remove_unit(out: str, unit: str) -> None:
    """Nothing of a unit is in the output."""
    for name, table in FILES.items():
        _remove(out, f"{table}/{unit}{Path(name).suffix}")


def _put(made: Path, out: str, target: str) -> None:
    system, folder = fsspec.core.url_to_fs(out)
    if not isinstance(system, LocalFileSystem):
        with _translated(out):
            system.put_file(str(made), f"{folder.rstrip('/')}/{target}")
        return
    part = Path(folder) / PARTS / secrets.token_hex(8)
    final = Path(folder) / target
    for parent in (part.parent, final.parent):
        parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, part)
    part.replace(final)


def _remove(out: str, target: str) -> None:
    system, folder = fsspec.core.url_to_fs(out)
    path = f"{folder.rstrip('/')}/{target}"
    with _translated(out):
        if system.exists(path):
            system.rm_file(path)


@contextmanager
def _translated(out: str) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # every file system has errors of its own
        raise StoreError(
            f"{out} cannot be written ({type(error).__name__}): check the address, and that it may be written from here; "
            "done again, it goes on where it stopped"
        ) from error


def begin(out: str, *, private: bool) -> None:
    """The output is marked as unfinished; half-written parts of a run that was killed are gone."""
    if is_local(out):
        folder = Path(fsspec.core.url_to_fs(out)[1])
        folder.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
        shutil.rmtree(folder / PARTS, ignore_errors=True)
    _remove(out, SUCCESS)


def finish(out: str) -> None:
    """The output is marked as whole."""
    system, folder = fsspec.core.url_to_fs(out)
    if is_local(out):
        shutil.rmtree(Path(folder) / PARTS, ignore_errors=True)
    with _translated(out):
        system.pipe_file(f"{folder.rstrip('/')}/{SUCCESS}", b"")


@dataclass(frozen=True, slots=True)
class Journal:
    """Which units are done, on record in a file that is only added to; a line that was cut off counts for nothing."""

    _file: IO[str]
    _stamp: str
    _known: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def done(self, unit: Unit) -> Outcome | None:
        """Return what came of a unit that was done for the same job and from the same state of its file."""
        line = self._known.get(unit.name)
        if line is None or line.get("stamp") != self._stamped(unit):
            return None
        return Outcome(**{name: line[name] for name in Outcome.__dataclass_fields__})  # type: ignore[arg-type]

    def note(self, unit: Unit, outcome: Outcome) -> None:
        """It is on record, and on disk, that the unit is done."""
        line = {"stamp": self._stamped(unit), "file": unit.file, "number": unit.number, **asdict(outcome)}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def left_over(self, units: Iterable[Unit]) -> list[str]:
        """Return what was written of files that have fewer units by now."""
        units = tuple(units)
        names, files = {unit.name for unit in units}, {unit.file for unit in units}
        return [name for name, line in self._known.items() if line.get("file") in files and name not in names]

    def _stamped(self, unit: Unit) -> str:
        return f"{self._stamp} {unit.stamp} {unit.first_group} {unit.after_group}"


@contextmanager
def journal(path: Path, job: Job) -> Iterator[Journal]:
    """The record of a backfill, which no other process writes meanwhile.

    Raises:
        StoreError: Another one does, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"another backfill writes {path.parent}; wait for it, or name another --out"
                ) from None
            file.seek(0)
            known = {str(line["unit"]): line for line in _lines(file)}
            file.seek(0, os.SEEK_END)
            yield Journal(file, job.stamp, known)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}; name a folder that may be written"
        ) from None


def _lines(file: Iterable[str]) -> Iterator[Mapping[str, object]]:
    for written in file:
        try:
            line = json.loads(written)
        except ValueError:
            continue
        if isinstance(line, dict) and "unit" in line:
            yield line
