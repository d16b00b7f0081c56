"""The shapes of the answers about events: what was changed, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from api.schemas import EventMarkOut, Figure, Out, count_fields, figure_fields
from models.labels import Aspect, Intent, Stage
from pipeline.effect_sentences import tell_effect
from pipeline.effects import Allowance, BeforeAfter, Effect, Stretch, Verdict
from pipeline.events import Event, Scope
from pipeline.intervals import MIN_N
from pipeline.records import Channel
from pipeline.two_samples import Difference


class ScopeOut(Out):
    """What an event was meant to touch, as filters; all empty: everything."""

    source: list[str]
    channel: list[Channel]
    brand: list[str]
    product: list[str]
    segment: list[str]
    stage: list[Stage]
    intent: list[Intent]
    aspect: list[Aspect]

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """Return the shape of a scope."""
        return cls(**{name: list(getattr(scope, name)) for name in cls.model_fields})


class EventOut(Out):
    """Something that the company changed, when, and who told of it."""

    id: int
    happened_at: datetime
    title: str = Field(examples=["پیک شبانه در تهران"])
    description: str | None
    scope: ScopeOut
    created_by: str = Field(description="Name of the key that was used; `local` where none was needed.")
    created_at: datetime

    @classmethod
    def of(cls, event: Event, zone: ZoneInfo) -> Self:
        """Return the shape of an event, its times told in the business zone."""
        return cls(
            id=event.id,
            happened_at=event.happened_at.astimezone(zone),
            title=event.title,
            description=event.description,
            scope=ScopeOut.of(event.scope),
            created_by=event.created_by,
            created_at=event.created_at.astimezone(zone),
        )


class EventsOut(Out):
    """Events, oldest first."""

    events: list[EventOut]


class StretchOut(Out):
    """A stretch of whole days and what was said in it."""

    from_: datetime = Field(alias="from")
    to: datetime
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure

    @classmethod
    def of(cls, stretch: Stretch) -> Self:
        """Return the shape of a stretch."""
        counts = stretch.counts
        period: dict[str, Any] = {"from_": stretch.start, "to": stretch.end}
        return cls(
            **period,
            **count_fields(counts),
            too_few=counts.n < MIN_N,
            **figure_fields("net_sentiment", stretch.net_sentiment, counts.n),
        )


class DifferenceOut(Out):
    """A difference in points of net sentiment, its 95 % interval, and its p-value."""

    points: float
    low: float
    high: float
    p_value: float

    @classmethod
    def of(cls, difference: Difference | None) -> Self | None:
        """Return the shape of a difference; ``None``: it is not known."""
        if difference is None:
            return None
        estimate = difference.estimate
        return cls(
            points=round(estimate.value, 2),
            low=round(estimate.low, 2),
            high=round(estimate.high, 2),
            p_value=difference.p_value,
        )


class BeforeAfterOut(Out):
    """Before, after, and the change; `null`: fewer than 30 on one side."""

    before: StretchOut
    after: StretchOut
    change: DifferenceOut | None

    @classmethod
    def of(cls, found: BeforeAfter) -> Self:
        """Return the shape of the days before and after."""
        return cls(
            before=StretchOut.of(found.before),
            after=StretchOut.of(found.after),
            change=DifferenceOut.of(found.change),
        )


class EffectOut(Out):
    """Did it help? `verdict` rests on `effect`.

    `scoped` is what the event was meant to touch, `rest` everything else in the same days, `difference` the
    change of the one less that of the other. `between` is the day of an event that happened within a day.
    `other_events` of the same days may be what did it.
    """

    event: EventOut
    verdict: Verdict = Field(description=(Verdict.__doc__ or "").replace("``", "`"))
    sentence_fa: str
    sentence_en: str
    days: int
    days_after: int = Field(description="How many of them have begun since the event.")
    effect: DifferenceOut | None
    allowance: Allowance = Field(description=(Allowance.__doc__ or "").replace("``", "`"))
    scoped: BeforeAfterOut
    rest: BeforeAfterOut | None
    difference: DifferenceOut | None
    between: StretchOut | None
    other_events: list[EventMarkOut]

    @classmethod
    def of(cls, found: Effect, zone: ZoneInfo) -> Self:
        """Return the shape of an effect, all times told in the business zone."""
        told = tell_effect(found)
        return cls(
            event=EventOut.of(found.event, zone),
            verdict=found.verdict,
            sentence_fa=told.fa,
            sentence_en=told.en,
            days=found.n_days,
            days_after=found.n_days_after,
            effect=DifferenceOut.of(found.beyond),
            allowance=found.allowance,
            scoped=BeforeAfterOut.of(found.scoped),
            rest=BeforeAfterOut.of(found.rest) if found.rest else None,
            difference=DifferenceOut.of(found.difference),
            between=StretchOut.of(found.between) if found.between else None,
            other_events=[EventMarkOut.of(one, zone) for one in found.other_events],
        )
