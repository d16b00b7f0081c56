"""What commands open before they work: the store, the model, the sources; and the options they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings, read_toml
from pipeline import console
from pipeline.analyze import Analyzer, load_analyzer
from pipeline.apart import load_apart
from pipeline.collector import spare_collector
from pipeline.connectors import build_connectors
from pipeline.connectors.base import Connector
from pipeline.errors import SettingsError
from pipeline.logs import start_logs
from pipeline.run import utc_now
from pipeline.schedules import Schedule, split_schedules
from pipeline.store import Store, open_store
from pipeline.tracing import start_traces

SourcesFile = Annotated[
    Path | None,
    typer.Option(
        "--sources", metavar="FILE", help="TOML file with the sources; default: the setting sources_file."
    ),
]
Only = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Names of sources; none: all.")]
Visual = Annotated[
    bool,
    typer.Option(
        "--visual/--logical",
        envvar="BAZKHORD_VISUAL",
        help="For terminals that show Persian letters apart or backwards: join and reorder them here.",
    ),
]


@dataclass(frozen=True, slots=True)
class DescribedSource:
    """A source as the sources file describes it."""

    connector: Connector
    schedule: Schedule


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The store of the settings, closed at the end of the block; logs and traces go where the settings say."""
    follow(settings)
    store = open_store(settings.store_url, zone=settings.zone, retention=settings.retention)
    spare_collector()
    try:
        yield store
    finally:
        store.close()


def follow(settings: Settings) -> None:
    """Logs and traces go where the settings say. People at a terminal are told in sentences, and of warnings only."""
    if settings.log_format == "json":
        start_logs(level=settings.log_level, form="json")
        console.err.quiet = True
    start_traces(settings.traces_endpoint)


def open_analyzer(settings: Settings, *, apart: bool = False) -> Analyzer:
    """Return the model of the settings.

    Args:
        apart: In a process of its own, for who has other work to do meanwhile; with one thread it stays in this
            one, as who gives one wants one core used.
    """
    weights, threads, engine, device = (
        settings.weights_dir,
        settings.n_threads,
        settings.engine,
        settings.device,
    )
    if apart and threads != 1:
        return Analyzer(load_apart(weights, threads, engine=engine, device=device))
    return load_analyzer(weights, threads, engine=engine, device=device)


def read_sources(
    settings: Settings, file: Path | None, only: list[str] | None = None, *, may_be_none: bool = False
) -> dict[str, DescribedSource]:
    """Return the sources of a file by name.

    Args:
        file: The sources file; ``None``: the one of the settings.
        only: Names of those to return; empty or ``None``: all.
        may_be_none: Whether a file that describes nothing is fine.

    Raises:
        SettingsError: The file is missing or wrong, describes nothing, or lacks one of the names.
    """
    path = file or settings.sources_file
    config, schedules = split_schedules(read_toml(path))
    connectors = build_connectors(config, now=utc_now, root=Path.cwd())
    if connectors or only or not may_be_none:
        require_known(path, list(connectors), only)
    return {
        name: DescribedSource(connector, schedules[name])
        for name, connector in connectors.items()
        if not only or name in only
    }


def read_enabled(
    store: Store,
    settings: Settings,
    file: Path | None,
    only: list[str] | None,
    *,
    may_be_none: bool = False,
) -> Mapping[str, DescribedSource]:
    """Return the sources to pull: those switched on or named; the others are on record as switched off.

    Args:
        may_be_none: Whether a file that describes nothing is fine.

    Raises:
        SettingsError: As ``read_sources``, or every source is switched off.
    """
    described = read_sources(settings, file, only, may_be_none=may_be_none)
    for name, source in described.items():
        store.register_source(name, source.connector.kind, enabled=source.schedule.enabled)
    chosen = {name: one for name, one in described.items() if one.schedule.enabled or only}
    if described and not chosen:
        raise SettingsError(
            f"every source of {file or settings.sources_file} has enabled = false: enable one, or name it"
        )
    return chosen


def require_known(path: Path, known: list[str], only: list[str] | None) -> None:
    """The file describes sources, and those that are named are among them.

    Raises:
        SettingsError: It does not.
    """
    if not known:
        raise SettingsError(f"{path} names no source; uncomment an example in it, or try: bazkhord demo")
    if unknown := sorted(set(only or ()) - set(known)):
        raise SettingsError(f"{path} has no source {', '.join(unknown)}; it has: {', '.join(known)}")
