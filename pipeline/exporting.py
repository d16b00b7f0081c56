"""The data base as Parquet for other tools: messages, mentions and tallies, in a folder for each month.

All of it is of one moment, is read as a stream, and is there at once or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, func, select

from pipeline import audit
from pipeline.database import reading
from pipeline.export_tables import (
    CUTS,
    FLAGS,
    MENTION,
    MESSAGE,
    STORED_MENTION,
    STORED_MESSAGE,
    TALLY,
    Shown,
    jalali_month,
    mention_values,
    message_values,
    row_maker,
    tally_values,
)
from pipeline.generations import new_generation
from pipeline.jalali import day_start, month_start
from pipeline.parquet import ROWS_AT_ONCE, Column, new_table, parquet_library
from pipeline.records import Period
from pipeline.tables import CUBES
from pipeline.tallies import SPAM, feedback, mentions

MANIFEST, FORMAT = "_manifest.json", 1
# A message's day is of the zone in which it was stored; no two zones differ by more.
ZONES_DIFFER = timedelta(days=2)
OF_MENTION = ("source", "native_id", "created_at", "day", "counted", "model_version", *CUTS[1:])
CLUSTER = "cluster"  # sums for intervals, which say nothing by themselves
OnRows = Callable[[int], None]


def tally_columns() -> dict[str, tuple[Column, ...]]:
    """Return the columns of each exported table of tallies, by its name."""
    found: dict[str, tuple[Column, ...]] = {}
    for cube, table in CUBES.items():
        labels = [column.name for column in table.primary_key][6:]
        named = [Column(name, "text") for name in labels if name != "flags"]
        flags = FLAGS if "flags" in labels else ()
        if cube != CLUSTER:
            model = Column("model_version", "text")
            found[f"{cube}_tallies"] = (*TALLY, *named, *flags, model, Column("n", "whole"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export holds: rows by table."""

    n_rows: dict[str, int] = field(default_factory=dict)

    @property
    def n_messages(self) -> int:
        """How many messages."""
        return self.n_rows.get("messages", 0)

    @property
    def n_mentions(self) -> int:
        """How many mentions."""
        return self.n_rows.get("mentions", 0)


def export(
    engine: Engine,
    folder: Path,
    *,
    zone: ZoneInfo,
    shown: Shown,
    by: str,
    now: datetime,
    on_rows: OnRows = lambda n: None,
) -> Exported:
    """The folder holds the data base as it is at this moment; until it does, it is what it was.

    Args:
        folder: Missing, or an export from before, which this one replaces.
        zone: Business time zone.
        shown: What of private things is in it.
        by: Who does it, for the audit log.
        on_rows: Called with how many rows were written since the last call.

    Raises:
        StoreError: The folder is something else or cannot be written, or the data base does not answer.
        SettingsError: pyarrow is not installed.
    """
    parquet_library()
    with new_generation(folder, private=shown.private) as draft:
        with reading(engine) as connection:
            writing = _Writing(connection, draft, shown, on_rows)
            for month in list(_months(connection, zone)):
                writing.messages(month, zone)
                writing.mentions(month, zone)
            writing.tallies()
        _write_manifest(draft, writing.n_rows, zone=zone, shown=shown, now=now)
    details: dict[str, object] = {"n_messages": writing.n_rows.get("messages", 0), "text": shown.text}
    audit.record(engine, "export", details | {"customers": shown.customers}, by=by, now=now)
    return Exported(n_rows=writing.n_rows)


