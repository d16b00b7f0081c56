"""`bazkhord retain`: what is older than is kept is removed, or only shown."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from config.settings import Settings, load_settings
from pipeline import console
from pipeline.audit import this_user
from pipeline.commands.opening import opened
from pipeline.retaining import Due, find_due
from pipeline.retaining import retain as retain_messages
from pipeline.run import utc_now
from pipeline.store import Store


def retain(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, by source, and remove nothing.")
    ] = False,
) -> None:
    """Remove messages that are older than the settings keep them; `bazkhord run` does it once a day.

    How long that is say the settings retention_days (of all sources) and retention_days_by_source; as shipped,
    everything is kept for ever. The figures of the past go with the messages: export them first if you want them.
    """
    settings = load_settings()
    with opened(settings) as store:
        due = find_due(store, now=utc_now())
        _show(due, settings)
        if not dry_run and any(one.n_messages or one.n_dead_letters for one in due):
            _remove(store, sum(one.n_messages for one in due))


def _remove(store: Store, n_messages: int) -> None:
    with console.new_progress() as progress:
        task = progress.add_task("remove", total=n_messages, rate="")
        removed = retain_messages(
            store, by=this_user(), now=utc_now(), on_removed=lambda n: progress.advance(task, n)
        )
    console.out.print(f"{sum(removed.values()):,} messages removed", highlight=False)


def _show(due: tuple[Due, ...], settings: Settings) -> None:
    if not due:
        console.out.print("Everything is kept for ever; set retention_days to change that.")
        return
    table = Table("source", "kept days", "too old", "unreadable rows", "oldest", **console.PLAIN)
    for one in due:
        oldest = f"{one.oldest_at.astimezone(settings.zone):%Y-%m-%d}" if one.oldest_at else ""
        table.add_row(
            escape(one.source), f"{one.days:,}", f"{one.n_messages:,}", f"{one.n_dead_letters:,}", oldest
        )
    console.out.print(table)
