"""An archive, worked through by many processes: what is left to do, done by an engine, and put on record.

Whatever the engine, ``backfill_work.UnitWorker`` does the work; an engine only says where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_output import Journal, begin, finish, journal, remove_unit
from pipeline.backfill_plan import Unit
from pipeline.errors import StopRun

Engine = Callable[[Job, Sequence[Unit]], Iterator[Outcome]]
OnOutcome = Callable[[Outcome], None]


@dataclass(slots=True)
class Summary:
    """What a backfill came to, units of earlier runs included.

    Args:
        n_known: Units that were done before.
        failed: Why units could not be worked through, by name of the unit.
    """

    n_units: int = 0
    n_known: int = 0
    n_rows: int = 0
    n_messages: int = 0
    n_mentions: int = 0
    n_dead: int = 0
    n_left_out: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """A unit is among what was done, or failed."""
        if outcome.error:
            self.failed[outcome.unit] = outcome.error
            return
        self.n_units += 1
        self.n_rows += outcome.n_rows
        self.n_messages += outcome.n_messages
        self.n_mentions += outcome.n_mentions
        self.n_dead += outcome.n_dead
        self.n_left_out += outcome.n_left_out


def backfill(
    job: Job,
    units: Sequence[Unit],
    engine: Engine,
    *,
    progress_file: Path,
    on_known: Callable[[int], None] = lambda n: None,
    on_outcome: OnOutcome = lambda outcome: None,
) -> Summary:
    """All units are worked through, those of earlier runs not again; return what it came to.

    Args:
        engine: ``backfill_local.on_this_machine`` or ``backfill_ray.on_ray``, or any that gives an outcome for each unit.
        progress_file: Where it is on record what is done; the same one goes on.
        on_known: Called once with how many units were done before.
        on_outcome: Called with what came of each other unit.

    Raises:
        StopRun: Nothing can go on; what was done is on record, and doing it again goes on from there.
    """
    by_name = {unit.name: unit for unit in units}
    with journal(progress_file, job) as record:
        if job.out is not None:
            begin(job.out, private=job.shown.private)
            for name in record.left_over(units):
                remove_unit(job.out, name)
        summary, to_do = _known(units, record)
        on_known(summary.n_known)
        for outcome in engine(job, to_do) if to_do else ():
            if outcome.stops:
                raise StopRun(outcome.error)
            if not outcome.error:
                record.note(by_name[outcome.unit], outcome)
            summary.add(outcome)
            on_outcome(outcome)
        if job.out is not None and not summary.failed:
            finish(job.out)
    return summary


def _known(units: Sequence[Unit], record: Journal) -> tuple[Summary, list[Unit]]:
    """Return what is on record, and the units that are not."""
    summary, to_do = Summary(), list[Unit]()
    for unit in units:
        if (known := record.done(unit)) is None:
            to_do.append(unit)
        else:
            summary.add(known)
    summary.n_known = summary.n_units
    return summary, to_do
