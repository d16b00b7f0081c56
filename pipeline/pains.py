"""Pain points: cells of stage, aspect and intent, by how much is negative, how unusual that is, how it grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from zoneinfo import ZoneInfo

import numpy as np
from scipy.special import bdtr, bdtrc
from sqlalchemy import Engine

from models.labels import Aspect, Intent, Stage
from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import NOTHING, Counts, Key, count
from pipeline.clusters import Whole, read_whole
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.expected_shares import expect_shares
from pipeline.intervals import Estimate, Method
from pipeline.remembering import remembered
from pipeline.selection import MENTION_DIMENSIONS, Dimension, Selection, Unit, span_of
from pipeline.sentences import Names, Words, write_count, write_label
from pipeline.two_samples import LEAST_EXPECTED, LEVEL, q_values, two_sided

BY = (Dimension.STAGE, Dimension.ASPECT, Dimension.INTENT)
MIN_TESTED = 10
Labels = tuple[Stage, Aspect, Intent]
# One for each kind, as the same word may name a stage and an aspect.
PLACES = [{one.value: float(place) for place, one in enumerate(kind)} for kind in (Stage, Aspect, Intent)]


class Rank(StrEnum):
    """What makes a pain point come first."""

    VOLUME = "volume"
    UNUSUAL = "unusual"
    GROWTH = "growth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How many times as many negative mentions there are as in the period before, with a 95 % interval.

    ``ratio`` is ``None`` where there were none before: then only ``low`` says how much it grew at least.
    ``high`` is ``None`` where nothing bounds it. ``grew`` and ``shrank`` are said where the ratio is not 1 by
    a test, among all cells together.
    """

    ratio: float | None
    low: float
    high: float | None
    q_value: float
    grew: bool
    shrank: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """Whether more of a cell is negative than its stage, aspect and intent each let one expect.

    ``residual`` is in standard deviations; ``is_unusual``: more negative than expected, among all tested cells
    together, by the residual, or by an exact binomial test where fewer than five of a kind are expected.
    """

    expected_share: float
    residual: float
    q_value: float
    is_unusual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pain:
    """One cell: its mentions, the negative ones of them, their share in the cell and in all negative ones.

    ``unusual`` is ``None`` below ten mentions, ``growth`` where nothing was negative in either period.
    """

    stage: Stage
    aspect: Aspect
    intent: Intent
    counts: Counts
    negative_share: Estimate | None
    share_of_negative: Estimate | None
    n_negative_before: int
    unusual: Unusual | None
    growth: Growth | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pains:
    """The cells that have a negative mention now, the worst first; ``n_cells`` counts also those left out."""

    basis: Basis
    rank: Rank
    before_from: datetime
    before_to: datetime
    before_is_covered: bool
    n_negative: int
    n_cells: int
    cells: tuple[Pain, ...]


@remembered
def pains(
    engine: Engine, selection: Selection, *, zone: ZoneInfo, rank: Rank = Rank.VOLUME, limit: int = 20
) -> Pains:
    """Return where it hurts: the cells of stage, aspect and intent with negative mentions, ranked.

    By ``volume``: most negative mentions. ``unusual``: those that are told so, then by residual; cells with
    fewer than ten mentions come last. ``growth``: the lower end of the interval of the rate ratio,
    so that three instead of one does not come before 300 instead of 150; that end is known also for cells
    that were empty before.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        rank: What comes first.
        limit: Most cells.

    Raises:
        BadRequest: The period ends before it starts, or a sentiment is asked for.
    """
    if selection.sentiment:
        raise BadRequest(
            "pains counts negative mentions among all of a cell; leave sentiment out", parameter="sentiment"
        )
    span = span_of(selection, zone)
    before = span.before()
    with reading(engine) as connection:
        counted, earlier = (count(connection, selection, one, BY) for one in (span, before))
        whole = read_whole(connection, selection, span)
        basis = basis_of(
            connection, selection, span, Unit.MENTIONS, [counted, earlier], method=Method.CLUSTERED
        )
    now, then = _by_labels(counted.cells), _by_labels(earlier.cells)
    cells = sorted(_pains(now, then, whole), key=lambda one: _order(one, rank))
    return Pains(
        basis=basis,
        rank=rank,
        before_from=before.start.astimezone(zone),
        before_to=before.end.astimezone(zone),
        before_is_covered=basis.data_from is not None and basis.data_from <= before.start,
        n_negative=sum(one.n_negative for one in now.values()),
        n_cells=len(cells),
        cells=tuple(cells[:limit]),
    )


