"""The shapes of the answers. Net sentiment runs from -100 to 100, shares from 0 to 1.

A figure of fewer than ``MIN_N`` (30) is ``null`` and its line says ``too_few``; the counts are told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from models.labels import Stage
from pipeline.aggregate_counts import Counts
from pipeline.aggregates import (
    Basis,
    Breakdown,
    Calendar,
    Group,
    Journey,
    Point,
    StageFigures,
    Top,
    Trend,
)
from pipeline.aggregates import BucketLength as Bucket
from pipeline.events import Event
from pipeline.intervals import MIN_N, Estimate, Method, reported
from pipeline.selection import Dimension, Unit

Figure = float | None
TOO_FEW = f"Fewer than {MIN_N}, or too few to adjust: nothing but the counts is told."


class Out(BaseModel):
    """Root of all answers: frozen, written under the names that the API has."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)


class BasisOut(Out):
    """What the figures rest on: period, unit, how many, which model, and for which time there is feedback."""

    from_: datetime = Field(alias="from")
    to: datetime
    unit: Unit
    n: int = Field(examples=[1284])
    estimate: Literal["raw", "adjusted"] = Field(
        "raw", description="adjusted: figures, not counts, are corrected for the model's known errors."
    )
    interval_method: Method = Field(description=(Method.__doc__ or "").replace("``", "`"))
    from_tallies: bool
    model_versions: list[str]
    data_from: datetime | None
    data_to: datetime | None


class TrendPointOut(Out):
    """One hour, day, week or month. ``complete`` is false where it is not over or cut by the period."""

    label: str = Field(examples=["1405-08-30"])
    start: datetime
    end: datetime
    complete: bool
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=TOO_FEW)
    net_sentiment: Figure = Field(examples=[-12.5])
    net_sentiment_low: Figure = Field(examples=[-18.1])
    net_sentiment_high: Figure = Field(examples=[-6.7])

    @classmethod
    def of(cls, point: Point) -> Self:
        """Return the shape of a point."""
        counts, n = point.counts, point.counts.n
        net = reported(point.net_sentiment, n)
        return cls(
            label=point.label,
            start=point.start,
            end=point.end,
            complete=point.complete,
            n=n,
            n_negative=counts.n_negative,
            n_neutral=counts.n_neutral,
            n_positive=counts.n_positive,
            too_few=net is None,
            net_sentiment=None if net is None else round(net.value, 2),
            net_sentiment_low=None if net is None else round(net.low, 2),
            net_sentiment_high=None if net is None else round(net.high, 2),
        )


class EventMarkOut(Out):
    """Something that the company changed in the period; `GET /v1/events/{id}/effect` says what came of it."""

    id: int
    happened_at: datetime
    title: str

    @classmethod
    def of(cls, event: Event, zone: ZoneInfo) -> Self:
        """Return the mark of an event, its time told in the business zone."""
        return cls(id=event.id, happened_at=event.happened_at.astimezone(zone), title=event.title)


class TrendOut(BasisOut):
    """How sentiment moved; points without feedback are there with 0."""

    bucket: Bucket
    calendar: Calendar
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=TOO_FEW)
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    points: list[TrendPointOut]
    events: list[EventMarkOut]

    @classmethod
    def of(cls, trend: Trend, *, events: Sequence[EventMarkOut]) -> Self:
        """Return the shape of a trend."""
        counts = count_fields(trend.total)
        del counts["n"]
        return cls(
            **basis_fields(trend.basis),
            bucket=trend.bucket,
            calendar=trend.calendar,
            **counts,
            too_few=reported(trend.net_sentiment, trend.total.n) is None,
            **figure_fields("net_sentiment", trend.net_sentiment, trend.total.n),
            points=[TrendPointOut.of(point) for point in trend.points],
            events=list(events),
        )


class GroupOut(Out):
    """One line: the values by dimension (``null``: the source gave none), its count and share."""

    values: dict[Dimension, str | None] = Field(examples=[{"stage": "delivery"}])
    n: int
    share: Figure
    share_low: Figure
    share_high: Figure
    n_negative: int
    n_neutral: int
    n_positive: int
    n_mixed: int
    too_few: bool = Field(description=f"{TOO_FEW} The share is told where the whole is no fewer.")
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure

    @classmethod
    def of(cls, group: Group, by: tuple[Dimension, ...], n: int) -> Self:
        """Return the shape of a line of a whole of ``n``."""
        return cls(
            values=dict(zip(by, group.values, strict=True)),
            **count_fields(group.counts),
            n_mixed=group.counts.n_mixed,
            too_few=group.counts.n < MIN_N or group.share is None,
            **share_fields(group.share, n),
            **figure_fields("net_sentiment", group.net_sentiment, group.counts.n),
        )


