"""Bookmarks of sources that are asked over the network: small JSON that knows whose it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pipeline.connectors.base import Connector

VERSION = 1
State = Mapping[str, object]


def write_bookmark(connector: Connector, state: State) -> str:
    """Return where a connector stands, as one line of JSON without anything secret."""
    seal = {"v": VERSION, "kind": connector.kind, "arguments": _digest(connector)}
    return json.dumps({**seal, "state": state}, ensure_ascii=False, separators=(",", ":"))


def read_bookmark(connector: Connector, since: str | None) -> State:
    """Return the state that a bookmark tells.

    Returns:
        Nothing where it belongs to another connector, other arguments or another version, so that the
        source is read from its beginning; upserts by native id sort out what is new.
    """
    try:
        told = json.loads(since or "{}")
    except ValueError:
        return {}
    if not isinstance(told, dict) or not isinstance(told.get("state"), dict):
        return {}
    seal = (told.get("v"), told.get("kind"), told.get("arguments"))
    return told["state"] if seal == (VERSION, connector.kind, _digest(connector)) else {}


def _digest(connector: Connector) -> str:
    return hashlib.sha256(connector.model_dump_json().encode()).hexdigest()[:16]
