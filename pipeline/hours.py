"""When customers speak: volume and net sentiment by hour and day of the week of the business time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, Engine, func, select

from models.labels import MENTION_SENTIMENTS
from pipeline.aggregate_basis import Basis, basis_of, net_of
from pipeline.aggregate_counts import NOTHING, Counted, Counts, Key, choose_among
from pipeline.clusters import read_whole
from pipeline.columns import Chosen, cross
from pipeline.conditions import mention_conditions, message_conditions
from pipeline.database import reading
from pipeline.hour_of_week import HOURS_OF_DAY, HOURS_OF_WEEK, hour_of_week, hours_of_week
from pipeline.intervals import Estimate, Method
from pipeline.remembering import remembered
from pipeline.selection import Selection, Span, Unit, span_of
from pipeline.sentences import Words, write_count
from pipeline.tables import FeedbackRow, MentionRow

WEEKDAYS = (
    Words("شنبه", "Saturday"),
    Words("یکشنبه", "Sunday"),
    Words("دوشنبه", "Monday"),
    Words("سه‌شنبه", "Tuesday"),
    Words("چهارشنبه", "Wednesday"),
    Words("پنجشنبه", "Thursday"),
    Words("جمعه", "Friday"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfWeek:
    """One hour of the week; ``weekday`` is 0 on Saturday, 6 on Friday. ``n_messages`` hold what is counted."""

    weekday: int
    hour: int
    counts: Counts
    n_messages: int
    net_sentiment: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """All 168 hours of the week from Saturday at 0.

    ``n_without_time`` mentions are left out: their messages came without a time and are dated by when they
    arrived here, or with nothing but a date, which is read as its very first second.
    """

    basis: Basis
    cells: tuple[HourOfWeek, ...]
    n_without_time: int


@remembered
def hours(engine: Engine, selection: Selection, *, zone: ZoneInfo) -> Hours:
    """Return how many mentions there are in each hour of the week, and their net sentiment.

    Args:
        zone: Business time zone, whose hours are meant, with its changes of the clocks.

    Raises:
        BadRequest: The period ends before it starts, or mentions that are ``mixed`` are asked for.
    """
    selection.check_sentiment(Unit.MENTIONS)
    span = span_of(selection, zone)
    with reading(engine) as connection:
        found, n_messages = _count(connection, selection, span)
        whole = read_whole(connection, selection, span)
        timed: dict[Key, Counts] = {(one,): counts for one, counts in found.items() if one is not None}
        basis = basis_of(
            connection,
            selection,
            span,
            Unit.MENTIONS,
            [Counted(timed, from_tallies=False)],
            method=Method.CLUSTERED,
        )
    cells = []
    for place in range(HOURS_OF_WEEK):
        counts = found.get(place, NOTHING)
        net = net_of(counts, whole.of_net)
        weekday, hour = divmod(place, HOURS_OF_DAY)
        cells.append(
            HourOfWeek(
                weekday=weekday,
                hour=hour,
                counts=counts,
                n_messages=n_messages.get(place, 0),
                net_sentiment=net,
            )
        )
    return Hours(basis=basis, cells=tuple(cells), n_without_time=found.get(None, NOTHING).n)


def describe_hours(found: Hours) -> Words:
    """Return when most is said, in one sentence of each language."""
    busiest = max(found.cells, key=lambda one: one.counts.n)
    if not busiest.counts.n:
        return Words("در این بازه نظری با زمان مشخص نیست.", "Nothing with a time was said in this period.")
    day, n = WEEKDAYS[busiest.weekday], write_count(busiest.counts.n)
    start, end = f"{busiest.hour:02}:00", f"{(busiest.hour + 1) % 24:02}:00"
    return Words(
        f"بیشترین نظرها {day.fa} از ساعت {_persian(start)} تا {_persian(end)} نوشته شده: {n.fa}.",
        f"Most is said on {day.en} from {start} to {end}: {n.en}.",
    )


def _persian(digits: str) -> str:
    return digits.translate({ord("0") + digit: chr(0x06F0 + digit) for digit in range(10)})


Found = tuple[Mapping[int | None, Counts], Mapping[int | None, int]]


def _count(connection: Connection, selection: Selection, span: Span) -> Found:
    """Mentions and their messages by hour of the week from Saturday at 0; under ``None`` those without a time."""
    if chosen := choose_among(connection, selection, span):
        return _count_columns(chosen, span)
    place = hour_of_week(connection, span).label("hour_of_week")
    judged = [func.count().filter(MentionRow.sentiment == one.value) for one in MENTION_SENTIMENTS]
    statement = (
        select(place, func.count(FeedbackRow.id.distinct()), *judged)
        .select_from(FeedbackRow)
        .join(MentionRow, MentionRow.feedback_id == FeedbackRow.id)
        .where(*message_conditions(selection, span, connection=connection), *mention_conditions(selection))
        .group_by(place)
    )
    found: dict[int | None, Counts] = {}
    n_messages: dict[int | None, int] = {}
    for value, n, *counts in connection.execute(statement):
        hour = None if value is None else int(value)
        found[hour], n_messages[hour] = Counts(*map(int, counts)), n
    return found, n_messages


def _count_columns(chosen: Chosen, span: Span) -> Found:
    hour = hours_of_week(chosen.columns, chosen.messages, span)
    places = chosen.places - chosen.messages.start
    sentiments = chosen.columns.words["sentiment"].words
    kinds, n = cross([(hour[places], HOURS_OF_WEEK + 1), chosen.codes("sentiment")])
    found: dict[int | None, Counts] = {}
    for (one, sentiment), n_of_kind in zip(kinds, n, strict=True):
        place = None if one == HOURS_OF_WEEK else one
        counts = Counts(**{f"n_{sentiments[sentiment]}": n_of_kind})
        found[place] = found.get(place, NOTHING) + counts
    has_said = np.zeros(len(hour), dtype=np.bool_)
    has_said[places] = True
    return found, dict(enumerate(np.bincount(hour[has_said], minlength=HOURS_OF_WEEK).tolist()))