def describe_pains(found: Pains, names: Names) -> Words:
    """Return the first of the pain points in one sentence of each language.

    Args:
        names: Display names of the labels by table.
    """
    if not found.cells:
        return Words("در این بازه نظر منفی نیست.", "There is no negative mention in this period.")
    first = found.cells[0]
    if found.rank == Rank.GROWTH and not (first.growth and first.growth.grew):
        return Words(
            "رشد هیچ گروهی از نظرهای منفی بیش از تصادف نیست.",
            "No kind of negative mention grew beyond chance.",
        )
    if found.rank == Rank.UNUSUAL and not (first.unusual and first.unusual.is_unusual):
        return Words("هیچ گروهی منفی‌تر از حد انتظار نیست.", "Nothing is more negative than expected.")
    n, n_before = write_count(first.counts.n_negative), write_count(first.n_negative_before)
    stage, aspect, intent = (write_label(names, one.value, getattr(first, one.value).value) for one in BY)
    ranks = {
        Rank.VOLUME: Words("بیشترین نظر منفی", "Most negative mentions"),
        Rank.UNUSUAL: Words("نامعمول‌ترین نظرهای منفی", "The most unusual negative mentions"),
        Rank.GROWTH: Words("بیشترین رشد نظر منفی", "The fastest growth of negative mentions"),
    }[found.rank]
    return Words(
        f"{ranks.fa} در «{stage.fa}» درباره «{aspect.fa}» با قصد «{intent.fa}» است: {n.fa}، پیش‌تر {n_before.fa}.",
        f"{ranks.en}: {stage.en}, {aspect.en}, {intent.en} with {n.en}, before {n_before.en}.",
    )


def rate_ratio(n_now: int, n_before: int) -> tuple[float | None, float, float | None]:
    """Return how many times ``n_before`` is ``n_now``, and a 95 % interval; of periods of equal length.

    Given both together, the part of now is binomial (Przyborowski and Wilenski, Biometrika 31, 1940); the
    ends of its Wilson interval are turned into ratios.

    >>> rate_ratio(0, 4)
    (0.0, 0.0, 0.9604)
    """
    part = intervals.share(n_now, n_now + n_before)
    if part is None:
        return None, 0.0, None
    high = None if part.high == 1 else round(part.high / (1 - part.high), 4)
    low = inf if part.low == 1 else part.low / (1 - part.low)
    return (n_now / n_before if n_before else None), round(low, 4), high


def binomial_tests(n_part: Sequence[int], n: Sequence[int], share: Sequence[float]) -> list[float]:
    """Return for each how probable it is to be as far from the expected share: twice the nearer tail, exact."""
    parts, shares = np.asarray(n_part, dtype=float), np.asarray(share, dtype=float)
    all_of_them = np.asarray(n, dtype=np.int64)
    at_least = np.where(parts > 0, bdtrc(parts - 1, all_of_them, shares), 1.0)
    at_most = bdtr(parts, all_of_them, shares)
    p_values: list[float] = np.minimum(1.0, 2 * np.minimum(at_least, at_most)).tolist()
    return p_values


def _by_labels(cells: Mapping[Key, Counts]) -> dict[Labels, Counts]:
    # In one order, as the sums of the expected shares depend on it in the last digits.
    return {
        (Stage(str(stage)), Aspect(str(aspect)), Intent(str(intent))): cells[stage, aspect, intent]
        for stage, aspect, intent in sorted(cells, key=lambda key: tuple(map(str, key)))
    }


