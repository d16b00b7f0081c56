"""How each source is doing: its bookmark, when it last ran, what it brought, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, Select, Table, func, select, true, update

from pipeline.claims import PENDING
from pipeline.database import insert_into
from pipeline.records import DeadLetter, SaveCounts
from pipeline.silence import HISTORY
from pipeline.source_tables import SourceHourRow, SourceRow
from pipeline.tables import DeadLetterRow
from pipeline.tallies import feedback

sources = cast("Table", SourceRow.__table__)
active = cast("Table", SourceHourRow.__table__)
dead = cast("Table", DeadLetterRow.__table__)
COUNTERS = ("n_new", "n_updated", "n_duplicate", "n_without_text")
LAST_COUNTERS = (*COUNTERS, "n_dead")
POSITION_LENGTH, NATIVE_ID_LENGTH = 200, 500
# A file may be years old when it is read; its rhythm is that of reading. Kinds of such connectors end so.
FILE_KINDS = ("_file", "_export")


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing.

    ``n_new`` to ``n_without_text`` count every row that was ever read, also those read again, and
    ``last_n_…`` those since the last run began; ``n_stored``, ``n_pending`` and ``n_dead_letters`` say
    what is in the data base now. ``n_failures`` counts failed runs since the last success.

    ``newest_message_at`` is when the newest stored message was written. ``active_hours`` are the hours
    of the last eight weeks before its newest one in which it brought something, in order (see silence.py).
    """

    name: str
    connector: str
    bookmark: str | None
    last_started_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    n_new: int
    n_updated: int
    n_duplicate: int
    n_without_text: int
    last_n_new: int
    last_n_updated: int
    last_n_duplicate: int
    last_n_without_text: int
    last_n_dead: int
    n_failures: int
    next_run_at: datetime | None
    enabled: bool
    n_stored: int
    n_pending: int
    n_dead_letters: int
    newest_message_at: datetime | None
    active_hours: tuple[datetime, ...]

    @property
    def failing(self) -> bool:
        """Whether the last thing that is known of it is an error."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at

    @property
    def last_run(self) -> SaveCounts:
        """What the last run brought, or the one under way so far."""
        return SaveCounts(
            self.last_n_new,
            self.last_n_updated,
            self.last_n_duplicate,
            self.last_n_without_text,
            self.last_n_dead,
        )


def note(
    connection: Connection,
    name: str,
    connector: str,
    counts: SaveCounts | None = None,
    *,
    bookmark: str | None = None,
    started_at: datetime | None = None,
    success_at: datetime | None = None,
    error: str | None = None,
    error_at: datetime | None = None,
    next_run_at: datetime | None = None,
) -> None:
    """The source is known with its connector, and whatever is given is on record; the rest stays.

    Until the transaction ends nobody else notes anything of this source.
    """
    given = {
        "bookmark": bookmark,
        "last_started_at": started_at,
        "last_success_at": success_at,
        "last_error": error,
        "last_error_at": error_at,
        "next_run_at": next_run_at,
    }
    changes = {column: value for column, value in given.items() if value is not None}
    brought = counts or SaveCounts()
    totals = {counter: getattr(brought, counter) for counter in COUNTERS}
    last = {f"last_{counter}": getattr(brought, counter) for counter in LAST_COUNTERS}
    failures = {"n_failures": int(error_at is not None)}
    statement = insert_into(connection, sources).values(
        name=name, connector=connector, enabled=True, **changes, **totals, **last, **failures
    )
    # a run that begins counts anew, one that succeeds ends a row of failures
    reset = ("connector", *changes, *(last if started_at else ()), *(failures if success_at else ()))
    summed = {*totals, *last, *failures} - set(reset)
    new = {column: statement.excluded[column] for column in reset}
    new |= {column: sources.c[column] + statement.excluded[column] for column in summed}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=new))


def register(connection: Connection, name: str, connector: str, *, enabled: bool) -> None:
    """The source is known, also if it never ran, and whether it is to run."""
    nothing = dict.fromkeys([*COUNTERS, *(f"last_{counter}" for counter in LAST_COUNTERS), "n_failures"], 0)
    statement = insert_into(connection, sources).values(
        name=name, connector=connector, enabled=enabled, **nothing
    )
    replaced = {column: statement.excluded[column] for column in ("connector", "enabled")}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replaced))


def plan(connection: Connection, name: str, next_run_at: datetime) -> None:
    """It is on record when the source, if it is known, is pulled next."""
    connection.execute(update(sources).where(sources.c.name == name).values(next_run_at=next_run_at))


def progress_of(connection: Connection, name: str) -> tuple[datetime | None, int]:
    """Return when the source is pulled next, if that is planned, and how often it failed in a row."""
    row = connection.execute(
        select(sources.c.next_run_at, sources.c.n_failures).where(sources.c.name == name)
    ).first()
    return (row[0], row[1]) if row else (None, 0)


def note_hours(
    connection: Connection,
    source: str,
    connector: str,
    written: Iterable[datetime | None],
    *,
    now: datetime,
) -> None:
    """The hours in which these new messages were written are on record; of a file, the hour it was read.

    Args:
        written: When each message was written; ``None``, or a time to come: now counts.
    """
    moments = [] if connector.endswith(FILE_KINDS) else [min(one or now, now) for one in written]
    hours = {_hour(moment) for moment in moments or [now]}
    rows = [{"source": source, "hour": hour} for hour in sorted(hours)]
    connection.execute(insert_into(connection, active).on_conflict_do_nothing(), rows)


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def bookmark_of(connection: Connection, name: str) -> str | None:
    """Return where the source goes on; ``None``: from its beginning."""
    return connection.scalar(select(sources.c.bookmark).where(sources.c.name == name))


def states(connection: Connection) -> tuple[SourceState, ...]:
    """Return every source that is known, by name."""
    # each count reads an index alone, also of millions of messages
    n_stored, n_pending, n_dead = (
        _by_source(connection, select(table.c.source, func.count()).where(condition))
        for table, condition in ((feedback, true()), (feedback, PENDING), (dead, true()))
    )
    return tuple(
        SourceState(
            **row._asdict(),
            n_stored=n_stored.get(row.name, 0),
            n_pending=n_pending.get(row.name, 0),
            n_dead_letters=n_dead.get(row.name, 0),
            newest_message_at=_newest_message(connection, row.name) if row.name in n_stored else None,
            active_hours=_active_hours(connection, row.name),
        )
        for row in connection.execute(select(sources).order_by(sources.c.name)).all()
    )


def _by_source(connection: Connection, counted: Select[str, int]) -> dict[str, int]:
    rows = connection.execute(counted.group_by(counted.selected_columns[0]))
    return {name: n for name, n in rows}  # noqa: C416 - to mypy a row is no pair


def _newest_message(connection: Connection, source: str) -> datetime | None:
    """When its newest message was written: the index of time is read backwards up to there.

    Of an expression, as planners would rather sort all messages of the source, ten seconds of ten million.
    """
    at, of_source = feedback.c.created_at, feedback.c.source.concat("") == source
    return connection.scalar(select(at).where(of_source).order_by(at.desc()).limit(1))


def _active_hours(connection: Connection, source: str) -> tuple[datetime, ...]:
    of_source = active.c.source == source
    newest = connection.scalar(select(func.max(active.c.hour)).where(of_source))
    if newest is None:
        return ()
    recent = select(active.c.hour).where(of_source, active.c.hour > newest - HISTORY)
    return tuple(connection.scalars(recent.order_by(active.c.hour)))


def bury(connection: Connection, letters: Sequence[DeadLetter], *, now: datetime) -> None:
    """These rows are on record as unreadable; one that is already there is not written twice."""
    rows = [
        {
            "source": letter.source,
            "position": letter.position[:POSITION_LENGTH],
            "native_id": letter.native_id[:NATIVE_ID_LENGTH] if letter.native_id is not None else None,
            "error": letter.error,
            "sha256": letter.sha256,
            "first_seen_at": now,
        }
        for letter in letters
    ]
    if rows:
        connection.execute(insert_into(connection, dead).on_conflict_do_nothing(), rows)


def dead_letters_of(connection: Connection, source: str | None, limit: int) -> tuple[DeadLetter, ...]:
    """Return the newest unreadable rows; ``source`` ``None``: of every source."""
    columns = dead.c
    query = select(columns.source, columns.position, columns.native_id, columns.error, columns.sha256)
    if source is not None:
        query = query.where(columns.source == source)
    return tuple(
        DeadLetter(*row) for row in connection.execute(query.order_by(columns.id.desc()).limit(limit))
    )


def find_failing(connection: Connection, *, since: datetime) -> tuple[str, ...]:
    """Return the sources whose last run stopped, after that moment, by name; those switched off are left out."""
    failed = sources.c.enabled, sources.c.n_failures > 0, sources.c.last_error_at > since
    return tuple(connection.scalars(select(sources.c.name).where(*failed).order_by(sources.c.name)))