class BreakdownOut(BasisOut):
    """Parts of a whole, largest first; ``n_groups`` counts also the lines beyond ``limit``."""

    by: list[Dimension]
    n_groups: int
    groups: list[GroupOut]

    @classmethod
    def of(cls, breakdown: Breakdown) -> Self:
        """Return the shape of a breakdown."""
        return cls(
            **basis_fields(breakdown.basis),
            by=list(breakdown.by),
            n_groups=breakdown.n_groups,
            groups=[GroupOut.of(group, breakdown.by, breakdown.basis.n) for group in breakdown.groups],
        )


class TopOut(Out):
    """A frequent label and its share of the stage."""

    label: str = Field(examples=["complaint"])
    n: int
    share: Figure
    share_low: Figure
    share_high: Figure

    @classmethod
    def of(cls, top: Top, n: int) -> Self:
        """Return the shape of a frequent label of a stage with ``n`` mentions."""
        return cls(label=top.label, n=top.n, **share_fields(top.share, n))


class StageOut(Out):
    """One stage, and how it did in the period of equal length before.

    ``change`` is net sentiment now minus before, in points; ``changed``: its interval leaves out 0.
    """

    stage: Stage
    n: int
    share: Figure
    share_low: Figure
    share_high: Figure
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=f"{TOO_FEW} The share is told where the whole is no fewer.")
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    n_before: int
    too_few_before: bool
    net_sentiment_before: Figure
    net_sentiment_before_low: Figure
    net_sentiment_before_high: Figure
    change: Figure
    change_low: Figure
    change_high: Figure
    changed: bool | None
    top_intents: list[TopOut]
    top_aspects: list[TopOut]

    @classmethod
    def of(cls, figures: StageFigures, n_all: int) -> Self:
        """Return the shape of a stage, of ``n_all`` mentions of all stages."""
        n, n_before = figures.counts.n, figures.counts_before.n
        change = reported(figures.change, n, n_before)
        return cls(
            stage=figures.stage,
            **count_fields(figures.counts),
            too_few=reported(figures.net_sentiment, n) is None,
            **share_fields(figures.share, n_all),
            **figure_fields("net_sentiment", figures.net_sentiment, n),
            n_before=n_before,
            too_few_before=reported(figures.net_sentiment_before, n_before) is None,
            **figure_fields("net_sentiment_before", figures.net_sentiment_before, n_before),
            **figure_fields("change", change),
            changed=None if change is None else change.excludes_zero,
            top_intents=[TopOut.of(top, n) for top in figures.top_intents],
            top_aspects=[TopOut.of(top, n) for top in figures.top_aspects],
        )


class JourneyOut(BasisOut):
    """All stages of the customer journey, in their order."""

    before_from: datetime
    before_to: datetime
    stages: list[StageOut]

    @classmethod
    def of(cls, journey: Journey) -> Self:
        """Return the shape of a journey."""
        return cls(
            **basis_fields(journey.basis),
            before_from=journey.before_from,
            before_to=journey.before_to,
            stages=[StageOut.of(stage, journey.basis.n) for stage in journey.stages],
        )


def basis_fields(basis: Basis) -> dict[str, Any]:
    """Return the fields of ``BasisOut``."""
    return {
        "from_": basis.from_,
        "to": basis.to,
        "unit": basis.unit,
        "n": basis.n,
        "from_tallies": basis.from_tallies,
        "estimate": "adjusted" if basis.is_adjusted else "raw",
        "interval_method": basis.method,
        "model_versions": list(basis.model_versions),
        "data_from": basis.data_from,
        "data_to": basis.data_to,
    }


def count_fields(counts: Counts) -> dict[str, Any]:
    """Return ``n`` and how many of them were judged how, without the mixed ones."""
    return {
        "n": counts.n,
        "n_negative": counts.n_negative,
        "n_neutral": counts.n_neutral,
        "n_positive": counts.n_positive,
    }


def figure_fields(name: str, estimate: Estimate | None, *n: int, digits: int = 2) -> dict[str, Any]:
    """Return a figure and the ends of its interval under ``name``, ``name_low`` and ``name_high``.

    Args:
        name: Of the figure.
        estimate: ``None`` gives three times ``None``.
        n: How many it is a figure of; below ``MIN_N`` it is not told. Of a change, both periods'.
        digits: To which it is rounded.
    """
    said = reported(estimate, *n)
    if said is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {
        name: round(said.value, digits),
        f"{name}_low": round(said.low, digits),
        f"{name}_high": round(said.high, digits),
    }


def share_fields(estimate: Estimate | None, *n: int) -> dict[str, Any]:
    """Return a share between 0 and 1 with its interval; see ``figure_fields``."""
    return figure_fields("share", estimate, *n, digits=6)
