"""Files in the data folder that hold what a customer said: reports that bazkhord wrote, and others."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator
from pathlib import Path

OURS = "bazkhord-*.html"
READ = (".html", ".csv", ".json", ".jsonl", ".tsv", ".txt")
MAX_BYTES = 50_000_000
SHORTEST, LONGEST = 12, 60


def find_files(folder: Path, texts: Collection[str], keys: Collection[str]) -> tuple[list[Path], list[Path]]:
    """Return the reports of ours that hold one of the texts or keys, and other files that do.

    Args:
        texts: What the customer said; the beginning is looked for, of texts that are long enough to tell.
    """
    sought = {text[:LONGEST] for text in texts if len(text) >= SHORTEST} | set(keys)
    found = [path for path in _readable(folder) if _holds(path, sought)]
    ours = [path for path in found if path.match(OURS)]
    return ours, [path for path in found if path not in ours]


def _readable(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix in READ and path.is_file() and path.stat().st_size <= MAX_BYTES:
            yield path


def _holds(path: Path, sought: Collection[str]) -> bool:
    content = path.read_text(encoding="utf-8", errors="replace")
    plain = html.unescape(content)
    return any(one in content or one in plain for one in sought)
