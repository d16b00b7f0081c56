"""What some customers say without being asked, and what all others say: net sentiment of both."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, not_, or_, select

from models.labels import Sentiment
from pipeline import intervals
from pipeline.aggregate_basis import net_of
from pipeline.aggregate_counts import NOTHING, Counted, Counts, sum_counts
from pipeline.clusters import NO_MOMENTS, Moments, count_moments, cuts_mentions, design_of_net, sum_moments
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.intervals import Estimate
from pipeline.selection import Selection, Span
from pipeline.tables import FeedbackRow, MentionRow

IS_SURVEYED = or_(FeedbackRow.nps.is_not(None), FeedbackRow.csat.is_not(None), FeedbackRow.ces.is_not(None))
IS_SCORED = or_(FeedbackRow.rating.is_not(None), IS_SURVEYED)


@dataclass(frozen=True, slots=True)
class Unasked:
    """Mentions in messages without a score: of the same customers, and of all others.

    ``difference`` is the net sentiment of the same customers less that of the others, in points.
    """

    same: Counts
    others: Counts
    net_same: Estimate | None
    net_others: Estimate | None

    @property
    def difference(self) -> Estimate | None:
        """How far the same customers are from the others; ``None`` where one of them said nothing."""
        return intervals.change(self.net_same, self.net_others)


@dataclass(frozen=True, slots=True)
class Said:
    """Mentions, and how far those of one message go together."""

    counts: Counts = NOTHING
    moments: Moments = NO_MOMENTS

    def less(self, other: Said) -> Said:
        """Return what is left without the messages of ``other``, all of which are among these."""
        mine, theirs = self.moments, other.moments
        return Said(
            Counts(
                self.counts.n_negative - other.counts.n_negative,
                self.counts.n_neutral - other.counts.n_neutral,
                self.counts.n_positive - other.counts.n_positive,
            ),
            Moments(
                mine.n_messages - theirs.n_messages,
                mine.mm - theirs.mm,
                mine.em - theirs.em,
                mine.ee - theirs.ee,
            ),
        )

    @property
    def net(self) -> Estimate | None:
        """Net sentiment, a message being a cluster of mentions; ``None`` of nothing."""
        return net_of(self.counts, design_of_net(self.counts, self.moments))


def unasked_said(
    connection: Connection, selection: Selection, span: Span, counted: Counted, *, is_rating: bool
) -> Said:
    """Return all that a selection counts in messages that carry no score.

    Args:
        counted: What ``aggregate_counts.count`` found of the selection.
        is_rating: Stars are a score, too. Else only NPS, CSAT and CES are.
    """
    if is_rating or cuts_mentions(selection):
        return _said(connection, selection, span, not_(_is_scored(is_rating=is_rating)))
    moments = count_moments(connection, selection, span)
    of_all = Said(sum_counts(counted.cells.values()), sum_moments(moments.values()))
    return of_all.less(_said(connection, selection, span, _is_scored(is_rating=False)))


def _is_scored(*, is_rating: bool) -> ColumnElement[bool]:
    return IS_SCORED if is_rating else IS_SURVEYED


def find_unasked(
    connection: Connection,
    selection: Selection,
    span: Span,
    answered: ColumnElement[bool] | None,
    *,
    unasked: Said,
    is_rating: bool,
) -> Unasked:
    """Return what those who answered say in messages that carry no score, and what all others say there.

    Args:
        answered: All that tells the rows which hold the answers; ``None``: it is known that those who gave them said
            nothing unasked. Messages of nobody knows whom are the others'.
        unasked: All that ``unasked_said`` finds for the same ``is_rating``.
        is_rating: The answers are stars; see ``unasked_said``.
    """
    same = (
        Said() if answered is None else _said_by(connection, selection, span, answered, is_rating=is_rating)
    )
    others = unasked.less(same)
    return Unasked(same.counts, others.counts, same.net, others.net)


def _said_by(
    connection: Connection,
    selection: Selection,
    span: Span,
    answered: ColumnElement[bool],
    *,
    is_rating: bool,
) -> Said:
    conditions = message_conditions(selection, span, with_unlabelled=True)
    who = select(FeedbackRow.customer_key).where(*conditions, answered, FeedbackRow.customer_key.is_not(None))
    is_theirs = FeedbackRow.customer_key.in_(who.correlate(None))
    return _said(connection, selection, span, not_(_is_scored(is_rating=is_rating)), is_theirs)


def _said(connection: Connection, selection: Selection, span: Span, *conditions: ColumnElement[bool]) -> Said:
    negative, neutral, positive = (
        func.count().filter(MentionRow.sentiment == one.value)
        for one in (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)
    )
    score = case(
        (MentionRow.sentiment == Sentiment.POSITIVE.value, 2),
        (MentionRow.sentiment == Sentiment.NEUTRAL.value, 1),
        else_=0,
    )
    each = (
        select(
            negative.label("bad"),
            neutral.label("so_so"),
            positive.label("good"),
            func.count().label("m"),
            func.sum(score).label("e"),
        )
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(selection, span), *mention_conditions(selection), *conditions)
        # By the number alone, SQLite would read the whole table in its order.
        .group_by(FeedbackRow.created_at, FeedbackRow.id)
        .subquery()
    )
    m, e = each.c.m, each.c.e
    sums = each.c.bad, each.c.so_so, each.c.good, m * m, e * m, e * e
    row = connection.execute(select(func.count(), *(func.sum(one) for one in sums))).one()
    n, bad, so_so, good, mm, em, ee = (int(value or 0) for value in row)
    return Said(Counts(bad, so_so, good), Moments(n, mm, em, ee))
