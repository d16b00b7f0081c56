"""`bazkhord forget`: a customer's messages and all that hangs on them are removed, and stay so."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings, load_settings
from pipeline import console
from pipeline.audit import noting_failure, this_user
from pipeline.commands.opening import opened
from pipeline.errors import BadRequest
from pipeline.forgetting import Found, Person, find_person, identify, texts_of
from pipeline.forgetting import forget as forget_person
from pipeline.identity import load_identity_key
from pipeline.store import Store
from pipeline.written_files import find_files

OUT_OF_REACH = (
    "Out of reach: the source itself, exports and reports that were handed out, and backups; a backup that is put "
    "back with bazkhord restore leaves the forgotten out."
)


def forget(
    from_: Annotated[
        str | None, typer.Argument(metavar="[-]", help="-: identities from standard input, one a line.")
    ] = None,
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(help="The identity is the author's user name or id in this source; may be given again."),
    ] = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(help="An identity that may stand in the shell's history; better be asked for it."),
    ] = None,
    allow_return: Annotated[
        bool, typer.Option("--allow-return", help="Store what the source brings of them from now on.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")] = False,
) -> None:
    """Remove all that a customer said: messages, mentions, corrections, dead letters, reports in the data folder.

    You are asked for phone, e-mail address, CRM id or user name; give all that are known. What a source brings
    again of them is not stored. The figures are as though they had never written.
    """
    settings = load_settings()
    identities = _ask(from_, identity or [])
    key = load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())
    person = identify(identities, sources=source or (), identity_key=key)
    with opened(settings) as store, noting_failure(store.engine, "forget", by=this_user()):
        _require_known(store, source or [])
        found = find_person(store.engine, person)
        ours, others = find_files(settings.data_dir, texts_of(store.engine, person), person.keys)
        _show(found, ours, others, named=bool(source))
        if not yes and not typer.confirm("Remove all this for ever?", err=True):
            raise typer.Exit(1)
        done = _forget(settings, store, person, ours, remember=not allow_return)
    console.out.print(
        f"{done.n_messages:,} messages removed."
        + ("" if allow_return else " What comes again of this customer is not stored."),
        highlight=False,
    )
    console.err.print(OUT_OF_REACH, highlight=False, soft_wrap=True)


def _ask(from_: str | None, given: list[str]) -> list[str]:
    if from_ not in (None, "-"):
        raise BadRequest(
            "an identity as an argument would stay in the shell's history: leave it out and be asked, or send it "
            "to standard input (bazkhord forget -)",
            parameter="identity",
        )
    if from_ == "-":
        given = [*given, *sys.stdin.read().splitlines()]
    elif not given:
        first = typer.prompt("Phone, e-mail address, CRM id or user name", err=True)
        given = [first]
        while more := typer.prompt("Another one (Enter: no)", default="", show_default=False, err=True):
            given.append(more)
    identities = [one for line in given if (one := line.strip())]
    if not identities:
        raise BadRequest("no identity was given; one a line is expected", parameter="identity")
    return identities


def _require_known(store: Store, names: list[str]) -> None:
    known = [state.name for state in store.sources()]
    if unknown := sorted(set(names) - set(known)):
        raise BadRequest(
            f"there is no source {', '.join(unknown)}; there are: {', '.join(known) or 'none'}",
            parameter="source",
        )


def _show(found: Found, ours: list[Path], others: list[Path], *, named: bool) -> None:
    lines = [f"  {n:,} messages of {source}" for source, n in found.by_source.items()]
    lines += [f"  {found.n_corrections:,} corrections of them, {found.n_dead_letters:,} unreadable rows"]
    lines += [f"  the report {path}" for path in ours]
    console.err.print("\n".join(["Found:", *lines]), highlight=False, markup=False, soft_wrap=True)
    for path in others:
        console.err.print(
            f"{path} holds some too and stays: remove it yourself",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if not found.n_messages and not named:
        console.err.print("If it is a user name or id in a source, name that with --source.")


def _forget(settings: Settings, store: Store, person: Person, ours: list[Path], *, remember: bool) -> Found:
    remember_in = settings.identity_key_file.with_name("forgotten.keys") if remember else None
    for path in ours:
        path.unlink(missing_ok=True)
    return forget_person(store.engine, person, remember_in=remember_in, by=this_user(), now=datetime.now(UTC))
