"""Says which names exist and which is nearest, for errors about names that do not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def list_missing(wanted: Iterable[str], existing: Sequence[str], *, what: str) -> str | None:
    """Return a sentence naming what is wanted but does not exist; ``None`` if all does.

    >>> list_missing(["coment"], ["id", "comment"], what="column")
    "no column 'coment' (nearest: 'comment'); there are: id, comment"
    """
    missing = [name for name in wanted if name not in existing]
    if not missing:
        return None
    named = ", ".join(f"{name!r}{_nearest(name, existing)}" for name in missing)
    listed = ", ".join(name[:60] for name in existing[:60]) or "none"
    return f"no {what} {named}; there are: {listed}{' …' if len(existing) > 60 else ''}"


def _nearest(name: str, existing: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, existing, n=1)
    return f" (nearest: {near[0]!r})" if near else ""
