"""What is exported: the tables, their columns, and how a row of the data base becomes a row of each.

The columns are those of the data base under its names. What an analyst would have to work out stands beside them:
the Jalali month, one column for each flag, and with a mention the message's own cuts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import cast

from models.labels import Flag
from pipeline.jalali import format_jalali
from pipeline.mention_ids import mention_id
from pipeline.parquet import Cells, Column
from pipeline.tallies import flags_of

Values = Mapping[str, object]
LABELS = ("stage", "intent", "aspect", "sentiment")
CUTS = ("source", "channel", "brand", "product", "segment", "touchpoint")
NAMES = ("conversation_id", *CUTS[1:], "queue", "status")
PROBABILITIES = ("p_negative", "p_neutral", "p_positive", "p_mixed")
FLAGS = tuple(Column(flag.value, "flag") for flag in Flag)
WHEN = (Column("created_at", "time"), Column("day", "day"), Column("jalali_month", "text"))
TEXT, CUSTOMER = Column("text", "text"), Column("customer_key", "text")
MESSAGE = (
    Column("source", "text"),
    Column("native_id", "text"),
    *WHEN,
    *(Column(name, "text") for name in NAMES),
    *(Column(name, "number") for name in ("rating", "rating_lowest", "rating_highest", "csat", "ces")),
    Column("nps", "small"),
    Column("group_key", "text"),
    Column("replies", "text"),
    Column("attributes", "text"),
    Column("sentiment", "text"),
    *(Column(name, "number") for name in PROBABILITIES),
    Column("emotion", "text"),
    Column("emotion_confidence", "number"),
    *FLAGS,
    Column("model_version", "text"),
)
MENTION = (
    Column("source", "text"),
    Column("native_id", "text"),
    Column("mention_id", "text"),
    Column("start", "whole"),
    Column("end", "whole"),
    *(Column(label, "text") for label in LABELS),
    *(Column(f"{label}_confidence", "number") for label in LABELS),
    Column("stage_from_touchpoint", "flag"),
    *WHEN,
    *(Column(name, "text") for name in CUTS[1:]),
    Column("spam", "flag"),
    Column("model_version", "text"),
)
STORED_MESSAGE = (Column("id", "whole"), Column("state", "text"), Column("counted", "flag"))
STORED_MENTION = (Column("feedback_id", "whole"), Column("corrected", "flag"), Column("counted", "flag"))
TALLY = (Column("day", "day"), Column("jalali_month", "text"), *(Column(name, "text") for name in CUTS[:3]))


@dataclass(frozen=True, slots=True)
class Shown:
    """What of private things is written beside the figures.

    Args:
        text: The words, in which personal data is masked.
        customers: The keys that say that two messages are of one customer.
    """

    text: bool = False
    customers: bool = False

    @property
    def private(self) -> bool:
        """Whether any of it is."""
        return self.text or self.customers

    def of_message(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns of a table of messages, with what is shown."""
        return (*columns, *((TEXT,) if self.text else ()), *((CUSTOMER,) if self.customers else ()))

    def of_mention(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns of a table of mentions, with what is shown."""
        return (*columns, *((TEXT,) if self.text else ()))


def row_maker(columns: Sequence[Column]) -> Callable[[Values], Cells]:
    """Return what takes a row's cells out of its values; a column that they lack is empty."""
    names = [column.name for column in columns]
    return lambda values: [values.get(name) for name in names]


def message_values(stored: Values) -> dict[str, object]:
    """Return the values of a message by exported column.

    Args:
        stored: Its columns of the data base; those of the labels may be missing.
    """
    values = dict(stored)
    flags = flags_of(cast("int", stored.get("flags") or 0))
    labelled = stored.get("model_version") is not None
    values |= {flag.value: (flag in flags) if labelled else None for flag in Flag}
    values["jalali_month"] = jalali_month(cast("date | None", stored.get("day")))
    for name in ("replies", "attributes"):
        values[name] = json.dumps(stored[name], ensure_ascii=False, sort_keys=True)
    return values


def mention_values(mention: Values, message: Values) -> dict[str, object]:
    """Return the values of a mention by exported column, the cuts of its message beside it.

    Args:
        mention: Its columns of the data base.
        message: What ``message_values`` gave for its message; ``text`` where the words are shown.
    """
    start, end = cast("int", mention["start"]), cast("int", mention["end"])
    values = {**message, **mention, "mention_id": mention_id(start, end)}
    if "text" in message:
        values["text"] = str(message["text"])[start:end]
    return values


def tally_values(cell: Values) -> dict[str, object]:
    """Return the values of a cell of the tallies by exported column; its brand is empty where there is none."""
    day = cast("date", cell["start"])
    values = dict(cell) | {"day": day, "jalali_month": jalali_month(day), "brand": cell["brand"] or None}
    if "flags" in cell:
        flags = flags_of(cast("int", cell["flags"]))
        values |= {flag.value: flag in flags for flag in Flag}
    return values


@lru_cache(maxsize=20_000)
def jalali_month(day: date | None) -> str | None:
    """Return the Jalali month of a day.

    >>> jalali_month(date(2024, 3, 20))
    '1403-01'
    """
    return None if day is None else format_jalali(day)[:7]
