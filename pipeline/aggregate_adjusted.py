"""Trend, breakdown and journey with figures that are corrected for the model's known errors.

The counts stay what was counted, so that they lead to the messages behind them; shares and net sentiment are
those of the fitted true counts (``adjusting.py``; docs/decisions/007-adjusted-estimates.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, Engine

from pipeline import intervals
from pipeline.adjusted_counts import LABELS, Layout, read_parts
from pipeline.adjusting import Floats, Part, estimate_ratios
from pipeline.aggregate_basis import Basis
from pipeline.aggregate_breakdown import Breakdown, Group
from pipeline.aggregate_counts import QUARTER_HOUR_S, Key, When
from pipeline.aggregate_journey import Journey
from pipeline.aggregate_trend import Trend, when_of
from pipeline.clusters import Design, Whole, read_whole
from pipeline.database import reading
from pipeline.intervals import MIN_N, Estimate, Method
from pipeline.known_errors import KnownErrors, judged_dimension, refusal
from pipeline.selection import Dimension, Selection, Span, span_of

MIN_SAMPLE = 100
MAX_WEIGHTS = 2_000_000
NET = np.array([-1.0, 0.0, 1.0])  # in the order of MENTION_SENTIMENTS

Estimates = list[Estimate | None]


def adjust_trend(
    engine: Engine,
    found: Trend,
    selection: Selection,
    *,
    zone: ZoneInfo,
    known: KnownErrors,
    use_tallies: bool = True,
) -> Trend:
    """Return a trend with adjusted net sentiment; the total is adjusted as a whole, not as a sum of points.

    Args:
        found: The raw answer to the same question.
        zone: Business time zone.
        known: The model's errors.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: The question cannot be adjusted; ``judged_dimension`` and ``KnownErrors`` say when.
    """
    head = judged_dimension(selection)
    known.check_versions(found.basis.model_versions)
    span = span_of(selection, zone)
    layout = _layout_of_points(found, head)
    with reading(engine) as connection:
        design = read_whole(connection, selection, span, use_tallies=use_tallies).of_net
        parts = read_parts(connection, selection, span, layout, known, use_tallies=use_tallies)
    wanted = [place for place, point in enumerate(found.points) if point.counts.n >= MIN_N]
    each = [replace(part, counts=part.counts[wanted]) for part in parts]
    together = [replace(part, counts=part.counts.sum(axis=0, keepdims=True)) for part in parts]
    asked = _asked(selection, head)[None, None]
    nets, total = (_nets(samples, asked, design, head=head) for samples in (each, together))
    net_of = {place: net for place, (net,) in zip(wanted, nets, strict=True)}
    return replace(
        found,
        basis=_adjusted(found.basis),
        points=tuple(
            replace(point, net_sentiment=net_of.get(place)) for place, point in enumerate(found.points)
        ),
        net_sentiment=total[0][0],
    )


def adjust_breakdown(
    engine: Engine,
    found: Breakdown,
    selection: Selection,
    *,
    zone: ZoneInfo,
    known: KnownErrors,
    use_tallies: bool = True,
) -> Breakdown:
    """Return a breakdown with adjusted shares and net sentiment, in the order of the counts.

    Shares of what the model does not judge (channels, brands …) stay as they were counted, unless a label or
    a sentiment is asked for too. Arguments and errors are those of ``adjust_trend``.

    Raises:
        BadRequest: Also where there are too many groups to adjust together.
    """
    head = judged_dimension(selection, found.by)
    known.check_versions(found.basis.model_versions)
    cells = _Cells.of(found, selection, head)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        whole = read_whole(connection, selection, span, use_tallies=use_tallies)
        parts = read_parts(connection, selection, span, cells.layout, known, use_tallies=use_tallies)
    groups = found.groups
    if groups and cells.are_judged:
        groups = _adjust_groups(groups, parts, whole, cells)
    elif groups:
        groups = _adjust_nets(groups, parts, whole, cells)
    return replace(found, basis=_adjusted(found.basis), groups=groups)


def adjust_journey(
    engine: Engine,
    found: Journey,
    selection: Selection,
    *,
    zone: ZoneInfo,
    known: KnownErrors,
    use_tallies: bool = True,
) -> Journey:
    """Return a journey with adjusted shares, net sentiment and changes, in both periods.

    Arguments and errors are those of ``adjust_trend``.

    Raises:
        BadRequest: Also where only some sentiments are asked for.
    """
    stage = Dimension.STAGE
    judged_dimension(selection, (stage,))
    known.check_versions(found.basis.model_versions)
    if selection.sentiment:
        raise refusal(
            "a journey of some sentiments only cannot be adjusted; leave sentiment out, or take raw"
        )
    span = span_of(selection, zone)
    with reading(engine) as connection:
        how: dict[str, Any] = {"known": known, "use_tallies": use_tallies}
        now, ago = (_Stages.read(connection, selection, one, found, **how) for one in (span, span.before()))
        intents, aspects = (
            read_parts(connection, selection, span, Layout(rows=stage, columns=one), **how)
            for one in (Dimension.INTENT, Dimension.ASPECT)
        )
    tops = (
        _adjust_tops(found, intents, now.whole, Dimension.INTENT),
        _adjust_tops(found, aspects, now.whole, Dimension.ASPECT),
    )
    return replace(
        found,
        basis=_adjusted(found.basis),
        stages=tuple(
            replace(
                figures,
                share=now.shares[place],
                net_sentiment=now.nets[place],
                net_sentiment_before=ago.nets[place],
                change=intervals.change(now.nets[place], ago.nets[place]),
                top_intents=tops[0][place],
                top_aspects=tops[1][place],
            )
            for place, figures in enumerate(found.stages)
        ),
    )


def _layout_of_points(found: Trend, head: Dimension | None) -> Layout:
    when = when_of(found.bucket, found.calendar)
    starts: list[Any] = [
        one.start.timestamp() / QUARTER_HOUR_S if when == When.QUARTER_HOUR else one.start.date()
        for one in found.points
    ]
    return Layout(
        rows=head,
        when=when,
        place=lambda key: (bisect_right(starts, key[0]) - 1, 0),
        shape=(len(starts), 1),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where the lines of a breakdown lie in the arrays; ``weights`` has the shape (lines, groups, rows, columns)."""

    head: Dimension | None
    by: tuple[Dimension, ...]
    groups: list[Key]
    asked: Floats
    are_judged: bool
    layout: Layout

    @classmethod
    def of(cls, found: Breakdown, selection: Selection, head: Dimension | None) -> _Cells:
        keys = tuple(one for one in found.by if one not in (head, Dimension.SENTIMENT))
        places = [found.by.index(one) for one in keys]
        groups: list[Key] = list(
            dict.fromkeys(tuple(one.values[place] or "" for place in places) for one in found.groups)
        )
        number = {group: place for place, group in enumerate(groups)}
        are_judged = bool(head or selection.sentiment or Dimension.SENTIMENT in found.by)
        asked = _asked(selection, head)
        n_weights = len(found.groups) * len(groups) * asked.size
        if are_judged and keys and (found.n_groups > len(found.groups) or n_weights > MAX_WEIGHTS):
            raise refusal(
                f"these {found.n_groups} groups cannot be adjusted together; take a limit that leaves none out, filter for "
                "some of them, or take raw"
            )
        layout = Layout(
            rows=head,
            keys=keys,
            place=lambda key: (0, number[key]) if key in number else None,
            shape=(1, len(groups)),
        )
        return cls(head, found.by, groups, asked, are_judged, layout)

    def weights(self, groups: Sequence[Group]) -> Floats:
        array = np.zeros((len(groups), len(self.groups), *self.asked.shape))
        for line, group in enumerate(groups):
            values = dict(zip(self.by, group.values, strict=True))
            first = self.groups.index(tuple(values[one] or "" for one in self.layout.keys))
            chosen = self.asked.copy()
            if self.head in values:
                chosen *= _single(self.head, values[self.head])[:, None]
            if Dimension.SENTIMENT in values:
                chosen *= _single(Dimension.SENTIMENT, values[Dimension.SENTIMENT])
            array[line, first] = chosen
        return array


