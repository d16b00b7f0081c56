"""The shapes of what customers say: pain points, phrases, feelings, hours and brands.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from pydantic import Field

from api.schemas import (
    TOO_FEW,
    BasisOut,
    Figure,
    Out,
    basis_fields,
    count_fields,
    figure_fields,
    share_fields,
)
from models.labels import Aspect, Emotion, Intent, Stage
from pipeline.brands import BrandFigures, BrandPart, Brands, Versus
from pipeline.contrast import Phrase
from pipeline.feelings import EmotionShare, Extreme, Feelings, StageFeeling
from pipeline.hours import HourOfWeek, Hours
from pipeline.intervals import MIN_N
from pipeline.pains import Growth, Pain, Pains, Rank, Unusual
from pipeline.phrases import Against, Phrases
from pipeline.selection import Selection, Unit
from pipeline.sentences import Words

FEEDBACK = "Address that shows its messages."
FILTERS = (
    "source", "channel", "brand", "product", "segment", "stage", "intent", "aspect", "sentiment", "emotion", "flag",
)  # fmt: skip


def feedback_address(selection: Selection, filters: Mapping[str, str], *, unit: Unit = Unit.MENTIONS) -> str:
    """Return the address under which the messages of a selection are shown.

    Args:
        filters: Take the place of the selection's own; ``q`` is added to its own.
        unit: What was counted.
    """
    asked: list[tuple[str, str]] = [("from", selection.from_.isoformat()), ("to", selection.to.isoformat())]
    for name in FILTERS:
        values = (filters[name],) if name in filters else getattr(selection, name)
        asked += [(name, str(value)) for value in values]
    words = " ".join(one for one in (selection.q, filters.get("q")) if one)
    asked += [("q", words)] if words else []
    asked += [("unit", unit.value)] if unit != Unit.MENTIONS else []
    return f"/v1/feedback?{urlencode(asked)}"


class SaidOut(BasisOut):
    """An answer with what it comes to in one sentence."""

    sentence_fa: str
    sentence_en: str


class GrowthOut(Out):
    """Negative mentions now for each one of the period before, given both, with Wilson's interval.

    `ratio` is `null` where there were none before. `grew`, `shrank`: by an exact test, all cells together held
    to a false discovery rate of 5 %.
    """

    ratio: Figure
    low: float
    high: Figure
    q_value: float
    grew: bool
    shrank: bool

    @classmethod
    def of(cls, growth: Growth) -> Self:
        """Return the shape of a growth."""
        return cls.model_validate(growth, from_attributes=True)


class UnusualOut(Out):
    """Whether more is negative than stage, aspect and intent, each by itself, let one expect.

    `residual` is the adjusted standardised residual of a logistic regression; `is_unusual`: by it, or by an exact
    binomial test where fewer than five are expected, all cells together held to a false discovery rate of 5 %.
    """

    expected_share: float
    residual: float
    q_value: float
    is_unusual: bool

    @classmethod
    def of(cls, unusual: Unusual) -> Self:
        """Return the shape of it."""
        return cls(
            expected_share=round(unusual.expected_share, 6),
            residual=round(unusual.residual, 2),
            q_value=unusual.q_value,
            is_unusual=unusual.is_unusual,
        )


class PainOut(Out):
    """One cell with negative mentions. `share_of_all_negative` is of all negative mentions of the selection."""

    stage: Stage
    aspect: Aspect
    intent: Intent
    n: int
    n_negative: int
    n_negative_before: int
    too_few: bool = Field(description=TOO_FEW)
    negative_share: Figure
    negative_share_low: Figure
    negative_share_high: Figure
    share_of_all_negative: Figure
    share_of_all_negative_low: Figure
    share_of_all_negative_high: Figure
    unusual: UnusualOut | None = Field(description="`null` below ten mentions.")
    growth: GrowthOut | None
    feedback: str = Field(description=FEEDBACK)

    @classmethod
    def of(cls, pain: Pain, selection: Selection, *, n_negative: int) -> Self:
        """Return the shape of a cell."""
        labels = {"stage": pain.stage.value, "aspect": pain.aspect.value, "intent": pain.intent.value}
        return cls(
            stage=pain.stage,
            aspect=pain.aspect,
            intent=pain.intent,
            n=pain.counts.n,
            n_negative=pain.counts.n_negative,
            n_negative_before=pain.n_negative_before,
            too_few=pain.counts.n < MIN_N,
            **figure_fields("negative_share", pain.negative_share, pain.counts.n, digits=6),
            **figure_fields("share_of_all_negative", pain.share_of_negative, n_negative, digits=6),
            unusual=UnusualOut.of(pain.unusual) if pain.unusual else None,
            growth=GrowthOut.of(pain.growth) if pain.growth else None,
            feedback=feedback_address(selection, {**labels, "sentiment": "negative"}),
        )


class PainsOut(SaidOut):
    """Cells of stage, aspect and intent, the worst first; `n_cells` counts also those beyond `limit`.

    `before_is_covered` is false where there is no feedback of the whole period before: growth says little then.
    """

    rank: Rank
    before_from: datetime
    before_to: datetime
    before_is_covered: bool
    n_negative: int
    n_cells: int
    cells: list[PainOut]

    @classmethod
    def of(cls, pains: Pains, selection: Selection, said: Words) -> Self:
        """Return the shape of pain points."""
        return cls(
            **basis_fields(pains.basis),
            **sentence_fields(said),
            rank=pains.rank,
            before_from=pains.before_from,
            before_to=pains.before_to,
            before_is_covered=pains.before_is_covered,
            n_negative=pains.n_negative,
            n_cells=pains.n_cells,
            cells=[PainOut.of(one, selection, n_negative=pains.n_negative) for one in pains.cells],
        )


class PhraseOut(Out):
    """A word or two. `n` and `n_other` count messages that were read; `n_customers`, who said it on its side.

    `log_odds` is the difference of Monroe, Colaresi and Quinn (2008), `z` the same in standard deviations:
    above 0 on the side of the selection.
    """

    text: str
    n: int
    n_other: int
    n_customers: int
    too_few: bool = Field(description=TOO_FEW)
    share: Figure
    share_low: Figure
    share_high: Figure
    share_other: Figure
    share_other_low: Figure
    share_other_high: Figure
    log_odds: float
    log_odds_low: float
    log_odds_high: float
    z: float
    feedback: str | None = Field(description=f"{FEEDBACK} `null` for what others say.")

    @classmethod
    def of(cls, phrase: Phrase, feedback: str | None, *, n_read: tuple[int, int]) -> Self:
        """Return the shape of a phrase.

        Args:
            n_read: How many messages were read of the selection, and of the others.
        """
        return cls(
            text=phrase.text,
            n=phrase.n,
            n_other=phrase.n_other,
            n_customers=phrase.n_customers,
            too_few=min(n_read) < MIN_N,
            **share_fields(phrase.share, n_read[0]),
            **figure_fields("share_other", phrase.share_other, n_read[1], digits=6),
            **figure_fields("log_odds", phrase.log_odds, digits=4),
            z=round(phrase.z, 2),
            feedback=feedback,
        )


class PhrasesOut(SaidOut):
    """What a selection says more (`more`), and less (`less`), than the other messages.

    Of `n` messages `n_read` were read, of `n_other` other ones `n_other_read`. `new`: `more` holds what no
    message from `other_from` to `other_to` holds.
    """

    against: Against
    new: bool
    other_from: datetime
    other_to: datetime
    n_read: int
    n_other: int
    n_other_read: int
    more: list[PhraseOut]
    less: list[PhraseOut]

    @classmethod
    def of(cls, phrases: Phrases, selection: Selection, said: Words, *, new: bool) -> Self:
        """Return the shape of phrases."""
        n_read = phrases.n_read, phrases.n_other_read
        return cls(
            **basis_fields(phrases.basis),
            **sentence_fields(said),
            against=phrases.against,
            new=new,
            other_from=phrases.other.start.astimezone(phrases.other.zone),
            other_to=phrases.other.end.astimezone(phrases.other.zone),
            n_read=phrases.n_read,
            n_other=phrases.n_other,
            n_other_read=phrases.n_other_read,
            more=[
                PhraseOut.of(one, feedback_address(selection, {"q": f'"{one.text}"'}), n_read=n_read)
                for one in phrases.more
            ],
            less=[PhraseOut.of(one, None, n_read=n_read) for one in phrases.less],
        )


class EmotionOut(Out):
    """How many messages of a stage have this emotion (`label`)."""

    label: Emotion
    n: int
    share: Figure
    share_low: Figure
    share_high: Figure

    @classmethod
    def of(cls, emotion: EmotionShare, *, n_messages: int) -> Self:
        """Return the shape of an emotion."""
        return cls(label=emotion.emotion, n=emotion.n, **share_fields(emotion.share, n_messages))


class FeelingOut(Out):
    """One stage: `n_messages` with a mention there by emotion, its `n` mentions by sentiment.

    `extreme` marks the highest and lowest net sentiment, where their intervals do not meet.
    """

    stage: Stage
    n_messages: int
    emotions: list[EmotionOut]
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=TOO_FEW)
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    extreme: Extreme | None

    @classmethod
    def of(cls, feeling: StageFeeling) -> Self:
        """Return the shape of a stage."""
        return cls(
            stage=feeling.stage,
            n_messages=feeling.n_messages,
            emotions=[EmotionOut.of(one, n_messages=feeling.n_messages) for one in feeling.emotions],
            **count_fields(feeling.counts),
            too_few=feeling.counts.n < MIN_N,
            **figure_fields("net_sentiment", feeling.net_sentiment, feeling.counts.n),
            extreme=feeling.extreme,
        )


class FeelingsOut(SaidOut):
    """The emotional curve along the journey; a message counts at each stage where it has a mention."""

    stages: list[FeelingOut]

    @classmethod
    def of(cls, feelings: Feelings, said: Words) -> Self:
        """Return the shape of the curve."""
        return cls(
            **basis_fields(feelings.basis),
            **sentence_fields(said),
            stages=[FeelingOut.of(one) for one in feelings.stages],
        )


class HourOut(Out):
    """One hour of the week; `weekday` is 0 on Saturday, 6 on Friday."""

    weekday: int
    hour: int
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    n_messages: int = Field(description="Messages that hold these mentions: as many as `feedback` shows.")
    too_few: bool = Field(description=TOO_FEW)
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    feedback: str = Field(description=FEEDBACK)

    @classmethod
    def of(cls, one: HourOfWeek, *, of_all: str) -> Self:
        """Return the shape of an hour; ``of_all`` is the address of the messages of all hours."""
        return cls(
            weekday=one.weekday,
            hour=one.hour,
            n_messages=one.n_messages,
            feedback=f"{of_all}&weekday={one.weekday}&hour={one.hour}",
            **count_fields(one.counts),
            too_few=one.counts.n < MIN_N,
            **figure_fields("net_sentiment", one.net_sentiment, one.counts.n),
        )


class HoursOut(SaidOut):
    """The 168 hours of the week from Saturday at 0; `n_without_time` more mentions came with a date only."""

    n_without_time: int
    cells: list[HourOut]

    @classmethod
    def of(cls, hours: Hours, said: Words, selection: Selection) -> Self:
        """Return the shape of the hours of a selection."""
        of_all = feedback_address(selection, {})
        return cls(
            **basis_fields(hours.basis),
            **sentence_fields(said),
            n_without_time=hours.n_without_time,
            cells=[HourOut.of(one, of_all=of_all) for one in hours.cells],
        )


class VersusOut(Out):
    """Net sentiment minus that of all other brands together; `null`: too few on a side.

    `differs`: all tests of the answer together are held to a false discovery rate of 5 %.
    """

    difference: Figure
    difference_low: Figure
    difference_high: Figure
    q_value: float | None
    differs: bool

    @classmethod
    def of(cls, versus: Versus) -> Self:
        """Return the shape of a comparison."""
        return cls(
            **figure_fields("difference", versus.difference), q_value=versus.q_value, differs=versus.differs
        )


class BrandPartOut(Out):
    """What is said of a brand at a stage or about an aspect (`label`); `share` is of the brand's mentions."""

    label: Stage | Aspect
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=TOO_FEW)
    share: Figure
    share_low: Figure
    share_high: Figure
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    versus_others: VersusOut

    @classmethod
    def of(cls, part: BrandPart, *, n: int) -> Self:
        """Return the shape of a part of what is said of a brand, ``n`` in all."""
        return cls(
            label=part.label,
            **count_fields(part.counts),
            too_few=part.counts.n < MIN_N,
            **share_fields(part.share, n),
            **figure_fields("net_sentiment", part.net_sentiment, part.counts.n),
            versus_others=VersusOut.of(part.versus_others),
        )


