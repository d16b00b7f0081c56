"""What the company changed, and when: events that stand on the trend, kept in the store.

An event's scope names what it was meant to touch, as filters; an empty scope is everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Engine, Row, Table, delete, insert, select, update

from models.labels import Aspect, Intent, Stage
from pipeline.database import reading, writing
from pipeline.records import Channel
from pipeline.selection import Selection
from pipeline.team_tables import EventRow

events = cast("Table", EventRow.__table__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Filters as in ``Selection``: any of the values of each, and all of the filters at once.

    Sentiment and emotion are no part of it: they are what an event is judged by.
    """

    source: tuple[str, ...] = ()
    channel: tuple[Channel, ...] = ()
    brand: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    intent: tuple[Intent, ...] = ()
    aspect: tuple[Aspect, ...] = ()

    @property
    def filters(self) -> dict[str, list[str]]:
        """What is not empty, by name: as it is stored, and as an address of the API is written."""
        named = {one.name: [str(value) for value in getattr(self, one.name)] for one in fields(self)}
        return {name: values for name, values in named.items() if values}

    def within(self, selection: Selection) -> Selection | None:
        """Return what is both in the scope and in the selection; ``None`` where nothing can be."""
        both: dict[str, Any] = {}
        for name in self.filters:
            mine, theirs = getattr(self, name), getattr(selection, name)
            both[name] = tuple(one for one in mine if not theirs or one in theirs)
            if not both[name]:
                return None
        kept = {one.name: getattr(selection, one.name) for one in fields(selection)}
        return Selection(**(kept | both))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What somebody tells of an event: ``title`` has 1 to 200 characters."""

    happened_at: datetime
    title: str
    description: str | None = None
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """An event on record, by whom and since when."""

    id: int
    created_by: str
    created_at: datetime

    def may_be_told(self, brands: tuple[str, ...] | None) -> bool:
        """Whether somebody who sees these brands only (``None``: all) may know of it: if it is of them alone."""
        return brands is None or (bool(self.scope.brand) and set(self.scope.brand) <= set(brands))


def add_event(engine: Engine, event: NewEvent, *, created_by: str, now: datetime) -> Event:
    """The event is on record; return it.

    Args:
        created_by: Name of the key that was used; ``local`` where none was needed.

    Raises:
        StoreError: The data base does not answer.
    """
    values = {**_values(event), "created_by": created_by, "created_at": now}
    with writing(engine) as connection:
        row = connection.execute(insert(events).values(values).returning(*events.c)).one()
    return _event(row)


def list_events(
    engine: Engine,
    selection: Selection,
    *,
    start: datetime,
    end: datetime,
    brands: tuple[str, ...] | None = None,
) -> tuple[Event, ...]:
    """Return the events of a period that can have touched a selection, oldest first.

    An event is left out where its scope and the selection exclude each other, as two brands do.

    Args:
        start: Inclusive, aware.
        end: Exclusive, aware.
        brands: The only ones that may be told of; see ``Event.may_be_told``.
    """
    when = events.c.happened_at >= start, events.c.happened_at < end
    in_order = select(events).where(*when).order_by(events.c.happened_at, events.c.id)
    with reading(engine) as connection:
        found = [_event(row) for row in connection.execute(in_order)]
    return tuple(one for one in found if one.may_be_told(brands) and one.scope.within(selection) is not None)


def find_event(engine: Engine, id_: int) -> Event | None:
    """Return the event; ``None`` where there is none of this number."""
    with reading(engine) as connection:
        row = connection.execute(select(events).where(events.c.id == id_)).one_or_none()
    return None if row is None else _event(row)


def change_event(engine: Engine, id_: int, event: NewEvent) -> Event | None:
    """The event is now as told; return it, or ``None`` where there is none of this number."""
    changed = update(events).where(events.c.id == id_).values(_values(event)).returning(*events.c)
    with writing(engine) as connection:
        row = connection.execute(changed).one_or_none()
    return None if row is None else _event(row)


def delete_event(engine: Engine, id_: int) -> bool:
    """The event is gone; return whether there was one."""
    with writing(engine) as connection:
        return connection.execute(delete(events).where(events.c.id == id_)).rowcount > 0


def read_scope(stored: Mapping[str, list[str]]) -> Scope:
    """Return the scope as it was stored.

    Raises:
        ValueError: A label in it is none that there is.
    """
    kinds = {"channel": Channel, "stage": Stage, "intent": Intent, "aspect": Aspect}
    named: dict[str, Any] = {name: tuple(map(kinds.get(name, str), one)) for name, one in stored.items()}
    return Scope(**named)


def _values(event: NewEvent) -> dict[str, Any]:
    return {
        "happened_at": event.happened_at,
        "title": event.title,
        "description": event.description,
        "scope": event.scope.filters,
    }


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        happened_at=row.happened_at,
        title=row.title,
        description=row.description,
        scope=read_scope(row.scope),
        created_by=row.created_by,
        created_at=row.created_at,
    )
