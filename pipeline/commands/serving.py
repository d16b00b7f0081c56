"""`bazkhord serve`, `demo` and `rebuild-tallies`: the service, the shop to try it with, the sums it rests on."""

from __future__ import annotations

import socket
import sys
from datetime import datetime
from typing import Annotated

import typer
from pydantic import SecretStr

from config.settings import Settings, load_settings
from pipeline import audit, console, keys
from pipeline.commands.alerts import open_watch
from pipeline.commands.opening import Visual, opened, read_sources
from pipeline.commands.pulling import pull_and_classify
from pipeline.errors import SettingsError
from pipeline.run import utc_now

# Threads that count hold up the one that talks to everybody for a fifth of what is Python's default.
SWITCH_S = 0.001


def demo(
    *,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Start the service afterwards.")] = True,
    visual: Visual = False,
) -> None:
    """Pull and classify four months of feedback of a fictional shop, show what happened, start the service."""
    settings = build_demo(load_settings(), now=utc_now(), visual=visual)
    if serve:
        _serve(settings)


def build_demo(settings: Settings, *, now: datetime, visual: bool = False) -> Settings:
    """The demo is pulled, classified and told in the terminal; return the settings that serve it.

    Args:
        now: Its last day is the day before this moment, in the business time zone.
        visual: Join and reorder Persian letters for terminals that do not.

    Raises:
        SettingsError: A setting, or the weights folder, is wrong.
    """
    from pipeline.demo.story import prepare_demo, record_events, show_story

    folder = settings.data_dir / "demo"
    today = now.astimezone(settings.zone).date()
    files = prepare_demo(folder, today=today, zone=settings.zone)
    # The demo never writes into the operator's own data base, and its alerts reach nobody.
    settings = settings.model_copy(
        update={"data_dir": folder, "database_url": SecretStr(""), "alerts_file": None}
    )
    with opened(settings) as store:
        described = read_sources(settings, files.sources_file)
        connectors = [one.connector for one in described.values()]
        pull_and_classify(settings, store, connectors, clock=lambda: now)
        record_events(store, now=now)
        open_watch(settings, store, clock=lambda: now).check()
        show_story(store, files, today=today, visual=visual)
    return settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the setting host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: the setting port.")] = None,
) -> None:
    """Answer over HTTP until Ctrl-C. Without an API key only on this machine (loopback)."""
    settings = load_settings()
    chosen = {"host": host, "port": port}
    _serve(settings.model_copy(update={key: value for key, value in chosen.items() if value is not None}))


def rebuild_tallies() -> None:
    """Count all mentions anew and replace the tallies; says whether they differed."""
    with opened(load_settings()) as store:
        differing = store.check_tallies()
        store.rebuild_tallies()
        details = {"n_differing": len(differing)}
        audit.record(store.engine, "rebuild tallies", details, by=audit.this_user(), now=utc_now())
    if differing:
        console.out.print(f"{len(differing):,} cells differed from the recount and were replaced.")
    else:
        console.out.print("The tallies were equal to the recount.")


def _serve(settings: Settings) -> None:
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    from api.app import create_app
    from api.patience import patient_protocol
    from api.security import check_may_listen

    with opened(settings) as store:
        check_may_listen(settings.host, any_key=keys.any_key(store))
    _check_port_is_free(settings.host, settings.port)
    console.err.print(f"The page: http://{settings.host}:{settings.port} (the API: /docs). Ctrl-C ends it.")
    sys.setswitchinterval(SWITCH_S)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None if settings.log_format == "json" else LOGGING_CONFIG,
        log_level=settings.log_level,
        http=patient_protocol(slow_client_s=settings.slow_client_s, max_connections=settings.max_connections),
        h11_max_incomplete_event_size=settings.max_address_bytes + settings.max_header_bytes + 1000,
    )


def _check_port_is_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another port: bazkhord serve --port 8001"
        ) from None
