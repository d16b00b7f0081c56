"""What messages can be asked for beside a selection, so that every figure leads to those it was counted from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_

from pipeline.case_kinds import Opening
from pipeline.cases import SOLVED
from pipeline.columns import Chosen
from pipeline.hour_of_week import DAYS_OF_WEEK, HOURS_OF_DAY, hour_of_week, hours_of_week
from pipeline.scores import SURVEYS, Measure
from pipeline.selection import Span
from pipeline.tables import FeedbackRow
from pipeline.unasked import IS_SURVEYED


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Messages that carry an answer to a question, from ``lowest`` to ``highest``; ``None``: however low or high."""

    measure: Measure
    lowest: float | None = None
    highest: float | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions on a message."""
        column = getattr(FeedbackRow, self.measure.value)
        found: list[ColumnElement[bool]] = [column.is_not(None)]
        # In these words, as the index of such messages has them.
        found += [IS_SURVEYED] if self.measure in SURVEYS else []
        found += [] if self.lowest is None else [column >= self.lowest]
        return found + ([] if self.highest is None else [column <= self.highest])


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Filters of messages that no other answer has; an empty one lets all pass, several values mean any of them.

    Args:
        hour: Hours of the day in the business time zone, 0 to 23; messages without a time of day pass none.
        weekday: Days of the week there, 0 (Saturday) to 6 (Friday); the same messages pass none.
        queue: Queues; ``""`` stands for messages without one.
        unresolved: Only messages whose source gives a status, and that are not solved (``cases.SOLVED``).
        scored: Only messages with such an answer; ``None``: also those without one.
        opening: Only messages that opened such a case, which is found by reading its messages
            (``reading_cases.opening_messages``); ``None``: all.
    """

    hour: tuple[int, ...] = ()
    weekday: tuple[int, ...] = ()
    queue: tuple[str, ...] = ()
    unresolved: bool = False
    scored: Scored | None = None
    opening: Opening | None = None

    @property
    def asks_for_time(self) -> bool:
        """Whether an hour or a day of the week is asked for."""
        return bool(self.hour or self.weekday)

    @property
    def hours_of_week(self) -> list[int]:
        """The hours of the week, from Saturday at 0, that pass where any are asked for."""
        days, hours = self.weekday or range(DAYS_OF_WEEK), self.hour or range(HOURS_OF_DAY)
        return [HOURS_OF_DAY * day + hour for day, hour in product(days, hours)]

    @property
    def is_of_time_alone(self) -> bool:
        """Whether nothing but an hour or a day of the week is asked for, if anything is."""
        return replace(self, hour=(), weekday=()) == EVERYTHING


EVERYTHING = Narrowing()


def narrow(connection: Connection, narrowing: Narrowing, span: Span) -> list[ColumnElement[bool]]:
    """Return the conditions that a narrowing puts on a message, but for ``opening``.

    Args:
        span: Holds the messages; its zone is that of the hours.
    """
    conditions = in_queue(narrowing.queue)
    if narrowing.unresolved:
        conditions.append(func.lower(FeedbackRow.status).not_in(SOLVED))
    if narrowing.scored:
        conditions += narrowing.scored.conditions
    if narrowing.asks_for_time:
        conditions.append(hour_of_week(connection, span).in_(narrowing.hours_of_week))
    return conditions


def choose_hours(chosen: Chosen, narrowing: Narrowing, span: Span) -> Chosen:
    """Return what of some messages in memory passes a narrowing that ``is_of_time_alone``."""
    if not narrowing.asks_for_time:
        return chosen
    passes = np.isin(hours_of_week(chosen.columns, chosen.messages, span), narrowing.hours_of_week)
    said = passes[chosen.columns.message[chosen.mentions] - chosen.messages.start]
    return replace(
        chosen,
        message_passes=chosen.message_passes & passes,
        mention_passes=chosen.mention_passes & said,
    )


def in_queue(queue: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the condition that a message is in one of some queues, if any are asked for; ``""``: in none."""
    if not queue:
        return []
    in_one = FeedbackRow.queue.in_(queue)
    return [or_(in_one, FeedbackRow.queue.is_(None)) if "" in queue else in_one]
