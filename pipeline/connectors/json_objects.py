"""The objects of a JSON file one by one: of JSON Lines, or of an array somewhere in a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import ijson

from pipeline.connectors.json_stream import MendedJson
from pipeline.connectors.row_reader import Record
from pipeline.connectors.unpacking import MAX_LINE_BYTES, read_lines


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at one place of a JSON file: an object, or why it is none.

    Args:
        position: ``"line 17"`` or ``"item 17"``.
        raw: As it stands there, for the hash of a dead letter.
        record: The object; ``None`` where there is a problem.
        problem: What is wrong and what to do.
    """

    position: str
    raw: object
    record: Record | None
    problem: str = ""


def find_in_lines(stream: IO[bytes]) -> Iterator[Found]:
    """Yield what each line holds; blank lines are passed over."""
    for n_line, line in enumerate(read_lines(stream), 1):
        position = f"line {n_line}"
        if line is None:
            yield Found(position, position, None, f"longer than {MAX_LINE_BYTES:,} bytes: export it again")
            continue
        if line.isspace():
            continue
        try:
            value = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except json.JSONDecodeError as error:
            problem = f"no JSON ({error.msg}, column {error.colno}): the line is cut off or damaged; export it again"
            yield Found(position, line, None, problem)
        except (ValueError, RecursionError) as error:
            # bytes that are no UTF-8, a number of thousands of digits, brackets thousands deep
            yield Found(
                position, line, None, f"no JSON ({type(error).__name__}): correct the line or export it again"
            )
        else:
            yield _check_object(position, line, value)


def find_in_document(stream: IO[bytes], items: str) -> Iterator[Found]:
    """Yield what each element of an array holds; where the document breaks off, the last one says so.

    Args:
        items: Path to the array; empty: the document is the array.
    """
    n_item = 0
    mended = MendedJson(stream)
    try:
        for value in ijson.items(mended, f"{items}.item" if items else "item", use_float=True):
            n_item += 1
            mended.start_item()
            yield _check_object(f"item {n_item}", value, value)
    except (ijson.JSONError, ValueError) as error:
        yield Found(f"after item {n_item}", f"break after item {n_item}", None, describe_break(error))


def describe_break(error: Exception) -> str:
    """Return what to say of a document that cannot be read on; the parser's words would quote its text."""
    kind = "breaks off" if isinstance(error, ijson.IncompleteJSONError) else "is no JSON"
    return f"the document {kind} at this point, what follows cannot be read: export it again"


def find_arrays(stream: IO[bytes]) -> tuple[str, ...]:
    """Return the paths at which a document has arrays outside of other arrays; ``""`` for the document."""
    found: dict[str, None] = {}
    mended = MendedJson(stream)
    try:
        for prefix, event, _ in ijson.parse(mended, use_float=True):
            mended.start_item()
            if event == "start_array" and "item" not in prefix.split("."):
                found[prefix] = None
    except (ijson.JSONError, ValueError):
        return tuple(found)
    return tuple(found)


def _check_object(position: str, raw: object, value: object) -> Found:
    if isinstance(value, dict):
        return Found(position, raw, value)
    return Found(
        position, raw, None, f"{type(value).__name__}, where an object was expected: correct the export"
    )
