"""What an answer rests on: what it counted, how many, which model judged, for which time there is feedback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline import intervals
from pipeline.aggregate_counts import Counted, Counts, data_range, model_versions, sum_counts
from pipeline.clusters import INDEPENDENT, Design
from pipeline.intervals import Estimate, Method
from pipeline.selection import Selection, Span, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an answer rests on. Times stand in the business zone.

    ``n`` is how many mentions or messages (``unit``) were counted. ``data_from`` and ``data_to`` are the
    oldest and the newest message of the whole store; ``None`` where it is empty. ``method`` is how the
    intervals were made, ``is_adjusted`` whether the figures are corrected for the model's known errors.
    """

    from_: datetime
    to: datetime
    unit: Unit
    n: int
    from_tallies: bool
    model_versions: tuple[str, ...]
    data_from: datetime | None
    data_to: datetime | None
    method: Method = Method.INDEPENDENT
    is_adjusted: bool = False


def basis_of(
    connection: Connection,
    selection: Selection,
    span: Span,
    unit: Unit,
    counted: list[Counted],
    *,
    method: Method = Method.INDEPENDENT,
) -> Basis:
    """Return what an answer rests on.

    Args:
        span: The stretch of time that ``selection`` names, in the business zone.
        unit: What was counted.
        counted: The counts that the answer was made of; the first one's sum is ``n``.
        method: How its intervals are made.
    """
    known = data_range(connection)
    return Basis(
        from_=span.start.astimezone(span.zone),
        to=span.end.astimezone(span.zone),
        unit=unit,
        n=sum_counts(counted[0].cells.values()).n,
        from_tallies=all(one.from_tallies for one in counted),
        model_versions=model_versions(connection, selection, span),
        data_from=known[0].astimezone(span.zone) if known else None,
        data_to=known[1].astimezone(span.zone) if known else None,
        method=method,
    )


def net_of(counts: Counts, design: Design = INDEPENDENT) -> Estimate | None:
    """Return the net sentiment of some counts; ``None`` where they are 0."""
    n = counts.n
    if n == 0:
        return None
    return intervals.net_sentiment(counts.n_positive, counts.n_negative, n, effective_n=design.effective(n))


def share_of(n_part: int, n: int, design: Design = INDEPENDENT) -> Estimate:
    """Return the share of a part in ``n``.

    Raises:
        ValueError: ``n`` is 0.
    """
    estimate = intervals.share(n_part, n, effective_n=design.effective(n))
    if estimate is None:
        raise ValueError("a part of nothing has no share")
    return estimate
