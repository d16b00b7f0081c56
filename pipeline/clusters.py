"""How far the mentions of one message go together, and what that takes from the certainty of a figure.

A message is a cluster of mentions. The variance of a ratio over clusters (Cochran, Sampling Techniques, 3rd
ed., 6.3; ``statsmodels`` calls it cluster-robust) needs sums over messages only, which the tallies keep. Divided
by the variance that as many independent mentions would have, it is the design effect (Kish 1965).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from scipy.special import stdtrit
from sqlalchemy import Connection, Select, bindparam, case, func, select

from models.labels import Sentiment
from pipeline.aggregate_counts import Counts, Key, When, count, pieces, sum_counts, tallies_know, time_key
from pipeline.conditions import key_column, message_conditions
from pipeline.intervals import Z95
from pipeline.selection import MENTION_DIMENSIONS, Dimension, Selection, Span
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import tally_of

LEAST_EFFECT = 0.25
IN_TALLIES = (Dimension.SOURCE, Dimension.CHANNEL, Dimension.BRAND)
# The highest correlation within a message that a label of its kind had, in 67,975 labelled mentions of 32,700
# messages, rounded up; that of sentiment is measured anew in each selection.
CORRELATION = {Dimension.STAGE: 0.7, Dimension.INTENT: 0.5, Dimension.ASPECT: 0.6, Dimension.SENTIMENT: 0.0}


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over messages with ``m`` mentions and the score ``e`` (2 a positive, 1 a neutral one)."""

    n_messages: int = 0
    mm: int = 0
    em: int = 0
    ee: int = 0

    def __add__(self, other: Moments) -> Moments:
        """Both sums together."""
        return Moments(
            self.n_messages + other.n_messages, self.mm + other.mm, self.em + other.em, self.ee + other.ee
        )


NO_MOMENTS = Moments()


@dataclass(frozen=True, slots=True)
class Design:
    """What clusters do to a sample: its design effect and how many mentions come from one message."""

    effect: float = 1.0
    mentions_per_message: float = 0.0

    def effective(self, n: int) -> float:
        """Return how many independent mentions ``n`` are worth.

        The size is divided by the design effect and, as that was estimated from some messages only, by the
        square of t over z (Korn and Graubard, Survey Methodology 24, 1998).
        """
        if not self.mentions_per_message:
            return n / self.effect
        degrees = max(1.0, n / self.mentions_per_message - 1)
        return n / self.effect * (Z95 / _t975(round(degrees, 12))) ** 2


INDEPENDENT = Design()


@lru_cache(maxsize=16_384)
def _t975(degrees: float) -> float:
    """The 97.5 % quantile of t; kept, as the degrees are mostly whole numbers that come again and again."""
    return float(stdtrit(degrees, 0.975))


def design_of_net(counts: Counts, moments: Moments) -> Design:
    """Return the design of net sentiment; of one mention per message its effect is exactly 1.

    Where all mentions were judged alike, nothing tells how far they go together: the effect is then that of
    messages of which each is of one mind.
    """
    n, groups = counts.n, moments.n_messages
    if n < 2 or groups < 2:
        return INDEPENDENT
    net = (counts.n_positive - counts.n_negative) / n
    alone = ((counts.n_positive + counts.n_negative) / n - net * net) / (n - 1)
    dd = moments.ee - 2 * moments.em + moments.mm
    dm = moments.em - moments.mm
    together = groups / (groups - 1) * (dd - 2 * net * dm + net * net * moments.mm) / (n * n)
    effect = together / alone if alone > 1e-12 else moments.mm / n
    return Design(max(LEAST_EFFECT, effect), n / groups)


def design_of_part(n_part: int, part: Moments, n: int, whole: Moments) -> Design:
    """Return the design of the share of a part to which messages belong with all their mentions.

    It has at least the effect that it would have if long messages belonged as often as short ones.

    Args:
        n_part: Mentions of the part.
        n: Mentions of the whole.
    """
    if n < 2 or whole.n_messages < 2:
        return INDEPENDENT
    groups, share = whole.n_messages, n_part / n
    alone = share * (1 - share) / (n - 1)
    inside, outside = (1 - share) ** 2 * part.mm, share**2 * (whole.mm - part.mm)
    together = groups / (groups - 1) * (inside + outside) / (n * n)
    effect = together / alone if alone > 1e-12 else 0.0
    return Design(max(effect, whole.mm / n), n / groups)


@dataclass(frozen=True)
class Whole:
    """All mentions of the selected messages: what is known of the clusters of parts that the tallies do not know.

    Such a part holds fewer mentions of one message than the whole does, so that what is said of it is rather
    too unsure than too sure.
    """

    counts: Counts
    moments: Moments

    @cached_property
    def of_net(self) -> Design:
        """The design of the net sentiment of a part: that of the whole, never better than independent mentions."""
        design = design_of_net(self.counts, self.moments)
        return Design(max(1.0, design.effect), design.mentions_per_message)

    def of_share(self, by: Iterable[Dimension]) -> Design:
        """Return the design of the share of a part that is cut by some dimensions.

        A label's mentions are taken to go together within a message as far as those of any label of its kind
        were seen to, those of a whole message (its channel, its brand) always.
        """
        of_net = self.of_net
        if not of_net.mentions_per_message:
            return of_net
        together = max(CORRELATION.get(one, 1.0) for one in by)
        effect = 1 + together * max(0.0, self.moments.mm / self.counts.n - 1)
        return Design(max(effect, of_net.effect), of_net.mentions_per_message)


