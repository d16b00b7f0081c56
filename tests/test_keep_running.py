from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from pipeline.connectors.base import Connector
from pipeline.errors import StopSource, StoreError
from pipeline.keep_running import Runner
from pipeline.leases import take_lease
from pipeline.records import Channel, Feedback, Page, SaveCounts
from pipeline.run import classify_pending
from pipeline.store import Store
from pipeline.turns import RunningSource, Turn, Worker, plan_first_turn, take_turn
from tests.builders import NOON
from tests.test_run import Praising

PATIENCE_S = 30


class Clock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def go(self, **passed: float) -> None:
        self.now += timedelta(**passed)


class Stream(Connector):
    """A source with a new message on each of its pages; ``act`` runs before each page, with its number."""

    kind: ClassVar[str] = "stream"
    act: Callable[[int], None] = lambda number: None
    n_pages: int = 1

    def fetch(self, since: str | None) -> Iterator[Page]:
        done = int(since or 0)
        for number in range(done + 1, done + 1 + self.n_pages):
            self.act(number)
            message = Feedback(
                source=self.name,
                native_id=str(number),
                text="خوب",
                created_at=NOON,
                channel=Channel.CHAT,
            )
            yield Page((message,), bookmark=str(number))


def stream(
    name: str = "shop",
    *,
    act: Callable[[int], None] = lambda number: None,
    n_pages: int = 1,
    every_s: int = 900,
) -> RunningSource:
    connector = Stream(name=name, now=lambda: NOON, act=act, n_pages=n_pages)
    return RunningSource(connector=connector, every_s=every_s)


def worker(clock: Callable[[], datetime], name: str = "here/1") -> Worker:
    return Worker(name=name, identity_key=b"k" * 32, clock=clock)


def fail(number: int) -> None:
    raise StopSource("the source is closed; open it")


def test_a_source_is_pulled_when_due_and_left_alone_before(store: Store) -> None:
    clock, source = Clock(), stream()
    first = take_turn(source, store, worker(clock))
    clock.go(seconds=899)
    early = take_turn(source, store, worker(clock))
    clock.go(seconds=1)
    second = take_turn(source, store, worker(clock))

    due = NOON + timedelta(minutes=15)
    assert first == Turn(source="shop", next_at=due, counts=SaveCounts(n_new=1))
    assert early == Turn(source="shop", next_at=due, pulled=False)
    assert second == Turn(source="shop", next_at=due + timedelta(minutes=15), counts=SaveCounts(n_new=1))


def test_a_second_machine_finds_that_a_source_was_just_pulled(store: Store) -> None:
    clock, source = Clock(), stream()
    take_turn(source, store, worker(clock))
    clock.go(minutes=14)

    turn = take_turn(source, store, worker(clock, "there/2"))

    assert (turn.pulled, turn.next_at) == (False, NOON + timedelta(minutes=15))


def test_a_source_that_another_machine_is_pulling_is_asked_for_again_in_a_minute(store: Store) -> None:
    clock = Clock()
    take_lease(store, "shop", "there/2", lease_s=60, now=NOON)

    turn = take_turn(stream(), store, worker(clock))

    assert turn == Turn(source="shop", next_at=NOON + timedelta(minutes=1), pulled=False)
    assert store.n_feedback() == 0


def test_a_source_left_by_a_machine_that_died_goes_on_when_its_lease_ends(store: Store) -> None:
    clock = Clock()
    take_lease(store, "shop", "there/2", lease_s=60, now=NOON)
    clock.go(minutes=1)

    assert take_turn(stream(), store, worker(clock)).counts == SaveCounts(n_new=1)


def test_a_source_that_fails_is_tried_later_each_time_and_says_when(store: Store) -> None:
    clock, source = Clock(), stream(act=fail)
    waits = []
    for _ in range(3):
        turn = take_turn(source, store, worker(clock))
        waits.append(turn.next_at - clock.now)
        clock.now = turn.next_at

    (state,) = store.sources()
    assert waits == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert turn.error == "the source is closed; open it"
    assert (state.next_run_at, state.n_failures) == (clock.now, 3)


def test_a_source_that_works_again_is_back_in_its_rhythm(store: Store) -> None:
    clock = Clock()
    clock.now = take_turn(stream(act=fail), store, worker(clock)).next_at

    turn = take_turn(stream(), store, worker(clock))

    assert (turn.error, turn.next_at - clock.now) == (None, timedelta(minutes=15))
    assert store.next_run("shop")[1] == 0


def test_what_came_before_a_failure_is_told_with_it(store: Store) -> None:
    def fail_later(number: int) -> None:
        if number == 3:
            fail(number)

    turn = take_turn(stream(act=fail_later, n_pages=5), store, worker(Clock()))

    assert (turn.counts, turn.error) == (SaveCounts(n_new=2), "the source is closed; open it")


def test_a_defect_of_a_connector_is_a_failure_of_its_source_that_shows_no_contents(store: Store) -> None:
    def break_down(number: int) -> None:
        raise KeyError("متن پیام")

    turn = take_turn(stream(act=break_down), store, worker(Clock()))

    (state,) = store.sources()
    assert turn.error is not None
    assert turn.error.startswith("source shop: unexpected KeyError")
    assert "متن" not in turn.error
    assert state.last_error == turn.error
    assert state.next_run_at == NOON + timedelta(minutes=15)


