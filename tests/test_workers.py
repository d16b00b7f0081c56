"""Several processes at once: who gets what, what becomes of it when one is slow, ends or is called like another."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import func, select, text

from models.labels import Prediction
from pipeline.claims import is_dead, worker_name
from pipeline.connectors.base import Connector
from pipeline.keep_running import Runner
from pipeline.leases import leases
from pipeline.push import PUSH
from pipeline.reclassifying import Labeller, label
from pipeline.records import Channel, Feedback, Page
from pipeline.run import classify_pending
from pipeline.store import Store, open_store
from pipeline.tallies import feedback
from pipeline.turns import RunningSource, Worker, take_turn
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.conftest import TEHRAN
from tests.test_cli import COMMAND
from tests.test_keep_running import stream, worker
from tests.test_run import Praising

PATIENCE_S = 60
SOURCES = ("bank", "forum", "shop")
N_PAGES = 3
LONG = "این سفارش دو هفته است که نرسیده و هیچ کس پاسخ تلفن را نمی‌دهد"


def save(store: Store, *names: str, created_at: datetime = NOON) -> None:
    items = [clean_feedback(name, text=name, created_at=created_at) for name in names]
    store.save_page("shop", "table_file", items, [], None, now=NOON)


def texts(store: Store, *, limit: int, after_s: float = 0) -> list[str]:
    now = NOON + timedelta(seconds=after_s)
    return [one.text for one in store.claim_pending("w", limit=limit, lease_s=60, now=now)]


def n_claimed(store: Store) -> int:
    with store.engine.connect() as connection:
        claimed = select(func.count()).select_from(feedback).where(feedback.c.lease_owner.is_not(None))
        return connection.scalar(claimed) or 0


def test_what_was_written_last_is_claimed_first(store: Store) -> None:
    save(store, "old", created_at=NOON - timedelta(days=900))
    save(store, "new", created_at=NOON)
    save(store, "older", created_at=NOON - timedelta(days=1000))

    assert [texts(store, limit=1)[0] for _ in range(3)] == ["new", "old", "older"]


def test_a_message_that_comes_in_the_middle_of_a_backlog_is_next(store: Store) -> None:
    save(store, *(f"old {number}" for number in range(6)), created_at=NOON - timedelta(days=900))
    read: list[str] = []

    class Watching(Praising):
        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            if not read:
                save(store, "new")
            read.extend(texts)
            return super().predict(texts)

    classify_pending(store, Watching(), worker="w", batch_messages=2, clock=lambda: NOON)

    assert "new" in read[2:4]
    assert len(read) == 7


def test_postgres_finds_the_newest_of_what_waits_without_sorting(shared_postgres_url: str) -> None:
    free = "state = 'pending' AND (lease_until IS NULL OR lease_until <= now())"
    query = f"SELECT id FROM feedback WHERE {free} ORDER BY created_at DESC, id DESC LIMIT 9"

    with open_store(shared_postgres_url, zone=TEHRAN) as store, store.engine.begin() as connection:
        # The few rows of a test would be read and sorted: what is asked is whether the index can do without.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join(connection.scalars(text(f"EXPLAIN {query} FOR UPDATE SKIP LOCKED")))

    assert "Index Scan Backward using ix_feedback_waiting" in plan
    assert "Sort" not in plan


def test_two_processes_of_one_name_are_told_apart() -> None:
    names = in_processes(lambda number: worker_name("shop"), 2)

    assert {name.partition("#")[0] for name in names} == {"shop"}
    assert len({*names, worker_name("shop")}) == 3


def in_processes(work: Callable[[int], object], n: int) -> list[object]:
    """What ``work`` returns in each of ``n`` processes; all must end well."""
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    processes = [fork.Process(target=lambda number=number: results.put(work(number))) for number in range(n)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * n
    return [results.get() for _ in processes]


def test_only_processes_of_this_machine_that_ended_are_known_to_be_dead() -> None:
    (died,) = in_processes(lambda number: worker_name(), 1)

    assert isinstance(died, str)
    assert [is_dead(name) for name in (died, worker_name(), worker_name("shop"), "there/1#0", "shop")] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_two_workers_of_one_name_classify_each_message_once(store_url: str) -> None:
    with open_store(store_url, zone=TEHRAN) as store:
        save(store, *(str(number) for number in range(200)))

    def work(_number: int) -> int:
        with open_store(store_url, zone=TEHRAN) as own:
            return classify_pending(own, Praising(), worker=worker_name("twin"), batch_messages=10)

    n_classified = in_processes(work, 2)

    with open_store(store_url, zone=TEHRAN) as store:
        assert (sum(map(int, n_classified)), store.n_pending()) == (200, 0)  # type: ignore[call-overload]
        assert store.check_tallies() == frozenset()


class Slow(Praising):
    """A classifier that takes longer than the lease lasts, and meanwhile sees what another could claim."""

    def __init__(self, store: Store, seconds: float) -> None:
        self.store, self.seconds = store, seconds
        self.left_to_others: list[int] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        time.sleep(self.seconds)
        claimed = self.store.claim_pending("other", limit=9, lease_s=60, now=datetime.now(UTC))
        self.left_to_others.append(len(claimed))
        return super().predict(texts)


def test_a_batch_that_takes_longer_than_its_lease_stays_its_workers(store: Store) -> None:
    save(store, "1", "2")
    slow = Slow(store, 1.5)

    n_classified = classify_pending(store, slow, worker="slow", lease_s=0.6)

    assert (n_classified, slow.left_to_others) == (2, [0])


def test_what_another_took_over_and_finished_is_not_written_again(store: Store) -> None:
    save(store, "1")
    claimed = store.claim_pending("slow", limit=1, lease_s=60, now=NOON)
    again = store.claim_pending("other", limit=1, lease_s=60, now=NOON + timedelta(seconds=61))
    results = [[(one, prediction(mention())) for one in found] for found in (again, claimed)]

    written = [
        store.save_predictions(found, worker=worker, touchpoint_stages={}, now=NOON)
        for found, worker in zip(results, ("other", "slow"), strict=True)
    ]

    assert written == [1, 0]
    assert store.check_tallies() == frozenset()


def test_a_worker_that_fails_gives_its_claims_back_at_once(store: Store) -> None:
    class Broken(Praising):
        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            raise MemoryError

    save(store, "1", "2")

    with pytest.raises(MemoryError):
        classify_pending(store, Broken(), worker="w")

    assert (n_claimed(store), store.n_pending()) == (0, 2)


class Busy(Connector):
    """Pages of new messages, copies of one text and an edit of a message of the page before."""

    kind: ClassVar[str] = "busy"

    def fetch(self, since: str | None) -> Iterator[Page]:
        for number in range(int(since or 0), N_PAGES):
            words = {f"{number}-{place}": LONG if place % 3 == 0 else f"پیام {place}" for place in range(12)}
            if number:
                words[f"{number - 1}-1"] = "ویرایش شد"
            yield Page(tuple(self._message(*one) for one in words.items()), bookmark=str(number + 1))

    def _message(self, native_id: str, words: str) -> Feedback:
        return Feedback(
            source=self.name, native_id=native_id, text=words, created_at=NOON, channel=Channel.CHAT
        )


def test_eight_workers_at_once_lose_and_double_nothing(store_url: str) -> None:
    open_store(store_url, zone=TEHRAN).close()

    def work(_number: int) -> tuple[int, list[str | None]]:
        turns = []
        with open_store(store_url, zone=TEHRAN) as store:
            me = Worker(name=worker_name("worker"), identity_key=b"k" * 32)
            labeller = Labeller(store=store, classifier=Praising(), worker=me.name, batch_messages=7)
            for name in SOURCES:
                source = RunningSource(connector=Busy(name=name, now=lambda: NOON), every_s=10)
                turns.append(take_turn(source, store, me, stop=lambda: bool(label(labeller).n_staged)))
            label(labeller)
        return sum(turn.counts.n_new for turn in turns), [turn.error for turn in turns if turn.error]

    done = in_processes(work, 8)

    with open_store(store_url, zone=TEHRAN) as store:
        classify_pending(store, Praising(), worker="last")
        expected = len(SOURCES) * N_PAGES * 12
        assert sum(n_new for n_new, _ in done) == store.n_feedback() == expected  # type: ignore[misc]
        assert [errors for _, errors in done] == [[]] * 8  # type: ignore[misc]
        assert (store.n_pending(), n_claimed(store), store.check_tallies()) == (0, 0, frozenset())


def test_a_worker_that_only_pulls_classifies_nothing(store: Store) -> None:
    stop = threading.Event()

    ended = Runner(
        store, [stream()], worker(lambda: datetime.now(UTC)), classify=None, tell=lambda turn: stop.set()
    ).run(stop)

    assert (ended, store.n_pending()) == (True, 1)


def test_an_end_does_not_wait_for_a_source_that_hangs(store: Store) -> None:
    stop, release = threading.Event(), threading.Event()

    def hang(_number: int) -> None:
        stop.set()
        assert release.wait(PATIENCE_S)

    runner = Runner(store, [stream(act=hang)], worker(lambda: datetime.now(UTC)), classify=None, grace_s=0.2)

    assert runner.run(stop) is False
    release.set()
    wait_for(lambda: [] if holders(store) else ["free"])  # what hung is done with the data base


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """A port of a server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_sigterm_ends_a_worker_whose_source_hangs_and_frees_the_source(
    tmp_path: Path, hanging_port: int
) -> None:
    described = f'[sources.blog]\nconnector = "wordpress"\nbase_url = "http://127.0.0.1:{hanging_port}"\n'
    (tmp_path / "sources.toml").write_text(described, encoding="utf-8")
    command = [
        *COMMAND,
        "worker",
        "--no-classify",
        "--no-alerts",
        "--name",
        "one",
        "--sources",
        "sources.toml",
    ]

    with (
        open_store(f"sqlite:///{tmp_path}/var/bazkhord.db", zone=TEHRAN) as store,
        started(command, tmp_path) as process,
    ):
        holder = wait_for(lambda: holders(store))
        told_at = time.monotonic()
        process.terminate()
        status = process.wait(PATIENCE_S)
        took_s = time.monotonic() - told_at

        assert holder[0].startswith("one#")
        assert (status, holders(store)) == (0, [])
        assert took_s < 20


