"""What changed between two periods: shares and net sentiment by any one dimension, each change with its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from models.labels import Sentiment
from pipeline.aggregate_basis import Basis, basis_of, net_of, share_of
from pipeline.aggregate_counts import NOTHING, Counted, Counts, Key, count, sum_counts
from pipeline.clusters import INDEPENDENT, Design, read_whole
from pipeline.database import reading
from pipeline.intervals import Estimate, Method
from pipeline.periods import periods_of
from pipeline.selection import Dimension, Selection, Span, Unit
from pipeline.two_samples import LEVEL, Difference, compare_net_sentiments, compare_shares, q_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference between two periods; ``q_value`` is its p-value after all comparisons of the answer."""

    estimate: Estimate
    p_value: float
    q_value: float

    @property
    def significant(self) -> bool:
        """Whether it is held to be more than chance, many comparisons held in check."""
        return self.q_value <= LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One line in one period, of whose ``n`` mentions or messages ``share`` is the part; ``None``: of nothing."""

    counts: Counts
    n: int
    share: Estimate | None
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one value of a dimension did in both periods; ``value`` is ``None`` where the source gave none.

    The changes of ``share`` (between -1 and 1) and of
    ``net_sentiment`` (in points) are ``None`` where too few were counted to tell; the former for the whole,
    the latter where sentiment itself is the dimension.
    ``moved`` says how much the line matters: of 100 mentions, how many came or left, and how many turned by
    one step (negative, neutral, positive): the change of the share in points plus that of net sentiment
    times the mean share.
    """

    value: str | None
    now: Side
    before: Side
    share: Change | None
    net_sentiment: Change | None
    moved: float

    @property
    def significant(self) -> bool:
        """Whether anything about it is held to have changed."""
        return any(one is not None and one.significant for one in (self.share, self.net_sentiment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All and its parts in two periods; lines that changed for sure first, then by how much they matter.

    ``n_lines`` counts also the lines beyond the limit; their tests belong to the family all the same.
    """

    basis: Basis
    before_from: datetime
    before_to: datetime
    by: Dimension
    total: Line
    lines: tuple[Line, ...]
    n_lines: int


def compare(
    engine: Engine,
    selection: Selection,
    *,
    by: Dimension,
    zone: ZoneInfo,
    before_from: date | None = None,
    before_to: date | None = None,
    limit: int = 200,
    use_tallies: bool = True,
) -> Comparison:
    """Return how the period of a selection differs from another one.

    Args:
        by: What both are cut by.
        zone: Business time zone, in which days begin.
        before_from: Start of the other period; ``None``: so that it is as long.
        before_to: Its end, exclusive; ``None``: where the first one starts.
        limit: Most lines that are given.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: A period ends before it starts or both overlap; mentions that are ``mixed`` are asked for.
    """
    unit = selection.unit((by,))
    selection.check_sentiment(unit)
    periods = periods_of(selection, zone, before_from=before_from, before_to=before_to)
    keys = () if by == Dimension.SENTIMENT else (by,)
    with reading(engine) as connection:
        counted = [
            count(connection, selection, span, keys, use_tallies=use_tallies)
            for span in (periods.now, periods.before)
        ]
        basis = basis_of(connection, selection, periods.now, unit, counted, method=_method(unit))
        designs = [
            _designs(connection, selection, span, by, one, use_tallies=use_tallies)
            for span, one in zip((periods.now, periods.before), counted, strict=True)
        ]
    now, before = (_by_value(one.cells, by) for one in counted)
    pairs = [_Pair(None, _all(now), _all(before)), *_pairs(now, before)]
    total, *lines = _lines(pairs, by, (designs[0], designs[1]))
    ordered = sorted(lines, key=lambda line: (not line.significant, -line.moved, line.value or ""))
    return Comparison(
        basis=basis,
        before_from=periods.before.start.astimezone(zone),
        before_to=periods.before.end.astimezone(zone),
        by=by,
        total=total,
        lines=tuple(ordered[:limit]),
        n_lines=len(lines),
    )


def _method(unit: Unit) -> Method:
    return Method.INDEPENDENT if unit == Unit.MESSAGES else Method.CLUSTERED


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is compared on one line."""

    value: str | None
    now: Counts
    before: Counts


def _by_value(cells: Mapping[Key, Counts], by: Dimension) -> dict[str, Counts]:
    if by != Dimension.SENTIMENT:
        return {str(value): counts for (value,), counts in cells.items()}
    counts = sum_counts(cells.values())
    return {
        one.value: replace(NOTHING, **{f"n_{one.value}": counts.of(one)})
        for one in Sentiment
        if counts.of(one)
    }


def _all(cells: Mapping[str, Counts]) -> Counts:
    return sum_counts(cells.values())


def _pairs(now: Mapping[str, Counts], before: Mapping[str, Counts]) -> list[_Pair]:
    return [
        _Pair(value or None, now.get(value, NOTHING), before.get(value, NOTHING))
        for value in sorted({*now, *before})
    ]


@dataclass(frozen=True, slots=True)
class _Designs:
    """What several mentions in one message do to the shares and to the net sentiment of a period."""

    share: Design = INDEPENDENT
    net: Design = INDEPENDENT


def _designs(
    connection: Connection,
    selection: Selection,
    span: Span,
    by: Dimension,
    counted: Counted,
    *,
    use_tallies: bool,
) -> _Designs:
    if selection.unit((by,)) == Unit.MESSAGES:
        return _Designs()
    cells = counted.cells.values()
    whole = read_whole(connection, selection, span, counted=cells, use_tallies=use_tallies)
    return _Designs(whole.of_share((by,)), whole.of_net)


def _lines(pairs: Sequence[_Pair], by: Dimension, designs: tuple[_Designs, _Designs]) -> list[Line]:
    """The lines of pairs of which the first is the whole; all their tests are one family."""
    whole, *_ = pairs
    found = [
        *(None if pair is whole else _compare_shares(pair, whole, designs) for pair in pairs),
        *(None if by == Dimension.SENTIMENT else _compare_nets(pair, designs) for pair in pairs),
    ]
    adjusted = q_values([None if one is None else one.p_value for one in found])
    changes = [None if one is None else _change(one, q) for one, q in zip(found, adjusted, strict=True)]
    with_net = by != Dimension.SENTIMENT
    return [
        _line(pair, whole, share, net, designs, with_net=with_net)
        for pair, share, net in zip(pairs, changes[: len(pairs)], changes[len(pairs) :], strict=True)
    ]


def _compare_shares(pair: _Pair, whole: _Pair, designs: tuple[_Designs, _Designs]) -> Difference | None:
    worth = designs[0].share.effective(whole.now.n), designs[1].share.effective(whole.before.n)
    return compare_shares((pair.now.n, whole.now.n), (pair.before.n, whole.before.n), worth=worth)


def _compare_nets(pair: _Pair, designs: tuple[_Designs, _Designs]) -> Difference | None:
    worth = designs[0].net.effective(pair.now.n), designs[1].net.effective(pair.before.n)
    return compare_net_sentiments(pair.now, pair.before, worth=worth)


def _change(difference: Difference, q_value: float | None) -> Change:
    return Change(
        estimate=difference.estimate,
        p_value=difference.p_value,
        q_value=difference.p_value if q_value is None else q_value,
    )


def _line(
    pair: _Pair,
    whole: _Pair,
    share: Change | None,
    net: Change | None,
    designs: tuple[_Designs, _Designs],
    *,
    with_net: bool,
) -> Line:
    now = _side(pair.now, whole.now.n, designs[0], with_net=with_net)
    before = _side(pair.before, whole.before.n, designs[1], with_net=with_net)
    shares = [0.0 if one.share is None else one.share.value for one in (now, before)]
    turned = 0.0 if net is None else abs(net.estimate.value) * sum(shares) / 2
    return Line(
        value=pair.value,
        now=now,
        before=before,
        share=share,
        net_sentiment=net,
        moved=100 * abs(shares[0] - shares[1]) + turned,
    )


def _side(counts: Counts, n: int, designs: _Designs, *, with_net: bool) -> Side:
    return Side(
        counts=counts,
        n=n,
        share=share_of(counts.n, n, designs.share) if n else None,
        net_sentiment=net_of(counts, designs.net) if with_net else None,
    )
