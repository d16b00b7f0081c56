"""`bazkhord keys rotate-identity`: the secret behind the customers' keys is replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings, load_settings
from pipeline import console
from pipeline.audit import noting_failure, this_user
from pipeline.commands.opening import opened
from pipeline.identity import load_identity_key
from pipeline.key_ring import key_id
from pipeline.rotating import count_customers, is_rotated_to, rotate, take_place
from pipeline.store import Store

ASKED = (
    "The keys of all past customers become random for ever: nobody will find a person's past messages, and new "
    "messages will be of new customers. Go on?"
)


def rotate_identity(
    *,
    break_links: Annotated[
        bool,
        typer.Option(
            "--break-links",
            help="Make past customers' keys random: no link to persons or new messages stays.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before links are broken.")] = False,
) -> None:
    """Replace the identity key. A customer stays one customer, under a new key that nobody has seen yet.

    Do it when somebody may have seen the key, or once a year; links to customers in old exports end. Broken off,
    it is finished by doing it again. Processes that pull store nothing until they are started again.
    """
    settings = load_settings()
    given = settings.identity_key.get_secret_value()
    file = settings.identity_key_file
    present = load_identity_key(file, given)
    next_file = file.with_name(f"{file.name}.next")
    with (
        opened(settings) as store,
        noting_failure(store.engine, "rotate identity key", by=this_user()),
    ):
        if given and _is_done(store, present, next_file):
            next_file.unlink()
            console.out.print("The environment has the new key; the rotation is finished.")
            return
        if break_links and not yes and not typer.confirm(ASKED, err=True):
            raise typer.Exit(1)
        n = _rotate(store, present, next_file, break_links=break_links)
    console.out.print(f"{n:,} customers have new keys", highlight=False)
    if given:
        _tell_environment(next_file)
        return
    take_place(next_file, file)
    _tell_file(settings)


def _rotate(store: Store, present: bytes, next_file: Path, *, break_links: bool) -> int:
    with console.new_progress() as progress:
        task = progress.add_task("rotate", total=count_customers(store.engine), rate="")
        return rotate(
            store.engine,
            present,
            next_file,
            break_links=break_links,
            by=this_user(),
            now=datetime.now(UTC),
            on_keys=lambda n: progress.advance(task, n),
        ).n_customers


def _is_done(store: Store, present: bytes, next_file: Path) -> bool:
    """Whether the key from the environment is the one that an earlier call has made."""
    return (
        next_file.exists()
        and key_id(load_identity_key(next_file)) == key_id(present)
        and is_rotated_to(store.engine, present)
    )


def _tell_environment(next_file: Path) -> None:
    console.err.print(
        f"Now put the line in {next_file} into BAZKHORD_IDENTITY_KEY of every process and start them again; "
        "nothing is stored until then. Then call this once more, and the file is removed.",
        highlight=False,
        soft_wrap=True,
    )


def _tell_file(settings: Settings) -> None:
    console.err.print(
        f"The new key is in {settings.identity_key_file}. Copy it to every other machine, keep a copy where the "
        "backups are not, and start bazkhord run and bazkhord worker again.",
        highlight=False,
        soft_wrap=True,
    )
