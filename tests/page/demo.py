"""The demo on a day that never passes: ``python -m tests.page.demo FOLDER`` makes it, with ``--port N`` it is served.

Dates, ages and "the last 90 days" are the same whenever the tests run, and so are the labels (see ``recorded.py``).
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from api.app import create_app
from config.settings import load_settings
from pipeline.analyze import Analyzer
from pipeline.commands import pulling, serving
from pipeline.commands.opening import open_analyzer
from tests.page.recorded import Recorded, Recording

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=3, minutes=30)))


def _main(folder: str, *options: str) -> None:
    settings = load_settings().model_copy(
        update={
            "data_dir": Path(folder),
            "database_url": SecretStr(""),
            "sources_file": Path(folder) / "none.toml",
        }
    )
    if options[:1] != ("--port",):
        kind = Recording if options == ("--record",) else Recorded
        pulling.open_analyzer = lambda settings, **_: Analyzer(kind(open_analyzer(settings).classifier))
        serving.build_demo(settings, now=NOW)
    else:
        app = create_app(settings, clock=lambda: NOW)
        uvicorn.run(app, host=settings.host, port=int(options[-1]), log_level="warning")


if __name__ == "__main__":
    _main(*sys.argv[1:])
