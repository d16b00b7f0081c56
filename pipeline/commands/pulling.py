"""`bazkhord pull`, `classify` and `run`: messages come in and are judged, once or for ever."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event
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
from pipeline.reclassifying import classify
from pipeline.records import Page, SaveCounts
from pipeline.store import Store


def pull(only: Only = None, sources: SourcesFile = None) -> None:
    """Fetch what is new from the sources, clean and mask it, store it to be classified."""
    settings = load_settings()
    with opened(settings) as store:
        failed = pull_once(settings, store, _enabled(store, settings, sources, only))
    raise typer.Exit(1 if failed else 0)


def classify_() -> None:
    """Classify every stored message that waits."""
    settings = load_settings()
    with opened(settings) as store:
        n_classified = classify_waiting(settings, store, open_analyzer(settings, apart=True))
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
            work_for_ever(
                settings, store, described, watch=watch, analyzer=open_analyzer(settings, apart=True)
            )
            return
        failed, n_classified = pull_and_classify(settings, store, _enabled(store, settings, sources, only))
        show_watched(watch.look())
        daily_retention(store, worker_name())()
    console.out.print(f"{n_classified:,} messages classified")
    raise typer.Exit(1 if failed else 0)


def pull_once(settings: Settings, store: Store, connectors: list[Connector]) -> dict[str, str]:
    """Every source is pulled, and what it brought is shown; return why some stopped, by name."""
    with console.new_progress() as progress:
        brought, failed = _pull(settings, store, connectors, progress)
    console.show_counts(brought, failed)
    return failed


def classify_waiting(settings: Settings, store: Store, analyzer: Analyzer) -> int:
    """Every message that waited is classified, with a progress bar; return how many."""
    with console.new_progress() as progress:
        task = progress.add_task("classify", total=store.n_pending(), rate="")
        return _classify(settings, store, analyzer, progress, task)


def pull_and_classify(
    settings: Settings,
    store: Store,
    connectors: list[Connector],
    *,
    clock: Callable[[], datetime] = run.utc_now,
) -> tuple[dict[str, str], int]:
    """Every source is pulled and every message that waits is classified, those that come while others are pulled.

    Whatever breaks it off, what was stored by then is kept, and the next time goes on from there.

    Returns:
        Why some sources stopped, by name, and how many messages were classified.
    """
    last, broken_off = store.last_number(), Event()
    with console.new_progress() as progress, ThreadPoolExecutor(1, "pulling") as puller:
        task = progress.add_task("classify", total=store.n_pending(), rate="")

        def await_new(counts: SaveCounts) -> None:
            n_read = max(0, counts.n_new + counts.n_updated - counts.n_without_text)
            progress.update(task, total=(progress.tasks[task].total or 0) + n_read)

        pulling = puller.submit(
            _pull, settings, store, connectors, progress, then=await_new, clock=clock, stop=broken_off.is_set
        )
        try:
            if settings.n_threads == 1:  # who gives one thread wants one core used
                pulling.result()
            arrivals = run.Arrivals(after=last, more=lambda: not pulling.done())
            n_classified = _classify(
                settings, store, open_analyzer(settings, apart=True), progress, task, arrivals=arrivals
            )
            progress.update(task, total=n_classified)
            brought, failed = pulling.result()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            console.err.print("ending after the page at hand; once more: at once (nothing stored is lost)")
            raise
        finally:
            broken_off.set()
    console.show_counts(brought, failed)
    return failed, n_classified


def _pull(
    settings: Settings,
    store: Store,
    connectors: list[Connector],
    progress: Progress,
    *,
    then: Callable[[SaveCounts], None] = lambda counts: None,
    clock: Callable[[], datetime] = run.utc_now,
    stop: Callable[[], bool] = run.never,
) -> tuple[dict[str, SaveCounts], dict[str, str]]:
    tasks = {one.name: progress.add_task(f"pull {one.name}", total=None, rate="") for one in connectors}

    def note(name: str, page: Page, counts: SaveCounts) -> None:
        progress.update(tasks[name], total=page.n_total, advance=counts.n_rows)
        then(counts)

    return run.pull_all(
        connectors,
        store,
        identity_key=_identity_key(settings),
        on_page=note,
        clock=clock,
        lease_s=settings.lease_s,
        stop=stop,
    )


def _classify(
    settings: Settings,
    store: Store,
    analyzer: Analyzer,
    progress: Progress,
    task: TaskID,
    *,
    arrivals: run.Arrivals | None = None,
) -> int:
    def advance(n: int) -> None:
        progress.advance(task, n)
        speed = progress.tasks[task].speed
        progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")

    labeller = labeller_of(settings, store, analyzer, worker=worker_name())
    return classify(labeller, arrivals=arrivals, on_batch=advance)


def _identity_key(settings: Settings) -> bytes:
    return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())


def _enabled(store: Store, settings: Settings, file: Path | None, only: list[str] | None) -> list[Connector]:
    return [one.connector for one in read_enabled(store, settings, file, only).values()]
