"""`bazkhord backfill`: an archive of millions, on all cores of a machine or on a cluster."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from config.journey import load_journey
from config.settings import Settings, load_settings
from pipeline import audit, console
from pipeline.backfill import Engine, Summary
from pipeline.backfill import backfill as work_through
from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_local import on_this_machine
from pipeline.backfill_mapping import arguments_by_names, arguments_of
from pipeline.backfill_output import JOURNAL, is_local
from pipeline.backfill_plan import Unit, plan
from pipeline.backfill_ray import on_ray
from pipeline.commands.exporting import WithCustomers, WithText
from pipeline.commands.opening import SourcesFile, follow, opened, read_sources
from pipeline.errors import SettingsError
from pipeline.export_tables import Shown
from pipeline.forgotten_list import read_marks
from pipeline.identity import load_identity_key
from pipeline.records import Channel
from pipeline.run import utc_now


class EngineName(StrEnum):
    """Where a backfill is worked through."""

    LOCAL = "local"
    RAY = "ray"


def backfill(
    *,
    input_: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="PATTERN",
            help="Files, here or elsewhere (s3://…): *.parquet, *.csv, *.tsv, *.xlsx, *.jsonl, *.json; also .gz, .xz.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Write Parquet here; on a cluster a folder that every machine sees, or s3://…",
        ),
    ] = None,
    store: Annotated[bool, typer.Option("--store", help="Store the messages in the data base.")] = False,
    engine: Annotated[
        EngineName, typer.Option(help="local: the cores of this machine; ray: Ray, here or on a cluster.")
    ] = EngineName.LOCAL,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A source of the sources file that says what the rows mean (table_file, json_file, drop_folder). "
            "Without it columns count that are called like fields: text, id, created_at, brand, author_phone …",
        ),
    ] = None,
    sources: SourcesFile = None,
    channel: Annotated[
        Channel, typer.Option(help="How the customers spoke, without --source.")
    ] = Channel.OTHER,
    processes: Annotated[
        int,
        typer.Option(
            min=0, max=100_000, help="Processes at once, each with a model (some 300 MB). 0: one a core."
        ),
    ] = 0,
    address: Annotated[
        str | None,
        typer.Option(help="Of a Ray cluster: auto on one of its machines. Without it Ray is started here."),
    ] = None,
    with_text: WithText = False,
    with_customers: WithCustomers = False,
) -> None:
    """Read an archive, mask it, classify it, and write Parquet, the data base, or both.

    Ctrl-C, a crash or a lost machine lose nothing: doing it again goes on with the files that are left. Rows that
    cannot be read are counted and named by file and line in dead_letters/; a file that cannot be read at all costs no
    other. What the rows mean is said as for bazkhord run. See docs/backfill.md.

    Example: bazkhord backfill --input 'archive/*.parquet' --out lake/archive
    """
    if out is None and not store:
        raise SettingsError(
            "say where it is written: --out FOLDER for Parquet, --store for the data base, or both"
        )
    settings = load_settings()
    follow(settings)
    units = plan(input_)
    name, kind, arguments = _meaning(settings, source, sources, units[0], channel)
    shown = Shown(text=with_text, customers=with_customers)
    job = _job(settings, name=name, kind=kind, arguments=arguments, out=out, shown=shown, store=store)
    if store and address and settings.store_url.startswith("sqlite"):
        raise SettingsError(
            "machines of a cluster cannot share an SQLite file: set BAZKHORD_DATABASE_URL to a PostgreSQL, or leave "
            "out --store"
        )
    at_work = _engine(engine, processes, address)
    if store:
        _note(settings, job, len(units))
    with _ended_as_by_ctrl_c():
        summary = _run(settings, job, units, at_work)
    _show(summary, len(units))
    raise typer.Exit(1 if summary.failed else 0)


def _meaning(
    settings: Settings, source: str | None, sources: Path | None, first: Unit, channel: Channel
) -> tuple[str, str, Mapping[str, object]]:
    if source is None:
        return "backfill", "backfill", arguments_by_names(first.file, channel, settings.zone)
    described = read_sources(settings, sources, [source])[source].connector
    return source, described.kind, arguments_of(described)


def _job(
    settings: Settings,
    *,
    name: str,
    kind: str,
    arguments: Mapping[str, object],
    out: str | None,
    shown: Shown,
    store: bool,
) -> Job:
    marks = read_marks(settings.identity_key_file.with_name("forgotten.keys"))
    return Job(
        source=name,
        connector=kind,
        arguments=arguments,
        out=None if out is None else _absolute(out),
        shown=shown,
        database_url=settings.store_url if store else None,
        identity_key=load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value()),
        zone=settings.zone,
        now=utc_now(),
        version=version("bazkhord"),
        model_version=_model_version(settings),
        weights_dir=settings.weights_dir.absolute() if settings.weights_dir else None,
        engine=settings.engine,
        device=settings.device,
        forgotten=frozenset(mark.key for mark in marks),
        retention=settings.retention,
        batch_messages=settings.classify_batch_messages,
        touchpoint_stages=load_journey(settings.journey_file).touchpoints,
    )


def _note(settings: Settings, job: Job, n_units: int) -> None:
    """It is on record that it was begun; and the schema is up to date before many processes open it."""
    with opened(settings) as store:
        details = {"source": job.source, "n_units": n_units}
        audit.record(store.engine, "backfill", details, by=audit.this_user(), now=job.now)


def _model_version(settings: Settings) -> str:
    from models.checkpoint import SHIPPED, CheckpointError, load_checkpoint

    try:
        return load_checkpoint(settings.weights_dir or SHIPPED).manifest.model_version
    except CheckpointError as error:
        raise SettingsError(str(error)) from None


def _absolute(out: str) -> str:
    return out if "://" in out else str(Path(out).expanduser().absolute())


def _engine(name: EngineName, processes: int, address: str | None) -> Engine:
    if name is EngineName.RAY:
        return partial(on_ray, address=address, processes=processes)
    if address:
        raise SettingsError("--address is of a Ray cluster; add --engine ray")
    return partial(on_this_machine, processes=processes)


def _run(settings: Settings, job: Job, units: Sequence[Unit], engine: Engine) -> Summary:
    with console.new_progress() as bar:
        task = bar.add_task("units", total=len(units), rate="")
        return work_through(
            job,
            units,
            engine,
            progress_file=_progress_file(settings, job),
            on_known=lambda n: bar.advance(task, n),
            on_outcome=partial(_tell, bar, task, _Speed()),
        )


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Meanwhile SIGTERM ends it as Ctrl-C does, with all its processes."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _progress_file(settings: Settings, job: Job) -> Path:
    """Beside the output where that is a folder here, else in the data folder under what is written."""
    if job.out is not None and is_local(job.out):
        return Path(job.out.removeprefix("file://")) / JOURNAL
    digest = hashlib.sha256(f"{job.out} {job.source}".encode()).hexdigest()[:12]
    return settings.data_dir / f"backfill-{digest}.jsonl"


class _Speed:
    """Messages a second since the first outcome was awaited; what was done before does not count."""

    def __init__(self) -> None:
        self._started, self._n = time.monotonic(), 0

    def after(self, n_messages: int) -> str:
        self._n += n_messages
        return f"{self._n / max(time.monotonic() - self._started, 0.001):,.0f} messages/s"


def _tell(progress: Progress, task: TaskID, speed: _Speed, outcome: Outcome) -> None:
    progress.update(task, advance=1, rate=speed.after(outcome.n_messages))


def _show(summary: Summary, n_units: int) -> None:
    before = f" ({summary.n_known:,} of them before)" if summary.n_known else ""
    console.out.print(
        f"{summary.n_units:,} of {n_units:,} units done{before}: {summary.n_rows:,} rows, {summary.n_messages:,} messages, "
        f"{summary.n_mentions:,} mentions, {summary.n_dead:,} unreadable, {summary.n_left_out:,} left out",
        highlight=False,
        soft_wrap=True,
    )
    for reason in summary.failed.values():
        console.err.print(f"[red]not done:[/] {reason}", highlight=False, soft_wrap=True)
    if summary.failed:
        console.err.print("Doing it again tries these alone.", highlight=False)
