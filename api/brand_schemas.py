"""The shapes of brands side by side.

Shares run from 0 to 1, net sentiment from -100 to 100; every `…_low` and `…_high` is the end of a 95 % interval.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field

from api.content_schemas import SaidOut, feedback_address, sentence_fields
from api.phrase_schemas import PhraseOut
from api.schemas import TOO_FEW, Figure, Out, basis_fields, count_fields, figure_fields, share_fields
from models.labels import Aspect, Stage
from pipeline.brands import BrandFigures, BrandPart, Brands, Versus
from pipeline.intervals import MIN_N
from pipeline.selection import Selection
from pipeline.sentences import Words


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
    """One brand. `says`: phrases of its messages more than of the others', by log-odds, no names of brands.

    `phrases` are the same with their counts, of the `n_read` messages of the brand that were read.
    """

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
    n_read: int
    phrases: list[PhraseOut]

    @classmethod
    def of(cls, figures: BrandFigures, selection: Selection, *, n: int, n_read: int) -> Self:
        """Return the shape of a brand of a whole of ``n`` mentions, of whose messages ``n_read`` were read."""
        own = figures.counts.n
        read = figures.n_read, n_read - figures.n_read
        said = [(one, {"brand": figures.brand, "q": f'"{one.text}"'}) for one in figures.says]
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
            n_read=figures.n_read,
            phrases=[
                PhraseOut.of(one, feedback_address(selection, asked), n_read=read) for one, asked in said
            ],
        )


class BrandsOut(SaidOut):
    """Brands side by side. `n_brands` counts also those beyond `limit`; `n_read` messages gave the phrases."""

    n_brands: int
    n_without_brand: int
    n_read: int
    brands: list[BrandOut]

    @classmethod
    def of(cls, brands: Brands, selection: Selection, said: Words) -> Self:
        """Return the shape of the comparison."""
        return cls(
            **basis_fields(brands.basis),
            **sentence_fields(said),
            n_brands=brands.n_brands,
            n_without_brand=brands.n_without_brand,
            n_read=brands.n_read,
            brands=[
                BrandOut.of(one, selection, n=brands.basis.n, n_read=brands.n_read) for one in brands.brands
            ],
        )
