"""Pages of a list as an address asks for them: how long they are, and where they begin."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from api.queries import between
from pipeline.aggregate_feedback import MAX_PAGE, Place


def _read_cursor(value: object) -> Place:
    try:
        moment, _, number = (
            base64.urlsafe_b64decode(str(value).encode("ascii")).decode("ascii").partition("|")
        )
        place = Place(datetime.fromisoformat(moment), int(number))
    except (ValueError, binascii.Error):
        place = None
    if place is None or place.created_at.tzinfo is None or not 0 <= place.id < 2**63:
        raise PydanticCustomError("cursor", "must be the next of the page before, unchanged")
    return place


def write_cursor(place: Place) -> str:
    """Return the cursor under which the page after ``place`` is asked for."""
    return base64.urlsafe_b64encode(f"{place.created_at.isoformat()}|{place.id}".encode()).decode()


PageLimit = Annotated[int, *between(1, MAX_PAGE)]
PageCursor = Annotated[Place, PlainValidator(_read_cursor, json_schema_input_type=str)]