def cuts_mentions(selection: Selection, by: Iterable[Dimension] = ()) -> bool:
    """Return whether only some of a message's mentions may be in a cell."""
    filtered = selection.stage or selection.intent or selection.aspect or selection.sentiment
    return bool(filtered) or any(one in (*MENTION_DIMENSIONS, Dimension.SENTIMENT) for one in by)


def count_moments(
    connection: Connection,
    selection: Selection,
    span: Span,
    by: tuple[Dimension, ...] = (),
    *,
    when: When | None = None,
    use_tallies: bool = True,
) -> Mapping[Key, Moments]:
    """Return the sums over all mentions of the selected messages; filters of mentions are passed over.

    Args:
        by: Dimensions of a message.
        when: The time that is put first in each key, as in ``aggregate_counts.count``.
        use_tallies: False: add up one by one even where tallies know the answer.
    """
    if use_tallies and _tallies_know(selection, span, by, when):
        filters = {one.value: getattr(selection, one.value) for one in IN_TALLIES}
        asked = {name: values for name, values in filters.items() if values}
        statement = _statement_of_tallies(by, tuple(asked), with_time=when is not None)
        values = [
            {"period": period.value, "first": first, "end": end, **asked}
            for period, first, end in pieces(span, when)
        ]
    else:
        statement, values = _statement_of_rows(connection, selection, span, by, when), [{}]
    found: dict[Key, Moments] = {}
    n_keys = len(by) + (when is not None)
    for one in values:
        for row in map(tuple, connection.execute(statement, one).all()):
            key, here = row[:n_keys], Moments(*map(int, row[n_keys:]))
            found[key] = found[key] + here if key in found else here
    return found


def read_whole(
    connection: Connection,
    selection: Selection,
    span: Span,
    *,
    counted: Iterable[Counts] | None = None,
    use_tallies: bool = True,
) -> Whole:
    """Return the clusters of the selected messages, whatever filters of mentions there are.

    Args:
        counted: Counts of the mentions that pass the selection, in any cells. Where it has no filter of
            mentions they are those of the whole, which is not counted again.
        use_tallies: False: count one by one even where tallies know the answer.
    """
    messages = replace(selection, stage=(), intent=(), aspect=(), sentiment=())
    if counted is None or cuts_mentions(selection):
        counted = count(connection, messages, span, use_tallies=use_tallies).cells.values()
    moments = count_moments(connection, messages, span, use_tallies=use_tallies)
    return Whole(sum_counts(counted), sum_moments(moments.values()))


def sum_moments(many: Iterable[Moments]) -> Moments:
    """All of them together."""
    each = [(one.n_messages, one.mm, one.em, one.ee) for one in many]
    return Moments(*map(sum, zip(*each, strict=True))) if each else NO_MOMENTS


def _tallies_know(selection: Selection, span: Span, by: tuple[Dimension, ...], when: When | None) -> bool:
    filtered = selection.emotion or selection.flag
    return tallies_know(selection, span, when) and not filtered and all(one in IN_TALLIES for one in by)


@lru_cache(maxsize=256)
def _statement_of_tallies(
    by: tuple[Dimension, ...], filtered: tuple[str, ...], *, with_time: bool
) -> Select[Any]:
    """Sums over the days or months from ``first`` to ``end``, both to be given, as the values of the filters are."""
    cells = tally_of("cluster", [*by, *filtered]).c
    keys: list[Any] = [cells.start] if with_time else []
    keys += [cells[one.value] for one in by]
    sums = [
        func.coalesce(func.sum(cells.n).filter(cells.moment == moment), 0)
        for moment in ("messages", "mm", "em", "ee")
    ]
    conditions = [cells[name].in_(bindparam(name, expanding=True)) for name in filtered]
    days = cells.start >= bindparam("first"), cells.start < bindparam("end")
    here = cells.period == bindparam("period"), *days
    return select(*keys, *sums).where(*here, *conditions).group_by(*keys)


def _statement_of_rows(
    connection: Connection, selection: Selection, span: Span, by: tuple[Dimension, ...], when: When | None
) -> Select[Any]:
    keys = ([time_key(connection, when).label("time")] if when else []) + [key_column(one) for one in by]
    positive, neutral = Sentiment.POSITIVE.value, Sentiment.NEUTRAL.value
    score = case((MentionRow.sentiment == positive, 2), (MentionRow.sentiment == neutral, 1), else_=0)
    each = (
        select(*keys, func.count().label("m"), func.sum(score).label("e"))
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(selection, span, connection=connection))
        # By the number alone, SQLite would read the whole table in its order.
        .group_by(FeedbackRow.created_at, FeedbackRow.id)
        .subquery()
    )
    of, m, e = list(each.c)[: len(keys)], each.c.m, each.c.e
    sums = [func.coalesce(func.sum(one), 0) for one in (m * m, e * m, e * e)]
    return select(*of, func.count(), *sums).group_by(*of)
