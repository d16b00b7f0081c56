"""The shapes of the emotional curve along the journey.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field

from api.content_schemas import SaidOut, sentence_fields
from api.schemas import TOO_FEW, Figure, Out, basis_fields, count_fields, figure_fields, share_fields
from models.labels import Emotion, Stage
from pipeline.feelings import EmotionShare, Extreme, Feelings, StageFeeling
from pipeline.intervals import MIN_N
from pipeline.sentences import Words


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
