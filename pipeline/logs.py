"""How the processes log: lines for people, or one JSON object a line for what collects logs.

python-json-logger formats the records of the standard library, so that uvicorn's and the libraries' lines look like
ours. Fields are those named here and no others, and of an exception kind and place only: what is logged by mistake
beside them may hold what a customer wrote.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

Form = Literal["text", "json"]
Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
FIELDS = (
    "request_id", "method", "route", "status", "seconds", "source", "worker", "step", "n", "n_new", "n_updated",
    "n_duplicate", "n_dead", "n_left_out", "reason", "place", "port",
)  # fmt: skip
OURS = ("pipeline", "api", "bazkhord", "models")
SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def start_logs(
    *, level: str, form: Form, out: TextIO | None = None, others: int = logging.WARNING
) -> logging.Handler:
    """Every logger of this process writes to one place, in one form; return the handler that does.

    Args:
        level: Least severe messages of ours that are written.
        out: Where to; ``None``: standard error.
        others: Least severe messages of libraries that are written.
    """
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        if (
            type(old) is logging.StreamHandler
        ):  # what basicConfig and this made; not a handler of somebody else's kind
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(others)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    for name in SERVERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    return handler


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says beside its sentence."""
    found = {name: record.__dict__[name] for name in FIELDS if record.__dict__.get(name) is not None}
    if "request_id" not in found and (current := request_id.get()):
        found["request_id"] = current
    if record.exc_info and record.exc_info[1]:
        found |= {"reason": type(record.exc_info[1]).__name__, "place": place_of(record.exc_info[1])}
    return found


def place_of(error: BaseException) -> str:
    """Return where an error was raised; its message is left out, as it may hold what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))


class JsonLines(JsonFormatter):
    """One object a line: time (UTC), level, logger, event, and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        return str(self.jsonify_log_record(said | fields_of(record)))


class TextLines(logging.Formatter):
    """A line for people: time, level, sentence, and fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(sep=" ", timespec="milliseconds")
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        return f"{time[:23]}Z {record.levelname} {record.name}: {record.getMessage()}{fields}"
