"""`bazkhord worker` and `reclassify`: processes that share the work, for ever or until a new model has judged all."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import Event
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.text import Text

from config.journey import load_journey
from config.settings import Settings, load_settings
from pipeline import audit, console, presence, staging
from pipeline.alert_watch import AlertWatch
from pipeline.analyze import Analyzer
from pipeline.apart import Apart
from pipeline.backlog import Backlog
from pipeline.claims import worker_name
from pipeline.commands.alerts import open_watch, show_watched
from pipeline.commands.opening import (
    DescribedSource,
    Only,
    SourcesFile,
    open_analyzer,
    opened,
    read_enabled,
)
from pipeline.errors import SettingsError, StoreError
from pipeline.identity import load_identity_key
from pipeline.keep_running import Runner
from pipeline.leases import give_back_leases
from pipeline.listener import listening
from pipeline.lookout import Lookout
from pipeline.reclassifying import Labeller, label
from pipeline.retaining import DailyRetention
from pipeline.run import never, utc_now
from pipeline.staging import Reclassification
from pipeline.store import Store
from pipeline.switching import Outcome
from pipeline.turns import RunningSource, Turn, Worker

log = logging.getLogger(__name__)
OTHERS_S = 1.0
Stop = Callable[[], bool]


def worker(
    only: Only = None,
    sources: SourcesFile = None,
    *,
    pull: Annotated[
        bool, typer.Option("--pull/--no-pull", help="Pull the sources when they are due.")
    ] = True,
    classify: Annotated[
        bool,
        typer.Option("--classify/--no-classify", help="Classify what waits; without it no model is loaded."),
    ] = True,
    alerts: Annotated[
        bool, typer.Option("--alerts/--no-alerts", help="Check the alerts and deliver them.")
    ] = True,
    name: Annotated[
        str | None,
        typer.Option(help="What it is called where it is shown. Two of one name do not hurt each other."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processor threads of the model; default: the setting n_threads."),
    ] = None,
) -> None:
    """Share the work with every other process on the same data base, until Ctrl-C or SIGTERM.

    As many as you like, on as many machines: each source is pulled by one of them at a time, each message is
    classified by one, newest first, and what one leaves behind that dies, another takes over. What
    `bazkhord reclassify --background` asked for is done when nothing new waits.

    Example, one that pulls and two that classify: bazkhord worker --no-classify & bazkhord worker --no-pull
    --threads 1 & bazkhord worker --no-pull --threads 1
    """
    if not (pull or classify or alerts):
        raise SettingsError("nothing is left to do; take away one of --no-pull, --no-classify, --no-alerts")
    settings = load_settings()
    if threads:
        settings = settings.model_copy(update={"n_threads": threads})
    with opened(settings) as store:
        described = read_enabled(store, settings, sources, only, may_be_none=True) if pull else {}
        watch = open_watch(settings, store) if alerts else None
        analyzer = open_analyzer(settings, apart=True) if classify else None
        work_for_ever(settings, store, described, watch=watch, analyzer=analyzer, pulls=pull, called=name)


def reclassify(
    *,
    status: Annotated[bool, typer.Option("--status", help="Only say how far it is.")] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Only ask for it; bazkhord worker and bazkhord run do it.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Ask for it no more; the old labels stay, the new are dropped.")
    ] = False,
) -> None:
    """Have all that another version of the model labelled judged again by the one of the settings.

    Answers stay the old ones until every message has its new labels; then all change at once. Ctrl-C, a crash or a
    restart lose nothing: doing it again goes on from there. Every worker with the same model helps, and new
    messages go first.
    """
    if status + background + cancel > 1:
        raise SettingsError("give one of --status, --background and --cancel")
    settings = load_settings()
    with opened(settings) as store:
        if status:
            _show(staging.progress(store))
        elif cancel:
            _cancel(store)
        else:
            _reclassify(settings, store, background=background)


def _reclassify(settings: Settings, store: Store, *, background: bool) -> None:
    analyzer = open_analyzer(settings, apart=True)
    now = utc_now()
    n_messages = staging.ask(store, analyzer.version, now=now)
    details = {"model_version": analyzer.version, "n_messages": n_messages}
    audit.record(store.engine, "reclassify", details, by=audit.this_user(), now=now)
    if not n_messages:
        console.out.print(f"Every label is of model {analyzer.version}; there is nothing to do.")
    elif background:
        console.out.print(
            f"{n_messages:,} messages will be judged again by model {analyzer.version}, by every bazkhord worker and "
            "bazkhord run that has it; see how far they are: bazkhord reclassify --status",
            soft_wrap=True,
        )
    else:
        labeller = labeller_of(settings, store, analyzer, worker=worker_name())
        _say_finished(analyzer.version, _work_at_it(labeller, stop_at_signals(settings)))


def _work_at_it(labeller: Labeller, stop: Event) -> Outcome:
    """Judge, with a progress bar, until nothing is asked for any more; return what it came to."""
    with console.new_progress() as bar:
        task = bar.add_task("reclassify", total=None, rate="")
        while not stop.is_set():
            _show_progress(bar, task, staging.progress(labeller.store))
            done = label(labeller, on_staged=partial(bar.advance, task), stop=stop.is_set)
            if done.outcome is not Outcome.NOT_YET:
                _complete(bar, task)
                return done.outcome
            stop.wait(OTHERS_S)
    return Outcome.NOT_YET


def _show_progress(bar: Progress, task: TaskID, found: Reclassification | None) -> None:
    if found is not None:
        bar.update(task, total=found.n_messages, completed=found.n_staged)


def _complete(bar: Progress, task: TaskID) -> None:
    bar.update(task, completed=bar.tasks[0].total or 0)


def _show(found: Reclassification | None) -> None:
    if found is None:
        console.out.print("No re-classification is under way.")
        return
    console.out.print(
        f"Model {found.model_version}, asked for at {found.asked_at:%Y-%m-%d %H:%M} UTC: {found.n_staged:,} of "
        f"{found.n_messages:,} messages have their new labels. Answers are the old ones until all have.",
        highlight=False,
        soft_wrap=True,
    )


def _cancel(store: Store) -> None:
    there_was = staging.withdraw(store)
    if there_was:
        audit.record(store.engine, "reclassify cancel", {}, by=audit.this_user(), now=utc_now())
    console.out.print(
        "It is asked for no more; the labels are as they were."
        if there_was
        else "No re-classification is under way."
    )


def _say_finished(version: str, outcome: Outcome) -> None:
    words = {
        Outcome.SWITCHED: f"Every label is of model {version} now.",
        Outcome.NOT_ASKED: "Another process has finished it, or somebody has taken it back.",
        Outcome.NOT_YET: "Stopped; answers are as they were. To go on: bazkhord reclassify",
    }
    console.out.print(words[outcome], highlight=False)


def labeller_of(settings: Settings, store: Store, analyzer: Analyzer, *, worker: str) -> Labeller:
    """Return who labels messages as the settings say.

    Args:
        worker: Name of its claims, from ``worker_name``.
    """
    classifier = analyzer.classifier
    return Labeller(
        store=store,
        classifier=classifier,
        worker=worker,
        batch_messages=settings.classify_batch_messages,
        lease_s=settings.lease_s,
        touchpoint_stages=load_journey(settings.journey_file).touchpoints,
        at_once=classifier.n_processes + 1 if isinstance(classifier, Apart) else 1,
    )


def work_for_ever(
    settings: Settings,
    store: Store,
    sources: Mapping[str, DescribedSource],
    *,
    watch: AlertWatch | None,
    analyzer: Analyzer | None,
    pulls: bool = True,
    called: str | None = None,
) -> None:
    """Sources are pulled, messages classified and alerts watched until Ctrl-C or SIGTERM.

    Args:
        watch: ``None``: the alerts are left to others.
        analyzer: ``None``: classifying is left to others.
        pulls: ``False``: pulling is left to others, and no sources are given.
        called: Name to be shown; ``None``: machine and process number.
    """
    name = worker_name(called)
    backlog = Backlog(store, settings.pending_limit_messages)
    labeller = labeller_of(settings, store, analyzer, worker=name) if analyzer else None
    lookout = Lookout(store, utc_now)
    retention = daily_retention(store, name, leaped=lookout.clocks.leaped)
    runner = Runner(
        store,
        [RunningSource(connector=one.connector, every_s=one.schedule.every_s) for one in sources.values()],
        Worker(
            name=name,
            identity_key=_identity_key(settings) if sources else b"",
            lease_s=settings.lease_s,
            is_full=backlog.is_full,
        ),
        classify=partial(_label, settings, labeller) if labeller else None,
        tell=partial(_tell_turn, settings, backlog),
        tell_classified=lambda n: _say(settings, f"{n:,} messages classified"),
        watch=partial(look_and_retain, settings, watch, retention) if watch else None,
        attend=partial(_attend, store, name, lookout),
        clocks=lookout.clocks,
    )
    stop = stop_at_signals(settings)
    says = _what_runs(sources, pulls=pulls, classifies=analyzer is not None, watches=watch is not None)
    _say(settings, says)
    host, port = settings.metrics_host, settings.metrics_port
    with listening(host, port, store, clock=utc_now, lookout=lookout):
        ended = runner.run(stop)
    with suppress(StoreError):
        presence.leave(store, name)
    _say(settings, "stopped; the next start goes on from here")
    if not ended:
        _leave(store, name)


def _attend(store: Store, name: str, lookout: Lookout, hanging: Sequence[str]) -> None:
    presence.say_alive(store, name, hanging=hanging, now=utc_now())
    lookout.look()


def daily_retention(store: Store, name: str, *, leaped: Stop = never) -> DailyRetention:
    """Return what removes messages older than is kept, once a day.

    Args:
        name: Of the process, for the audit log.
        leaped: Whether the clock was set forward by so much that nothing is to be removed.
    """
    return DailyRetention(store, by=f"worker {name}", clock=utc_now, leaped=leaped)


def look_and_retain(settings: Settings, watch: AlertWatch, retention: DailyRetention, stop: Stop) -> None:
    """The alerts were looked at, and once a day what is older than is kept was removed."""
    show_watched(watch.look(stop))
    if n_removed := retention(stop):
        _say(settings, f"{n_removed:,} messages removed that were older than is kept")


def _label(settings: Settings, labeller: Labeller, stop: Stop) -> int:
    done = label(labeller, stop=stop)
    if done.n_staged:
        _say(settings, f"{done.n_staged:,} old messages judged again")
    if done.outcome is Outcome.SWITCHED:
        _say(settings, f"every label is of model {labeller.classifier.version} now")
    return done.n_classified


def _leave(store: Store, name: str) -> NoReturn:
    """What this process holds is free for others and it is over, although a source or the model still hangs."""
    with suppress(StoreError):
        give_back_leases(store, name)
        store.release(name)
        staging.release_staged(store, name)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _identity_key(settings: Settings) -> bytes:
    return load_identity_key(settings.identity_key_file, settings.identity_key.get_secret_value())


def _what_runs(
    sources: Mapping[str, DescribedSource], *, pulls: bool, classifies: bool, watches: bool
) -> str:
    if pulls and not sources and classifies:
        return (
            "no source is described, so only what is posted (POST /v1/feedback, webhooks) is classified, until Ctrl-C; "
            "describe one with: bazkhord sources add"
        )
    does = [f"pulling {', '.join(sources)}"] if sources else []
    does += ["classifying what waits"] if classifies else []
    does += ["watching the alerts"] if watches else []
    return f"{', '.join(does) or 'nothing to do'} until Ctrl-C; look at the sources with: bazkhord sources"


def stop_at_signals(settings: Settings) -> Event:
    """Return an event that SIGINT and SIGTERM set; a second one ends the process at once."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        _say(settings, "ending after the pages at hand; once more: at once (nothing stored is lost)")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def _log_turn(turn: Turn) -> None:
    counts = turn.counts
    names = ("n_new", "n_updated", "n_duplicate", "n_dead", "n_left_out")
    figures = {name: getattr(counts, name) for name in names}
    said = "a pull is put off, too much waits" if turn.put_off else "a pull ended"
    log.info(
        said if turn.error is None else "a pull failed",
        extra={"source": turn.source, "reason": turn.error, **figures},
    )


def _tell_turn(settings: Settings, backlog: Backlog, turn: Turn) -> None:
    counts = turn.counts
    _log_turn(turn)
    if settings.log_format == "json":
        return
    brought = (
        f"{counts.n_new:,} new, {counts.n_updated:,} updated, {counts.n_duplicate:,} duplicate, "
        f"{counts.n_dead:,} unreadable"
    ) + (f", {counts.n_left_out:,} left out (forgotten, or older than is kept)" if counts.n_left_out else "")
    again = f"{turn.next_at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}"
    if turn.put_off:
        _say(settings, f"{escape(turn.source)} is put off until {again}: {backlog.words}")
    elif turn.error is not None:
        _say(
            settings,
            f"[red]{escape(turn.source)} stopped:[/] {escape(turn.error)} ({brought}); next try {again}",
        )
    elif counts.n_rows:
        _say(settings, f"{escape(turn.source)}: {brought}; next {again}")


def _say(settings: Settings, sentence: str) -> None:
    if settings.log_format == "json":
        log.info("%s", Text.from_markup(sentence).plain)
        return
    now = utc_now().astimezone(settings.zone)
    console.err.print(f"[dim]{now:%H:%M:%S}[/] {sentence}", highlight=False, soft_wrap=True)
