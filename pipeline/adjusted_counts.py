"""Counts of mentions as arrays for ``adjusting``: what the model judged, what a touchpoint fixed, what people did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select

from models.labels import MENTION_SENTIMENTS, Aspect, Intent, Sentiment, Stage
from pipeline.adjusting import Errors, Floats, Part, no_errors
from pipeline.aggregate_counts import Counts, Key, When, count, time_key
from pipeline.conditions import key_column, message_conditions
from pipeline.known_errors import KnownErrors
from pipeline.selection import Dimension, Selection, Span
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.team_tables import CorrectionRow

# Above so many mentions one pass over all mentions finds the known ones sooner than all that these messages hold.
MANY_MENTIONS = 20_000
LABELS: dict[Dimension, tuple[str, ...]] = {
    Dimension.STAGE: tuple(Stage),
    Dimension.INTENT: tuple(Intent),
    Dimension.ASPECT: tuple(Aspect),
    Dimension.SENTIMENT: MENTION_SENTIMENTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How counts lie in an array: (samples, groups, rows, columns).

    Attributes:
        rows: Whose labels are the rows; ``None``: one row for all.
        columns: Whose labels are the columns.
        keys: Dimensions of a message that stand first in a cell's key, after the time.
        when: The time that stands first in a cell's key.
        place: The sample and the group of a key of time and ``keys``; ``None``: not wanted.
        shape: Number of samples and of groups.
    """

    rows: Dimension | None
    columns: Dimension = Dimension.SENTIMENT
    keys: tuple[Dimension, ...] = ()
    when: When | None = None
    place: Callable[[Key], tuple[int, int] | None] = lambda _: (0, 0)
    shape: tuple[int, int] = (1, 1)

    @property
    def cut(self) -> tuple[Dimension, ...]:
        """All dimensions of a cell's key."""
        labels = [one for one in (self.rows, self.columns) if one and one != Dimension.SENTIMENT]
        return (*self.keys, *labels)

    def zeros(self) -> Floats:
        """An array of no counts."""
        n_rows = len(LABELS[self.rows]) if self.rows else 1
        return np.zeros((*self.shape, n_rows, len(LABELS[self.columns])))

    def add(self, array: Floats, key: Key, counts: Counts) -> None:
        """The counts of a cell are in the array."""
        n_first = len(self.keys) + (self.when is not None)
        where = self.place(key[:n_first])
        if where is None:
            return
        labels = list(key[n_first:])
        row = LABELS[self.rows].index(str(labels.pop(0))) if self.rows else 0
        if self.columns == Dimension.SENTIMENT:
            array[(*where, row)] += [counts.of(Sentiment(one)) for one in MENTION_SENTIMENTS]
        else:
            array[(*where, row, LABELS[self.columns].index(str(labels[0])))] += counts.n


def read_parts(
    connection: Connection,
    selection: Selection,
    span: Span,
    layout: Layout,
    known: KnownErrors,
    *,
    use_tallies: bool = True,
) -> list[Part]:
    """Return all mentions of the selected messages, those that the model judged first.

    Filters of mentions are passed over: what was taken for another label may belong to this one.

    Args:
        layout: Of the arrays.
        known: The model's errors.
        use_tallies: False: count one by one even where tallies know the answer.
    """
    messages = replace(selection, stage=(), intent=(), aspect=(), sentiment=())
    judged, fixed, corrected = layout.zeros(), layout.zeros(), layout.zeros()
    counted = count(connection, messages, span, layout.cut, when=layout.when, use_tallies=use_tallies)
    for key, counts in counted.cells.items():
        layout.add(judged, key, counts)
    are_many = judged.sum() > MANY_MENTIONS
    for is_corrected, key, counts in _known_mentions(connection, messages, span, layout, are_many=are_many):
        layout.add(corrected if is_corrected else fixed, key, counts)
    rows = known.of(layout.rows) if layout.rows else no_errors(1)
    columns = known.of(layout.columns)
    parts = [Part(np.maximum(judged - fixed - corrected, 0.0), rows, columns)]
    if fixed.any():
        parts.append(Part(fixed, _perfect(rows), columns))
    if corrected.any():
        parts.append(Part(corrected, _perfect(rows), _perfect(columns)))
    return parts


def _perfect(errors: Errors) -> Errors:
    return no_errors(len(errors.rates))


def _known_mentions(
    connection: Connection, messages: Selection, span: Span, layout: Layout, *, are_many: bool
) -> list[tuple[bool, Key, Counts]]:
    """Mentions with a label that is not the model's: whether a person gave it, the cell's key, how many."""
    keys = ([time_key(connection, layout.when)] if layout.when else []) + [
        key_column(one) for one in layout.cut
    ]
    is_known: ColumnElement[bool] = MentionRow.corrected.expression
    among = [FeedbackRow.id.in_(select(CorrectionRow.feedback_id))]
    if layout.rows == Dimension.STAGE:
        # No index knows the fixed stages, but mentions are small rows: one pass over them alone is quick.
        is_known = or_(MentionRow.corrected, MentionRow.stage_from_touchpoint)
        among = [FeedbackRow.id.in_(select(MentionRow.feedback_id).where(is_known))] if are_many else []
    judged = [func.count().filter(MentionRow.sentiment == one.value) for one in MENTION_SENTIMENTS]
    statement = (
        select(MentionRow.corrected, *keys, *judged)
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(messages, span), *among, is_known)
        .group_by(MentionRow.corrected, *keys)
    )
    n_keys = len(keys)
    return [
        (bool(row[0]), row[1 : 1 + n_keys], Counts(*map(int, row[1 + n_keys :])))
        for row in map(tuple, connection.execute(statement).all())
    ]
