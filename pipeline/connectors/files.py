"""What every connector that reads files shares: finding them, pages, bookmarks, changes while reading."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import logging
import lzma
import stat
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import IO

from pydantic import Field

from pipeline.connectors.base import Connector, bury
from pipeline.connectors.unpacking import UnpacksTooLarge, bounded
from pipeline.errors import SkipRecord, SourceChanged, StopSource
from pipeline.records import DeadLetter, Feedback, Page

HEAD_BYTES = 65_536
ROW_COUNT_MAX_BYTES = 64 * 2**20
log = logging.getLogger(__name__)
BROKEN_ARCHIVE = (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, found but not yet understood.

    Args:
        position: Where a person finds it: ``"line 17"``.
        raw: The row as it stands there, for the hash of a dead letter.
        read: Gives the feedback, ``None`` where the row is none (a service message), or raises SkipRecord.
    """

    position: str
    raw: object
    read: Callable[[], Feedback | None]


def unreadable(position: str, error: str, raw: object) -> Row:
    """Return a row that becomes a dead letter with this error."""

    def refuse() -> Feedback | None:
        raise SkipRecord(error)

    return Row(position, raw, refuse)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file was read: its fingerprint, rows done, whether these were all."""

    fingerprint: str
    n_rows: int
    finished: bool


class FileConnector(Connector):
    """A source that lies in one file or in several of one kind; a subclass writes ``rows``.

    A file that was read to its end is not read again until it, or the source's arguments, change; then
    it is read from its start, and upserts by native id sort out what is new.

    Args:
        path: File, or a pattern (``exports/*.csv``) whose files are read in the order of their names.
            ``.gz`` and ``.xz`` are unpacked while reading.
        page_size_rows: Rows per page.
    """

    path: str = Field(min_length=1)
    page_size_rows: int = Field(default=1000, ge=1, le=100_000)

    @abstractmethod
    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every row of a file in an order that is the same each time.

        Raises:
            StopSource: The file is not what the arguments say.
        """

    def count_rows(self, file: Path) -> int | None:
        """Return how many rows a file holds where that is cheap to know, for the progress bar."""
        del file
        return None

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield the rows of all files that are new or changed since the bookmark."""
        progress = read_bookmark(since)
        files = self._find_files()
        n_total: int | None = None
        counted = False
        for name, file in files.items():
            try:
                fingerprint = take_fingerprint(file, salt=self.model_dump_json())
                done = progress.get(name)
                if done is None or done.fingerprint != fingerprint:
                    done = Progress(fingerprint, 0, finished=False)
                if done.finished:
                    continue
                if not counted:
                    n_total, counted = self._count_all(files.values()), True
                for page, reached in self._read_file(file, done, prefix=f"{name} " if len(files) > 1 else ""):
                    progress[name] = reached
                    yield Page(*page, write_bookmark(progress), n_total)
            except OSError as error:
                raise StopSource(
                    f"source {self.name}: {file} cannot be read ({error.strerror or error}): "
                    "check that it exists and may be read, then run again"
                ) from error

    def _find_files(self) -> dict[str, Path]:
        path = self.root / Path(self.path).expanduser()
        if path.exists() or not set(self.path) & set("*?["):
            return {path.name: path}
        anchor = Path(path.anchor)
        files = [file for file in sorted(anchor.glob(str(path.relative_to(anchor)))) if self._is_meant(file)]
        if not files:
            raise StopSource(
                f"source {self.name}: no file matches {path}: correct path, or put the export there, then run again"
            )
        return {
            str(file.relative_to(self.root) if file.is_relative_to(self.root) else file): file
            for file in files
        }

    def _is_meant(self, file: Path) -> bool:
        """Whether a file that a pattern found is one, and lies where it seems to: who may drop files may not read others."""
        folder = Path(
            *takewhile(lambda part: not set(part) & set("*?["), (self.root / self.path).expanduser().parts)
        )
        is_meant = file.is_file() and file.resolve().is_relative_to(folder.resolve())
        if not is_meant:
            log.warning(
                "source %s: %s is no file, or a link that leads out of %s: passed over",
                self.name,
                file,
                folder,
            )
        return is_meant

    def _count_all(self, files: Iterable[Path]) -> int | None:
        n_rows = 0
        for file in files:
            if file.stat().st_size > ROW_COUNT_MAX_BYTES:
                return None
            try:
                n_in_file = self.count_rows(file)
            except (*BROKEN_ARCHIVE, UnpacksTooLarge):
                return None
            if n_in_file is None:
                return None
            n_rows += n_in_file
        return n_rows

    def _read_file(
        self, file: Path, done: Progress, *, prefix: str
    ) -> Iterator[tuple[tuple[tuple[Feedback, ...], tuple[DeadLetter, ...]], Progress]]:
        started = file.stat()
        rows = islice(self._rows_until_break(file, started.st_size, started.st_mtime_ns), done.n_rows, None)
        n_rows, finished = done.n_rows, False
        while not finished:
            batch = list(islice(rows, self.page_size_rows))
            finished = len(batch) < self.page_size_rows
            n_rows += len(batch)
            read = read_each(self.name, batch, prefix=prefix)
            self._require_unchanged(file, started.st_size, started.st_mtime_ns)
            if finished and take_fingerprint(file, salt=self.model_dump_json()) != done.fingerprint:
                raise self._changed(file)
            yield read, Progress(done.fingerprint, n_rows, finished)

    def _rows_until_break(self, file: Path, size_bytes: int, mtime_ns: int) -> Iterator[Row]:
        n_rows = 0
        try:
            for row in self.rows(file):
                n_rows += 1
                yield row
        except UnpacksTooLarge as error:
            raise StopSource(f"source {self.name}: {error}") from None
        except BROKEN_ARCHIVE as error:
            self._require_unchanged(file, size_bytes, mtime_ns)
            problem = f"{file.name} is cut off or damaged, its compression cannot be undone: export or copy it again"
            if not n_rows:
                raise StopSource(f"source {self.name}: {problem}") from error
            yield unreadable(f"after row {n_rows}", problem, type(error).__name__)

    def _require_unchanged(self, file: Path, size_bytes: int, mtime_ns: int) -> None:
        present = file.stat()
        if (present.st_size, present.st_mtime_ns) != (size_bytes, mtime_ns):
            raise self._changed(file)

    def _changed(self, file: Path) -> SourceChanged:
        return SourceChanged(
            f"source {self.name}: {file} changed while it was read: run again when nothing writes to it any more"
        )


def read_each(
    source: str, rows: Iterable[Row], *, prefix: str = ""
) -> tuple[tuple[Feedback, ...], tuple[DeadLetter, ...]]:
    """Return what rows hold, and the dead letters of those that cannot be read.

    Args:
        source: Name of the source.
        prefix: Stands before each position.

    Raises:
        StopSource: A row shows that the source's arguments have to be changed.
    """
    items: list[Feedback] = []
    dead_letters: list[DeadLetter] = []
    for row in rows:
        try:
            feedback = row.read()
        except SkipRecord as error:
            dead = bury(source, prefix + row.position, str(error), row.raw, native_id=error.native_id)
            dead_letters.append(dead)
        except StopSource as error:
            raise StopSource(f"source {source}, {prefix}{row.position}: {error}") from error
        else:
            if feedback is not None:
                items.append(feedback)
    return tuple(items), tuple(dead_letters)


def open_bytes(file: Path) -> IO[bytes]:
    """Return the bytes of a file, unpacked where its name ends in ``.gz`` or ``.xz``."""
    if file.suffix == ".xz":
        return bounded(lzma.open(file), file)
    if file.suffix == ".gz":
        return bounded(gzip.open(file), file)
    return file.open("rb")


def holds_nothing(file: Path) -> bool:
    """Say whether a file is empty once it is unpacked; one that cannot be unpacked is not."""
    try:
        with closing(open_bytes(file)) as stream:
            return not stream.read(1)
    except BROKEN_ARCHIVE:
        return False


def bare_suffix(file: Path) -> str:
    """Return what kind of file lies under the compression: ``".csv"`` for ``reviews.csv.xz``."""
    return (Path(file.stem) if file.suffix in (".gz", ".xz") else file).suffix.lower()


def take_fingerprint(file: Path, *, salt: str) -> str:
    """Return what changes when a file does: size, time, first 64 KiB; and when ``salt`` (the arguments) does.

    Raises:
        OSError: There is no such file, or it is none: a pipe would be waited for, a device has no end.
    """
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is no file but a folder, a pipe or a device")
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    digest = hashlib.sha256(head + salt.encode()).hexdigest()
    return f"{state.st_size}-{state.st_mtime_ns}-{digest[:16]}"


def write_bookmark(progress: dict[str, Progress]) -> str:
    """Return the progress of all files as one line of JSON."""
    return json.dumps({name: asdict(one) for name, one in progress.items()}, ensure_ascii=False)


def read_bookmark(since: str | None) -> dict[str, Progress]:
    """Return the progress that a bookmark tells; one of another connector tells none, so all is read again."""
    if since is None:
        return {}
    try:
        return {name: Progress(**one) for name, one in json.loads(since).items()}
    except (ValueError, TypeError, AttributeError):
        return {}
