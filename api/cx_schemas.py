"""The shapes of the answers about what was asked and how long customers waited; docs/cx.md defines the figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from api.schemas import BasisOut, Figure, Out, basis_fields, figure_fields
from pipeline.asked import Asked, AskedAndUnasked, AskedPoint
from pipeline.cases import LeftOut
from pipeline.cx_sentences import ALL_CASES, tell_asked, tell_waits
from pipeline.intervals import MIN_N
from pipeline.response_times import CaseCut, CaseFigures, ResponseTimes, WaitFigures
from pipeline.scores import Measure, ScoreFigures
from pipeline.sentences import Names, write_label
from pipeline.waiting import Quantile

SCORE = (
    "NPS: % promoters less % detractors, -100 to 100, with the interval of net sentiment (Agresti and Min 2005). Else "
    "the mean on the scale, with the t-interval. A customer is a cluster in both."
)
TOP_SHARE = "Share of the answers from `top_from` on (NPS: promoters), with Wilson's interval; a customer is a cluster."
TOO_FEW = f"Fewer than {MIN_N} answers: nothing but the counts is told."
WAITS = (
    "Hours, by Kaplan-Meier: those who still wait count as waiting; 95 % interval by Brookmeyer and Crowley on the "
    "log-log scale. null: not reached, nothing bounds it, or fewer than 30 waits."
)


class ScoresOut(Out):
    """What some answers add up to."""

    n: int
    n_customers: int = Field(description="Known customers who gave them.")
    n_top: int
    n_bottom: int = Field(description="NPS: detractors; else 0.")
    too_few: bool = Field(description=TOO_FEW)
    score: Figure = Field(description=SCORE, examples=[21.4])
    score_low: Figure
    score_high: Figure
    top_share: Figure = Field(description=TOP_SHARE)
    top_share_low: Figure
    top_share_high: Figure


class AskedOut(ScoresOut):
    """One measure on one scale, beside the net sentiment of what is said in messages without a score."""

    measure: Measure
    lowest: float
    highest: float
    top_from: Figure = Field(description="Lowest of the top answers; null where the scale is not known.")
    sources: list[str]
    coverage: Figure = Field(description="Share of the known customers who answered; Wilson's interval.")
    coverage_low: Figure
    coverage_high: Figure
    n_mentions_same: int = Field(description="Unasked mentions of the customers who answered.")
    net_sentiment_same: Figure
    net_sentiment_same_low: Figure
    net_sentiment_same_high: Figure
    n_mentions_others: int = Field(description="Unasked mentions of all others.")
    net_sentiment_others: Figure
    net_sentiment_others_low: Figure
    net_sentiment_others_high: Figure
    difference: Figure = Field(description="Net sentiment of the same less that of the others, in points.")
    difference_low: Figure
    difference_high: Figure
    sentence_fa: str
    sentence_en: str

    @classmethod
    def of(cls, asked: Asked, n_customers: int) -> Self:
        """Return the shape of one measure."""
        unasked, words = asked.unasked, tell_asked(asked)
        same, others = unasked.same.n, unasked.others.n
        return cls(
            measure=asked.measure,
            lowest=asked.scale.lowest,
            highest=asked.scale.highest,
            top_from=asked.scale.top_from,
            sources=list(asked.sources),
            **score_fields(asked.figures),
            **figure_fields("coverage", asked.coverage, n_customers, digits=6),
            n_mentions_same=same,
            **figure_fields("net_sentiment_same", unasked.net_same, same),
            n_mentions_others=others,
            **figure_fields("net_sentiment_others", unasked.net_others, others),
            **figure_fields("difference", unasked.difference, same, others),
            sentence_fa=words.fa,
            sentence_en=words.en,
        )


class AskedPointOut(ScoresOut):
    """The answers of one stretch of time on one scale."""

    measure: Measure
    lowest: float
    highest: float
    label: str = Field(examples=["1405-08"])
    start: datetime
    end: datetime
    complete: bool

    @classmethod
    def of(cls, asked: Asked, point: AskedPoint) -> Self:
        """Return the shape of a point."""
        return cls(
            measure=asked.measure,
            lowest=asked.scale.lowest,
            highest=asked.scale.highest,
            label=point.bucket.label,
            start=point.bucket.start,
            end=point.bucket.end,
            complete=point.complete,
            **score_fields(point.figures),
        )


class CxOut(BasisOut):
    """Asked and unasked together. ``n`` counts the mentions of the selection, asked or not."""

    n_customers: int = Field(description="Known customers of the selection.")
    measures: list[AskedOut]
    points: list[AskedPointOut] = Field(
        description="Of each measure, one after the other; empty without `bucket`."
    )

    @classmethod
    def of(cls, found: AskedAndUnasked) -> Self:
        """Return the shape of the whole answer."""
        return cls(
            **basis_fields(found.basis),
            n_customers=found.n_customers,
            measures=[AskedOut.of(one, found.n_customers) for one in found.asked],
            points=[AskedPointOut.of(one, point) for one in found.asked for point in one.points],
        )


class LeftOutOut(Out):
    """How many cases tell no such time, by the reason."""

    date_only: int = Field(description="Message or answer carries a bare date.")
    before: int = Field(description="It is told to have been before the first message.")
    not_told: int = Field(description="The source does not say when.")


class WaitOut(Out):
    """How long some waited."""

    n: int = Field(description="Cases whose wait is known, those who still wait among them.")
    n_waiting: int
    n_left_out: LeftOutOut
    too_few: bool = Field(description=f"Fewer than {MIN_N} waits: nothing but the counts is told.")
    median_h: Figure = Field(description=WAITS)
    median_h_low: Figure
    median_h_high: Figure
    p90_h: Figure = Field(description=WAITS)
    p90_h_low: Figure
    p90_h_high: Figure

    @classmethod
    def of(cls, figures: WaitFigures) -> Self:
        """Return the shape of waits."""
        return cls(
            n=figures.n,
            n_waiting=figures.n_waiting,
            n_left_out=LeftOutOut(**{one.value: figures.n_left_out.get(one, 0) for one in LeftOut}),
            too_few=figures.n < MIN_N,
            **_hours("median_h", figures.median, figures.n),
            **_hours("p90_h", figures.ninetieth, figures.n),
        )


class CasesOut(Out):
    """Some cases: the first answer, the solution, and how many were solved at first contact."""

    value: str | None = Field(description="What they have in common; null: the source does not say, or all.")
    label_fa: str
    label_en: str
    n: int
    first_response: WaitOut
    resolution: WaitOut
    n_ended: int = Field(description="Cases that are solved or given up.")
    n_open: int
    n_first_contact: int = Field(description="Ended cases that were solved without the customer coming back.")
    first_contact: Figure = Field(description="Share of those that ended; Wilson's interval.")
    first_contact_low: Figure
    first_contact_high: Figure
    sentence_fa: str
    sentence_en: str

    @classmethod
    def of(cls, figures: CaseFigures, *, by: CaseCut | None, names: Names) -> Self:
        """Return the shape of some cases; ``by`` ``None``: of all."""
        label = ALL_CASES if by is None else write_label(names, by.value, figures.value)
        words = tell_waits(label, figures)
        return cls(
            value=figures.value,
            label_fa=label.fa,
            label_en=label.en,
            n=figures.n,
            first_response=WaitOut.of(figures.answer),
            resolution=WaitOut.of(figures.solution),
            n_ended=figures.n_ended,
            n_open=figures.n_open,
            n_first_contact=figures.n_first_contact,
            **figure_fields("first_contact", figures.first_contact, figures.n_ended, digits=6),
            sentence_fa=words.fa,
            sentence_en=words.en,
        )


class ResponseOut(BasisOut):
    """Cases that the selection opened. ``n`` counts them, each by its first message."""

    by: CaseCut
    n_without_answers: int = Field(
        description="Messages of sources none of whose messages in the selection was answered by people: left out."
    )
    total: CasesOut
    groups: list[CasesOut]

    @classmethod
    def of(cls, found: ResponseTimes, *, names: Names) -> Self:
        """Return the shape of the whole answer."""
        return cls(
            **basis_fields(found.basis),
            by=found.by,
            n_without_answers=found.n_without_answers,
            total=CasesOut.of(found.total, by=None, names=names),
            groups=[CasesOut.of(one, by=found.by, names=names) for one in found.groups],
        )


def score_fields(figures: ScoreFigures) -> dict[str, Any]:
    """Return the fields of ``ScoresOut``."""
    return {
        "n": figures.n,
        "n_customers": figures.n_customers,
        "n_top": figures.n_top,
        "n_bottom": figures.n_bottom,
        "too_few": figures.n < MIN_N,
        **figure_fields("score", figures.score, figures.n),
        **figure_fields("top_share", figures.top_share, figures.n, digits=6),
    }


def _hours(name: str, found: Quantile, n: int) -> dict[str, Figure]:
    ends = {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return {key: None if n < MIN_N or hours is None else round(hours, 2) for key, hours in ends.items()}
