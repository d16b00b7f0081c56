"""How alerts are asked for and told of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.cursors import PageLimit
from api.queries import Format, Moment, Name, between, split_commas
from api.schemas import Out
from api.service import Service
from pipeline.alert_rules import KINDS
from pipeline.alerts import Alert, Wanted
from pipeline.selection import moment

LARGEST_ID = 2**63 - 1
OF_ALERT = (
    "id", "rule", "kind", "occasion", "raised_at", "undelivered", "delivered_at", "n_failures", "delivery_error",
    "acknowledged_at", "acknowledged_by",
)  # fmt: skip
AlertId = Annotated[int, *between(1, LARGEST_ID)]
AlertKind = StrEnum("AlertKind", {kind.upper(): kind for kind in KINDS})  # type: ignore[misc]


class AlertsQuery(BaseModel):
    """Which alerts are asked for."""

    model_config = ConfigDict(frozen=True)

    from_: Moment | None = Field(None, alias="from", description="Raised then or later. Default: any time.")
    to: Moment | None = Field(None, description="Raised before. Default: any time.")
    rule: list[Name] = Field([], max_length=50, description="Names of rules.")
    kind: Annotated[list[AlertKind], BeforeValidator(split_commas)] = []
    acknowledged: bool | None = Field(None, description="Only those that somebody has, or nobody has seen.")
    limit: PageLimit = Field(50, description="Alerts on a page.")
    cursor: AlertId | None = Field(None, description="`next` of the page before.")
    format: Format = Format.JSON

    def wanted(self, service: Service) -> Wanted:
        """Return what is asked for."""
        return Wanted(
            from_=None if self.from_ is None else moment(self.from_, service.zone),
            to=None if self.to is None else moment(self.to, service.zone),
            rule=tuple(self.rule),
            kind=tuple(str(one) for one in self.kind),
            acknowledged=self.acknowledged,
            before_id=self.cursor,
        )


class EvidenceOut(Out):
    """The figures for which an alert was raised; what does not apply to its kind is ``null``.

    ``value`` is a share between 0 and 1, net sentiment in points, or a count, with the ends of its 95 %
    interval; ``usual`` is the mean of the same weekday in the weeks before with their lowest and highest,
    ``chance`` that of a figure so far off where nothing changed. ``feedback`` is the address of the messages.
    """

    figure: str = Field(examples=["net_sentiment"])
    value: float
    low: float | None
    high: float | None
    n: int
    unit: str = Field(examples=["mentions"])
    from_: datetime = Field(alias="from")
    to: datetime
    method: str
    bound: float | None
    side: str | None = Field(examples=["below"])
    usual: float | None
    usual_low: float | None
    usual_high: float | None
    chance: float | None
    about: str | None = Field(description="The source or the phrase in question.")
    filters: dict[str, list[str]] | None
    feedback: str | None
    message_ids: list[int]


class AlertOut(Out):
    """A rule that struck. ``undelivered`` names the channels that have not got it yet."""

    id: int
    rule: str
    kind: str = Field(examples=["threshold"])
    occasion: str = Field(description="What makes it the same alert: a day, a phrase, a source …")
    raised_at: datetime
    title_fa: str
    title_en: str
    evidence: EvidenceOut
    undelivered: list[str]
    delivered_at: datetime | None
    n_failures: int
    delivery_error: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    @classmethod
    def of(cls, alert: Alert, service: Service) -> Self:
        """Return the shape of an alert, its times in the business zone."""
        values: dict[str, Any] = {name: getattr(alert, name) for name in OF_ALERT}
        times = {
            name: value.astimezone(service.zone)
            for name, value in values.items()
            if isinstance(value, datetime)
        }
        evidence = EvidenceOut.model_validate(alert.evidence, from_attributes=True, by_name=True)
        return cls(**values | times, title_fa=alert.title.fa, title_en=alert.title.en, evidence=evidence)


class AlertsOut(Out):
    """Alerts, newest first. ``n`` counts all that are asked for, and is given with the first page only."""

    n: int | None
    items: list[AlertOut]
    next: str | None
