"""Which parts drove a change of net sentiment between two periods (``kitagawa.py`` does the splitting)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import NOTHING, Counts, count, sum_counts
from pipeline.clusters import read_whole
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, Method
from pipeline.kitagawa import Part, split
from pipeline.periods import periods_of
from pipeline.selection import Dimension, Selection, Unit
from pipeline.two_samples import compare_net_sentiments

DRIVING = (
    Dimension.STAGE,
    Dimension.ASPECT,
    Dimension.INTENT,
    Dimension.CHANNEL,
    Dimension.BRAND,
    Dimension.SOURCE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One value of the dimension in both periods, and its part; ``value`` is ``None`` where the source gave none."""

    value: str | None
    counts: Counts
    counts_before: Counts
    share: float
    share_before: float
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """The change of net sentiment and its parts, largest first; there are none where one period is too small.

    ``change`` is ``None`` where fewer than ``intervals.MIN_N`` were counted in one of the periods.
    """

    basis: Basis
    before_from: datetime
    before_to: datetime
    by: Dimension
    counts: Counts
    counts_before: Counts
    change: Estimate | None
    p_value: float | None
    drivers: tuple[Driver, ...]


def drivers(
    engine: Engine,
    selection: Selection,
    *,
    by: Dimension,
    zone: ZoneInfo,
    before_from: date | None = None,
    before_to: date | None = None,
    use_tallies: bool = True,
) -> Drivers:
    """Return what each value of a dimension contributed to the change of net sentiment between two periods.

    Args:
        by: Stage, aspect, intent, channel, brand or source.
        zone: Business time zone, in which days begin.
        before_from: Start of the other period; ``None``: so that it is as long.
        before_to: Its end, exclusive; ``None``: where the first one starts.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: No such dimension drives a change; a period ends before it starts or both overlap;
            mentions that are ``mixed`` are asked for.
    """
    if by not in DRIVING:
        raise BadRequest(f"by must be one of {', '.join(DRIVING)}; given: {by}", parameter="by")
    selection.check_sentiment(Unit.MENTIONS)
    periods = periods_of(selection, zone, before_from=before_from, before_to=before_to)
    spans = periods.now, periods.before
    with reading(engine) as connection:
        counted = [count(connection, selection, span, (by,), use_tallies=use_tallies) for span in spans]
        basis = basis_of(connection, selection, periods.now, Unit.MENTIONS, counted, method=Method.CLUSTERED)
        totals = [sum_counts(one.cells.values()) for one in counted]
        designs = [read_whole(connection, selection, span, use_tallies=use_tallies).of_net for span in spans]
    now, before = ({str(value): counts for (value,), counts in one.cells.items()} for one in counted)
    worth_now, worth_before = (
        one.effective(total.n) if total.n else 0.0 for one, total in zip(designs, totals, strict=True)
    )
    change = compare_net_sentiments(totals[0], totals[1], worth=(worth_now, worth_before))
    effects = (totals[0].n / worth_now, totals[1].n / worth_before) if change else (1.0, 1.0)
    parts = split(now, before, effects=effects) if change else {}
    ordered = sorted(parts.items(), key=lambda item: (-abs(item[1].total.value), item[0]))
    return Drivers(
        basis=basis,
        before_from=periods.before.start.astimezone(zone),
        before_to=periods.before.end.astimezone(zone),
        by=by,
        counts=totals[0],
        counts_before=totals[1],
        change=change.estimate if change else None,
        p_value=change.p_value if change else None,
        drivers=tuple(
            Driver(
                value=value or None,
                counts=now.get(value, NOTHING),
                counts_before=before.get(value, NOTHING),
                share=now.get(value, NOTHING).n / totals[0].n,
                share_before=before.get(value, NOTHING).n / totals[1].n,
                part=part,
            )
            for value, part in ordered
        ),
    )
