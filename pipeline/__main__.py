"""The command line: `bazkhord COMMAND`. What the commands do is in pipeline/commands/."""

from __future__ import annotations

import logging
import os
import sys

import typer
from rich.markup import escape

from pipeline import console
from pipeline.commands import alerts, corrections, keys, language, pulling, report, serving, sources
from pipeline.errors import BazkhordError

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
app.command()(pulling.classify)
app.command(name="run")(pulling.run_)
app.command()(language.analyze)
app.command()(language.train)
app.command()(language.evaluate)
app.add_typer(sources.app, name="sources")
app.add_typer(alerts.app, name="alerts")
app.command()(report.report)
app.command()(serving.serve)
app.command(name="rebuild-tallies")(serving.rebuild_tallies)
app.add_typer(keys.app, name="keys")
app.add_typer(corrections.app, name="corrections")


def main() -> None:
    """Run the command line; a person sees a sentence, never a traceback."""
    level = os.environ.get("BAZKHORD_LOG_LEVEL", "warning").upper()
    logging.basicConfig(
        level=logging.DEBUG if level == "DEBUG" else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if level != "DEBUG":
        # it tells of retries without saying of which source
        logging.getLogger("stamina").setLevel(logging.ERROR)
    try:
        app()
    except BazkhordError as error:
        console.err.print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # the last door: a defect is named, not shown as a traceback
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        console.err.print(
            f"[red]unexpected error:[/] {type(error).__name__}; nothing that was stored is lost. "
            "Please report it, with what `BAZKHORD_LOG_LEVEL=debug bazkhord ...` says.",
            highlight=False,
        )
        sys.exit(70)


if __name__ == "__main__":
    main()
