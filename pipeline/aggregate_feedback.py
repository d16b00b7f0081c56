"""The messages behind any number, in pages that stay in step while new feedback arrives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    exists,
    func,
    or_,
    select,
    true,
)

from pipeline.aggregate_counts import choose_among, data_range
from pipeline.anger import LIKELIER_THAN_NOT, anger_about, angriest_first
from pipeline.columns import Columns, Ints, lines_of, microseconds
from pipeline.conditions import mention_conditions, message_conditions, sentiment_of_message
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.found_feedback import COLUMNS, FoundFeedback, read_found
from pipeline.narrowing import EVERYTHING, Narrowing, choose_hours, narrow
from pipeline.reading_cases import opening_messages
from pipeline.search_pages import find_holding
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow

MAX_PAGE = 200


class Order(StrEnum):
    """What comes first: the newest, or what is most surely angry (``anger.angriest_first``)."""

    NEWEST = "newest"
    ANGRIEST = "angriest"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: time and id of its last message."""

    created_at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPage:
    """Messages in the order asked for. ``n`` counts all of the selection and is given with the first page only.

    Where more than 10,000 messages would have to be read to count those with some words, ``n`` is ``None``.
    ``n_angry``: so many of the items, which are the first, are angry rather than not; ``None`` in another order.
    """

    from_: datetime
    to: datetime
    n: int | None
    data_from: datetime | None
    data_to: datetime | None
    items: tuple[FoundFeedback, ...]
    next: Place | None
    n_angry: int | None = None


def find_feedback(
    engine: Engine,
    selection: Selection,
    *,
    zone: ZoneInfo,
    unit: Unit = Unit.MENTIONS,
    with_copies: bool = False,
    narrowing: Narrowing = EVERYTHING,
    order: Order = Order.NEWEST,
    limit: int = 50,
    after: Place | None = None,
) -> FeedbackPage:
    """Return the messages that a selection is about.

    Args:
        zone: Business time zone, in which the days of the selection begin.
        unit: What was counted. Mentions: a message is found if one of its mentions fits stage, intent,
            aspect and sentiment at once, or has any where only the hour is asked for. Messages: the sentiment
            is that of the whole message.
        with_copies: Whether copies that were not counted are given too.
        narrowing: Filters beside those of the selection.
        order: What comes first; the angriest have one page.
        limit: Messages on a page, from 1 to 200.
        after: Where the page before ended; ``None``: the first page.

    Raises:
        BadRequest: The period ends before it starts, mentions that are ``mixed`` are asked for, or a further
            page of the angriest.
    """
    selection.check_sentiment(unit)
    if after and order == Order.ANGRIEST:
        raise BadRequest(
            "the angriest have one page; take a larger limit or a shorter period", parameter="cursor"
        )
    span = span_of(selection, zone)
    with reading(engine) as connection:
        known = data_range(connection)
        is_plain = unit == Unit.MENTIONS and order == Order.NEWEST and not with_copies
        is_plain &= narrowing.is_of_time_alone
        if is_plain and (chosen := choose_among(connection, selection, span)):
            of_clauses = bool(mention_conditions(selection)) or narrowing.asks_for_time
            messages = lines_of(choose_hours(chosen, narrowing, span), clauses=of_clauses).messages
            n: int | None = len(messages)
            newest = _newest(chosen.columns, messages, limit + 1, after)
            wanted: list[ColumnElement[bool]] = [FeedbackRow.id.in_(newest)]
        else:
            others = _conditions(connection, selection, narrowing, span, unit, with_copies=with_copies)
            if selection.q:
                n_newest = limit + 1 if order == Order.NEWEST else None
                n, wanted = find_holding(connection, selection.q, others, _older(after), n_newest=n_newest)
            else:
                counted = select(func.count()).select_from(FeedbackRow).where(*others)
                n = None if after else connection.scalar(counted)
                wanted = [*others, _older(after)]
        columns = (*COLUMNS, anger_about(selection, unit).label("anger"))
        page = select(*columns).where(*wanted).order_by(*_first(order, selection, unit))
        rows = connection.execute(page.limit(limit + 1)).all()
        shown, has_more = rows[:limit], len(rows) > limit and order == Order.NEWEST
        items = read_found(connection, shown, selection, unit, zone)
    return FeedbackPage(
        from_=span.start.astimezone(zone),
        to=span.end.astimezone(zone),
        n=None if after else n,
        data_from=known[0].astimezone(zone) if known else None,
        data_to=known[1].astimezone(zone) if known else None,
        items=items,
        next=Place(shown[-1].created_at, shown[-1].id) if has_more else None,
        n_angry=sum(row.anger >= LIKELIER_THAN_NOT for row in shown) if order == Order.ANGRIEST else None,
    )


def _first(order: Order, selection: Selection, unit: Unit) -> tuple[ColumnElement[Any], ...]:
    newest = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
    return newest if order == Order.NEWEST else (*angriest_first(selection, unit), *newest)


def _conditions(
    connection: Connection,
    selection: Selection,
    narrowing: Narrowing,
    span: Span,
    unit: Unit,
    *,
    with_copies: bool,
) -> list[ColumnElement[bool]]:
    """All that a message has to fulfil but for its words."""
    conditions = message_conditions(replace(selection, q=None), span, with_copies=with_copies)
    conditions += narrow(connection, narrowing, span)
    if unit == Unit.MESSAGES:
        conditions += sentiment_of_message(selection)
    if narrowing.opening:
        of_cases = selection if unit == Unit.MENTIONS else replace(selection, sentiment=())
        conditions.append(opening_messages(connection, of_cases, narrowing, span))
    of_mention = mention_conditions(selection, unit)
    # The hours of the week count mentions, so that a message without any is in none of them.
    if of_mention or (unit == Unit.MENTIONS and narrowing.asks_for_time):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return conditions


def _older(after: Place | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    same_moment = and_(FeedbackRow.created_at == after.created_at, FeedbackRow.id < after.id)
    return or_(FeedbackRow.created_at < after.created_at, same_moment)


def _newest(columns: Columns, messages: Ints, n: int, after: Place | None) -> list[int]:
    """The numbers of the newest of some messages, which are given by their places, in order."""
    if after is not None:
        moment = microseconds([after.created_at])
        first, end = (int(np.searchsorted(columns.at_us, moment, side)[0]) for side in ("left", "right"))
        first += int(np.searchsorted(columns.id[first:end], after.id))
        messages = messages[: np.searchsorted(messages, first)]
    newest: list[int] = columns.id[messages[-n:]].tolist()
    return newest
