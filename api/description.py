"""What the description of the API says of all answers alike: tables, tags, and that they need not be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.etags import WITHOUT_TAG
from api.problems import MEDIA_TYPE as MEDIA_TYPE_OF_PROBLEMS
from api.problems import TITLES
from api.sheets import MEDIA_TYPE

JSON = "application/json"
TABLES = {
    "text/csv": {"schema": {"type": "string"}},
    MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
}
NOT_FOUND = {
    "description": TITLES[404],
    "content": {MEDIA_TYPE_OF_PROBLEMS: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
}
ETAG = {
    "ETag": {
        "description": "Names this answer. Sent as If-None-Match it brings 304 while the answer holds.",
        "schema": {"type": "string"},
    }
}


def describe_all(paths: dict[str, Any], *, tagged: frozenset[str]) -> None:
    """The operations that can be asked for tables say so, those with a tag that it may bring 304.

    Whatever is asked for by a name in its address may not be there: 404.

    Args:
        paths: Of the description; changed in place.
        tagged: Templates of the addresses whose answers carry a tag.
    """
    for path, operations in paths.items():
        if "{" in path:
            for operation in operations.values():
                operation["responses"].setdefault("404", NOT_FOUND)
    for path, operation in _gets(paths):
        answer = operation["responses"]["200"]
        parameters = {one["name"] for one in operation.get("parameters", [])}
        if "format" in parameters and JSON in answer.get("content", {}):
            answer["content"] |= TABLES
        if path in tagged - WITHOUT_TAG:
            answer["headers"] = answer.get("headers", {}) | ETAG
            operation["responses"]["304"] = {"description": "The answer that was named still holds"}


def _gets(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in paths.items():
        if "get" in operations:
            yield path, operations["get"]
