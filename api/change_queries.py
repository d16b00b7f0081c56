"""How a comparison, a split and the events are asked for, and how an event is told."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.queries import HOW, GroupLimit, Moment, Name, SelectionQuery, between, without_nul
from models.labels import Aspect, Intent, Stage
from pipeline.events import NewEvent, Scope
from pipeline.records import Channel
from pipeline.selection import Dimension, moment

Driving = Literal[
    Dimension.STAGE,
    Dimension.ASPECT,
    Dimension.INTENT,
    Dimension.CHANNEL,
    Dimension.BRAND,
    Dimension.SOURCE,
]
Days = Annotated[int, *between(3, 365)]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(without_nul),
]
Description = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(without_nul)]
When = Annotated[Moment, Field(description=f"{HOW}. A day: its start.", examples=["1405-08-17"])]
Values = Annotated[list[Name], Field(max_length=50)]


class TwoPeriodsQuery(SelectionQuery):
    """Two periods that are held against each other, by one dimension."""

    before_from: Moment | None = Field(
        None, description="Start of the other period. Default: so that it is as long as the first."
    )
    before_to: Moment | None = Field(
        None, description="End of the other period, exclusive. Default: where the first one starts."
    )
    estimate: Literal["raw"] = Field("raw", description="Changes are told of raw figures only.")


class CompareQuery(TwoPeriodsQuery):
    """What is asked of a comparison."""

    by: Dimension = Field(Dimension.STAGE, description="One dimension, or an attribute: `attribute:plan`.")
    limit: GroupLimit = Field(200, description="Most lines; those that matter most are given.")


class DriversQuery(TwoPeriodsQuery):
    """What is asked of a split."""

    by: Driving = Field(Dimension.STAGE, description="What the change is split by.")


class EventsQuery(BaseModel):
    """Which events are asked for; without a period all of them."""

    model_config = ConfigDict(frozen=True)

    from_: Moment | None = Field(None, alias="from", description=f"Start, inclusive: {HOW}.")
    to: Moment | None = Field(None, description="End, exclusive, written alike.")


class EffectQuery(BaseModel):
    """How many days before and after an event are held against each other."""

    model_config = ConfigDict(frozen=True)

    days: Days = Field(
        28, description="Days before, and after up to today. The trend is that of three times as many."
    )


class ScopeIn(BaseModel):
    """What an event was meant to touch, as filters; empty: everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Values = []
    channel: list[Channel] = []
    brand: Values = []
    product: Values = []
    segment: Values = []
    stage: list[Stage] = []
    intent: list[Intent] = []
    aspect: list[Aspect] = []

    def scope(self) -> Scope:
        """Return the scope, each value once."""
        return Scope(**{name: tuple(dict.fromkeys(getattr(self, name))) for name in type(self).model_fields})


class EventIn(BaseModel):
    """Something that the company changed, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened_at: When
    title: Title = Field(examples=["پیک شبانه در تهران"])
    description: Description | None = None
    scope: ScopeIn = ScopeIn()

    def event(self, zone: ZoneInfo) -> NewEvent:
        """Return the event; a day is the moment at which it begins in the zone."""
        return NewEvent(
            happened_at=moment(self.happened_at, zone),
            title=self.title,
            description=self.description,
            scope=self.scope.scope(),
        )


class EventChangeIn(BaseModel):
    """What is to be changed of an event; what is left out or null stays, but a description that is null goes.

    A scope replaces the whole scope.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened_at: When | None = None
    title: Title | None = None
    description: Description | None = None
    scope: ScopeIn | None = None

    def change(self, event: NewEvent, zone: ZoneInfo) -> NewEvent:
        """Return the event as it is to be."""
        is_described = "description" in self.model_fields_set
        return NewEvent(
            happened_at=event.happened_at if self.happened_at is None else moment(self.happened_at, zone),
            title=event.title if self.title is None else self.title,
            description=self.description if is_described else event.description,
            scope=event.scope if self.scope is None else self.scope.scope(),
        )