@contextmanager
def started(command: Sequence[str], folder: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is gone at the end, whatever happens; settings are given as in its environment."""
    environment = os.environ | settings
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def holders(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return list(connection.scalars(select(leases.c.owner)))


def wait_for(look: Callable[[], list[str]]) -> list[str]:
    for _ in range(20 * PATIENCE_S):
        if found := look():
            return found
        time.sleep(0.1)
    raise TimeoutError


def test_sigterm_ends_a_worker_after_the_batch_at_hand(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text("", encoding="utf-8")
    command = [*COMMAND, "worker", "--no-pull", "--threads", "1"]
    items = [clean_feedback(str(n), source="app", text=f"{LONG} {n}") for n in range(6_000)]
    with open_store(f"sqlite:///{tmp_path}/var/bazkhord.db", zone=TEHRAN) as store:
        store.save_page("app", PUSH, items, [], None, now=NOON)

        with started(command, tmp_path, BAZKHORD_CLASSIFY_BATCH_MESSAGES="64") as process:
            wait_for(lambda: ["some"] if store.n_pending() < len(items) else [])
            process.terminate()
            status = process.wait(PATIENCE_S)

        assert (status, n_claimed(store)) == (0, 0)
        assert 0 < store.n_pending() < len(items)
        assert store.check_tallies() == frozenset()
