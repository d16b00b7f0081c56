"""A folder of any file system that fsspec knows: what lies in it, and copies of its files."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]
from fsspec.registry import known_implementations  # type: ignore[import-untyped]

from pipeline.errors import BazkhordError, RetryLater, StopSource

log = logging.getLogger(__name__)
CHANGES_WITH_CONTENT = ("ETag", "etag", "md5", "content_md5", "sha256")
CHANGES_WITH_TIME = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")


class RemoteFolder:
    """A folder that is only read.

    Args:
        source: Name of the source, for errors.
        url: Its address, as fsspec writes it.
        options: What its file system is opened with.

    Raises:
        StopSource: There is no such file system here.
    """

    def __init__(self, source: str, url: str, options: Mapping[str, object]) -> None:
        self._source, self.url = source, url
        with self._translated():
            # both caches outlive a run: what was dropped since would not be seen
            fixed = {"skip_instance_cache": True, "use_listings_cache": False}
            self._system, self._path = fsspec.core.url_to_fs(url, **options, **fixed)

    def list_files(self) -> dict[str, str]:
        """Return the files in it and below it, by their path inside, with a stamp that changes when they do.

        Raises:
            StopSource: It is not there, or may not be read.
            RetryLater: Its file system does not answer.
        """
        with self._translated():
            self._system.ls(self._path, detail=False)
            found = self._find()
            if self._path in found:
                raise NotADirectoryError(self._path)
        start = self._path.rstrip("/") + "/"
        return {path.removeprefix(start): stamp(info) for path, info in sorted(found.items())}

    def _find(self) -> Mapping[str, Mapping[str, object]]:
        if not isinstance(self._system, LocalFileSystem) or not Path(self._path).is_dir():
            found: Mapping[str, Mapping[str, object]] = self._system.find(self._path, detail=True)
            return found
        # fsspec follows links, also in circles, and takes pipes and devices for files
        meant, n_others = find_files(Path(self._path))
        if n_others:
            log.warning(
                "source %s: %d links out of the folder, pipes or devices of %s were passed over",
                self._source, n_others, self.url,
            )  # fmt: skip
        return {str(file): self._system.info(str(file)) for file in meant}

    def copy(self, name: str, target: Path) -> bool:
        """A file of the folder lies at ``target`` of this machine.

        Returns:
            Whether it is still in the folder.

        Raises:
            RetryLater: It cannot be had now.
            StopSource: It may not be read.
        """
        with self._translated():
            try:
                self._system.get_file(f"{self._path.rstrip('/')}/{name}", str(target))
            except FileNotFoundError:
                return False
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BazkhordError:
            raise
        except Exception as error:  # every file system has errors of its own, and few are OSErrors
            raise _translate(error, self._source, self.url) from error


def find_files(folder: Path) -> tuple[list[Path], int]:
    """Return the files in a folder of this machine and below it, and how many entries are none of its own.

    A link counts where it leads to a file of the same folder; folders behind links are not looked into.
    """
    own, n_others = folder.resolve(), 0
    meant: list[Path] = []
    for place, _, names in os.walk(folder):
        for file in (Path(place) / name for name in names):
            if file.is_file() and file.resolve().is_relative_to(own):
                meant.append(file)
            else:
                n_others += 1
    return meant, n_others


def stamp(info: Mapping[str, object]) -> str:
    """Return what changes when a file does: what its store says of the content, or the time; and the size."""
    known = [str(info[key]) for key in CHANGES_WITH_CONTENT if info.get(key)]
    known = known or [str(info[key]) for key in CHANGES_WITH_TIME if info.get(key)]
    return hashlib.sha256("\n".join([*known, str(info.get("size"))]).encode()).hexdigest()[:16]


def _translate(error: Exception, source: str, url: str) -> Exception:
    kind = type(error).__name__
    protocol = url.partition("://")[0]
    where = f"source {source}: {url}"
    if isinstance(error, ImportError):
        told = known_implementations.get(protocol, {}).get("err", str(error))
        return StopSource(f"{where}: {protocol}:// needs a package beside bazkhord: {told}")
    if isinstance(error, FileNotFoundError):
        return StopSource(
            f"{where} is not there: check url; in an object store a folder is there with its first file"
        )
    if isinstance(error, NotADirectoryError):
        return StopSource(f"{where} is no folder: name the folder in url, and its files in pattern")
    if isinstance(error, PermissionError) or "Credential" in kind or "Auth" in kind:
        return StopSource(
            f"{where} may not be read ({kind}): check secret_options, and that they may list and read there"
        )
    if isinstance(error, ValueError | TypeError):
        return StopSource(f"{where} cannot be opened ({kind}): check url and options")
    return RetryLater(f"{where} does not answer as it should ({kind}): run again later, nothing is lost")
