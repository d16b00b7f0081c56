"""Why a stored mention has its label: the words without which the model would have been less sure of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sqlalchemy import Engine, select

from models.heads import MENTION_HEADS
from models.inference import Floats
from models.levels import Level, Levels
from models.occlusion import Occlusion
from pipeline.corrections import Address, find_mention
from pipeline.database import reading
from pipeline.errors import BazkhordError
from pipeline.mention_ids import HEADS
from pipeline.tallies import feedback


class CannotExplain(BazkhordError):
    """The model cannot be asked what it would say without a word, or finds nothing to read in the text."""


@runtime_checkable
class Explainer(Protocol):
    """A model that can be asked what it would say without a word (see ``models.classifier``)."""

    @property
    def version(self) -> str:
        """Identifier of the weights."""

    @property
    def levels(self) -> Levels:
        """From which confidences its labels are called high and medium."""

    def occlude(self, text: str, mention: tuple[int, int]) -> Occlusion:
        """Return what it says of a mention, as written and with each word hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A label that the model gives, how sure it is, and whether that is called high, medium or low."""

    label: str
    confidence: float
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedWord:
    """A word of a message, in its code points.

    ``weight`` is the probability that the label loses when the word is hidden: negative where it speaks against.
    """

    start: int
    end: int
    text: str
    weight: float
    in_mention: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What the model says of a mention by head, and which words carried the label of one of them."""

    address: Address
    head: str
    said: Mapping[str, Said]
    words: tuple[WeighedWord, ...]
    model_version: str


def explain(
    engine: Engine, model: object, address: Address, *, head: str, brands: Collection[str] | None = None
) -> Why:
    """Return which words carried a label of a mention.

    It is the model's own label that is explained, as it stands before any touchpoint or correction, and of the
    model that runs now.

    Args:
        head: One of ``mention_ids.HEADS``.
        brands: Those whose messages may be seen, ``""`` for none; ``None``: all.

    Raises:
        NoSuchMention: There is none.
        CannotExplain: The model is no ``Explainer``, or reads nothing in the text.
    """
    find_mention(engine, address, brands=brands)
    if not isinstance(model, Explainer):
        raise CannotExplain("the model of this service cannot be asked which words its labels rest on")
    with reading(engine) as connection:
        text = connection.execute(
            select(feedback.c.text).where(feedback.c.id == address.feedback_id)
        ).scalar_one()
    occlusion = model.occlude(text, (address.start, address.end))
    if not occlusion.as_written:
        raise CannotExplain("the model finds nothing to read in this message")
    return Why(
        address=address,
        head=head,
        said={one: _said(one, occlusion.as_written[_name(one)], model.levels) for one in HEADS},
        words=_words(occlusion, text, address, _name(head)),
        model_version=model.version,
    )


def _name(head: str) -> str:
    return "mention_sentiment" if head == "sentiment" else head


def _said(head: str, probabilities: Floats, levels: Levels) -> Said:
    best = int(probabilities.argmax())
    labels: tuple[StrEnum, ...] = MENTION_HEADS[_name(head)]
    label, confidence = labels[best].value, float(probabilities[best])
    return Said(label=label, confidence=confidence, level=levels.of(_name(head), label, confidence))


def _words(occlusion: Occlusion, text: str, address: Address, head: str) -> tuple[WeighedWord, ...]:
    best = int(occlusion.as_written[head].argmax())
    whole = float(occlusion.as_written[head][best])
    return tuple(
        WeighedWord(
            start=start,
            end=end,
            text=text[start:end],
            weight=whole - float(without[head][best]),
            in_mention=start < address.end and end > address.start,
        )
        for (start, end), without in zip(occlusion.words, occlusion.without, strict=True)
    )
