"""What a selection asks of rows: the conditions on messages and mentions, and the columns that cut a count."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from pipeline.columns import OF_MENTIONS
from pipeline.search_index import search_for
from pipeline.selection import Dimension, Selection, Span, Unit, read_segment
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import SPAM, flag_bits
from pipeline.text_search import text_holds

MAY_BE_MISSING = ("brand", "product", "segment")


def message_conditions(
    selection: Selection,
    span: Span,
    *,
    connection: Connection | None = None,
    with_copies: bool = False,
    with_unlabelled: bool = False,
) -> list[ColumnElement[bool]]:
    """Return the conditions on a message: in the period, labelled, spam only where asked for, the filters.

    Args:
        connection: That the conditions are for: words are found by its index; ``None``: in all texts.
        with_copies: Whether copies that are not counted pass too.
        with_unlabelled: Whether also messages pass that have no words or wait to be classified, and copies.
    """
    conditions: list[ColumnElement[bool]] = [
        FeedbackRow.created_at >= span.start,
        FeedbackRow.created_at < span.end,
    ]
    if not with_unlabelled:
        counted = FeedbackRow.counted.expression
        conditions.append(FeedbackRow.model_version.is_not(None) if with_copies else counted)
    conditions += [
        _one_of(getattr(FeedbackRow, name), getattr(selection, name), name)
        for name in ("source", "channel", "brand", "product", "emotion")
        if getattr(selection, name)
    ]
    if selection.segment:
        conditions.append(or_(*map(_is_segment, selection.segment)))
    conditions += flag_conditions(FeedbackRow.flags, selection)
    if selection.q:
        found = search_for(connection, selection.q).condition if connection else None
        conditions.append(text_holds(FeedbackRow.text, selection.q) if found is None else found)
    return conditions


def mention_conditions(selection: Selection, unit: Unit = Unit.MENTIONS) -> list[ColumnElement[bool]]:
    """Return the conditions that a selection puts on one mention; where messages count, not the sentiment."""
    return [
        _one_of(getattr(MentionRow, name), getattr(selection, name), name)
        for name in OF_MENTIONS
        if getattr(selection, name) and not (name == "sentiment" and unit == Unit.MESSAGES)
    ]


def sentiment_of_message(selection: Selection) -> list[ColumnElement[bool]]:
    """Return the condition that a selection puts on the sentiment of whole messages, if any."""
    return [FeedbackRow.sentiment.in_(selection.sentiment)] if selection.sentiment else []


def flag_conditions(flags: SQLColumnExpression[int], selection: Selection) -> list[ColumnElement[bool]]:
    """Return the conditions on a column of flags; spam only where asked for."""
    conditions = []
    if selection.flag:
        conditions.append(flags.bitwise_and(flag_bits(selection.flag)) != 0)
    if not selection.asks_for_spam:
        conditions.append(flags.bitwise_and(SPAM) == 0)
    return conditions


def key_column(one: Dimension) -> ColumnElement[Any]:
    """Return the column of a dimension, with ``""`` for what a source did not give."""
    if name := one.attribute:
        return func.coalesce(_attribute(name), "").label(f"by_attribute_{crc32(name.encode()):08x}")
    column = getattr(MentionRow if one.value in OF_MENTIONS else FeedbackRow, one.value)
    return func.coalesce(column, "").label(f"by_{one.value}") if one.value in MAY_BE_MISSING else column


def _attribute(name: str) -> ColumnElement[Any]:
    value: ColumnElement[Any] = FeedbackRow.attributes[name].as_string()
    return value


def _is_segment(value: str) -> ColumnElement[bool]:
    attribute, wanted = read_segment(value)
    column = FeedbackRow.segment.expression if attribute is None else _attribute(attribute)
    return column == wanted if wanted else or_(column.is_(None), column == "")


def _one_of(column: InstrumentedAttribute[Any], values: tuple[str, ...], name: str) -> ColumnElement[bool]:
    if name in MAY_BE_MISSING and "" in values:
        return or_(column.is_(None), column.in_(values))
    return column.in_(values)
