"""What answers about what customers say share: the sentence, and the address of the messages behind a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from api.schemas import BasisOut
from pipeline.selection import Selection, Unit
from pipeline.sentences import Words

FEEDBACK = "Address that shows its messages."
FILTERS = (
    "source", "channel", "brand", "product", "segment", "stage", "intent", "aspect", "sentiment", "emotion", "flag",
)  # fmt: skip


def feedback_address(selection: Selection, filters: Mapping[str, str], *, unit: Unit = Unit.MENTIONS) -> str:
    """Return the address under which the messages of a selection are shown.

    Args:
        filters: Take the place of the selection's own; ``q`` is added to its own.
        unit: What was counted.
    """
    asked: list[tuple[str, str]] = [("from", selection.from_.isoformat()), ("to", selection.to.isoformat())]
    for name in FILTERS:
        values = (filters[name],) if name in filters else getattr(selection, name)
        asked += [(name, str(value)) for value in values]
    words = " ".join(one for one in (selection.q, filters.get("q")) if one)
    asked += [("q", words)] if words else []
    asked += [("unit", unit.value)] if unit != Unit.MENTIONS else []
    return f"/v1/feedback?{urlencode(asked)}"


class SaidOut(BasisOut):
    """An answer with what it comes to in one sentence."""

    sentence_fa: str
    sentence_en: str


def sentence_fields(said: Words) -> dict[str, Any]:
    """Return the fields of a sentence in both languages."""
    return {"sentence_fa": said.fa, "sentence_en": said.en}