def test_a_data_base_that_is_away_is_asked_again_later(store: Store) -> None:
    def lose(number: int) -> None:
        raise StoreError("the data base cannot be used")

    turn = take_turn(stream(act=lose), store, worker(Clock()))

    assert (turn.error, turn.next_at) == ("the data base cannot be used", NOON + timedelta(minutes=1))


def test_told_to_stop_a_pull_ends_after_the_page_at_hand_and_goes_on_there_next_time(store: Store) -> None:
    clock, source = Clock(), stream(n_pages=3)

    stopped = take_turn(source, store, worker(clock), stop=lambda: True)
    resumed = take_turn(source, store, worker(clock))

    (state,) = store.sources()
    assert (stopped.counts, stopped.error) == (SaveCounts(n_new=1), None)
    assert resumed.counts == SaveCounts(n_new=3)
    assert (state.n_new, state.failing) == (4, False)


@pytest.mark.parametrize(
    ("planned", "n_failures", "first"),
    [
        (None, 0, timedelta()),
        (timedelta(minutes=5), 0, timedelta(minutes=5)),
        (timedelta(hours=5), 0, timedelta(minutes=15)),
        (-timedelta(hours=5), 0, -timedelta(hours=5)),
        (timedelta(hours=4), 3, timedelta()),
    ],
    ids=["unknown", "planned", "rhythm made shorter", "overdue", "failed before"],
)
def test_a_restart_keeps_to_the_plan_but_tries_at_once_what_failed(
    store: Store, planned: timedelta | None, n_failures: int, first: timedelta
) -> None:
    for _ in range(n_failures):
        store.note_error("shop", "stream", "away", now=NOON - timedelta(hours=1))
    if planned is not None:
        store.register_source("shop", "stream")
        store.plan_run("shop", NOON + planned)

    assert plan_first_turn(stream(), store, now=NOON) == NOON + first
    assert store.next_run("shop")[0] == NOON + first


def test_a_slow_and_a_broken_source_hold_up_no_other_and_all_is_classified(store: Store) -> None:
    stop, release = threading.Event(), threading.Event()
    told: list[str] = []
    classified: list[int] = []

    def wait(number: int) -> None:
        assert release.wait(PATIENCE_S)

    def tell(turn: Turn) -> None:
        told.append(turn.source)
        if told.count("quick") == 3:
            release.set()
        if "slow" in told:
            stop.set()

    sources = (stream("quick", every_s=1), stream("slow", act=wait), stream("broken", act=fail))
    timer = threading.Timer(PATIENCE_S, stop.set)
    timer.start()
    Runner(
        store,
        sources,
        worker(lambda: datetime.now(UTC)),
        classify=lambda stop: classify_pending(store, Praising(), worker="here/1", stop=stop),
        tell=tell,
        tell_classified=classified.append,
        classify_every_s=0.1,
    ).run(stop)
    timer.cancel()

    assert told.index("slow") > [place for place, name in enumerate(told) if name == "quick"][2]
    assert told.count("broken") == 1
    assert store.n_feedback() == told.count("quick") + 1
    assert sum(classified) == store.n_feedback() - store.n_pending() > 0


def test_a_source_whose_turn_breaks_down_altogether_gets_another(store: Store) -> None:
    stop = threading.Event()
    asked: list[datetime] = []

    def odd_clock() -> datetime:
        asked.append(datetime.now(UTC))
        if len(asked) == 2:
            raise ValueError
        return asked[-1]

    timer = threading.Timer(PATIENCE_S, stop.set)
    timer.start()
    told: list[Turn] = []

    def tell(turn: Turn) -> None:
        told.append(turn)
        stop.set()

    Runner(store, [stream(every_s=1)], worker(odd_clock), classify=lambda stop: 0, tell=tell).run(stop)
    timer.cancel()

    assert [turn.counts for turn in told] == [SaveCounts(n_new=1)]


def test_two_runners_share_the_sources_and_no_message_is_pulled_twice(store: Store) -> None:
    stop = threading.Event()
    counts: list[SaveCounts] = []
    at_work, most_at_work, lock = [0], [0], threading.Lock()

    def enter(number: int) -> None:
        with lock:
            at_work[0] += 1
            most_at_work[0] = max(most_at_work[0], at_work[0])
        threading.Event().wait(0.2)
        with lock:
            at_work[0] -= 1

    def tell(turn: Turn) -> None:
        counts.append(turn.counts)
        if len(counts) >= 3:
            stop.set()

    runners = [
        Runner(
            store,
            [stream(act=enter, n_pages=2, every_s=1)],
            worker(lambda: datetime.now(UTC), f"there/{number}"),
            classify=lambda stop: 0,
            tell=tell,
        )
        for number in range(2)
    ]
    threads = [threading.Thread(target=runner.run, args=(stop,)) for runner in runners]
    timer = threading.Timer(PATIENCE_S, stop.set)
    for thread in [*threads, timer]:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE_S)
    timer.cancel()

    total = sum(counts, SaveCounts())
    assert most_at_work == [1]
    assert (total.n_duplicate, total.n_new) == (0, store.n_feedback())
