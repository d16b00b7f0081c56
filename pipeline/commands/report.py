"""`bazkhord report`: a week, or any period, as one HTML file that can be sent and printed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from config.journey import load_journey
from config.settings import load_settings
from pipeline import console
from pipeline.commands.opening import opened
from pipeline.errors import BadRequest
from pipeline.jalali import from_jalali
from pipeline.report import last_week, read_report, write_report
from pipeline.sentences import Words


class Language(StrEnum):
    """The languages a report can be written in."""

    FA = "fa"
    EN = "en"


def report(
    *,
    week: Annotated[
        bool, typer.Option("--week", help="The last whole week, Saturday to Friday; so it is without --from.")
    ] = False,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day: 2026-11-14 or 1405-08-23.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="DAY", help="Day after the last one. Default: today.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language of the report.")] = Language.FA,
    brand: Annotated[list[str] | None, typer.Option(help="Only this brand; may be given again.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it is written. Default: bazkhord-DAY.html")
    ] = None,
) -> None:
    """Write a report as one HTML file: sentiment over the weeks, what changed, where it hurts, ten messages."""
    settings = load_settings()
    now = datetime.now(settings.zone)
    if week and (from_ or to):
        raise BadRequest("give --week, or --from and --to, not both", parameter="week")
    first, end = (
        last_week(settings.zone, now) if from_ is None else (_day(from_), _day(to) if to else now.date())
    )
    if to and from_ is None:
        raise BadRequest("--to needs --from: the first day of the report", parameter="from")
    names = {
        table: {label: Words(name.fa, name.en) for label, name in labels.items()}
        for table, labels in load_journey(settings.journey_file).names.items()
    }
    with opened(settings) as store:
        found = read_report(store.engine, first, end, zone=settings.zone, now=now, brands=tuple(brand or ()))
    path = out or Path(f"bazkhord-{first}.html")
    path.write_text(write_report(found, names, language=lang.value), encoding="utf-8")
    console.out.print(f"{path}: {first} to {found.last}, {found.journey.basis.n:,} mentions", highlight=False)


def _day(written: str) -> date:
    try:
        year, month, day = map(int, written.split("-"))
        return from_jalali(year, month, day) if year < 1700 else date(year, month, day)
    except ValueError:
        raise BadRequest(
            f"{written!r} is no day; write it like 2026-11-14 or 1405-08-23 (Jalali by its year)",
            parameter="from",
        ) from None
