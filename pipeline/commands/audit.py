"""`bazkhord audit`: what administrators did, who, when and how it ended."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from config.settings import load_settings
from pipeline import console
from pipeline.audit import Entry, read_audit_log
from pipeline.commands.opening import opened


def show(
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most entries, the latest first.")] = 50,
    action: Annotated[
        str | None, typer.Option(help='Only this, e.g. forget, backup, "keys add"; default: everything.')
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Only of so many days.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per entry.")] = False,
) -> None:
    """Show what administrators did: keys, forgetting, retention, backups, rotations. Entries stay for ever."""
    settings = load_settings()
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    with opened(settings) as store:
        entries = read_audit_log(store.engine, limit=limit, action=action, since=since)
    if as_json:
        for entry in entries:
            sys.stdout.write(json.dumps(_as_json(entry), ensure_ascii=False) + "\n")
        return
    table = Table("when", "who", "what", "outcome", "details", **console.PLAIN)
    for entry in entries:
        when = f"{entry.at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
        table.add_row(when, *map(escape, (entry.actor, entry.action, entry.outcome, _told(entry))))
    console.out.print(table if entries else "Nothing is on record yet.")


def _as_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "details": dict(entry.details),
    }


def _told(entry: Entry) -> str:
    return ", ".join(f"{name}: {value}" for name, value in entry.details.items() if value is not None)
