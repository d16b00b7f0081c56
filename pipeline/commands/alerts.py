"""`bazkhord alerts`: what was raised, whether there is something new, and whether a channel works."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from config.alerts import read_alerts
from config.settings import Settings, load_settings
from pipeline import console
from pipeline.alert_rules import AlertSettings, build_alerts
from pipeline.alert_watch import AlertWatch, Watched
from pipeline.alert_words import write_test, write_time
from pipeline.alerts import Alert, Wanted, list_alerts
from pipeline.commands.opening import opened
from pipeline.connectors.names import list_missing
from pipeline.errors import SettingsError
from pipeline.notifying import NotDelivered, send
from pipeline.run import utc_now
from pipeline.store import Store

app = typer.Typer(help="Alerts that were raised; check: is there something new? test: does a channel work?")


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that somebody has acknowledged.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most alerts, newest first.")] = 20,
) -> None:
    """List the alerts that nobody has acknowledged yet."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    with opened(settings) as store:
        wanted = Wanted(acknowledged=None if everything else False)
        found, more = list_alerts(store.engine, wanted, limit=limit)
    for alert in found:
        _show(alert, settings)
    if not found:
        console.out.print("No alert waits. Rules stand in the alerts file; look now: bazkhord alerts check")
    elif more is not None:
        console.err.print(f"There are older ones: bazkhord alerts --limit {2 * limit}")


@app.command()
def check() -> None:
    """Check every rule now, and deliver what waits."""
    settings = load_settings()
    with opened(settings) as store:
        watched = open_watch(settings, store).look()
    show_watched(watched)
    if not watched.titles:
        console.out.print("Nothing new.")
    raise typer.Exit(1 if watched.errors else 0)


@app.command()
def test(channel: Annotated[str, typer.Argument(help="Name of a channel of the alerts file.")]) -> None:
    """Send a test message to a channel and say what came back."""
    settings = load_settings()
    channels = _build(settings).channels
    if told := list_missing([channel], list(channels), what="channel"):
        raise SettingsError(f"alerts file: {told}")
    title, body = write_test(channel, datetime.now(UTC), settings.zone)
    language = channels[channel].language
    try:
        answer = send(
            channels[channel], getattr(title, language), getattr(body, language), environment=os.environ
        )
    except NotDelivered as error:
        console.err.print(f"[red]not delivered:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    console.out.print(f"{escape(channel)}: {escape(answer)}", highlight=False, soft_wrap=True)


def open_watch(settings: Settings, store: Store, *, clock: Callable[[], datetime] = utc_now) -> AlertWatch:
    """Return what watches the rules of the settings.

    Args:
        clock: Gives the present moment, aware.

    Raises:
        SettingsError: The alerts file is missing or wrong.
    """
    return AlertWatch(store, _build(settings), environment=os.environ, clock=clock)


def show_watched(watched: Watched) -> None:
    """Print the alerts that are new, and what went wrong."""
    for title in watched.titles:
        console.err.print(f"[yellow]alert:[/] {escape(title)}", highlight=False, soft_wrap=True)
    for error in watched.errors:
        console.err.print(f"[red]{escape(error)}[/]", highlight=False, soft_wrap=True)


def _build(settings: Settings) -> AlertSettings:
    return build_alerts(read_alerts(settings.alerts_file))


def _show(alert: Alert, settings: Settings) -> None:
    raised = write_time(alert.raised_at, settings.zone).en
    console.out.print(
        f"[bold]{alert.id}[/]  {raised}  {escape(alert.title.en)}", highlight=False, soft_wrap=True
    )
    if alert.acknowledged_at is not None:
        console.out.print(f"    acknowledged by {escape(alert.acknowledged_by or '')}", highlight=False)
    elif alert.undelivered:
        waiting = ", ".join(alert.undelivered)
        reason = f": {alert.delivery_error}" if alert.delivery_error else ""
        console.out.print(
            f"    not yet at {escape(waiting)}{escape(reason)}", highlight=False, soft_wrap=True
        )
