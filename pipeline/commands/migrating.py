"""`bazkhord migrate`: the schema of the data base is the one of this program."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from config.settings import load_settings
from pipeline import console
from pipeline.database import bring_up_to_date, connect, migrations_to_come, place


def migrate(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be done; exit status 1 if there is anything.")
    ] = False,
) -> None:
    """Bring the data base up to date, in one transaction; processes that run meanwhile go on.

    Every other command does so too when it starts. Run it by itself where one process is to do it before the
    others are started: migrate with the new program, then start the new processes, then stop the old ones.
    """
    engine = connect(load_settings().store_url)
    try:
        revision, steps = migrations_to_come(engine)
        where = f"{escape(place(engine.url))} is at {revision or 'no schema yet'}"
        if not steps:
            console.out.print(f"{where}: nothing to do", highlight=False, soft_wrap=True)
            return
        console.out.print(f"{where}; to be done:", highlight=False, soft_wrap=True)
        for name, words in steps:
            console.out.print(f"  {name}  {escape(words)}", highlight=False, soft_wrap=True)
        if check:
            raise typer.Exit(1)
        bring_up_to_date(engine, migrate=True)
        console.out.print("done")
    finally:
        engine.dispose()
