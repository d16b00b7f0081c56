"""`bazkhord export`: what is stored, as tables for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import load_settings
from pipeline import console
from pipeline.audit import noting_failure, this_user
from pipeline.commands.opening import opened
from pipeline.export_tables import Shown
from pipeline.exporting import export as write_export
from pipeline.run import utc_now

WithText = Annotated[
    bool, typer.Option("--with-text", help="The words too. Personal data in them is masked, names are not.")
]
WithCustomers = Annotated[
    bool,
    typer.Option("--with-customers", help="Which messages are of one customer too: a key, never who it is."),
]


def export(
    parquet: Annotated[
        Path,
        typer.Option("--parquet", metavar="FOLDER", help="Folder to write; an export there is replaced."),
    ],
    *,
    with_text: WithText = False,
    with_customers: WithCustomers = False,
) -> None:
    """Write messages, mentions and tallies as Parquet that DuckDB, Spark, pandas and others read directly.

    Each table is a folder with one below it for each month. All is of one moment; the folder changes at once when
    everything is written, so a half-written export is never seen. Needs bazkhord[parquet].

    Example: bazkhord export --parquet lake/bazkhord
    """
    settings = load_settings()
    shown = Shown(text=with_text, customers=with_customers)
    with (
        opened(settings) as store,
        noting_failure(store.engine, "export", by=this_user()),
        console.new_progress() as progress,
    ):
        task = progress.add_task("rows", total=None, rate="")
        done = write_export(
            store.engine,
            parquet,
            zone=settings.zone,
            shown=shown,
            by=this_user(),
            now=utc_now(),
            on_rows=lambda n: progress.advance(task, n),
        )
    console.out.print(
        f"{parquet}: {done.n_messages:,} messages, {done.n_mentions:,} mentions, and the tallies by day",
        highlight=False,
        soft_wrap=True,
    )
