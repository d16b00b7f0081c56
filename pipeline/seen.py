"""What can be chosen: the sources, brands, products … that messages name, and the time they span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, func, select

from pipeline.database import reading
from pipeline.tables import FeedbackRow

feedback = cast("Table", FeedbackRow.__table__)
COLUMNS = ("source", "channel", "brand", "product", "segment")
MAX_VALUES = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """Values by column, those of most messages first, at most 200 each; first and last day of the business zone.

    The days are ``None`` where there is no such message.
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
        values = {column: _values(connection, column, brands) for column in COLUMNS}
        first, last = (_end(connection, brands, newest=newest) for newest in (False, True))
    days = [moment and moment.astimezone(zone).date() for moment in (first, last)]
    return Seen(values, days[0], days[1])


def _end(connection: Connection, brands: tuple[str, ...] | None, *, newest: bool) -> datetime | None:
    """When the oldest or the newest message was written; ``None`` where there is none."""
    at = FeedbackRow.created_at
    asked = select(at).order_by(at.desc() if newest else at).limit(1)
    if brands is not None:
        asked = asked.where(FeedbackRow.brand.in_(brands))
    return connection.scalar(asked)


def _values(connection: Connection, column: str, brands: tuple[str, ...] | None) -> tuple[str, ...]:
    of = feedback.c[column]
    asked = select(of).where(of.is_not(None)).group_by(of).order_by(func.count().desc(), of).limit(MAX_VALUES)
    if brands is not None:
        asked = asked.where(feedback.c.brand.in_(brands))
    return tuple(connection.scalars(asked))
