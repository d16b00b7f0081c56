"""The shapes of corrections: what people say of a mention, and how often that shows the model to be right."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.cursors import PageCursor, PageLimit
from api.queries import Format, Moment, Name
from api.schemas import Figure, Out, figure_fields
from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.correction_answers import (
    CorrectionsPage,
    FoundCorrection,
    LivePrecision,
    Precision,
    Wanted,
)
from pipeline.corrections import Correction, JudgedMention, Labels, Verdict
from pipeline.intervals import MIN_N
from pipeline.mention_ids import mention_id

MentionSentiment = Literal["negative", "neutral", "positive"]


class Head(StrEnum):
    """What is said of a mention."""

    STAGE = "stage"
    INTENT = "intent"
    ASPECT = "aspect"
    SENTIMENT = "sentiment"


def _not_said() -> Any:
    """Return what stands for a label that was left out: unlike an optional field it cannot be given."""
    return None


class VerdictIn(BaseModel):
    """The right labels of a mention, at least one of the four; those left out stand as they are.

    Labels that are the model's own confirm it. All four are then taken as judged.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"minProperties": 1, "examples": [{"stage": "support", "aspect": "returns"}]},
    )

    stage: Stage = Field(default_factory=_not_said)
    intent: Intent = Field(default_factory=_not_said)
    aspect: Aspect = Field(default_factory=_not_said)
    sentiment: MentionSentiment = Field(default_factory=_not_said)

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of stage, intent, aspect and sentiment")
        return self

    def verdict(self) -> Verdict:
        """Return what is said."""
        sentiment = Sentiment(self.sentiment) if self.sentiment else None
        return Verdict(stage=self.stage, intent=self.intent, aspect=self.aspect, sentiment=sentiment)


class LabelsOut(Out):
    """What is said of a mention."""

    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment

    @classmethod
    def of(cls, labels: Labels) -> Self:
        """Return the shape of labels."""
        return cls.model_validate(labels, from_attributes=True)


class CorrectionOut(Out):
    """Who judged a mention last, when, and what the model says of it; ``version`` counts the judgements."""

    predicted: LabelsOut
    corrected_by: str
    corrected_at: datetime
    version: int

    @classmethod
    def of(cls, correction: Correction) -> Self:
        """Return the shape of a correction."""
        return cls.model_validate(correction, from_attributes=True)


class JudgedMentionOut(Out):
    """A mention as it counts now; ``correction`` is ``null`` where nobody judged it.

    ``stage_from_touchpoint``: the touchpoint, not the model, set the stage that stood before a correction.
    """

    feedback_id: int
    mention_id: str = Field(examples=["0-13"])
    etag: str
    start: int
    end: int
    text: str
    stage: Stage
    intent: Intent
    aspect: Aspect
    sentiment: Sentiment
    stage_from_touchpoint: bool
    model_version: str
    correction: CorrectionOut | None

    @classmethod
    def of(cls, mention: JudgedMention) -> Self:
        """Return the shape of a mention."""
        address, labels = mention.address, mention.labels
        return cls(
            feedback_id=address.feedback_id,
            mention_id=mention_id(address.start, address.end),
            etag=mention.etag,
            start=address.start,
            end=address.end,
            text=mention.text,
            stage=labels.stage,
            intent=labels.intent,
            aspect=labels.aspect,
            sentiment=labels.sentiment,
            stage_from_touchpoint=mention.stage_from_touchpoint,
            model_version=mention.model_version,
            correction=None if mention.correction is None else CorrectionOut.of(mention.correction),
        )


