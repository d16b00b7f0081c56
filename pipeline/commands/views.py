"""`bazkhord views`: what tools that ask PostgreSQL in SQL see."""

from __future__ import annotations

from typing import Annotated

import typer

from config.journey import load_journey
from config.settings import load_settings
from pipeline import audit, console
from pipeline.commands.exporting import WithText
from pipeline.commands.opening import opened
from pipeline.run import utc_now
from pipeline.views import SCHEMA, create_views, drop_views


def views(
    *,
    with_text: WithText = False,
    drop: Annotated[bool, typer.Option("--drop", help="Take the views away instead.")] = False,
) -> None:
    """Make views with Persian names on PostgreSQL, for Metabase, Superset and whoever asks in SQL.

    They lie in the schema "analytics" and show messages, mentions and counts by day, with the names of journey.toml
    and Jalali dates. Do it again after an update or when names have changed: roles keep their rights.

    For a reader: GRANT USAGE ON SCHEMA analytics TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO reader;
    """
    settings = load_settings()
    journey = load_journey(settings.journey_file)
    names = {table: {label: name.fa for label, name in of.items()} for table, of in journey.names.items()}
    with opened(settings) as store:
        made = () if drop else create_views(store.engine, names, with_text=with_text)
        if drop:
            drop_views(store.engine)
        details: dict[str, object] = {"text": with_text and not drop}
        action = "views drop" if drop else "views"
        audit.record(store.engine, action, details, by=audit.this_user(), now=utc_now())
    said = f"The views are in the schema {SCHEMA}: {', '.join(made)}" if made else "The views are gone."
    console.out.print(said, highlight=False, soft_wrap=True)
