"""Brands side by side: how much is said of each, how it is meant, and what is said of one and not of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from models.labels import Aspect, Stage
from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of, net_of
from pipeline.aggregate_counts import NOTHING, Counts, Key, count, sum_counts
from pipeline.brand_names import BrandNames, brand_names
from pipeline.clusters import Whole, read_whole
from pipeline.contrast import MIN_VOICES, Phrase, contrast
from pipeline.database import reading
from pipeline.intervals import Estimate, Method
from pipeline.phrases import MIN_Z, memories, read_selection
from pipeline.reading_terms import added, count_terms, without
from pipeline.remembering import remembered
from pipeline.selection import Dimension, Selection, Span, Unit, span_of
from pipeline.sentences import Words, join_words, write_number, write_percent
from pipeline.two_samples import LEVEL, Difference, compare_net_sentiments, q_values

MAX_BRANDS = 10
CUTS = (Dimension.STAGE, Dimension.ASPECT)
MAX_READ_PER_BRAND = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """Net sentiment minus that of all other brands together; ``None``: too few on a side to tell.

    ``differs``: the q-value, of all tests of the answer together, is at most 0.05.
    """

    difference: Estimate | None
    q_value: float | None
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandPart:
    """What is said of a brand at one stage or about one aspect; ``share`` is of all that is said of the brand."""

    label: Stage | Aspect
    counts: Counts
    share: Estimate | None
    net_sentiment: Estimate | None
    versus_others: Versus


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandFigures:
    """One brand: its part of all mentions of the brands compared, and how it stands against the others.

    ``says`` are phrases of messages about this brand more than about the others, none of them a brand's name;
    ``n_read`` messages about it were read for them.
    """

    brand: str
    counts: Counts
    share_of_voice: Estimate
    net_sentiment: Estimate | None
    versus_others: Versus
    stages: tuple[BrandPart, ...]
    aspects: tuple[BrandPart, ...]
    says: tuple[Phrase, ...]
    n_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brands:
    """Brands side by side, the most spoken of first.

    ``n_without_brand`` mentions name none and are not counted; ``n_brands`` counts also those beyond the limit,
    whose mentions are part of the whole and of "the others". ``n_read`` messages were read for phrases.
    """

    basis: Basis
    n_brands: int
    n_without_brand: int
    n_read: int
    brands: tuple[BrandFigures, ...]


@remembered
def brands(
    engine: Engine,
    selection: Selection,
    *,
    zone: ZoneInfo,
    limit: int = MAX_BRANDS,
    n_phrases: int = 10,
    min_z: float = MIN_Z,
) -> Brands:
    """Return for each brand its share of voice, its net sentiment by stage and aspect, and its own phrases.

    Each brand is compared with all other brands of the selection together; with two brands these are the two.
    The tests of all brands, stages and aspects are one family (Benjamini and Hochberg).

    Args:
        zone: Business time zone, in which the days of the selection begin.
        limit: Most brands that are given, from 1 to 10.
        n_phrases: Most phrases of each brand; 0 reads no text.
        min_z: How many standard deviations a phrase must be away.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    names = brand_names(engine)
    with reading(engine) as connection:
        by_stage, by_aspect = (count(connection, selection, span, (Dimension.BRAND, one)) for one in CUTS)
        whole = read_whole(connection, selection, span, counted=by_stage.cells.values())
        basis = basis_of(
            connection, selection, span, Unit.MENTIONS, [by_stage, by_aspect], method=Method.CLUSTERED
        )
        tables = _Tables(_table(by_stage.cells), _table(by_aspect.cells), whole)
        shown = tables.largest(limit)
        says = _phrases(connection, selection, span, shown, limit=n_phrases, min_z=min_z, names=names)
    without = sum_counts(counts for (brand, _), counts in by_stage.cells.items() if brand == "").n
    figures = [tables.figures(brand, says.get(brand, NOT_READ)) for brand in shown]
    return Brands(
        basis=replace(basis, n=basis.n - without),
        n_brands=len(tables.totals),
        n_without_brand=without,
        n_read=sum(one.n_read for one in figures),
        brands=tuple(_with_q_values(figures)),
    )


def describe_brands(found: Brands) -> Words:
    """Return who is spoken of most and how those compare, in one sentence of each language."""
    told = []
    for one in found.brands[:3]:
        share = write_percent(one.share_of_voice.value)
        net = write_number(one.net_sentiment.value if one.net_sentiment else 0, signed=True)
        told.append(
            Words(
                f"«{one.brand}» {share.fa} از نظرها با رضایت خالص {net.fa}",
                f"{one.brand} has {share.en} of the mentions at net sentiment {net.en}",
            )
        )
    if not told:
        return Words("در این بازه از هیچ برندی حرفی نیست.", "No brand was spoken of in this period.")
    every = join_words(told)
    return Words(f"سهم هر برند: {every.fa}.", f"{every.en}.")