class JudgedQuery(BaseModel):
    """Which corrections are asked for; each name may be given several times, meaning any of them."""

    model_config = ConfigDict(frozen=True)

    from_: Moment | None = Field(
        None, alias="from", description="When it was judged, inclusive; a day or a time."
    )
    to: Moment | None = Field(None, description="End, exclusive, written alike.")
    by: list[Annotated[Name, Field(max_length=100)]] = Field(
        [], max_length=50, description="Who judged: the name of the API key."
    )
    brand: list[Name] = Field([], max_length=50, description="An empty value: messages without a brand.")
    format: Format = Format.JSON

    def wanted(
        self, brand: tuple[str, ...], *, orphaned: bool | None = None, confirmed: bool | None = None
    ) -> Wanted:
        """Return what is asked for.

        Args:
            brand: Those asked for that may be seen.
            orphaned: Whether they are to have lost their clause; ``None``: either.
            confirmed: Whether they are to equal the prediction; ``None``: either.
        """
        start: date | None = self.from_
        return Wanted(
            from_=start, to=self.to, by=tuple(self.by), brand=brand, orphaned=orphaned, confirmed=confirmed
        )


class CorrectionsQuery(JudgedQuery):
    """Which corrections are listed."""

    orphaned: bool | None = Field(None, description="true: those that have lost their clause.")
    confirmed: bool | None = Field(None, description="true: those that found the prediction right.")
    limit: PageLimit = Field(50, description="Corrections on a page.")
    cursor: PageCursor | None = Field(
        None, description="`next` of the page before.", json_schema_extra={"type": "string"}
    )


class FoundCorrectionOut(Out):
    """What a person said of a clause, beside what the model says of it now.

    ``mention_id`` and ``text`` are ``null`` where there is no clause to it: its message waits to be classified,
    or after an edit or under a new model nothing overlaps it (``orphaned``; it is tried again each time its
    message is classified). ``changed`` names the labels that are not the model's; of a confirmation none.
    """

    id: int
    feedback_id: int
    source: str
    mention_id: str | None
    text: str | None
    labels: LabelsOut
    predicted: LabelsOut
    changed: list[Head]
    model_version: str
    corrected_by: str
    corrected_at: datetime
    version: int
    orphaned: bool

    @classmethod
    def of(cls, found: FoundCorrection) -> Self:
        """Return the shape of a correction."""
        return cls.model_validate(found, from_attributes=True)


class CorrectionsOut(Out):
    """A page of corrections, the latest first; ``n`` counts all, and only the first page says it."""

    n: int | None
    next: str | None
    items: list[FoundCorrectionOut]

    @classmethod
    def of(cls, page: CorrectionsPage, *, cursor: str | None) -> Self:
        """Return the shape of a page."""
        return cls(n=page.n, next=cursor, items=[FoundCorrectionOut.of(found) for found in page.items])


class LivePrecisionOut(Out):
    """Of the mentions judged that the model gave this label, the share that kept it (``null``: all labels)."""

    head: Head
    label: str | None = Field(examples=["delivery"])
    n: int
    n_right: int
    precision: Figure
    precision_low: Figure
    precision_high: Figure
    too_few: bool = Field(description=f"Fewer than {MIN_N}: nothing but the counts is told.")

    @classmethod
    def of(cls, line: LivePrecision) -> Self:
        """Return the shape of a line."""
        return cls(
            head=Head(line.head),
            label=line.label,
            n=line.n,
            n_right=line.n_right,
            **figure_fields("precision", line.precision, line.n, digits=6),
            too_few=line.n < MIN_N,
        )


class PrecisionOut(Out):
    """How often the model was right on the ``n`` mentions that somebody judged.

    These are no random sample: people look where something seems wrong, so that the model does better than
    this on the rest. Confirm what is right as well as correcting what is wrong, or judge a random sample, and
    the figures mean more. A stage that a touchpoint fixed is not counted, nor is a correction without a clause.
    """

    n: int
    interval_method: Literal["wilson"]
    model_versions: list[str]
    lines: list[LivePrecisionOut]

    @classmethod
    def of(cls, precision: Precision) -> Self:
        """Return the shape of an answer."""
        return cls(
            n=precision.n,
            interval_method="wilson",
            model_versions=list(precision.model_versions),
            lines=[LivePrecisionOut.of(line) for line in precision.lines],
        )
