"""`bazkhord keys`: keys of the API are made, listed and revoked."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.settings import load_settings
from pipeline import console, keys
from pipeline.commands.opening import opened
from pipeline.commands.rotating import rotate_identity

app = typer.Typer(
    help="Keys of the API: add, list, revoke; and the key of customers' identities: rotate-identity.",
    no_args_is_help=True,
)
app.command(name="rotate-identity")(rotate_identity)


@app.command(name="add")
def add(
    name: Annotated[str, typer.Argument(help="What the key is for, e.g. dashboard.")],
    scope: Annotated[
        keys.Scope, typer.Option(help="What it may do; each includes the one before.")
    ] = keys.Scope.READ,
    brand: Annotated[
        list[str] | None,
        typer.Option(help="Sees only messages of this brand; may be given again. Default: all messages."),
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once and kept only as a hash."""
    with opened(load_settings()) as store:
        secret = keys.add_key(store, name, scope, brands=brand or (), now=datetime.now(UTC))
    sys.stdout.write(secret + "\n")
    console.err.print("Keep it now; it is not shown again. Send it as: Authorization: Bearer KEY")


@app.command(name="list")
def list_() -> None:
    """List the keys: name, beginning, scope, last use, and its brands where it does not see all."""
    with opened(load_settings()) as store:
        for key in keys.list_keys(store):
            state = (
                "revoked"
                if key.revoked_at
                else f"last used {key.last_used_at:%Y-%m-%d}"
                if key.last_used_at
                else "unused"
            )
            seen = f"\tonly {', '.join(key.brands)}" if key.brands is not None else ""
            console.out.print(
                f"{key.name}\t{key.prefix}…\t{key.scope}\t{state}{seen}", highlight=False, markup=False
            )


@app.command(name="revoke")
def revoke(name: Annotated[str, typer.Argument(help="Name of the key.")]) -> None:
    """End a key; requests with it are refused from now on."""
    with opened(load_settings()) as store:
        keys.revoke_key(store, name, now=datetime.now(UTC))
    console.out.print(f"{name} is revoked")
