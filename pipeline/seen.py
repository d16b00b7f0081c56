"""What can be chosen: the sources, brands, products … that messages name, and the time they span."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, literal, select, union_all

from pipeline.database import reading
from pipeline.records import Period
from pipeline.tables import FeedbackRow, SentimentTallyRow

COLUMNS = ("source", "channel", "brand", "product", "segment")
TALLIED = ("source", "channel", "brand")
MAX_VALUES = 200
# Of so many messages values are counted one by one, in a third of a second; of millions it would take a minute.
N_NEWEST = 100_000


@dataclass(frozen=True, slots=True)
class Seen:
    """Values by column, at most 200 each; first and last day of the business zone.

    Those of most messages come first, counted over the 100,000 newest; then sources, channels and brands that only
    older messages name. The days are ``None`` where there is no such message.
    """

    values: dict[str, tuple[str, ...]]
    first_day: date | None
    last_day: date | None


def seen_values(engine: Engine, *, zone: ZoneInfo, brands: tuple[str, ...] | None = None) -> Seen:
    """Return what there is to choose from.

    Args:
        zone: Business time zone, whose days are named.
        brands: Only what messages of these brands name, and their days; ``None``: of all messages.
    """
    with reading(engine) as connection:
        newest = _newest(connection, brands)
        values = {column: _ordered(newest[column]) for column in COLUMNS}
        for column in TALLIED:
            older = [
                value
                for value in _ordered(_tallied(connection, column, brands))
                if value not in newest[column]
            ]
            values[column] = (*values[column], *older)[:MAX_VALUES]
        first, last = (_end(connection, brands, newest=newest) for newest in (False, True))
    days = [moment and moment.astimezone(zone).date() for moment in (first, last)]
    return Seen(values, days[0], days[1])


def _ordered(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda value: (-counts[value], value))[:MAX_VALUES])


def _newest(connection: Connection, brands: tuple[str, ...] | None) -> dict[str, Counter[str]]:
    """How many of the newest messages name each value, by column."""
    asked = select(*(getattr(FeedbackRow, column) for column in COLUMNS))
    if brands is not None:
        asked = asked.where(FeedbackRow.brand.in_(brands))
    newest = (
        asked.order_by(FeedbackRow.created_at.desc(), FeedbackRow.id.desc()).limit(N_NEWEST).cte("newest")
    )
    counts = [
        select(literal(column), newest.c[column], func.count())
        .where(newest.c[column].is_not(None))
        .group_by(newest.c[column])
        for column in COLUMNS
    ]
    found = {column: Counter[str]() for column in COLUMNS}
    for column, value, n in connection.execute(union_all(*counts)):
        found[column][value] = n
    return found


def _tallied(connection: Connection, column: str, brands: tuple[str, ...] | None) -> Counter[str]:
    """How many mentions each value has that a message of whatever age names and that counts."""
    of, n = getattr(SentimentTallyRow, column), func.sum(SentimentTallyRow.n)
    asked = (
        select(of, n).where(SentimentTallyRow.period == Period.GREGORIAN_MONTH.value, of != "").group_by(of)
    )
    if brands is not None:
        asked = asked.where(SentimentTallyRow.brand.in_(brands))
    return Counter({value: n for value, n in connection.execute(asked) if n})


def _end(connection: Connection, brands: tuple[str, ...] | None, *, newest: bool) -> datetime | None:
    """When the oldest or the newest message was written; ``None`` where there is none."""
    at = FeedbackRow.created_at
    asked = select(at).order_by(at.desc() if newest else at).limit(1)
    if brands is not None:
        asked = asked.where(FeedbackRow.brand.in_(brands))
    return connection.scalar(asked)
