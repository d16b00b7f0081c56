"""Dotted paths into JSON: ``user.phone``, ``turns[].text``, ``turns[role=customer].text``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.connectors.row_reader import Getter, Record

_STEP = re.compile(
    r"(?P<key>(?:\\.|[^.\[\]\\])+)(?P<list>\[(?:(?P<name>[^=\[\]]+)=(?P<value>[^\[\]]*))?\])?(?:\.|$)"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a path: a key, and whether a list stands there, of which all or some are meant.

    Args:
        key: Key of an object.
        in_list: The value is a list and the path goes on in each of its elements.
        only: Key and value that an element must have to be meant; ``None``: all are.
    """

    key: str
    in_list: bool = False
    only: tuple[str, str] | None = None


def parse_path(path: str) -> tuple[Step, ...]:
    r"""Return the steps of a path; a dot that belongs to a key is written ``\.``.

    >>> [step.key for step in parse_path("data.comments[kind=public].body")]
    ['data', 'comments', 'body']

    Raises:
        ValueError: The path cannot be read.
    """
    steps: list[Step] = []
    end = 0
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None:
            raise ValueError(
                f"the path {path!r} cannot be read: write it like a.b, a[].b or a[role=customer].b"
            )
        key = re.sub(r"\\(.)", r"\1", match["key"])
        only = (match["name"], match["value"]) if match["name"] else None
        steps.append(Step(key, in_list=bool(match["list"]), only=only))
        end = match.end()
    if not steps or path.endswith("."):
        raise ValueError(f"the path {path!r} is empty or ends in a dot")
    return tuple(steps)


def compile_path(path: str) -> Getter:
    """Return a function that takes the value at a path out of an object; ``None`` where there is none.

    A path through a list gives a list, of what its elements have there.
    """
    steps = parse_path(path)
    if len(steps) == 1 and not steps[0].in_list:
        key = steps[0].key
        return lambda record: record.get(key)
    if any(step.in_list for step in steps):
        return lambda record: _walk_lists([record], steps)
    return lambda record: _walk(record, steps)


def has_path(record: Record, path: str) -> bool:
    """Whether an object has the keys of a path, up to the first list; their values may be null."""
    place: object = record
    for step in parse_path(path):
        if not isinstance(place, Mapping) or step.key not in place:
            return False
        if step.in_list:
            return True
        place = place[step.key]
    return True


def _walk(record: Record, steps: tuple[Step, ...]) -> object:
    place: object = record
    for step in steps:
        if not isinstance(place, Mapping):
            return None
        place = place.get(step.key)
    return place


def _walk_lists(places: list[object], steps: tuple[Step, ...]) -> list[object]:
    for step in steps:
        found = [place.get(step.key) for place in places if isinstance(place, Mapping)]
        if step.in_list:
            found = [
                element
                for many in found
                if isinstance(many, list)
                for element in many
                if _is_meant(element, step)
            ]
        places = [place for place in found if place is not None]
    return places


def _is_meant(element: object, step: Step) -> bool:
    if step.only is None:
        return True
    name, value = step.only
    return isinstance(element, Mapping) and str(element.get(name)) == value
