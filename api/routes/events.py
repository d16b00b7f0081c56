"""``/v1/events``: what the company changed and when, and ``GET /v1/events/{id}/effect``: did it help?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import Response

from api.change_queries import EffectQuery, EventChangeIn, EventIn, EventsQuery
from api.event_schemas import EffectOut, EventOut, EventsOut
from api.problems import PROBLEMS
from api.security import brands_of, key_of, needs
from api.service import service_of
from pipeline.effects import effect_of
from pipeline.events import Event, add_event, change_event, delete_event, find_event, list_events
from pipeline.keys import Scope
from pipeline.selection import Selection, moment

router = APIRouter(tags=["events"])
changes = APIRouter(tags=["events"], dependencies=[Depends(needs(Scope.WRITE))])
EventId = Annotated[int, Path(ge=1, le=2**63 - 1)]
MISSING = "there is no event of this number; GET /v1/events lists them"
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: PROBLEMS[422] | {"description": "There is no such event"}}
ALL_TIME = date(1900, 1, 1), date(2200, 12, 31)
EVER = datetime(1800, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


@router.get("/events")
def get_events(request: Request, query: Annotated[EventsQuery, Query()]) -> EventsOut:
    """Return the events of a period, oldest first; without a period all of them."""
    service = service_of(request)
    found = list_events(
        service.store.engine,
        _everything(),
        start=moment(query.from_, service.zone) if query.from_ else EVER[0],
        end=moment(query.to, service.zone) if query.to else EVER[1],
        brands=brands_of(request),
    )
    return EventsOut(events=[EventOut.of(one, service.zone) for one in found])


@changes.post("/events", status_code=201)
def post_event(request: Request, event: EventIn) -> EventOut:
    """Put something that the company changed on record; it stands on the trend from now on."""
    service, key = service_of(request), key_of(request)
    added = add_event(
        service.store.engine,
        event.event(service.zone),
        created_by="local" if key is None else key.name,
        now=service.clock(),
    )
    return EventOut.of(added, service.zone)


@changes.patch("/events/{id}", responses=NOT_FOUND)
def patch_event(request: Request, id: EventId, change: EventChangeIn) -> EventOut:  # noqa: A002
    """Change what is told of an event; what is left out stays."""
    service = service_of(request)
    wanted = change.change(_known(request, id), service.zone)
    changed = change_event(service.store.engine, id, wanted)
    if changed is None:
        raise HTTPException(404, MISSING)
    return EventOut.of(changed, service.zone)


@changes.delete("/events/{id}", status_code=204, responses=NOT_FOUND)
def remove_event(request: Request, id: EventId) -> Response:  # noqa: A002
    """Take an event off the record."""
    if not delete_event(service_of(request).store.engine, id):
        raise HTTPException(404, MISSING)
    return Response(status_code=204)


@router.get("/events/{id}/effect", responses=NOT_FOUND)
def get_effect(
    request: Request,
    id: EventId,  # noqa: A002
    query: Annotated[EffectQuery, Query()],
) -> EffectOut:
    """Return whether an event helped: net sentiment of its scope before and after, beyond trend and rest.

    Net sentiment of each day is fitted by a straight trend and a step at the event (weighted least squares,
    HC3 errors by day), the same step of everything outside the scope is taken off, and the rest is the effect.
    """
    service, brands = service_of(request), brands_of(request)
    found = effect_of(
        service.store.engine,
        _known(request, id),
        _everything(brands),
        n_days=query.days,
        zone=service.zone,
        now=service.clock(),
        brands=brands,
    )
    if found is None:
        raise HTTPException(404, MISSING)
    return EffectOut.of(found, service.zone)


def _known(request: Request, id_: int) -> Event:
    event = find_event(service_of(request).store.engine, id_)
    if event is None or not event.may_be_told(brands_of(request)):
        raise HTTPException(404, MISSING)
    return event


def _everything(brands: tuple[str, ...] | None = None) -> Selection:
    return Selection(from_=ALL_TIME[0], to=ALL_TIME[1], brand=brands or ())
