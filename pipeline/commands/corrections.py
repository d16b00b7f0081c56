"""`bazkhord corrections`: what people said of mentions is listed, and exported as training data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import load_settings
from pipeline import console
from pipeline.commands.opening import opened
from pipeline.correction_answers import FoundCorrection, Wanted, find_corrections

app = typer.Typer(help="Corrections of labels: list, export.", no_args_is_help=True)


@app.command(name="list")
def list_(
    *,
    orphaned: Annotated[
        bool | None, typer.Option("--orphaned/--attached", help="Only those without a clause, or with one.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 50,
) -> None:
    """List corrections: when, by whom, of which mention, what was predicted and what holds. No texts."""
    settings = load_settings()
    with opened(settings) as store:
        page = find_corrections(store.engine, Wanted(orphaned=orphaned), zone=settings.zone, limit=limit)
    for found in page.items:
        console.out.print(_line(found), highlight=False, markup=False, soft_wrap=True)
    if page.next:
        console.err.print(f"{len(page.items)} of {page.n}; ask for more with --limit")


@app.command(name="export")
def export(
    file: Annotated[Path, typer.Argument(help="File to write, one JSON object a line.")],
    *,
    data: Annotated[
        Path, typer.Option(help="Folder with the dev and test sets, none of whose texts is written.")
    ] = Path("../shared/data"),
    without_check: Annotated[
        bool, typer.Option("--without-check", help="Write without knowing those sets.")
    ] = False,
) -> None:
    """Write the judged messages as training data, as `models.further.further_authored` reads it.

    A text that the model is measured on is left out, also where it is quoted in another.
    """
    from pipeline.correction_export import export_corrections, load_held_out

    held_out = load_held_out(None if without_check else data)
    with opened(load_settings()) as store:
        done = export_corrections(store.engine, file, held_out=held_out)
    console.out.print(
        f"messages written to {file}: {done.n_messages}\n"
        f"messages left out, as the model is measured on them: {done.n_held_out}\n"
        f"corrections left out, as they have no clause now: {done.n_without_clause}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _line(found: FoundCorrection) -> str:
    place = found.mention_id or ("orphaned" if found.orphaned else "waits to be classified")
    changes = [
        f"{head}: {getattr(found.predicted, head)} > {getattr(found.labels, head)}" for head in found.changed
    ]
    said = ", ".join(changes) or "confirmed"
    when = f"{found.corrected_at:%Y-%m-%d %H:%M}"
    return f"{when}\t{found.corrected_by}\t{found.feedback_id}/{place}\t{said}"
