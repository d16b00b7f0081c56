"""The command line: `bazkhord COMMAND`. What the commands do is in pipeline/commands/."""

from __future__ import annotations

import logging
import os
import sys

import typer
from rich.markup import escape

from pipeline import console
from pipeline.commands import (
    alerts,
    audit,
    backfilling,
    corrections,
    exporting,
    forgetting,
    keys,
    language,
    migrating,
    pulling,
    report,
    retaining,
    saving,
    serving,
    sources,
    views,
    working,
)
from pipeline.errors import BazkhordError
from pipeline.failures import places_of

log = logging.getLogger("pipeline")
# Libraries would write down addresses with their tokens, and what a mail server is told.
OURS = ("api", "bazkhord", "config", "models", "pipeline")
app = typer.Typer(
    name="bazkhord",
    help="Hears what customers say unasked, in Persian: pulls feedback, says sentiment, intent, aspect and "
    "journey stage of every clause, and answers over HTTP.\n\nStart with: bazkhord demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serving.demo)
app.command()(pulling.pull)
app.command(name="classify")(pulling.classify_)
app.command(name="run")(pulling.run_)
app.command()(working.worker)
app.command()(working.reclassify)
app.command()(backfilling.backfill)
app.command()(language.analyze)
app.command()(language.train)
app.command()(language.evaluate)
app.add_typer(sources.app, name="sources")
app.add_typer(alerts.app, name="alerts")
app.command()(report.report)
app.command()(serving.serve)
app.command()(migrating.migrate)
app.command(name="rebuild-tallies")(serving.rebuild_tallies)
app.add_typer(keys.app, name="keys")
app.command()(exporting.export)
app.command()(views.views)
app.command()(saving.backup)
app.command()(saving.restore)
app.command()(retaining.retain)
app.command()(forgetting.forget)
app.command(name="audit")(audit.show)
app.add_typer(corrections.app, name="corrections")


def main() -> None:
    """Run the command line; a person sees a sentence, never a traceback."""
    level = os.environ.get("BAZKHORD_LOG_LEVEL", "warning").upper()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in OURS if level == "DEBUG" else ():
        logging.getLogger(name).setLevel(logging.DEBUG)
    if level != "DEBUG":
        # it tells of retries without saying of which source
        logging.getLogger("stamina").setLevel(logging.ERROR)
    try:
        app()
    except BazkhordError as error:
        if console.err.quiet:
            logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - a sentence, where lines are JSON
        console.err.print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001 - the last door: a defect is named, not shown as a traceback
        log.debug("unexpected: %s", places_of(error))
        console.err.print(
            f"[red]unexpected error:[/] {type(error).__name__}; nothing that was stored is lost. "
            "Please report it, with what `BAZKHORD_LOG_LEVEL=debug bazkhord ...` says.",
            highlight=False,
        )
        sys.exit(70)


if __name__ == "__main__":
    main()
