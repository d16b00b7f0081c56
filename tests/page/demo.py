"""The demo on a day that never passes: ``python -m tests.page.demo FOLDER`` makes it, with ``--port N`` it is served.

Dates, ages and "the last 90 days" are the same whenever the tests run.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from api.app import create_app
from config.settings import load_settings
from pipeline.commands.serving import build_demo

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=3, minutes=30)))


def _main(folder: str, *port: str) -> None:
    settings = load_settings().model_copy(
        update={
            "data_dir": Path(folder),
            "database_url": SecretStr(""),
            "sources_file": Path(folder) / "none.toml",
        }
    )
    if not port:
        build_demo(settings, now=NOW)
    else:
        app = create_app(settings, clock=lambda: NOW)
        uvicorn.run(app, host=settings.host, port=int(port[-1]), log_level="warning")


if __name__ == "__main__":
    _main(*sys.argv[1:])
