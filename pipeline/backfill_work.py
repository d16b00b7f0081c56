"""One unit of a backfill, worked through: read, cleaned, masked, judged, written. Every engine calls this alone.

A unit's rows are judged in batches that depend on nothing but the unit, so that its labels are the same on whichever
process, machine or try.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from models.labels import Prediction
from pipeline.analyze import Classifier, load_analyzer
from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_output import publish
from pipeline.backfill_plan import READERS, Unit, at_hand
from pipeline.backfill_storing import Judged, StoredBackfill
from pipeline.claims import labels_of, mention_rows
from pipeline.collector import spare_collector
from pipeline.connectors.argument_errors import describe_errors
from pipeline.connectors.files import FileConnector, bare_suffix
from pipeline.connectors.parquet_file import ParquetFile
from pipeline.errors import BazkhordError, SettingsError, StopRun, StopSource
from pipeline.export_tables import MENTION, MESSAGE, mention_values, message_values, row_maker
from pipeline.jalali import local_day
from pipeline.parquet import Cells, Column, TableWriter, new_table
from pipeline.records import CleanFeedback, DeadLetter, Page, Pending
from pipeline.run import prepare_page
from pipeline.saving import rows_of

log = logging.getLogger(__name__)
EXTRA = (Column("state", "text"),)
Values = dict[str, object]


class UnitWorker:
    """Who works through units, one after another; the model is loaded with the first.

    Args:
        job: What to do with each.
        classifier: The model; ``None``: the one of the job, on one thread.
    """

    def __init__(self, job: Job, classifier: Classifier | None = None) -> None:
        self._job, self._given = job, classifier

    def work(self, unit: Unit) -> Outcome:
        """The unit's part of the output is there, whole; what kept it from being so is in the outcome."""
        try:
            self._require_same_code()
            with tempfile.TemporaryDirectory(prefix="bazkhord-") as place:
                done = self._work(unit, Path(place))
                if self._job.out is not None:
                    publish(Path(place), self._job.out, unit.name)
        except StopRun as error:
            return Outcome(unit=unit.name, error=str(error), stops=True)
        except BazkhordError as error:
            return Outcome(unit=unit.name, error=str(error))
        except OSError as error:
            reason = f"{unit.file} cannot be read, or what is made of it written: {error.strerror or type(error).__name__}"
            return Outcome(unit=unit.name, error=reason)
        return done

    def close(self) -> None:
        """The data base's connections are closed, if there are any."""
        if "_stored" in self.__dict__ and self._stored is not None:
            self._stored.close()

    @cached_property
    def _classifier(self) -> Classifier:
        if self._given is not None:
            return self._given
        job = self._job
        found = load_analyzer(job.weights_dir, 1, engine=job.engine, device=job.device).classifier
        if found.version != job.model_version:
            raise SettingsError(
                f"this machine has the model {found.version}, the backfill was begun with {job.model_version}: give "
                "every machine the same weights"
            )
        spare_collector()
        return found

    @cached_property
    def _stored(self) -> StoredBackfill | None:
        return StoredBackfill(self._job) if self._job.database_url else None

    def _require_same_code(self) -> None:
        if (here := version("bazkhord")) != self._job.version:
            raise SettingsError(
                f"this machine has bazkhord {here}, the backfill was begun with {self._job.version}: give every machine "
                "the same version"
            )

    def _work(self, unit: Unit, place: Path) -> Outcome:
        counts = _Counts()
        with ExitStack() as opened:
            local = opened.enter_context(at_hand(unit.file))
            tables = _Tables(place, self._job, opened)
            for page in self._reader(unit, local).fetch(None):
                self._work_page(unit, page, tables, place, counts)
        return Outcome(
            unit=unit.name,
            n_rows=counts.n_rows,
            n_messages=tables.messages.n_rows,
            n_mentions=tables.mentions.n_rows,
            n_dead=counts.n_dead,
            n_left_out=counts.n_left_out,
        )

    def _work_page(self, unit: Unit, page: Page, tables: _Tables, place: Path, counts: _Counts) -> None:
        items, dead = prepare_page(page, identity_key=self._job.identity_key)
        admitted = [item for item in items if self._is_admitted(item)]
        rows, unfit = rows_of(self._job.source, admitted)
        dead = [_placed(letter, unit) for letter in (*dead, *unfit)]
        judged = self._judge(rows)
        tables.write(judged)
        _write_dead(place / "dead_letters.jsonl", dead, unit)
        if self._stored is not None:
            self._stored.save(admitted, dead[: len(dead) - len(unfit)], judged)
        counts.n_rows += len(page.items) + len(page.dead_letters)
        counts.n_dead += len(dead)
        counts.n_left_out += len(items) - len(admitted)

    def _reader(self, unit: Unit, local: Path) -> FileConnector:
        kind = READERS[bare_suffix(Path(unit.file))]
        given: dict[str, Any] = {
            name: value for name, value in self._job.arguments.items() if name in kind.model_fields
        }
        if kind is ParquetFile:
            given |= {"first_group": unit.first_group, "after_group": unit.after_group}
        now = self._job.now
        given |= {"name": self._job.source, "now": lambda: now, "path": local.name, "root": local.parent}
        try:
            return kind(**given, page_size_rows=self._job.batch_messages)
        except ValidationError as error:
            raise StopSource(describe_errors(error, self._job.source, kind)) from None

    def _is_admitted(self, item: CleanFeedback) -> bool:
        """As ``admitting.admit`` has it, by what the job knows of the forgotten."""
        known = {item.customer_key, item.native_id, item.conversation_id, *item.known_as}
        cutoff = self._job.retention.cutoff(self._job.source, self._job.now)
        too_old = cutoff is not None and item.created_at is not None and item.created_at < cutoff
        return not too_old and self._job.forgotten.isdisjoint(known)

    def _judge(self, rows: Sequence[Values]) -> list[Judged]:
        with_text = [row for row in rows if str(row["text"]).strip()]
        found = iter(self._classifier.predict([str(row["text"]) for row in with_text]) if with_text else ())
        zone = self._job.zone
        judged: list[Judged] = []
        for row in rows:
            created_at = cast("datetime | None", row["created_at"])
            day = None if created_at is None else local_day(created_at, zone)
            prediction = next(found) if str(row["text"]).strip() else None
            judged.append(Judged(row | {"day": day}, prediction))
        return judged


