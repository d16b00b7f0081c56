"""The shapes of what customers say more than others.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from api.content_schemas import FEEDBACK, SaidOut, feedback_address, sentence_fields
from api.schemas import TOO_FEW, Figure, Out, basis_fields, figure_fields, share_fields
from pipeline.contrast import Phrase
from pipeline.intervals import MIN_N
from pipeline.phrases import Against, Phrases
from pipeline.selection import Selection
from pipeline.sentences import Words


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