@dataclass(frozen=True, slots=True)
class _Said:
    phrases: tuple[Phrase, ...]
    n_read: int


NOT_READ = _Said((), 0)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Counts by brand and label: by stage, by aspect; and how far the mentions of one message go together."""

    stages: Mapping[str, Mapping[str, Counts]]
    aspects: Mapping[str, Mapping[str, Counts]]
    whole: Whole

    @property
    def totals(self) -> dict[str, Counts]:
        return {brand: sum_counts(labels.values()) for brand, labels in self.stages.items()}

    def largest(self, limit: int) -> list[str]:
        totals = self.totals
        return sorted(totals, key=lambda brand: (-totals[brand].n, brand))[:limit]

    def figures(self, brand: str, said: _Said) -> BrandFigures:
        totals = self.totals
        counts, n = totals[brand], sum(one.n for one in totals.values())
        design = self.whole.of_share((Dimension.BRAND,))
        share = intervals.share(counts.n, n, effective_n=design.effective(n))
        if share is None:
            raise ValueError("a brand of which nothing is said has no figures")
        others = sum_counts(one for name, one in totals.items() if name != brand)
        return BrandFigures(
            brand=brand,
            counts=counts,
            share_of_voice=share,
            net_sentiment=net_of(counts, self.whole.of_net),
            versus_others=self._versus(counts, others),
            stages=self._parts(self.stages, brand, Stage),
            aspects=self._parts(self.aspects, brand, Aspect),
            says=said.phrases,
            n_read=said.n_read,
        )

    def _parts(
        self, table: Mapping[str, Mapping[str, Counts]], brand: str, labels: Iterable[Stage | Aspect]
    ) -> tuple[BrandPart, ...]:
        here, n = table[brand], sum_counts(table[brand].values()).n
        parts = []
        for label in labels:
            counts = here.get(label.value, NOTHING)
            others = sum_counts(one.get(label.value, NOTHING) for name, one in table.items() if name != brand)
            if counts.n or others.n:
                cut = Dimension.STAGE if isinstance(label, Stage) else Dimension.ASPECT
                worth = self.whole.of_share((cut,)).effective(n) if n else None
                parts.append(
                    BrandPart(
                        label=label,
                        counts=counts,
                        share=intervals.share(counts.n, n, effective_n=worth),
                        net_sentiment=net_of(counts, self.whole.of_net),
                        versus_others=self._versus(counts, others),
                    )
                )
        return tuple(parts)

    def _versus(self, counts: Counts, others: Counts) -> Versus:
        """The p-value stands in the place of the q-value until all tests are there."""
        worth = self.whole.of_net.effective(counts.n), self.whole.of_net.effective(others.n)
        found: Difference | None = compare_net_sentiments(counts, others, worth=worth)
        if found is None:
            return Versus(difference=None, q_value=None, differs=False)
        return Versus(difference=found.estimate, q_value=found.p_value, differs=False)


def _table(cells: Mapping[Key, Counts]) -> dict[str, dict[str, Counts]]:
    table: dict[str, dict[str, Counts]] = {}
    for (brand, label), counts in cells.items():
        if brand != "":
            table.setdefault(str(brand), {})[str(label)] = counts
    return table


def _with_q_values(figures: Sequence[BrandFigures]) -> list[BrandFigures]:
    parts: list[BrandFigures | BrandPart] = []
    for one in figures:
        parts += (one, *one.stages, *one.aspects)
    tests = [part.versus_others for part in parts]
    judged = iter(
        Versus(difference=test.difference, q_value=q, differs=q is not None and q <= LEVEL)
        for test, q in zip(tests, q_values([test.q_value for test in tests]), strict=True)
    )
    return [
        replace(
            one,
            versus_others=next(judged),
            stages=tuple(replace(part, versus_others=next(judged)) for part in one.stages),
            aspects=tuple(replace(part, versus_others=next(judged)) for part in one.aspects),
        )
        for one in figures
    ]


def _phrases(
    connection: Connection,
    selection: Selection,
    span: Span,
    shown: Sequence[str],
    *,
    limit: int,
    min_z: float,
    names: BrandNames,
) -> dict[str, _Said]:
    if not limit or len(shown) < 2:
        return {}
    memory = memories.current()
    of_brand = [replace(selection, brand=(brand,)) for brand in shown]
    groups = [read_selection(connection, memory, one, span, max_read=MAX_READ_PER_BRAND) for one in of_brand]
    counts = dict(zip(shown, count_terms(memory, groups), strict=True))
    whole = added(list(counts.values()))
    said = {}
    for brand, own in counts.items():
        others = without(whole, own)
        found = contrast(
            memory, own, others, min_n=MIN_VOICES, min_z=min_z, only_more=True, without=names, limit=limit
        )
        said[brand] = _Said(tuple(found), own.n_read)
    return said
