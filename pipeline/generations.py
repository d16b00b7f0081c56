"""A folder whose whole content changes at once: its name is a link, and a new state is a new folder behind it."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import StoreError


@contextmanager
def new_generation(folder: Path, *, private: bool) -> Iterator[Path]:
    """An empty folder to write into; when the block has ended well, ``folder`` is that one, from one moment to the next.

    Until then, and if the block fails, ``folder`` is what it was. The state before is kept, for those who still read
    it; older ones are removed.

    Args:
        folder: Missing, or what an earlier call made.
        private: Whether only its owner may read it.

    Raises:
        StoreError: There is something else, another process writes there, or it cannot be written.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_symlink():
        raise StoreError(f"{folder} is there already and is no export; name another folder, or move it away")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            draft = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
            draft.mkdir(mode=0o700 if private else 0o777)
            try:
                yield draft
                _show(folder, draft)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
    except OSError as error:
        raise StoreError(
            f"cannot write {folder}: {error.strerror or type(error).__name__}; choose a folder that may be written "
            "and has room"
        ) from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with folder.with_name(f".{folder.name}.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"another process writes {folder}; wait for it") from None
        yield


def _show(folder: Path, draft: Path) -> None:
    before = folder.resolve() if folder.is_symlink() else None
    link = draft.with_name(f"{draft.name}.link")
    link.symlink_to(draft.name, target_is_directory=True)
    os.replace(link, folder)  # noqa: PTH105 - Path.replace follows no link either, but says so nowhere
    for old in folder.parent.glob(f".{folder.name}.*"):
        if old.is_dir() and not old.is_symlink() and old not in (draft, before):
            shutil.rmtree(old)
