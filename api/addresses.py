"""Addresses that lead from a figure to the messages behind it."""

from __future__ import annotations

from urllib.parse import urlencode

from pipeline.selection import Dimension, Selection, Span, Unit

FILTERS = (
    "source", "channel", "brand", "product", "segment", "stage", "intent", "aspect", "sentiment", "emotion", "flag",
)  # fmt: skip


def feedback_address(
    selection: Selection,
    span: Span,
    *,
    unit: Unit = Unit.MENTIONS,
    by: Dimension | None = None,
    value: str | None = None,
) -> str | None:
    """Return where the messages are that a figure counted, or ``None`` where no address can say it.

    Args:
        selection: Its filters; the period is that of ``span``.
        span: The period, told as days where it is made of whole ones.
        by: What the figure was cut by; ``None``: nothing.
        value: The value of ``by`` that it is of; ``None``: the source gave none.
    """
    filters = {name: [str(one) for one in getattr(selection, name)] for name in FILTERS}
    if by is not None:
        name, wanted = _filter_of(by, value or "")
        if name == "segment" and filters[name]:
            # Several segments mean any of them: two at once cannot be asked for.
            return None
        filters[name] = [wanted]
    first, end = span.days or (span.start.astimezone(span.zone), span.end.astimezone(span.zone))
    asked = {"from": first.isoformat(), "to": end.isoformat(), **filters}
    asked |= {"q": selection.q or [], "unit": [unit.value] if unit == Unit.MESSAGES else []}
    return f"/v1/feedback?{urlencode(asked, doseq=True)}"


def _filter_of(by: Dimension, value: str) -> tuple[str, str]:
    if by.attribute is not None:
        return "segment", f"{by.attribute}:{value}"
    if by == Dimension.SEGMENT and ":" in value:
        return "segment", f":{value}"
    return by.value, value
