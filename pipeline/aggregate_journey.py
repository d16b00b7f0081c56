"""How each stage of the customer journey is doing, and how it did before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from models.labels import Stage
from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of, net_of, share_of
from pipeline.aggregate_counts import NOTHING, Counts, Key, count, sum_counts
from pipeline.clusters import Design, Whole, read_whole
from pipeline.database import reading
from pipeline.intervals import Estimate, Method
from pipeline.selection import Dimension, Selection, Unit, span_of

N_TOP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """A frequent intent or aspect of a stage and its share of the stage."""

    label: str
    n: int
    share: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """How one stage of the journey is doing, and how it did in the period of equal length before."""

    stage: Stage
    counts: Counts
    share: Estimate | None
    net_sentiment: Estimate | None
    counts_before: Counts
    net_sentiment_before: Estimate | None
    change: Estimate | None
    top_intents: tuple[Top, ...]
    top_aspects: tuple[Top, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """All stages in their order, those without feedback with figures of ``None``."""

    basis: Basis
    before_from: datetime
    before_to: datetime
    stages: tuple[StageFigures, ...]


def journey(engine: Engine, selection: Selection, *, zone: ZoneInfo, use_tallies: bool = True) -> Journey:
    """Return for each stage its volume, net sentiment, main intents and aspects, and the change.

    The period before has the same length and ends where this one starts.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        use_tallies: False: count one by one even where tallies know the answer.

    Raises:
        BadRequest: The period ends before it starts; mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    before = span.before()
    stage = Dimension.STAGE
    with reading(engine) as connection:
        intents, aspects = (
            count(connection, selection, span, (stage, one), use_tallies=use_tallies)
            for one in (Dimension.INTENT, Dimension.ASPECT)
        )
        earlier = count(connection, selection, before, (stage,), use_tallies=use_tallies)
        basis = basis_of(
            connection, selection, span, Unit.MENTIONS, [intents, aspects, earlier], method=Method.CLUSTERED
        )
        now, ago = (
            read_whole(connection, selection, one, counted=counted.cells.values(), use_tallies=use_tallies)
            for one, counted in ((span, intents), (before, earlier))
        )
    stages = tuple(
        _stage_figures(
            one,
            _Stretch(sum_counts(_of(one, intents.cells).values()), now),
            _Stretch(earlier.cells.get((one.value,), NOTHING), ago),
            n=basis.n,
            intents=_of(one, intents.cells),
            aspects=_of(one, aspects.cells),
        )
        for one in selection.stage or Stage
    )
    return Journey(
        basis=basis,
        before_from=before.start.astimezone(zone),
        before_to=before.end.astimezone(zone),
        stages=stages,
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stage's counts in a period, and the clusters of all that was said then."""

    counts: Counts
    whole: Whole

    @property
    def net(self) -> Estimate | None:
        return net_of(self.counts, self.whole.of_net)


def _stage_figures(
    stage: Stage,
    now: _Stretch,
    before: _Stretch,
    *,
    n: int,
    intents: Mapping[str, Counts],
    aspects: Mapping[str, Counts],
) -> StageFigures:
    counts, whole = now.counts, now.whole
    return StageFigures(
        stage=stage,
        counts=counts,
        share=share_of(counts.n, n, whole.of_share((Dimension.STAGE,))) if n else None,
        net_sentiment=now.net,
        counts_before=before.counts,
        net_sentiment_before=before.net,
        change=intervals.change(now.net, before.net),
        top_intents=_top(intents, counts.n, whole.of_share((Dimension.INTENT,))),
        top_aspects=_top(aspects, counts.n, whole.of_share((Dimension.ASPECT,))),
    )


def _of(stage: Stage, cells: Mapping[Key, Counts]) -> dict[str, Counts]:
    return {str(label): counts for (of, label), counts in cells.items() if of == stage.value}


def _top(cells: Mapping[str, Counts], n: int, design: Design) -> tuple[Top, ...]:
    ordered = sorted(cells.items(), key=lambda item: (-item[1].n, item[0]))
    return tuple(
        Top(label=label, n=counts.n, share=share_of(counts.n, n, design)) for label, counts in ordered[:N_TOP]
    )
