"""The command line: `bazkhord COMMAND`. Each command reads the settings and hands plain values down."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.markup import escape
from rich.progress import Progress

from config.journey import load_journey
from config.settings import Settings, load_settings, read_toml
from pipeline import console, keys, run
from pipeline.analyze import Analyzer, analysis_as_json, load_analyzer
from pipeline.claims import worker_name
from pipeline.connectors import build_connectors
from pipeline.connectors.base import Connector
from pipeline.errors import BazkhordError, SettingsError
from pipeline.identity import load_identity_key
from pipeline.records import Page, SaveCounts
from pipeline.store import Store, open_store

app = typer.Typer(
    name="bazkhord",
    help="Hears what customers say unasked, in Persian: pulls feedback, says sentiment, intent, aspect and "
    "journey stage of every clause, and answers over HTTP.\n\nStart with: bazkhord demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys_app = typer.Typer(help="Keys of the API: add, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

SourcesFile = Annotated[
    Path | None,
    typer.Option(
        "--sources", metavar="FILE", help="TOML file with the sources; default: the setting sources_file."
    ),
]
Only = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Names of sources; none: all.")]
Visual = Annotated[
    bool,
    typer.Option(
        "--visual/--logical",
        envvar="BAZKHORD_VISUAL",
        help="For terminals that show Persian letters apart or backwards: join and reorder them here.",
    ),
]


@app.command()
def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Start the service afterwards.")] = True,
    visual: Visual = False,
) -> None:
    """Pull and classify four months of feedback of a fictional shop, show what happened, start the service."""
    from pipeline.demo.story import prepare_demo, show_story

    settings = load_settings()
    folder = settings.data_dir / "demo"
    today = datetime.now(settings.zone).date()
    files = prepare_demo(folder, today=today, zone=settings.zone)
    # The demo never writes into the operator's own data base.
    settings = settings.model_copy(update={"data_dir": folder, "database_url": SecretStr("")})
    with _opened(settings) as store:
        connectors = _connectors(settings, files.sources_file, None)
        _pull(settings, store, connectors)
        analyzer = _analyzer(settings)
        _classify(settings, store, analyzer)
        show_story(store, files, today=today, visual=visual)
    if serve:
        _serve(settings)


@app.command()
def pull(only: Only = None, sources: SourcesFile = None) -> None:
    """Fetch what is new from the sources, clean and mask it, store it to be classified."""
    settings = load_settings()
    with _opened(settings) as store:
        failed = _pull(settings, store, _connectors(settings, sources, only))
    raise typer.Exit(1 if failed else 0)


@app.command()
def classify() -> None:
    """Classify every stored message that waits."""
    settings = load_settings()
    with _opened(settings) as store:
        n_classified = _classify(settings, store, _analyzer(settings))
    console.out.print(f"{n_classified:,} messages classified")


@app.command(name="run")
def run_(only: Only = None, sources: SourcesFile = None) -> None:
    """Pull the sources once and classify all that waits. Doing it again adds nothing twice."""
    settings = load_settings()
    with _opened(settings) as store:
        failed = _pull(settings, store, _connectors(settings, sources, only))
        n_classified = _classify(settings, store, _analyzer(settings))
    console.out.print(f"{n_classified:,} messages classified")
    raise typer.Exit(1 if failed else 0)


@app.command()
def analyze(
    text: Annotated[str | None, typer.Argument(help="A message in Persian.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="A text per line, or JSON Lines with `text` and perhaps `id`; - : stdin."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per text instead of colours.")
    ] = False,
    visual: Visual = False,
) -> None:
    """Say sentiment, emotion, flags and mentions of a text; nothing is stored.

    Example: bazkhord analyze "غذا عالی بود ولی پیک دیر رسید"
    """
    if (text is None) == (file is None):
        raise SettingsError(
            'give either a text, bazkhord analyze "…", or a file, bazkhord analyze --file FILE'
        )
    settings = load_settings()
    faults: list[str] = []
    texts = [("1", text)] if text is not None else list(_read_texts(file or Path("-"), faults))
    analyzer = _analyzer(settings)
    for start in range(0, len(texts), settings.classify_batch_messages):
        batch = texts[start : start + settings.classify_batch_messages]
        for (id_, one), prediction in zip(batch, analyzer.analyze([one for _, one in batch]), strict=True):
            if as_json:
                answer = analysis_as_json(id_, one, prediction, analyzer.levels)
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
            else:
                console.show_analysis(one, prediction, visual=visual)
    for fault in faults:
        console.err.print(f"[red]left out:[/] {fault}", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if faults else 0)


@app.command()
def train(
    *,
    base: Annotated[
        str, typer.Option(metavar="PATH_OR_HUB_ID", help="Encoder in Hugging Face form: folder or hub id.")
    ],
    out: Annotated[Path, typer.Option(help="Weights folder to write.")],
    data: Annotated[Path, typer.Option(help="Folder of the labelled messages.")] = Path("../shared/data"),
    minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of training in all.")] = 60.0,
    batch_tokens: Annotated[int, typer.Option(min=256, help="Tokens of a batch, padding included.")] = 2048,
    rate: Annotated[
        float, typer.Option(help="Highest learning rate; the heads learn ten times as fast.")
    ] = 3e-5,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda; default: the setting device, a GPU where there is one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    work: Annotated[
        Path | None, typer.Option(help="Folder of the run, to go on after a break; default: OUT.work.")
    ] = None,
) -> None:
    """Fine-tune another encoder, such as ParsBERT, on the same heads and data; needs torch and transformers.

    Example: bazkhord train --base HooshvareLab/bert-fa-base-uncased --out parsbert
    """
    from models.checkpoint import CheckpointError

    settings = load_settings()
    try:
        from models.fine_tune import RECIPE, fine_tune
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"training needs {error.name}: install bazkhord[train] (WITH_TORCH=1 make setup)"
        ) from None
    recipe = replace(RECIPE, minutes=minutes, batch_tokens=batch_tokens, peak_rate=rate, seed=seed)
    chosen = settings.device if device is None else device
    try:
        with console.new_progress() as progress:
            task = progress.add_task("train", total=100, rate="")
            made = fine_tune(
                base,
                out,
                data=data,
                work=work,
                recipe=recipe,
                device=chosen,
                threads=settings.n_threads,
                on_step=lambda share: progress.update(task, completed=round(100 * share)),
            )
    except CheckpointError as error:
        raise SettingsError(str(error)) from None
    console.out.print(
        f"{made.model_version} is in {out}\n"
        f"Measure it:  bazkhord evaluate --weights {out} --data {data}\n"
        f"Serve it:    BAZKHORD_WEIGHTS_DIR={out} BAZKHORD_ENGINE=torch bazkhord serve",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@app.command()
def evaluate(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the labelled sets.")] = Path("../shared/data"),
    weights: Annotated[
        Path | None, typer.Option(help="Weights folder to measure; default: the setting weights_dir.")
    ] = None,
    split: Annotated[str, typer.Option(help="dev or test.")] = "test",
    out: Annotated[Path | None, typer.Option(help="JSON file for all that was measured.")] = None,
    card: Annotated[
        bool, typer.Option("--card/--no-card", help="Write evaluation.json, CARD.md, the manifest's figures.")
    ] = False,
    transfer: Annotated[
        bool | None,
        typer.Option(
            "--transfer/--no-transfer",
            help="Fine-tune the encoder on DeepSentiPers and ArmanEmo as well (minutes each, needs torch). "
            "Default: with --split test.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Fine-tunings of each set; their mean counts.")] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="For a quick look: at most so many messages of each set.")
    ] = None,
) -> None:
    """Measure the model on every labelled set, with 95 % intervals.

    A quick look: bazkhord evaluate --limit 200 --no-transfer
    """
    from models.checkpoint import SHIPPED, CheckpointError
    from models.evaluate import evaluate as measure
    from models.evaluation.records import EvaluationError

    settings = load_settings()
    try:
        measure(
            data=data,
            weights=weights or settings.weights_dir or SHIPPED,
            split=split,
            out=out,
            card=card,
            transfer=transfer,
            seeds=seeds,
            limit=limit,
            threads=settings.n_threads or os.cpu_count() or 1,
        )
    except (EvaluationError, CheckpointError) as error:
        raise SettingsError(str(error)) from None


@app.command()
def sources() -> None:
    """Show how each source is doing: last success, what it brought, what went wrong."""
    with _opened(load_settings()) as store:
        states = store.sources()
    if not states:
        console.out.print("No source has run yet. Describe one in config/sources.toml, then: bazkhord run")
    else:
        console.show_sources(states)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the setting host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: the setting port.")] = None,
) -> None:
    """Answer over HTTP until Ctrl-C. Without an API key only on this machine (loopback)."""
    settings = load_settings()
    chosen = {"host": host, "port": port}
    _serve(settings.model_copy(update={key: value for key, value in chosen.items() if value is not None}))


@app.command(name="rebuild-tallies")
def rebuild_tallies() -> None:
    """Count all mentions anew and replace the tallies; says whether they differed."""
    with _opened(load_settings()) as store:
        differing = store.check_tallies()
        store.rebuild_tallies()
    if differing:
        console.out.print(f"{len(differing):,} cells differed from the recount and were replaced.")
    else:
        console.out.print("The tallies were equal to the recount.")


@keys_app.command(name="add")
def keys_add(
    name: Annotated[str, typer.Argument(help="What the key is for, e.g. dashboard.")],
    scope: Annotated[
        keys.Scope, typer.Option(help="What it may do; each includes the one before.")
    ] = keys.Scope.READ,
) -> None:
    """Make a key and print it. It is shown this once and kept only as a hash."""
    with _opened(load_settings()) as store:
        secret = keys.add_key(store, name, scope, now=datetime.now(UTC))
    sys.stdout.write(secret + "\n")
    console.err.print("Keep it now; it is not shown again. Send it as: Authorization: Bearer KEY")


@keys_app.command(name="list")
def keys_list() -> None:
    """List the keys: name, beginning, scope, last use."""
    with _opened(load_settings()) as store:
        for key in keys.list_keys(store):
            state = (
                "revoked"
                if key.revoked_at
                else f"last used {key.last_used_at:%Y-%m-%d}"
                if key.last_used_at
                else "unused"
            )
            console.out.print(f"{key.name}\t{key.prefix}…\t{key.scope}\t{state}", highlight=False)


@keys_app.command(name="revoke")
def keys_revoke(name: Annotated[str, typer.Argument(help="Name of the key.")]) -> None:
    """End a key; requests with it are refused from now on."""
    with _opened(load_settings()) as store:
        keys.revoke_key(store, name, now=datetime.now(UTC))
    console.out.print(f"{name} is revoked")


def main() -> None:
    """Run the command line; a person sees a sentence, never a traceback."""
    level = os.environ.get("BAZKHORD_LOG_LEVEL", "warning").upper()
    logging.basicConfig(
        level=logging.DEBUG if level == "DEBUG" else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
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


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.store_url, zone=settings.zone)
    try:
        yield store
    finally:
        store.close()


def _analyzer(settings: Settings) -> Analyzer:
    return load_analyzer(
        settings.weights_dir, settings.n_threads, engine=settings.engine, device=settings.device
    )


def _connectors(settings: Settings, file: Path | None, only: list[str] | None) -> list[Connector]:
    path = file or settings.sources_file
    connectors = build_connectors(read_toml(path), now=run.utc_now, root=Path.cwd())
    if not connectors:
        raise SettingsError(f"{path} names no source; uncomment an example in it, or try: bazkhord demo")
    if unknown := sorted(set(only or ()) - set(connectors)):
        raise SettingsError(f"{path} has no source {', '.join(unknown)}; it has: {', '.join(connectors)}")
    return [connector for name, connector in connectors.items() if not only or name in only]


def _pull(settings: Settings, store: Store, connectors: list[Connector]) -> dict[str, str]:
    key = load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())
    with console.new_progress() as progress:
        tasks = {one.name: progress.add_task(f"pull {one.name}", total=None, rate="") for one in connectors}

        def note(name: str, page: Page, counts: SaveCounts) -> None:
            progress.update(tasks[name], total=page.n_total, advance=counts.n_rows)

        brought, failed = run.pull_all(connectors, store, identity_key=key, on_page=note)
    console.show_counts(brought, failed)
    return failed


def _classify(settings: Settings, store: Store, analyzer: Analyzer) -> int:
    with console.new_progress() as progress:
        task = progress.add_task("classify", total=store.n_pending(), rate="")
        return run.classify_pending(
            store,
            analyzer.classifier,
            worker=worker_name(),
            batch_messages=settings.classify_batch_messages,
            lease_s=settings.lease_s,
            touchpoint_stages=load_journey(settings.journey_file).touchpoints,
            on_batch=lambda n: _advance(progress, task, n),
        )


def _advance(progress: Progress, task: object, n: int) -> None:
    progress.advance(task, n)  # type: ignore[arg-type]
    speed = progress.tasks[0].speed
    progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")  # type: ignore[arg-type]


def _read_texts(path: Path, faults: list[str]) -> Iterator[tuple[str, str]]:
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            if read := _read_line(line.decode("utf-8").strip(), number):
                yield read
        except ValueError as error:
            faults.append(f"{path}, line {number}: {error}")


def _read_line(line: str, number: int) -> tuple[str, str] | None:
    if not line.startswith("{"):
        return (str(number), line) if line else None
    row = json.loads(line)
    if not isinstance(row.get("text"), str):
        raise ValueError(  # noqa: TRY004 - a wrong line, not a wrong call
            'needs a string under "text"'
        )
    return str(row.get("id", number)), row["text"]


def _serve(settings: Settings) -> None:
    import uvicorn

    from api.app import create_app
    from api.security import check_may_listen

    with _opened(settings) as store:
        check_may_listen(settings.host, any_key=keys.any_key(store))
    _check_port_is_free(settings.host, settings.port)
    console.err.print(
        f"bazkhord listens on http://{settings.host}:{settings.port} (documentation: /docs), Ctrl-C ends it"
    )
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level=settings.log_level,
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


if __name__ == "__main__":
    main()
