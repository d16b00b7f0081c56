"""A backfill into the data base: messages are stored as any, and these very messages get their labels at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update

from models.labels import Prediction
from pipeline.backfill_job import Job
from pipeline.claims import PENDING, worker_name
from pipeline.database import writing
from pipeline.key_ring import key_id
from pipeline.records import CleanFeedback, DeadLetter, Pending
from pipeline.run import utc_now
from pipeline.saving import Values
from pipeline.store import open_store
from pipeline.tallies import feedback, in_chunks

LEASE_S = 300.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A message as columns of the data base, and what the model said; ``None``: it has no text."""

    row: Values
    prediction: Prediction | None


class StoredBackfill:
    """The data base of a job, as one process writes it.

    Args:
        job: Has the data base's URL.

    Raises:
        StoreError: It cannot be used.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._store = open_store(str(job.database_url), zone=job.zone, retention=job.retention, migrate=False)
        self._worker = worker_name("backfill")

    def close(self) -> None:
        """The connections are closed."""
        self._store.close()

    def save(
        self, items: Sequence[CleanFeedback], dead_letters: Sequence[DeadLetter], judged: Sequence[Judged]
    ) -> None:
        """The messages are stored and labelled, those that were known already left as they are.

        What another worker has claimed meanwhile, it labels itself.

        Raises:
            StoreError: The data base does not answer.
        """
        job, store = self._job, self._store
        store.save_page(
            job.source,
            job.connector,
            items,
            dead_letters,
            None,
            now=utc_now(),
            keyed_by=key_id(job.identity_key),
        )
        said = {str(one.row["fingerprint"]): one.prediction for one in judged}
        names = [str(one.row["native_id"]) for one in judged if one.prediction is not None]
        with writing(store.engine, seen=False) as connection:
            claimed = claim_these(connection, self._worker, job.source, names, lease_s=LEASE_S, now=utc_now())
        results = [(one, found) for one in claimed if (found := said.get(one.fingerprint)) is not None]
        store.save_predictions(
            results, worker=self._worker, touchpoint_stages=job.touchpoint_stages, now=utc_now()
        )
        store.release(self._worker)


def claim_these(
    connection: Connection,
    worker: str,
    source: str,
    native_ids: Collection[str],
    *,
    lease_s: float,
    now: datetime,
) -> tuple[Pending, ...]:
    """Those of the messages that wait and are nobody else's belong to this worker until the lease ends."""
    columns = feedback.c
    return tuple(
        Pending(*row)
        for chunk in in_chunks(sorted(set(native_ids)))
        for row in connection.execute(
            update(feedback)
            .where(PENDING, columns.source == source, columns.native_id.in_(chunk))
            .where(or_(columns.lease_until.is_(None), columns.lease_until <= now))
            .values(lease_owner=worker, lease_until=now + timedelta(seconds=lease_s))
            .returning(columns.id, columns.fingerprint, columns.text, columns.touchpoint)
        )
    )