class _Writing:
    """An export under way."""

    def __init__(self, connection: Connection, draft: Path, shown: Shown, on_rows: OnRows) -> None:
        self._connection, self._draft, self._shown, self._on_rows = connection, draft, shown, on_rows
        self.n_rows: dict[str, int] = {}

    def messages(self, month: date, zone: ZoneInfo) -> None:
        """The messages of a month are written."""
        left_out = set() if self._shown.text else {"text"}
        left_out |= set() if self._shown.customers else {"customer_key"}
        wanted = [column for column in feedback.columns if column.name not in left_out]
        query = _within(select(*wanted), month, zone).order_by(feedback.c.created_at, feedback.c.id)
        columns = self._shown.of_message((*STORED_MESSAGE, *MESSAGE))
        made = row_maker(columns)
        rows = (made(message_values(row)) for row in self._stream(query))
        self._write("messages", month, columns, rows)

    def mentions(self, month: date, zone: ZoneInfo) -> None:
        """The mentions of a month's messages are written."""
        cuts: list[ColumnElement[Any]] = [feedback.c[name] for name in OF_MENTION]
        cuts += [(feedback.c.flags.bitwise_and(SPAM) != 0).label("spam")]
        cuts += [feedback.c.text] if self._shown.text else []
        joined = select(*mentions.columns, *cuts).join_from(feedback, mentions)
        order = feedback.c.created_at, feedback.c.id, mentions.c.start
        columns = self._shown.of_mention((*STORED_MENTION, *MENTION))
        made = row_maker(columns)
        stream = self._stream(_within(joined, month, zone).order_by(*order))
        self._write("mentions", month, columns, (made(_mention_of(row)) for row in stream))

    def tallies(self) -> None:
        """The tallies by day are written, each cube a table."""
        for name, columns in tally_columns().items():
            table = CUBES[name.removesuffix("_tallies")]
            made = row_maker(columns)
            for month in list(self._tally_months(table)):
                after = month_start(month + timedelta(days=32))
                days = (table.c.period == Period.DAY.value, table.c.start >= month, table.c.start < after)
                query = select(table).where(*days).order_by(*table.primary_key.columns)
                rows = (made(tally_values(row)) for row in self._stream(query))
                self._write(name, month, columns, rows)

    def _tally_months(self, table: Table) -> Iterator[date]:
        months = select(table.c.start).where(table.c.period == Period.GREGORIAN_MONTH.value).distinct()
        yield from self._connection.scalars(months.order_by(table.c.start))

    def _stream(self, query: Select[Any]) -> Iterator[dict[str, object]]:
        answer = self._connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for rows in answer.mappings().partitions():
            yield from map(dict, rows)
            self._on_rows(len(rows))

    def _write(
        self, table: str, month: date, columns: Sequence[Column], rows: Iterator[Sequence[object]]
    ) -> None:
        path = self._draft / table / f"month={month:%Y-%m}" / "part-0.parquet"
        with new_table(path, columns) as file:
            file.write(rows)
        self.n_rows[table] = self.n_rows.get(table, 0) + file.n_rows


def _mention_of(row: dict[str, object]) -> dict[str, object]:
    message = {name: row[name] for name in (*OF_MENTION, "spam", "text") if name in row}
    message["jalali_month"] = jalali_month(cast("date", row["day"]))
    return mention_values(row, message)


def _within(query: Select[Any], month: date, zone: ZoneInfo) -> Select[Any]:
    after = month_start(month + timedelta(days=32))
    return query.where(
        feedback.c.created_at >= day_start(month, zone) - ZONES_DIFFER,
        feedback.c.created_at < day_start(after, zone) + ZONES_DIFFER,
        feedback.c.day >= month,
        feedback.c.day < after,
    )


def _months(connection: Connection, zone: ZoneInfo) -> Iterator[date]:
    """Yield every month from the first message to the last."""
    first, last = (connection.scalar(select(end(feedback.c.created_at))) for end in (func.min, func.max))
    if first is None or last is None:
        return
    month, ends = ((moment.astimezone(zone)).date() for moment in (first, last))
    month = month_start(month - ZONES_DIFFER)
    while month <= ends + ZONES_DIFFER:
        yield month
        month = month_start(month + timedelta(days=32))


def _write_manifest(
    draft: Path, n_rows: dict[str, int], *, zone: ZoneInfo, shown: Shown, now: datetime
) -> None:
    said = {
        "format": FORMAT,
        "version": version("bazkhord"),
        "made_at": now.isoformat(),
        "time_zone": zone.key,
        "text": shown.text,
        "customers": shown.customers,
        "n_rows": n_rows,
    }
    (draft / MANIFEST).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
