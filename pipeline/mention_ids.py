"""How a mention is named from outside, and how somebody who read it can tell that it has changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

HEADS = ("stage", "intent", "aspect", "sentiment")
SEEN = ("feedback_id", "start", "end", *HEADS, "corrected")


def mention_id(start: int, end: int) -> str:
    """Return the name of a mention within its message; it outlives a new model that cuts the same clause.

    >>> mention_id(0, 13)
    '0-13'
    """
    return f"{start}-{end}"


def read_mention_id(name: str) -> tuple[int, int]:
    """Return start and end of the mention of this name, in code points of its message.

    Raises:
        ValueError: The name is not two numbers with ``-`` between them.
    """
    start, end = name.split("-")
    return int(start), int(end)


def etag_of(mention: Mapping[str, object], *, text: str, model_version: str) -> str:
    """Return the entity tag of a mention as HTTP writes it, quotes included.

    It changes with the words, with any label, with whether a person chose them, and with the model.

    Args:
        mention: Has ``feedback_id``, ``start``, ``end``, the four labels and ``corrected``.
        text: The words of the mention.
        model_version: Of the model that labelled the message.
    """
    seen = [mention[name] for name in SEEN]
    written = json.dumps([*seen, text, model_version], ensure_ascii=True)
    return f'"{hashlib.sha256(written.encode()).hexdigest()[:32]}"'
