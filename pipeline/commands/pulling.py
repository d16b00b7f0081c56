"""`bazkhord pull`, `classify` and `run`: messages come in and are judged, once or for ever."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID

from config.journey import load_journey
from config.settings import Settings, load_settings
from pipeline import console, run
from pipeline.alert_watch import AlertWatch
from pipeline.analyze import Analyzer
from pipeline.claims import worker_name
from pipeline.commands.alerts import open_watch, show_watched
from pipeline.commands.opening import (
    DescribedSource,
    Only,
    SourcesFile,
    open_analyzer,
    opened,
    read_sources,
)
from pipeline.connectors.base import Connector
from pipeline.errors import SettingsError
from pipeline.identity import load_identity_key
from pipeline.keep_running import Runner, RunningSource, Turn, Worker
from pipeline.leases import free_leases
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
    service is classified too. Several of these processes may run at once and share the sources. Doing it again
    adds nothing twice.
    """
    settings = load_settings()
    with opened(settings) as store:
        watch = open_watch(settings, store)
        if not once:
            described = _read_enabled(store, settings, sources, only, may_be_none=True)
            _run_for_ever(settings, store, described, watch)
            return
        failed = pull_once(settings, store, _enabled(store, settings, sources, only))
        n_classified = classify_waiting(settings, store, open_analyzer(settings))
        show_watched(watch.look())
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
    free_leases(store, worker_name())
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
        return _classify(settings, store, analyzer, on_batch=lambda n: _advance(progress, task, n))


def _classify(
    settings: Settings,
    store: Store,
    analyzer: Analyzer,
    *,
    on_batch: Callable[[int], None] = lambda n: None,
    stop: Callable[[], bool] = run.never,
) -> int:
    return run.classify_pending(
        store,
        analyzer.classifier,
        worker=worker_name(),
        batch_messages=settings.classify_batch_messages,
        lease_s=settings.lease_s,
        touchpoint_stages=load_journey(settings.journey_file).touchpoints,
        on_batch=on_batch,
        stop=stop,
    )


def _advance(progress: Progress, task: TaskID, n: int) -> None:
    progress.advance(task, n)
    speed = progress.tasks[0].speed
    progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")


def _identity_key(settings: Settings) -> bytes:
    return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())


def _enabled(store: Store, settings: Settings, file: Path | None, only: list[str] | None) -> list[Connector]:
    return [one.connector for one in _read_enabled(store, settings, file, only).values()]


def _read_enabled(
    store: Store,
    settings: Settings,
    file: Path | None,
    only: list[str] | None,
    *,
    may_be_none: bool = False,
) -> Mapping[str, DescribedSource]:
    """The sources to pull: those that are switched on or named; the others are on record as switched off."""
    described = read_sources(settings, file, only, may_be_none=may_be_none)
    for name, source in described.items():
        store.register_source(name, source.connector.kind, enabled=source.schedule.enabled)
    chosen = {name: one for name, one in described.items() if one.schedule.enabled or only}
    if described and not chosen:
        raise SettingsError(
            f"every source of {file or settings.sources_file} has enabled = false: enable one, or name it"
        )
    return chosen


def _run_for_ever(
    settings: Settings, store: Store, sources: Mapping[str, DescribedSource], watch: AlertWatch
) -> None:
    analyzer = open_analyzer(settings)
    name = worker_name()
    free_leases(store, name)
    runner = Runner(
        store,
        [RunningSource(connector=one.connector, every_s=one.schedule.every_s) for one in sources.values()],
        Worker(name=name, identity_key=_identity_key(settings), lease_s=settings.lease_s),
        classify=lambda stop: _classify(settings, store, analyzer, stop=stop),
        tell=partial(_tell_turn, settings),
        tell_classified=lambda n: _say(settings, f"{n:,} messages classified"),
        watch=lambda stop: show_watched(watch.look(stop)),
    )
    stop = _stop_at_signals(settings)
    _say(settings, _what_runs(sources))
    runner.run(stop)
    _say(settings, "stopped; the next start goes on from here")


def _what_runs(sources: Mapping[str, DescribedSource]) -> str:
    if sources:
        return f"pulling {', '.join(sources)} until Ctrl-C; look at them with: bazkhord sources"
    return (
        "no source is described, so only what is posted (POST /v1/feedback, webhooks) is classified, until Ctrl-C; "
        "describe one with: bazkhord sources add"
    )


def _stop_at_signals(settings: Settings) -> Event:
    """Return an event that SIGINT and SIGTERM set; a second one ends the process at once."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        _say(settings, "ending after the pages at hand; once more: at once (nothing stored is lost)")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def _tell_turn(settings: Settings, turn: Turn) -> None:
    counts = turn.counts
    brought = (
        f"{counts.n_new:,} new, {counts.n_updated:,} updated, {counts.n_duplicate:,} duplicate, "
        f"{counts.n_dead:,} unreadable"
    )
    again = f"{turn.next_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    if turn.error is None and counts.n_rows:
        _say(settings, f"{escape(turn.source)}: {brought}; next {again}")
    elif turn.error is not None:
        _say(
            settings,
            f"[red]{escape(turn.source)} stopped:[/] {escape(turn.error)} ({brought}); next try {again}",
        )


def _say(settings: Settings, sentence: str) -> None:
    now = run.utc_now().astimezone(settings.zone)
    console.err.print(f"[dim]{now:%H:%M:%S}[/] {sentence}", highlight=False, soft_wrap=True)
