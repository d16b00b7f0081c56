"""The shapes of the hours of the week.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field

from api.content_schemas import FEEDBACK, SaidOut, feedback_address, sentence_fields
from api.schemas import TOO_FEW, Figure, Out, basis_fields, count_fields, figure_fields
from pipeline.hours import HourOfWeek, Hours
from pipeline.intervals import MIN_N
from pipeline.selection import Selection
from pipeline.sentences import Words


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
