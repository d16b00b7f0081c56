"""How long customers wait for an answer and for a solution, and how many are helped at first contact.

What a case is and what its times are stands in ``cases.py`` and docs/cx.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, RowMapping, select

from pipeline import intervals
from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_counts import Counted
from pipeline.case_kinds import CaseKind, is_of_kind
from pipeline.cases import Case, LeftOut
from pipeline.database import reading
from pipeline.intervals import Estimate
from pipeline.reading_cases import read_cases
from pipeline.selection import Selection, Unit, span_of
from pipeline.tables import MentionRow
from pipeline.tallies import in_chunks
from pipeline.waiting import Quantile, Wait, quantile


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
        opened = read_cases(connection, selection, span, queue=queue, now=now)
        cases = opened.cases
        values = _values(connection, opened.rows, cases, by)
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
        n_without_answers=opened.n_without_answers,
    )


def figures_of(value: str | None, cases: Sequence[Case]) -> CaseFigures:
    """Return what some cases add up to; shares have Wilson's interval, waits that of ``waiting.quantile``."""
    n_of = {kind: sum(is_of_kind(one, kind) for one in cases) for kind in CaseKind}
    n_ended, at_once = n_of[CaseKind.ENDED], n_of[CaseKind.FIRST_CONTACT]
    return CaseFigures(
        value=value,
        n=len(cases),
        answer=_wait_figures([one.answer for one in cases]),
        solution=_wait_figures([one.solution for one in cases]),
        n_ended=n_ended,
        n_open=n_of[CaseKind.OPEN],
        n_first_contact=at_once,
        first_contact=intervals.share(at_once, n_ended),
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
