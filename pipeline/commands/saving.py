"""`bazkhord backup` and `restore`: the data base in one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings, load_settings
from pipeline import console
from pipeline.audit import noting_failure, this_user
from pipeline.backing_up import back_up
from pipeline.backup_file import open_backup
from pipeline.commands.opening import opened
from pipeline.forgotten_list import read_marks
from pipeline.identity import load_identity_key
from pipeline.key_ring import key_id
from pipeline.restoring import Restored, Restoring
from pipeline.restoring import restore as put_back


def backup(file: Annotated[Path, typer.Argument(help="File to write; it must not be there yet.")]) -> None:
    """Write the data base to one file while everything goes on. Only its owner may read it.

    The identity key is not in it: keep a copy of that somewhere else. Without it the messages are there, but no
    customer is known again.
    """
    settings = load_settings()
    with (
        opened(settings) as store,
        noting_failure(store.engine, "backup", by=this_user()),
        console.new_progress() as progress,
    ):
        task = progress.add_task("backup", total=None, rate="")
        manifest = back_up(
            store.engine,
            file,
            keyed_by=_keyed_by(settings),
            by=this_user(),
            now=datetime.now(UTC),
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    console.out.print(f"{file}: {manifest.n_messages:,} messages", highlight=False, soft_wrap=True)
    console.err.print(
        f"The identity key is not in it; keep a copy elsewhere: {_key_place(settings)}",
        highlight=False,
        soft_wrap=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that bazkhord backup wrote.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a data base that is not empty; it is lost.")
    ] = False,
    break_links: Annotated[
        bool,
        typer.Option(
            "--break-links", help="Put it back without its identity key: its customers are linked to nobody."
        ),
    ] = False,
) -> None:
    """Put a backup back, all of it or nothing. Who was forgotten since stays forgotten.

    Stop the service and the workers first. The backup is checked before anything changes.
    """
    settings = load_settings()
    with open_backup(file) as (_, manifest), console.new_progress() as progress:
        task = progress.add_task("restore", total=manifest.n_bytes, rate="")
        how = Restoring(
            identity_key=_identity_key(settings),
            marks=read_marks(settings.identity_key_file.with_name("forgotten.keys")),
            by=this_user(),
            now=datetime.now(UTC),
            replace=replace,
            break_links=break_links,
            on_bytes=lambda n: progress.advance(task, n),
        )
        done = put_back(settings.store_url, file, how)
    _tell(done, settings)


def _tell(done: Restored, settings: Settings) -> None:
    made = f"{done.manifest.made_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    lines = [f"{done.n_messages:,} messages as of {made}"]
    if done.n_forgotten:
        lines.append(f"{done.n_forgotten:,} messages left out, whose customers were forgotten since")
    if done.tallies_rebuilt:
        lines.append("the tallies did not equal a recount and were rebuilt")
    if done.links_broken:
        lines.append("the backup is of an earlier identity key: its customers are linked to nobody")
    console.out.print("\n".join(lines), highlight=False)


def _identity_key(settings: Settings) -> bytes:
    return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())


def _keyed_by(settings: Settings) -> str | None:
    there = settings.identity_key.get_secret_value() or settings.identity_key_file.exists()
    return key_id(_identity_key(settings)) if there else None


def _key_place(settings: Settings) -> str:
    return (
        "BAZKHORD_IDENTITY_KEY"
        if settings.identity_key.get_secret_value()
        else str(settings.identity_key_file)
    )
