"""`bazkhord pull`, `classify` and `run`: messages come in and are judged, once or for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from config.settings import Settings, load_settings
from pipeline import console, run
from pipeline.analyze import Analyzer
from pipeline.claims import worker_name
from pipeline.commands.alerts import open_watch, show_watched
from pipeline.commands.opening import Only, SourcesFile, open_analyzer, opened, read_enabled
from pipeline.commands.working import daily_retention, labeller_of, work_for_ever
from pipeline.connectors.base import Connector
from pipeline.identity import load_identity_key
from pipeline.reclassifying import classify as classify_as
from pipeline.records import Page, SaveCounts
from pipeline.store import Store


def pull(only: Only = None, sources: SourcesFile = None) -> None:
    """Fetch what is new from the sources, clean and mask it, store it to be classified."""
    settings = load_settings()
    with opened(settings) as store:
        failed = pull_once(settings, store, _enabled(store, settings, sources, only))
    raise typer.Exit(1 if failed else 0)


def classify() -> None:
    """Classify every stored message that waits."""
    settings = load_settings()
    with opened(settings) as store:
        n_classified = classify_waiting(settings, store, open_analyzer(settings))
    console.out.print(f"{n_classified:,} messages classified")


def run_(
    only: Only = None,
    sources: SourcesFile = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Pull each source once, classify all that waits, and end.")
    ] = False,
) -> None:
    """Pull every source on its schedule and classify what comes, until Ctrl-C or SIGTERM.

    Each source has its own rhythm (every_s in the sources file, 15 minutes without it). What is posted to the
    service is classified too, and alerts are watched: all on this one machine. To share the work among processes
    and machines: bazkhord worker. Doing it again adds nothing twice.
    """
    settings = load_settings()
    with opened(settings) as store:
        watch = open_watch(settings, store)
        if not once:
            described = read_enabled(store, settings, sources, only, may_be_none=True)
            work_for_ever(settings, store, described, watch=watch, analyzer=open_analyzer(settings))
            return
        failed = pull_once(settings, store, _enabled(store, settings, sources, only))
        n_classified = classify_waiting(settings, store, open_analyzer(settings))
        show_watched(watch.look())
        daily_retention(store, worker_name())()
    console.out.print(f"{n_classified:,} messages classified")
    raise typer.Exit(1 if failed else 0)


def pull_once(
    settings: Settings,
    store: Store,
    connectors: list[Connector],
    *,
    clock: Callable[[], datetime] = run.utc_now,
) -> dict[str, str]:
    """Every source is pulled, and what it brought is shown; return why some stopped, by name."""
    with console.new_progress() as progress:
        tasks = {one.name: progress.add_task(f"pull {one.name}", total=None, rate="") for one in connectors}

        def note(name: str, page: Page, counts: SaveCounts) -> None:
            progress.update(tasks[name], total=page.n_total, advance=counts.n_rows)

        brought, failed = run.pull_all(
            connectors,
            store,
            identity_key=_identity_key(settings),
            on_page=note,
            clock=clock,
            lease_s=settings.lease_s,
        )
    console.show_counts(brought, failed)
    return failed


def classify_waiting(settings: Settings, store: Store, analyzer: Analyzer) -> int:
    """Every message that waited is classified, with a progress bar; return how many."""
    with console.new_progress() as progress:
        task = progress.add_task("classify", total=store.n_pending(), rate="")
        labeller = labeller_of(settings, store, analyzer, worker=worker_name())
        return classify_as(labeller, on_batch=lambda n: _advance(progress, task, n))


def _advance(progress: Progress, task: TaskID, n: int) -> None:
    progress.advance(task, n)
    speed = progress.tasks[0].speed
    progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")


def _identity_key(settings: Settings) -> bytes:
    return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())


def _enabled(store: Store, settings: Settings, file: Path | None, only: list[str] | None) -> list[Connector]:
    return [one.connector for one in read_enabled(store, settings, file, only).values()]