def _adjust_groups(
    groups: Sequence[Group], parts: list[Part], whole: Whole, cells: _Cells
) -> tuple[Group, ...]:
    weights = cells.weights(groups)
    everything = np.broadcast_to(cells.asked, weights.shape)
    shares = _estimates(parts, weights, everything, whole.of_share(cells.by), head=cells.head, lowest=0)[0]
    nets: Estimates = [None] * len(groups)
    if Dimension.SENTIMENT not in cells.by:
        nets = _nets(parts, weights, whole.of_net, head=cells.head)[0]
    return tuple(
        replace(group, share=share, net_sentiment=net)
        for group, share, net in zip(groups, shares, nets, strict=True)
    )


def _adjust_nets(
    groups: Sequence[Group], parts: list[Part], whole: Whole, cells: _Cells
) -> tuple[Group, ...]:
    """Each group is a sample of its own."""
    samples = [replace(part, counts=part.counts.swapaxes(0, 1)) for part in parts]
    nets = _nets(samples, cells.asked[None, None], whole.of_net, head=None)
    return tuple(replace(group, net_sentiment=net) for group, (net,) in zip(groups, nets, strict=True))


@dataclass(frozen=True, slots=True)
class _Stages:
    """The adjusted figures of a journey's stages in one period."""

    shares: Estimates
    nets: Estimates
    whole: Whole

    @classmethod
    def read(
        cls,
        connection: Connection,
        selection: Selection,
        span: Span,
        found: Journey,
        *,
        known: KnownErrors,
        use_tallies: bool,
    ) -> _Stages:
        stage = Dimension.STAGE
        whole = read_whole(connection, selection, span, use_tallies=use_tallies)
        parts = read_parts(connection, selection, span, Layout(rows=stage), known, use_tallies=use_tallies)
        asked = _asked(selection, stage)[None]
        cells = np.array([asked * _single(stage, one.stage)[:, None] for one in found.stages])
        everything = np.broadcast_to(asked, cells.shape)
        shares = _estimates(parts, cells, everything, whole.of_share((stage,)), head=stage, lowest=0)
        return cls(shares[0], _nets(parts, cells, whole.of_net, head=stage)[0], whole)