@dataclass(slots=True)
class _Counts:
    n_rows: int = 0
    n_dead: int = 0
    n_left_out: int = 0


class _Tables:
    """The two files of a unit that are being written."""

    def __init__(self, place: Path, job: Job, opened: ExitStack) -> None:
        self._job = job
        of_message, of_mention = job.shown.of_message((*EXTRA, *MESSAGE)), job.shown.of_mention(MENTION)
        self.messages: TableWriter = opened.enter_context(new_table(place / "messages.parquet", of_message))
        self.mentions: TableWriter = opened.enter_context(new_table(place / "mentions.parquet", of_mention))
        self._message_cells, self._mention_cells = row_maker(of_message), row_maker(of_mention)

    def write(self, judged: Iterable[Judged]) -> None:
        """The messages and what they mention are in the files."""
        messages: list[Cells] = []
        mentions: list[Cells] = []
        for one in judged:
            values = message_values(one.row | _labels(one.prediction, self._job.now))
            if not self._job.shown.text:
                del values["text"]
            messages.append(self._message_cells(values))
            found = _mentions(one, self._job.touchpoint_stages)
            mentions += [self._mention_cells(mention_values(mention, values)) for mention in found]
        self.messages.write(messages)
        self.mentions.write(mentions)


def _labels(prediction: Prediction | None, now: datetime) -> Values:
    if prediction is None:
        return {"state": "no_text"}
    return labels_of(prediction, now=now) | {"state": "classified"}


def _mentions(one: Judged, touchpoint_stages: Mapping[str, str]) -> list[Values]:
    row = one.row
    if one.prediction is None:
        return []
    touchpoint = cast("str | None", row["touchpoint"])
    pending = Pending(0, str(row["fingerprint"]), str(row["text"]), touchpoint)
    return mention_rows(pending, one.prediction, touchpoint_stages)


def _placed(letter: DeadLetter, unit: Unit) -> DeadLetter:
    name = Path(unit.file).name
    return DeadLetter(
        letter.source, f"{name} {letter.position}", letter.native_id, letter.error, letter.sha256
    )


def _write_dead(path: Path, dead: Sequence[DeadLetter], unit: Unit) -> None:
    if not dead:
        return
    with path.open("a", encoding="utf-8") as file:
        for letter in dead:
            line = {
                "file": unit.file,
                "position": letter.position.partition(" ")[2],
                "native_id": letter.native_id,
                "error": letter.error,
                "sha256": letter.sha256,
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
