"""`bazkhord sources`: how the sources are doing, whether they can be read, and a new one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.markup import escape

from config.settings import load_settings, read_toml
from pipeline import adding, console
from pipeline.backlog import Backlog
from pipeline.checking import Checked, check_source
from pipeline.commands.opening import Only, SourcesFile, opened, require_known
from pipeline.connectors import build_connectors
from pipeline.errors import SettingsError
from pipeline.run import utc_now
from pipeline.schedules import Schedule, split_schedules
from pipeline.store import Store

app = typer.Typer(help="How the sources are doing; check: can they be read? add: a new one.")


@app.callback(invoke_without_command=True)
def show(context: typer.Context, sources: SourcesFile = None) -> None:
    """Show how each source is doing: state, delays, what it brought, the next run, what is wrong."""
    context.obj = sources
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    with opened(settings) as store:
        _register(store, sources or settings.sources_file)
        states, backlog = store.sources(), Backlog(store, settings.pending_limit_messages)
        is_full = backlog.is_full()
    if not states:
        console.out.print("No source has run yet. Describe one in config/sources.toml, then: bazkhord run")
    else:
        console.show_sources(states, now=datetime.now(UTC), zone=settings.zone)
        if is_full:
            console.out.print(f"Pulling is put off: {backlog.words}", highlight=False, soft_wrap=True)


@app.command()
def check(context: typer.Context, only: Only = None, sources: SourcesFile = None) -> None:
    """Ask sources for their first page, store nothing, and say what is missing where it does not work."""
    path = sources or context.obj or load_settings().sources_file
    config = read_toml(path)
    described = config.get("sources", {})
    names = list(described) if isinstance(described, dict) else []
    require_known(path, names, only)
    wrong = [name for name in only or names if not _check(config, name)]
    raise typer.Exit(1 if wrong else 0)


@app.command()
def add(context: typer.Context, sources: SourcesFile = None) -> None:
    """Ask what a new source needs, and append it to the sources file. Secrets are never asked for."""
    path = sources or context.obj or load_settings().sources_file
    kind = _choose_connector()
    for sentence in adding.advise(kind):
        console.out.print(escape(sentence), highlight=False, soft_wrap=True)
    name = _ask_name(path, kind)
    table = _ask_table(name, kind)
    adding.append_source(path, name, table)
    console.out.print(f"\n{path} has the source {name} now.", highlight=False, soft_wrap=True)
    if typer.confirm("Try it?", default=True):
        raise typer.Exit(0 if _check(read_toml(path), name) else 1)


def _register(store: Store, path: Path) -> None:
    """What the file describes is known to the store; a file that is missing or wrong is only told."""
    if not path.exists():
        return
    try:
        config, schedules = split_schedules(read_toml(path))
        connectors = build_connectors(config, now=utc_now, root=Path.cwd())
    except SettingsError as error:
        console.err.print(f"[yellow]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        return
    for name, connector in connectors.items():
        store.register_source(name, connector.kind, enabled=schedules[name].enabled)


def _check(config: Mapping[str, object], name: str) -> bool:
    """Check one source of a file, whatever is wrong with the others; return whether it can be read."""
    sources = config["sources"]
    alone = {**config, "sources": {name: sources[name]}} if isinstance(sources, dict) else config
    with console.err.status(f"asking {name}"):
        try:
            arguments, _ = split_schedules(alone)
            connector = build_connectors(arguments, now=utc_now, root=Path.cwd())[name]
            checked = check_source(connector)
        except SettingsError as error:
            checked = Checked(name, can_be_read=False, found=str(error))
    verdict = "[green]ok[/]" if checked.can_be_read else "[red]does not work[/]"
    console.out.print(f"{escape(name)}: {verdict}: {escape(checked.found)}", highlight=False, soft_wrap=True)
    return checked.can_be_read


def _choose_connector() -> str:
    kinds = adding.list_connectors()
    for number, (kind, summary) in enumerate(kinds.items(), 1):
        console.out.print(f"{number:>3}  [bold]{kind}[/]  {escape(summary)}", highlight=False, soft_wrap=True)
    while True:
        answer = typer.prompt("Which connector (number or name)").strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(kinds):
            return list(kinds)[int(answer) - 1]
        if answer in kinds:
            return str(answer)
        console.err.print(
            f"there is no {escape(answer)}: a number from 1 to {len(kinds)}, or a name", highlight=False
        )


def _ask_name(path: Path, kind: str) -> str:
    while True:
        name: str = typer.prompt("Name of the source (answers call it so for ever)", default=kind).strip()
        try:
            adding.require_new_name(path, name)
        except SettingsError as error:
            console.err.print(escape(str(error)), highlight=False, soft_wrap=True)
        else:
            return name


def _ask_table(name: str, kind: str) -> str:
    """Ask for the arguments until the connector takes them; return the source's table."""
    questions = adding.find_questions(kind)
    while True:
        answers = {question.key: _ask(question) for question in questions}
        every_s = typer.prompt("Seconds between two runs", default=Schedule().every_s, type=int)
        table = adding.write_table(
            name, kind, answers, every_s=None if every_s == Schedule().every_s else every_s
        )
        try:
            _require_valid(table)
        except SettingsError as error:
            console.err.print(f"{escape(str(error))}\nOnce more:", highlight=False, soft_wrap=True)
        else:
            return table


def _ask(question: adding.Question) -> str:
    example = f" Example: {question.example}." if question.example else ""
    commas = " Several are parted by commas." if question.is_list else ""
    left_out = " Enter leaves it out." if question.default == "" else ""
    explained = f"\n{question.meaning}{example}{commas}{left_out}"
    console.out.print(escape(explained), highlight=False, soft_wrap=True)
    while True:
        written = typer.prompt(
            question.key, default=question.default or "", show_default=bool(question.default)
        )
        try:
            answer = adding.read_answer(question, written)
        except ValueError as error:
            console.err.print(escape(str(error)), highlight=False, soft_wrap=True)
        else:
            _remind(question, answer)
            return answer


def _remind(question: adding.Question, answer: str) -> None:
    variable = answer.strip('"')
    if question.is_variable and variable and not {variable, f"{variable}_FILE"} & set(os.environ):
        console.out.print(
            f"{variable} is not set here; before the source is pulled, set it to the secret, or {variable}_FILE "
            "to a file that holds it",
            highlight=False,
            soft_wrap=True,
        )


def _require_valid(table: str) -> None:
    config, _ = split_schedules(adding.parse_table(table))
    build_connectors(config, now=utc_now, root=Path.cwd())