class BrandOut(Out):
    """One brand. `says`: phrases of its messages more than of the others', by log-odds."""

    brand: str
    n: int
    n_negative: int
    n_neutral: int
    n_positive: int
    too_few: bool = Field(description=TOO_FEW)
    share_of_voice: Figure
    share_of_voice_low: Figure
    share_of_voice_high: Figure
    net_sentiment: Figure
    net_sentiment_low: Figure
    net_sentiment_high: Figure
    versus_others: VersusOut
    stages: list[BrandPartOut]
    aspects: list[BrandPartOut]
    says: list[str]

    @classmethod
    def of(cls, figures: BrandFigures, *, n: int) -> Self:
        """Return the shape of a brand of a whole of ``n`` mentions."""
        own = figures.counts.n
        return cls(
            brand=figures.brand,
            **count_fields(figures.counts),
            too_few=own < MIN_N,
            **figure_fields("share_of_voice", figures.share_of_voice, n, digits=6),
            **figure_fields("net_sentiment", figures.net_sentiment, own),
            versus_others=VersusOut.of(figures.versus_others),
            stages=[BrandPartOut.of(one, n=own) for one in figures.stages],
            aspects=[BrandPartOut.of(one, n=own) for one in figures.aspects],
            says=[one.text for one in figures.says],
        )


class BrandsOut(SaidOut):
    """Brands side by side. `n_brands` counts also those beyond `limit`; `n_read` messages gave the phrases."""

    n_brands: int
    n_without_brand: int
    n_read: int
    brands: list[BrandOut]

    @classmethod
    def of(cls, brands: Brands, said: Words) -> Self:
        """Return the shape of the comparison."""
        return cls(
            **basis_fields(brands.basis),
            **sentence_fields(said),
            n_brands=brands.n_brands,
            n_without_brand=brands.n_without_brand,
            n_read=brands.n_read,
            brands=[BrandOut.of(one, n=brands.basis.n) for one in brands.brands],
        )


def sentence_fields(said: Words) -> dict[str, Any]:
    """Return the fields of a sentence in both languages."""
    return {"sentence_fa": said.fa, "sentence_en": said.en}