def _adjust_tops(found: Journey, parts: list[Part], whole: Whole, columns: Dimension) -> list[Any]:
    """The main labels of each stage, in the order of their counts, with adjusted shares of the stage."""
    name = f"top_{columns.value}s"
    tops = [(figures, top) for figures in found.stages for top in getattr(figures, name)]
    if not tops:
        return [() for _ in found.stages]
    rows = np.array([_single(Dimension.STAGE, figures.stage) for figures, _ in tops])[:, None, :, None]
    labels = np.array([_single(columns, top.label) for _, top in tops])[:, None, None, :]
    below = np.broadcast_to(rows, (*rows.shape[:3], labels.shape[3]))
    design = whole.of_share((columns,))
    shares = _estimates(parts, rows * labels, below, design, head=Dimension.STAGE, lowest=0)[0]
    adjusted = {
        (figures.stage, top.label): replace(top, share=share)
        for (figures, top), share in zip(tops, shares, strict=True)
    }
    return [tuple(adjusted[one.stage, top.label] for top in getattr(one, name)) for one in found.stages]


def _single(dimension: Dimension, label: str | None) -> Floats:
    return np.array([float(one == label) for one in LABELS[dimension]])


def _asked(selection: Selection, head: Dimension | None) -> Floats:
    """1 where a filter lets labels pass, else 0. Shape: (rows, columns)."""
    wanted = getattr(selection, head.value) if head else ()
    rows = np.array([float(not wanted or one in wanted) for one in (LABELS[head] if head else ("all",))])
    columns = [
        float(not selection.sentiment or one in selection.sentiment) for one in LABELS[Dimension.SENTIMENT]
    ]
    return np.outer(rows, columns)


def _adjusted(basis: Basis) -> Basis:
    return replace(basis, is_adjusted=True, method=Method.ADJUSTED)


def _nets(parts: list[Part], cells: Floats, design: Design, *, head: Dimension | None) -> list[Estimates]:
    return _estimates(parts, NET * cells, cells, design, head=head, lowest=-1)


def _estimates(
    parts: list[Part], above: Floats, below: Floats, design: Design, *, head: Dimension | None, lowest: float
) -> list[Estimates]:
    """Estimates by sample and figure, net sentiment in percent; ``None`` of samples that are too small."""
    if not parts[0].counts.size:
        return []
    sizes = np.asarray(sum(part.counts.sum(axis=(1, 2, 3)) for part in parts))
    least = MIN_SAMPLE if head else MIN_N
    effective_n = np.array([design.effective(max(int(n), 1)) for n in sizes])
    found = estimate_ratios(parts, above, below, effective_n=effective_n, lowest=lowest)
    scale = 1.0 if lowest == 0 else 100.0
    return [
        [
            Estimate(*(float(scale * one) for one in figure))
            if n >= least and np.isfinite(figure).all()
            else None
            for figure in zip(*sample, strict=True)
        ]
        for n, *sample in zip(sizes, found.value, found.low, found.high, strict=True)
    ]
