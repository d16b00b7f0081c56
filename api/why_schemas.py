"""The shape of an explanation: which words carried a label of a mention."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from api.correction_schemas import Head
from api.schemas import Out
from models.levels import Level
from pipeline.mention_ids import mention_id
from pipeline.occlusion import Said, WeighedWord, Why


class WhyQuery(BaseModel):
    """What is asked of an explanation."""

    model_config = ConfigDict(frozen=True)

    head: Head = Field(Head.SENTIMENT, description="Which label is to be explained.")


class SaidOut(Out):
    """A label that the model gives; `level`: how sure it is, by how often it is right when this sure."""

    label: str = Field(examples=["negative"])
    confidence: float
    level: Level

    @classmethod
    def of(cls, said: Said) -> Self:
        """Return the shape of what the model says."""
        return cls(label=said.label, confidence=round(said.confidence, 4), level=said.level)


class WeighedWordOut(Out):
    """A word of the message; ``start`` and ``end`` count Unicode code points.

    ``weight``: the probability that the label loses when the word is hidden; negative: the word speaks against it.
    """

    start: int
    end: int
    text: str
    weight: float = Field(examples=[0.47])
    in_mention: bool

    @classmethod
    def of(cls, word: WeighedWord) -> Self:
        """Return the shape of a word."""
        return cls(
            start=word.start,
            end=word.end,
            text=word.text,
            weight=round(word.weight, 4),
            in_mention=word.in_mention,
        )


class WhyOut(Out):
    """Which words carried the label that the model gives a mention.

    It is the model's own label, before any touchpoint or correction; ``said`` has those of all four heads. The
    words are those of the mention and some around it, up to 60, in order.
    """

    feedback_id: int
    mention_id: str = Field(examples=["0-13"])
    head: Head
    label: str = Field(examples=["negative"])
    confidence: float
    said: dict[Head, SaidOut]
    words: list[WeighedWordOut]
    model_version: str

    @classmethod
    def of(cls, why: Why) -> Self:
        """Return the shape of an explanation."""
        said = {Head(head): SaidOut.of(one) for head, one in why.said.items()}
        head = Head(why.head)
        return cls(
            feedback_id=why.address.feedback_id,
            mention_id=mention_id(why.address.start, why.address.end),
            head=head,
            label=said[head].label,
            confidence=said[head].confidence,
            said=said,
            words=[WeighedWordOut.of(word) for word in why.words],
            model_version=why.model_version,
        )
