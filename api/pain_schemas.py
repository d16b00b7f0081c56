"""The shapes of pain points.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from api.content_schemas import FEEDBACK, SaidOut, feedback_address, sentence_fields
from api.schemas import TOO_FEW, Figure, Out, basis_fields, figure_fields
from models.labels import Aspect, Intent, Stage
from pipeline.intervals import MIN_N
from pipeline.pains import Growth, Pain, Pains, Rank, Unusual
from pipeline.selection import Selection
from pipeline.sentences import Words


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
