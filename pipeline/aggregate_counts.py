"""Counts of mentions or messages, from the tallies where these know the answer, else one by one.

All ways count the same: counted copies only, spam apart. Most of what no tally knows is counted in columns, where
these are at hand. This file and ``aggregate_feedback.py`` hold the SQL of ``aggregates.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, extract, func, select

from models.labels import MENTION_SENTIMENTS, Sentiment
from pipeline.columns import OF_MENTIONS, OF_MESSAGES, Chosen, choose, count_kinds, is_known
from pipeline.conditions import (
    flag_conditions,
    key_column,
    mention_conditions,
    message_conditions,
    sentiment_of_message,
)
from pipeline.jalali import jalali_month_start, month_start
from pipeline.keeping_columns import columns_of
from pipeline.records import Period
from pipeline.selection import Dimension, Selection, Span, Unit, moment
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import tally_of

QUARTER_HOUR_S = 900
OF_SOURCES = ("source", "channel", "brand")
IN_COLUMNS = (*OF_MENTIONS, *OF_MESSAGES)
SENTIMENTS = {Unit.MENTIONS: MENTION_SENTIMENTS, Unit.MESSAGES: tuple(Sentiment)}


class When(StrEnum):
    """The time that may stand first in the key of a count.

    All are dates (the first day) but ``QUARTER_HOUR``: how many times 900 seconds have passed since 1970;
    every zone on earth is a whole number of quarters away from UTC.
    """

    DAY = "day"
    GREGORIAN_MONTH = "gregorian_month"
    JALALI_MONTH = "jalali_month"
    QUARTER_HOUR = "quarter_hour"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were judged how; ``n_mixed`` is 0 where mentions are counted."""

    n_negative: int = 0
    n_neutral: int = 0
    n_positive: int = 0
    n_mixed: int = 0

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_negative + self.n_neutral + self.n_positive + self.n_mixed

    def of(self, sentiment: Sentiment) -> int:
        """Return how many were judged so."""
        return int(getattr(self, f"n_{sentiment.value}"))

    def __add__(self, other: Counts) -> Counts:
        """Both counts together."""
        return Counts(
            self.n_negative + other.n_negative,
            self.n_neutral + other.n_neutral,
            self.n_positive + other.n_positive,
            self.n_mixed + other.n_mixed,
        )


NOTHING = Counts()


def sum_counts(many: Iterable[Counts]) -> Counts:
    """All of them together."""
    each = [(one.n_negative, one.n_neutral, one.n_positive, one.n_mixed) for one in many]
    return Counts(*map(sum, zip(*each, strict=True))) if each else NOTHING