def _pains(now: Mapping[Labels, Counts], then: Mapping[Labels, Counts], whole: Whole) -> list[Pain]:
    n_negative = sum(one.n_negative for one in now.values())
    unusual = _unusual(now)
    growth = _growth(now, then)
    of_part, of_whole = whole.of_net, whole.of_share(MENTION_DIMENSIONS)
    return [
        Pain(
            stage=labels[0],
            aspect=labels[1],
            intent=labels[2],
            counts=counts,
            negative_share=intervals.share(
                counts.n_negative, counts.n, effective_n=of_part.effective(counts.n)
            ),
            share_of_negative=intervals.share(
                counts.n_negative, n_negative, effective_n=of_whole.effective(n_negative)
            ),
            n_negative_before=then.get(labels, NOTHING).n_negative,
            unusual=unusual.get(labels),
            growth=growth.get(labels),
        )
        for labels, counts in now.items()
        if counts.n_negative
    ]


def _unusual(now: Mapping[Labels, Counts]) -> dict[Labels, Unusual]:
    if not now:
        return {}
    labels = list(now)
    n_part = np.array([now[one].n_negative for one in labels], dtype=float)
    n = np.array([now[one].n for one in labels], dtype=float)
    expected = expect_shares(labels, n_part, n)
    tested = [place for place, one in enumerate(labels) if now[one].n >= MIN_TESTED]
    exact = binomial_tests(n_part[tested].tolist(), n[tested].tolist(), expected.share[tested].tolist())
    # The exact test does not know that the cell itself is part of what is expected, and so errs to caution.
    fewest = n * np.minimum(expected.share, 1 - expected.share)
    p_values = [
        two_sided(expected.residual[place]) if fewest[place] >= LEAST_EXPECTED else p_value
        for place, p_value in zip(tested, exact, strict=True)
    ]
    return {
        labels[place]: Unusual(
            expected_share=float(expected.share[place]),
            residual=float(expected.residual[place]),
            q_value=q_value,
            is_unusual=bool(q_value <= LEVEL and expected.residual[place] > 0),
        )
        for place, q_value in zip(tested, q_values(p_values), strict=True)
        if q_value is not None
    }


def _growth(now: Mapping[Labels, Counts], then: Mapping[Labels, Counts]) -> dict[Labels, Growth]:
    pairs = {
        labels: (now.get(labels, NOTHING).n_negative, then.get(labels, NOTHING).n_negative)
        for labels in now.keys() | then.keys()
    }
    known = {labels: pair for labels, pair in pairs.items() if sum(pair)}
    p_values = binomial_tests(
        [one for one, _ in known.values()], [sum(pair) for pair in known.values()], [0.5] * len(known)
    )
    found = {}
    for (labels, pair), q_value in zip(known.items(), q_values(p_values), strict=True):
        ratio, low, high = rate_ratio(*pair)
        is_real = q_value is not None and q_value <= LEVEL
        found[labels] = Growth(
            ratio=ratio,
            low=low,
            high=high,
            q_value=q_value if q_value is not None else 1.0,
            grew=is_real and pair[0] > pair[1],
            shrank=is_real and pair[0] < pair[1],
        )
    return found


def _order(pain: Pain, rank: Rank) -> tuple[float, ...]:
    volume = -float(pain.counts.n_negative)
    words = pain.stage.value, pain.aspect.value, pain.intent.value
    labels = tuple(places[word] for places, word in zip(PLACES, words, strict=True))
    if rank == Rank.GROWTH and pain.growth:
        return (-pain.growth.low, volume, *labels)
    if rank == Rank.UNUSUAL:
        seen = pain.unusual
        return (
            (inf, inf, volume, *labels)
            if seen is None
            else (not seen.is_unusual, -seen.residual, volume, *labels)
        )
    return (volume, *labels)
