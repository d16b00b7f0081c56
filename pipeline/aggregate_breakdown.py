"""What a whole is made of, by one or two dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from models.labels import Sentiment
from pipeline.aggregate_basis import Basis, basis_of, net_of, share_of
from pipeline.aggregate_counts import NOTHING, Counts, Key, count, sum_counts
from pipeline.clusters import (
    INDEPENDENT,
    Design,
    count_moments,
    cuts_mentions,
    design_of_net,
    design_of_part,
    read_whole,
    sum_moments,
)
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.intervals import Estimate, Method
from pipeline.selection import Dimension, Selection, Span, Unit, span_of

MAX_GROUPS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line of a breakdown: a value for each dimension (``None``: the source gave none) and its part.

    ``net_sentiment`` is ``None`` where sentiment is one of the dimensions.
    """

    values: tuple[str | None, ...]
    counts: Counts
    share: Estimate | None
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Parts of a whole, largest first; shares are of all ``basis.n``, also of what was left out."""

    basis: Basis
    by: tuple[Dimension, ...]
    groups: tuple[Group, ...]
    n_groups: int


def breakdown(
    engine: Engine,
    selection: Selection,
    *,
    by: tuple[Dimension, ...],
    zone: ZoneInfo,
    limit: int = MAX_GROUPS,
    use_tallies: bool = True,
) -> Breakdown:
    """Return how a whole is made up by one or two dimensions.

    Args:
        by: One dimension, or two different ones.
        zone: Business time zone, in which the days of the selection begin.
        limit: Most groups that are given, from 1 to 1,000.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: ``by`` names no dimension, the same one twice or more than two; the period ends
            before it starts; mentions that are ``mixed`` are asked for.
    """
    if not 1 <= len(by) <= 2 or len(set(by)) != len(by):
        raise BadRequest(f"by names one or two different ones of {', '.join(Dimension)}", parameter="by")
    span = span_of(selection, zone)
    keys = tuple(one for one in by if one != Dimension.SENTIMENT)
    unit = selection.unit(by)
    selection.check_sentiment(unit)
    with reading(engine) as connection:
        counted = count(connection, selection, span, keys, use_tallies=use_tallies)
        designs = _designs(connection, selection, span, by=by, cells=counted.cells, use_tallies=use_tallies)
        method = Method.CLUSTERED if unit == Unit.MENTIONS else Method.INDEPENDENT
        basis = basis_of(connection, selection, span, unit, [counted], method=method)
    cells = _cut_by_sentiment(counted.cells, by) if Dimension.SENTIMENT in by else counted.cells
    total = sum_counts(cells.values())
    ordered = sorted(cells.items(), key=lambda item: (-item[1].n, item[0]))
    groups = tuple(_group(key, counts, total, by, designs) for key, counts in ordered[:limit])
    return Breakdown(basis=basis, by=by, groups=groups, n_groups=len(ordered))


DesignsOf = Callable[[Key, Counts], tuple[Design, Design]]


def _designs(
    connection: Connection,
    selection: Selection,
    span: Span,
    *,
    by: tuple[Dimension, ...],
    cells: Mapping[Key, Counts],
    use_tallies: bool,
) -> DesignsOf:
    """What tells the designs of a group's share and of its net sentiment from its key and its counts."""
    if selection.unit(by) == Unit.MESSAGES:
        return lambda key, counts: (INDEPENDENT, INDEPENDENT)
    if cuts_mentions(selection, by):
        whole = read_whole(connection, selection, span, counted=cells.values(), use_tallies=use_tallies)
        of_all = whole.of_share(by), whole.of_net
        return lambda key, counts: of_all
    moments = count_moments(connection, selection, span, by, use_tallies=use_tallies)
    n, together = sum_counts(cells.values()).n, sum_moments(moments.values())
    return lambda key, counts: (
        design_of_part(counts.n, moments[key], n, together),
        design_of_net(counts, moments[key]),
    )


def _group(key: Key, counts: Counts, total: Counts, by: tuple[Dimension, ...], designs: DesignsOf) -> Group:
    of_share, of_net = designs(key, counts)
    return Group(
        values=tuple(str(value) if value != "" else None for value in key),
        counts=counts,
        share=share_of(counts.n, total.n, of_share),
        net_sentiment=None if Dimension.SENTIMENT in by else net_of(counts, of_net),
    )


def _cut_by_sentiment(cells: Mapping[Key, Counts], by: tuple[Dimension, ...]) -> dict[Key, Counts]:
    place = by.index(Dimension.SENTIMENT)
    return {
        (*key[:place], sentiment.value, *key[place:]): replace(NOTHING, **{f"n_{sentiment.value}": n})
        for key, counts in cells.items()
        for sentiment in Sentiment
        if (n := counts.of(sentiment))
    }