Key = tuple[str | date | int, ...]
Piece = dict[str, str | date]


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by key, and whether tallies gave them.

    A key holds the time first, if one was asked for, then a value for each dimension; a missing brand
    or product is ``""``.
    """

    cells: dict[Key, Counts]
    from_tallies: bool


def count(
    connection: Connection,
    selection: Selection,
    span: Span,
    by: tuple[Dimension, ...] = (),
    *,
    when: When | None = None,
    use_tallies: bool = True,
) -> Counted:
    """Return how many mentions or messages (``selection.unit(by)``) were judged how.

    Args:
        by: What the counts are cut by; ``SENTIMENT`` has no place here: it is in each count.
        when: The time that is put first in each key.
        use_tallies: False: count one by one in the data base even where tallies or columns know the answer.
    """
    unit = selection.unit(by)
    tally = _tally(selection, span, by, unit, when) if use_tallies else None
    is_in_columns = unit == Unit.MENTIONS and not when and all(one.value in IN_COLUMNS for one in by)
    if (
        tally is None
        and use_tallies
        and is_in_columns
        and (found := choose_among(connection, selection, span))
    ):
        return Counted(_cells(found, by), from_tallies=False)
    if tally is None:
        keys = ([time_key(connection, when)] if when else []) + [key_column(one) for one in by]
        statement = _statement_of_rows(connection, selection, span, keys, unit)
        questions: list[Piece] = [{}]
    else:
        statement = _statement_of_tallies(tally, selection, by, unit, when)
        questions = _pieces_asked(span, when)
    cells: dict[Key, Counts] = {}
    n_keys = len(by) + (when is not None)
    for question in questions:
        for row in map(tuple, connection.execute(statement, question).all()):
            key = row[:n_keys]
            counts = Counts(*map(int, row[n_keys:]))
            cells[key] = cells[key] + counts if key in cells else counts
    return Counted(cells, from_tallies=tally is not None)


def choose_among(connection: Connection, selection: Selection, span: Span) -> Chosen | None:
    """Return what passes a selection; ``None`` where the columns are not at hand or do not know it."""
    columns = columns_of(connection) if is_known(selection) else None
    return choose(columns, selection, span) if columns else None


def _cells(chosen: Chosen, by: tuple[Dimension, ...]) -> dict[Key, Counts]:
    names = [one.value for one in MENTION_SENTIMENTS]
    kinds = count_kinds(chosen, [one.value for one in by])
    return {key: Counts(*(n.get(name, 0) for name in names)) for key, n in kinds.items()}


def data_range(connection: Connection) -> tuple[datetime, datetime] | None:
    """Return the times of the oldest and the newest stored message; ``None`` where there is none."""
    oldest = select(func.min(FeedbackRow.created_at)).scalar_subquery()
    newest = select(func.max(FeedbackRow.created_at)).scalar_subquery()
    first, last = connection.execute(select(oldest, newest)).one()
    return None if first is None else (first, last)


def model_versions(connection: Connection, selection: Selection, span: Span) -> tuple[str, ...]:
    """Return the versions that judged the messages of these days, sources, channels and brands."""
    first, last = (one.astimezone(span.zone).date() for one in (span.start, span.end))
    whole = Span(moment(first, span.zone), moment(last + timedelta(days=1), span.zone), span.zone)
    asked = [name for name in OF_SOURCES if getattr(selection, name)]
    tally = tally_of("message", asked)
    conditions = [tally.c[name].in_(getattr(selection, name)) for name in asked]
    statement = select(tally.c.model_version).where(*_within_piece(tally), *conditions).distinct()
    seen: set[str] = set()
    for piece in _pieces_asked(whole if span.days is None else span, None):
        seen |= set(connection.scalars(statement, piece))
    return tuple(sorted(seen))


def _tally(
    selection: Selection, span: Span, by: tuple[Dimension, ...], unit: Unit, when: When | None
) -> Table | None:
    """The table of tallies that knows the answer and has the fewest cells, if one does."""
    asked = {one.value for one in by}
    asked |= {name for name in (*OF_SOURCES, *OF_MENTIONS) if getattr(selection, name)}
    if not tallies_know(selection, span, when) or any(_is_unknown_to_tallies(one) for one in by):
        return None
    if unit == Unit.MESSAGES:
        return tally_of("message", asked)
    if selection.emotion or selection.flag or "emotion" in asked or {"intent", "aspect"} <= asked:
        return None
    cube = "aspect" if "aspect" in asked else "intent" if {"stage", "intent"} & asked else "sentiment"
    return tally_of(cube, asked)


def _is_unknown_to_tallies(one: Dimension) -> bool:
    return one in (Dimension.PRODUCT, Dimension.SEGMENT) or one.attribute is not None


def tallies_know(selection: Selection, span: Span, when: When | None) -> bool:
    """Return whether some tally can tell these messages from others: whole days, and no filter unknown to all."""
    is_coarse = span.days is not None and when != When.QUARTER_HOUR
    return is_coarse and not (selection.product or selection.segment or selection.q)


def pieces(span: Span, when: When | None) -> Iterator[tuple[Period, date, date]]:
    """Whole months in the middle from their own cells, the days at both ends one by one."""
    days = span.days
    if days is None:
        raise ValueError("tallies know whole days only")
    first, end = days
    month = {When.DAY: None, When.JALALI_MONTH: Period.JALALI_MONTH}.get(
        when or When.GREGORIAN_MONTH, Period.GREGORIAN_MONTH
    )
    if month is None:
        yield Period.DAY, first, end
        return
    begin = jalali_month_start if month == Period.JALALI_MONTH else month_start
    whole_from = first if begin(first) == first else begin(begin(first) + timedelta(days=32))
    whole_to = begin(end)
    if whole_from >= whole_to:
        yield Period.DAY, first, end
        return
    yield month, whole_from, whole_to
    if first < whole_from:
        yield Period.DAY, first, whole_from
    if whole_to < end:
        yield Period.DAY, whole_to, end


def _pieces_asked(span: Span, when: When | None) -> list[Piece]:
    """The parameters of ``_within_piece``, once for each of the pieces."""
    return [
        {"piece": period.value, "piece_start": start, "piece_end": end}
        for period, start, end in pieces(span, when)
    ]


def _within_piece(tally: Table) -> list[ColumnElement[bool]]:
    """The conditions on a tally of one of the pieces, the same words for all of them."""
    start = tally.c.start
    within = start >= bindparam("piece_start"), start < bindparam("piece_end")
    return [tally.c.period == bindparam("piece"), *within]


def _statement_of_tallies(
    tally: Table, selection: Selection, by: tuple[Dimension, ...], unit: Unit, when: When | None
) -> Select[Any]:
    """The statement for each of the ``pieces``, whose bounds it is given as parameters."""
    cells = tally.c
    keys: list[Any] = [cells.start] if when else []
    keys += [cells[one.value] for one in by]
    judged = [
        func.coalesce(func.sum(cells.n).filter(cells.sentiment == one.value), 0) for one in SENTIMENTS[unit]
    ]
    names = (*OF_SOURCES, *OF_MENTIONS, "emotion")
    conditions = _within_piece(tally)
    conditions += [cells[name].in_(getattr(selection, name)) for name in names if getattr(selection, name)]
    if unit == Unit.MESSAGES:
        conditions += flag_conditions(cells.flags, selection)
    return select(*keys, *judged).where(*conditions).group_by(*keys)


def _statement_of_rows(
    connection: Connection, selection: Selection, span: Span, keys: list[Any], unit: Unit
) -> Select[Any]:
    judged_row = MentionRow if unit == Unit.MENTIONS else FeedbackRow
    judged = [func.count().filter(judged_row.sentiment == one.value) for one in SENTIMENTS[unit]]
    of_message = message_conditions(selection, span, connection=connection)
    statement = select(*keys, *judged).where(*of_message).group_by(*keys)
    if unit == Unit.MESSAGES:
        return statement.select_from(FeedbackRow).where(*sentiment_of_message(selection))
    joined = statement.select_from(FeedbackRow).join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
    return joined.where(*mention_conditions(selection))


def time_key(connection: Connection, when: When) -> ColumnElement[Any]:
    """Return the column of a message's time; months are made of its days."""
    if when != When.QUARTER_HOUR:
        return FeedbackRow.day.expression
    seconds = extract("epoch", FeedbackRow.created_at)
    # SQLite gives whole seconds, PostgreSQL fractions of them.
    is_whole = connection.dialect.name == "sqlite"
    return (seconds // QUARTER_HOUR_S if is_whole else func.floor(seconds / QUARTER_HOUR_S)).label(
        "quarter_hour"
    )
