"""The store: everything that is written to the data base, each call one transaction.

A message is stored once, by source and native id. It is pending until a model has labelled it; labels,
mentions and tallies then change together. What happens inside is in database.py (engine, schema),
saving.py (pages), claims.py (work), tallies.py (sums) and source_log.py (sources).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, func, select

from models.labels import Prediction
from pipeline import claims, saving, source_log, tallies
from pipeline.admitting import admit
from pipeline.database import bring_up_to_date, connect, lock_tallies, reading, writing
from pipeline.records import Cell, CleanFeedback, DeadLetter, Pending, SaveCounts
from pipeline.retention import FOR_EVER, Retention
from pipeline.source_log import SourceState
from pipeline.tallies import feedback


def open_store(url: str, *, zone: ZoneInfo, migrate: bool = True, retention: Retention = FOR_EVER) -> Store:
    """Return the store at ``url``, its schema up to date.

    Args:
        url: SQLAlchemy URL: ``sqlite:////folder/bazkhord.db`` or ``postgresql+psycopg://user@host/name``.
        zone: Business time zone, whose days the tallies are kept by.
        migrate: ``False``: refuse a data base of an older schema instead of changing it.
        retention: For how long messages are kept.

    Raises:
        StoreError: The data base cannot be reached or used; the message says what to do.
    """
    engine = connect(url)
    try:
        bring_up_to_date(engine, migrate=migrate)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, zone, retention)


class Store:
    """An open data base; safe to share between threads. Every method may raise ``StoreError``.

    Args:
        engine: Of a data base whose schema is up to date; ``open_store`` makes it.
        zone: Business time zone.
        retention: For how long messages are kept; what is older is not stored.
    """

    def __init__(self, engine: Engine, zone: ZoneInfo, retention: Retention = FOR_EVER) -> None:
        self.engine = engine
        self.zone = zone
        self.retention = retention

    def __enter__(self) -> Self:
        """Return itself; closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The connections are closed."""
        self.close()

    def close(self) -> None:
        """The connections are closed; the next call opens new ones."""
        self.engine.dispose()

    def save_page(
        self,
        source: str,
        connector: str,
        items: Sequence[CleanFeedback],
        dead_letters: Sequence[DeadLetter],
        bookmark: str | None,
        *,
        now: datetime,
        keyed_by: str | None = None,
    ) -> SaveCounts:
        """The page and its bookmark are stored, both or neither.

        New messages wait to be classified, or are without text. A changed one loses its mentions, leaves
        the tallies and waits again. An unchanged one is a duplicate, and so are all but the last of those
        that share an id within the page. A message without a date gets ``now``, and keeps it when it comes
        again. A row whose values no data base can hold becomes a dead letter; the others are stored. Left out are
        messages of customers who were forgotten, and those older than is kept.

        Args:
            bookmark: Where to go on; ``None``: the one on record stays.
            now: Time of arrival.
            keyed_by: Identifier of the identity key (``key_ring.key_id``); ``None``: it is not checked.

        Returns:
            What became of the rows; every row is counted.
        """
        with writing(self.engine) as connection:
            admitted = admit(connection, source, items, keyed_by=keyed_by, retention=self.retention, now=now)
            # Taken next: on PostgreSQL it keeps a second pull of the same source waiting until this ends.
            source_log.note(connection, source, connector)
            counts, unfit = saving.save_items(connection, source, admitted, now=now, zone=self.zone)
            source_log.bury(connection, [*dead_letters, *unfit], now=now)
            counts += SaveCounts(n_dead=len(dead_letters), n_left_out=len(items) - len(admitted))
            source_log.note(connection, source, connector, counts, bookmark=bookmark)
            if counts.n_new:
                written = [item.created_at for item in admitted]
                source_log.note_hours(connection, source, connector, written, now=now)
        return counts

    def delete(self, source: str, native_id: str) -> bool:
        """The message, its mentions and its part of the tallies are gone; return whether it was there.

        Of its copies, if any, the next one counts in its place.
        """
        with writing(self.engine) as connection:
            lock_tallies(connection)
            named = (feedback.c.source == source) & (feedback.c.native_id == native_id)
            ids = connection.scalars(select(feedback.c.id).where(named)).all()
            with tallies.kept_up(connection, ids) as touched:
                groups = saving.counted_groups(connection, ids)
                saving.delete_mentions(connection, ids)
                connection.execute(delete(feedback).where(named))
                touched.update(tallies.promote(connection, groups))
        return bool(ids)

    def n_feedback(self) -> int:
        """Return how many messages are stored."""
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(feedback)) or 0

    def claim_pending(
        self, worker: str, *, limit: int, lease_s: float, now: datetime, after: int | None = None
    ) -> tuple[Pending, ...]:
        """Up to ``limit`` pending messages, those written last, belong to ``worker`` for ``lease_s`` seconds.

        Args:
            after: Only messages with a higher number, those that were stored first.
        """
        with writing(self.engine, seen=False) as connection:
            return claims.claim(connection, worker, limit=limit, lease_s=lease_s, now=now, after=after)

    def renew_claims(self, worker: str, ids: Collection[int], *, lease_s: float, now: datetime) -> int:
        """These messages stay ``worker``'s for ``lease_s`` from now; return how many still are."""
        with writing(self.engine, seen=False) as connection:
            return claims.renew(connection, worker, ids, lease_s=lease_s, now=now)

    def save_predictions(
        self,
        results: Sequence[tuple[Pending, Prediction]],
        *,
        worker: str,
        touchpoint_stages: Mapping[str, str],
        now: datetime,
    ) -> int:
        """Labels, mentions and tallies of these messages are written, all or nothing.

        Passed over are messages edited or deleted since they were claimed, and those that are not the worker's
        any more.

        Args:
            touchpoint_stages: Stage by touchpoint; it wins over the model's, and the mention says so.

        Returns:
            How many messages were written.
        """
        with writing(self.engine) as connection:
            return claims.save_labels(
                connection, results, worker=worker, touchpoint_stages=touchpoint_stages, now=now
            )

    def release(self, worker: str) -> int:
        """What ``worker`` had claimed is free for others; return how many messages that are."""
        with writing(self.engine, seen=False) as connection:
            return claims.release(connection, [worker])

    def release_dead(self, *, and_of: str | None = None) -> int:
        """What workers of this machine had claimed that do not run any more is free for others.

        Args:
            and_of: A worker that begins anew, and whose own claims are free too.
        """
        with writing(self.engine, seen=False) as connection:
            owners = claims.owners(connection)
            left = [one for one in owners if one == and_of or claims.is_dead(one)]
            return claims.release(connection, left) if left else 0

    def n_pending(self, *, at_most: int | None = None, after: int | None = None) -> int:
        """Return how many messages wait to be classified, claimed ones included.

        Args:
            at_most: Where to stop counting; ``None``: count all.
            after: Count only those with a higher number.
        """
        with reading(self.engine) as connection:
            return claims.n_pending(connection, at_most=at_most, after=after)

    def last_number(self) -> int:
        """Return the number of the message that was stored last, 0 if there is none."""
        with reading(self.engine) as connection:
            return claims.last_number(connection)

    def tallies(self) -> frozenset[Cell]:
        """Return every cell of the tallies, but for their totals."""
        with reading(self.engine) as connection:
            return tallies.read_tallies(connection)

    def check_tallies(self) -> frozenset[Cell]:
        """Return the cells in which tallies or their totals differ from a recount; slow on a large data base."""
        with reading(self.engine) as connection:
            return tallies.find_wrong(connection)

    def rebuild_tallies(self) -> None:
        """The tallies are what a recount gives; readers see the old ones until they all are."""
        with writing(self.engine) as connection:
            lock_tallies(connection)
            tallies.rebuild(connection)

    def bookmark(self, source: str) -> str | None:
        """Return where the source goes on; ``None``: from its beginning."""
        with reading(self.engine) as connection:
            return source_log.bookmark_of(connection, source)

    def note_start(self, source: str, connector: str, *, now: datetime) -> None:
        """It is on record that a pull of the source began."""
        with writing(self.engine, seen=False) as connection:
            source_log.note(connection, source, connector, started_at=now)

    def note_success(
        self, source: str, connector: str, *, now: datetime, next_run_at: datetime | None = None
    ) -> None:
        """It is on record that a pull of the source came to its end, and when the next one is, if that is known."""
        with writing(self.engine, seen=False) as connection:
            source_log.note(connection, source, connector, success_at=now, next_run_at=next_run_at)

    def note_error(
        self,
        source: str,
        connector: str,
        message: str,
        *,
        now: datetime,
        next_run_at: datetime | None = None,
    ) -> None:
        """It is on record why the source stopped, and when it is tried again; the message must hold no secret."""
        with writing(self.engine, seen=False) as connection:
            source_log.note(
                connection, source, connector, error=message, error_at=now, next_run_at=next_run_at
            )

    def register_source(self, source: str, connector: str, *, enabled: bool = True) -> None:
        """The source is known, also if it never ran, and whether it is to run."""
        with writing(self.engine, seen=False) as connection:
            source_log.register(connection, source, connector, enabled=enabled)

    def plan_run(self, source: str, next_run_at: datetime) -> None:
        """It is on record when the source is pulled next."""
        with writing(self.engine, seen=False) as connection:
            source_log.plan(connection, source, next_run_at)

    def next_run(self, source: str) -> tuple[datetime | None, int]:
        """Return when the source is pulled next, if that is planned, and how often it failed in a row."""
        with reading(self.engine) as connection:
            return source_log.progress_of(connection, source)

    def sources(self) -> tuple[SourceState, ...]:
        """Return how each source is doing, by name."""
        with reading(self.engine) as connection:
            return source_log.states(connection)

    def dead_letters(self, source: str | None = None, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Return the newest rows that could not be read; ``source`` ``None``: of every source."""
        with reading(self.engine) as connection:
            return source_log.dead_letters_of(connection, source, limit)
