"""How long customers wait for an answer and for a solution, and how many are helped at first contact.

What a case is and what its times are stands in ``cases.py`` and docs/cx.md.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    String,
    cast,
    exists,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import Counted, mention_conditions, message_conditions
from pipeline.cases import Case, LeftOut, Message, Outcome, people_answered, read_case
from pipeline.database import reading
from pipeline.intervals import Estimate
from pipeline.narrowing import in_queue
from pipeline.records import Channel
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.tables import FeedbackRow, MentionRow
from pipeline.tallies import in_chunks
from pipeline.waiting import Quantile, Wait, quantile

# Replies and attributes as they are written: most tell nothing of a case and need not be read as JSON.
COLUMNS: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...] = (
    FeedbackRow.id, FeedbackRow.source, FeedbackRow.conversation_id, FeedbackRow.created_at,
    FeedbackRow.created_at_is_arrival, FeedbackRow.channel, FeedbackRow.queue, FeedbackRow.status,
    cast(FeedbackRow.replies, String).label("replies"), cast(FeedbackRow.attributes, String).label("attributes"),
)  # fmt: skip


class CaseCut(StrEnum):
    """By what cases are told apart: by what their first message says, or by what the source says of it."""

    STAGE = "stage"
    INTENT = "intent"
    ASPECT = "aspect"
    QUEUE = "queue"
    CHANNEL = "channel"
    SOURCE = "source"


OF_MENTIONS = (CaseCut.STAGE, CaseCut.INTENT, CaseCut.ASPECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFigures:
    """How long some waited, in hours.

    ``n`` waits are known, ``n_waiting`` of them not over; ``n_left_out`` more are not, for these reasons.
    """

    n: int
    n_waiting: int
    n_left_out: Mapping[LeftOut, int]
    median: Quantile
    ninetieth: Quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """Some cases: waits, and how many of those that ended were solved at first contact.

    ``value`` is what they have in common (``None``: the source does not say). ``n_ended`` cases are solved or given
    up, ``n_open`` neither; of the others the source does not say how they stand.
    """

    value: str | None
    n: int
    answer: WaitFigures
    solution: WaitFigures
    n_ended: int
    n_open: int
    n_first_contact: int
    first_contact: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """Cases that a selection opened, all together and by one dimension, the most frequent value first.

    ``n_without_answers`` messages are of sources none of whose messages in the selection was answered by people:
    nobody can tell whether those sources tell of answers at all.
    """

    basis: Basis
    by: CaseCut
    total: CaseFigures
    groups: tuple[CaseFigures, ...]
    n_without_answers: int


def response_times(
    engine: Engine,
    selection: Selection,
    *,
    by: CaseCut,
    zone: ZoneInfo,
    now: datetime,
    queue: Collection[str] = (),
) -> ResponseTimes:
    """Return the waits of all cases whose first message is in a selection.

    Args:
        by: What tells the groups apart. A case whose first message speaks of several stages is in each of them.
        zone: Business time zone.
        now: The present moment, up to which a source is known at most.
        queue: Cases that were opened in one of these, ``""``: in none; empty: in any.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        basis = basis_of(connection, selection, span, Unit.MESSAGES, [Counted({}, from_tallies=False)])
        answering, n_without = _sources(connection, selection, span, queue)
        rows = _read_rows(connection, _conditions(selection, span, queue), answering)
        until = {source: min(now, _newest(connection, source)) for source in answering}
        cases = _cases(connection, rows, until, now=now, zone=zone)
        values = _values(connection, rows, cases, by)
    groups: dict[str | None, list[Case]] = defaultdict(list)
    for case in cases:
        for value in values[case.first.id]:
            groups[value].append(case)
    figures = [figures_of(value, many) for value, many in groups.items()]
    return ResponseTimes(
        basis=replace(basis, n=len(cases)),
        by=by,
        total=figures_of(None, cases),
        groups=tuple(sorted(figures, key=lambda one: (-one.n, one.value or ""))),
        n_without_answers=n_without,
    )


def figures_of(value: str | None, cases: Sequence[Case]) -> CaseFigures:
    """Return what some cases add up to; shares have Wilson's interval, waits that of ``waiting.quantile``."""
    ended = [one for one in cases if one.outcome in {Outcome.SOLVED, Outcome.GIVEN_UP}]
    at_once = sum(one.outcome == Outcome.SOLVED and one.n_contacts == 1 for one in ended)
    return CaseFigures(
        value=value,
        n=len(cases),
        answer=_wait_figures([one.answer for one in cases]),
        solution=_wait_figures([one.solution for one in cases]),
        n_ended=len(ended),
        n_open=sum(one.outcome == Outcome.OPEN for one in cases),
        n_first_contact=at_once,
        first_contact=intervals.share(at_once, len(ended)),
    )


def _wait_figures(found: Sequence[Wait | LeftOut]) -> WaitFigures:
    waits = [one for one in found if isinstance(one, Wait)]
    return WaitFigures(
        n=len(waits),
        n_waiting=sum(not one.is_over for one in waits),
        n_left_out=Counter(one for one in found if isinstance(one, LeftOut)),
        median=quantile(waits, 0.5),
        ninetieth=quantile(waits, 0.9),
    )


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


def _values(
    connection: Connection, rows: Sequence[RowMapping], cases: Sequence[Case], by: CaseCut
) -> Mapping[int, tuple[str | None, ...]]:
    """What each case is counted under, by the number of its first message."""
    if by not in OF_MENTIONS:
        return {row["id"]: (row[by.value],) for row in rows}
    found: dict[int, tuple[str | None, ...]] = {one.first.id: () for one in cases}
    label = getattr(MentionRow, by.value)
    for chunk in in_chunks(sorted(found)):
        said = select(MentionRow.feedback_id, label).where(MentionRow.feedback_id.in_(chunk)).distinct()
        for id_, value in connection.execute(said):
            found[id_] = (*found[id_], value)
    return found
