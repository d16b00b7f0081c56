"""The cases that a selection opened, read from the messages of each: see ``cases.py`` and docs/cx.md."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    String,
    cast,
    exists,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from pipeline.bulk import one_of
from pipeline.cases import Case, LeftOut, Message, Outcome, people_answered, read_case
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.narrowing import Narrowing, in_queue
from pipeline.records import Channel
from pipeline.selection import Selection, Span
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import in_chunks
from pipeline.waiting import Wait

# Replies and attributes as they are written: most tell nothing of a case and need not be read as JSON.
COLUMNS: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...] = (
    FeedbackRow.id, FeedbackRow.source, FeedbackRow.conversation_id, FeedbackRow.created_at,
    FeedbackRow.created_at_is_arrival, FeedbackRow.channel, FeedbackRow.queue, FeedbackRow.status,
    cast(FeedbackRow.replies, String).label("replies"), cast(FeedbackRow.attributes, String).label("attributes"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenedCases:
    """Cases, and the rows (``COLUMNS``) among which their first messages are.

    ``n_without_answers`` messages are of sources none of whose messages in the selection was answered by people.
    """

    cases: Sequence[Case]
    rows: Sequence[RowMapping]
    n_without_answers: int


def read_cases(
    connection: Connection, selection: Selection, span: Span, *, queue: Collection[str], now: datetime
) -> OpenedCases:
    """Return all cases whose first message is in a selection.

    Args:
        span: The period of the selection; its zone is that of the sources' dates that name none.
        queue: Cases that were opened in one of these, ``""``: in none; empty: in any.
        now: The present moment, up to which a source is known at most.
    """
    answering, n_without = _sources(connection, selection, span, queue)
    rows = _read_rows(connection, _conditions(selection, span, queue), answering)
    until = {source: min(now, _newest(connection, source)) for source in answering}
    return OpenedCases(_cases(connection, rows, until, now=now, zone=span.zone), rows, n_without)


def opening_messages(
    connection: Connection, selection: Selection, narrowing: Narrowing, span: Span
) -> ColumnElement[bool]:
    """Return the condition that a message opened a case which a narrowing asks for, among those of a selection.

    Raises:
        ValueError: The narrowing asks for no case.
    """
    if narrowing.opening is None:
        raise ValueError("a narrowing with opening is needed")
    found = read_cases(connection, selection, span, queue=narrowing.queue, now=narrowing.opening.now)
    ids = [case.first.id for case in found.cases if narrowing.opening.is_met_by(case)]
    return one_of(connection, FeedbackRow.id, ids)


def _conditions(selection: Selection, span: Span, queue: Collection[str]) -> list[ColumnElement[bool]]:
    conditions = message_conditions(selection, span, with_unlabelled=True)
    if of_mention := mention_conditions(selection):
        conditions.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, *of_mention))
    return conditions + in_queue(queue)


def _sources(
    connection: Connection, selection: Selection, span: Span, queue: Collection[str]
) -> tuple[list[str], int]:
    """The sources of which somebody was answered, and how many messages the others have."""
    by_people = cast(FeedbackRow.replies, String).like('%"agent"%')
    each = select(FeedbackRow.source, func.count(), func.count().filter(by_people))
    found = connection.execute(
        each.where(*_conditions(selection, span, queue)).group_by(FeedbackRow.source)
    ).all()
    answering = sorted(source for source, _, n_answered in found if n_answered)
    return answering, sum(n for _, n, n_answered in found if not n_answered)


def _read_rows(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], sources: Sequence[str]
) -> Sequence[RowMapping]:
    wanted = select(*COLUMNS).where(*conditions, FeedbackRow.source.in_(sources))
    return connection.execute(wanted).mappings().all() if sources else []


def _newest(connection: Connection, source: str) -> datetime:
    newest_first = FeedbackRow.created_at.desc(), FeedbackRow.id.desc()
    newest = select(FeedbackRow.created_at).where(FeedbackRow.source == source).order_by(*newest_first)
    return connection.scalars(newest.limit(1)).one()


def _cases(
    connection: Connection,
    rows: Sequence[RowMapping],
    until: Mapping[str, datetime],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> list[Case]:
    """The cases whose first message is among the rows."""
    conversations: dict[tuple[str, str], list[Message]] = defaultdict(list)
    wanted = {row["conversation_id"] for row in rows if row["conversation_id"] is not None}
    for chunk in in_chunks(sorted(wanted)):
        in_them = select(*COLUMNS).where(
            FeedbackRow.conversation_id.in_(chunk), FeedbackRow.source.in_(until)
        )
        for row in connection.execute(in_them).mappings():
            conversations[row["source"], row["conversation_id"]].append(_message(row))
    cases: dict[str, list[Case]] = defaultdict(list)
    for row in rows:
        together = conversations.get((row["source"], row["conversation_id"] or ""), [])
        messages = together or [_message(row)]
        first = min(messages, key=lambda one: (one.at, one.id))
        if first.id == row["id"]:
            heard = [at for one in messages for at in one.answers]
            known_until = max([until[row["source"]], *heard])
            case = read_case(messages, known_until=known_until, now=now, zone=zone)
            cases[row["source"]].append(case)
    return [case for of_one in cases.values() for case in trusted(of_one)]


def trusted(cases: Sequence[Case]) -> Sequence[Case]:
    """Return the cases of one source, without waits of which only those that are not over would be left.

    Where most answers are bare dates no case tells how long it waited for one, and where most solved cases do not
    tell when none tells how long that took: else nobody would seem to be ever answered, or helped.
    """
    n_dates = sum(case.answer == LeftOut.DATE_ONLY for case in cases)
    solved = [case for case in cases if case.outcome == Outcome.SOLVED]
    n_silent = len(solved) - sum(map(_is_over, (case.solution for case in solved)))
    if n_dates > sum(map(_is_over, (case.answer for case in cases))):
        cases = [replace(case, answer=LeftOut.DATE_ONLY) for case in cases]
    if 2 * n_silent > len(solved):
        cases = [
            replace(case, solution=LeftOut.NOT_TOLD) if isinstance(case.solution, Wait) else case
            for case in cases
        ]
    return cases


def _is_over(found: Wait | LeftOut) -> bool:
    return isinstance(found, Wait) and found.is_over


def _message(row: RowMapping) -> Message:
    return Message(
        id=row["id"],
        at=row["created_at"],
        is_arrival=row["created_at_is_arrival"],
        channel=Channel(row["channel"]),
        status=row["status"],
        answers=people_answered(json.loads(row["replies"])) if '"agent"' in row["replies"] else (),
        attributes=json.loads(row["attributes"]) if "_at" in row["attributes"] else {},
    )
