from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from pipeline.claims import worker_name
from pipeline.connectors.base import Connector
from pipeline.errors import SourceBusy
from pipeline.leases import give_back_lease, give_back_leases, leased, renew_lease, take_lease
from pipeline.records import Channel, Feedback, Page
from pipeline.run import pull, pull_all
from pipeline.store import Store
from tests.builders import NOON

KEY = b"k" * 32


def take(store: Store, worker: str, *, after_s: int = 0, source: str = "shop") -> bool:
    return take_lease(store, source, worker, lease_s=60, now=NOON + timedelta(seconds=after_s))


def test_a_source_is_one_workers_until_its_lease_expires(store: Store) -> None:
    taken = [take(store, "here/1"), take(store, "there/2", after_s=59), take(store, "there/2", after_s=60)]

    assert taken == [True, False, True]


def test_a_worker_does_not_get_twice_what_it_holds(store: Store) -> None:
    assert [take(store, "here/1"), take(store, "here/1")] == [True, False]


def test_two_sources_are_two_leases(store: Store) -> None:
    assert [take(store, "here/1"), take(store, "there/2", source="forum")] == [True, True]


def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    take(store, "here/1")

    renewed = renew_lease(store, "shop", "here/1", lease_s=60, now=NOON + timedelta(seconds=50))

    assert renewed
    assert [take(store, "there/2", after_s=109), take(store, "there/2", after_s=110)] == [False, True]


def test_what_another_took_over_cannot_be_renewed(store: Store) -> None:
    take(store, "here/1")
    take(store, "there/2", after_s=60)

    assert not renew_lease(store, "shop", "here/1", lease_s=60, now=NOON + timedelta(seconds=61))


def test_a_lease_given_back_is_free_at_once_and_only_its_owner_can_give_it_back(store: Store) -> None:
    take(store, "here/1")
    give_back_lease(store, "shop", "there/2")
    taken_before = take(store, "there/2")
    give_back_lease(store, "shop", "here/1")

    assert (taken_before, take(store, "there/2")) == (False, True)


def test_a_process_that_ends_gives_back_all_that_it_holds_and_no_more(store: Store) -> None:
    take(store, "here/1")
    take(store, "here/1", source="forum")
    take(store, "there/2", source="app")

    give_back_leases(store, "here/1")

    assert [take(store, "here/3", source=name) for name in ("shop", "forum", "app")] == [True, True, False]


def test_the_lease_of_a_dead_process_of_this_machine_is_free_at_once(store: Store) -> None:
    died = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    died.start()
    died.join()
    take(store, worker_name().rpartition("/")[0] + f"/{died.pid}")

    assert take(store, "there/2", after_s=1)


def test_of_workers_that_come_at_once_one_gets_the_source(store: Store) -> None:
    taken: list[str] = []

    def work(worker: str) -> None:
        if take(store, worker):
            taken.append(worker)

    threads = [threading.Thread(target=work, args=(f"there/{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(taken) == 1


def test_the_owner_is_told_when_another_took_its_source_over(store: Store) -> None:
    with leased(store, "shop", worker="here/1", clock=lambda: NOON, lease_s=0.15) as lease:
        lease.require()
        give_back_leases(store, "here/1")
        take(store, "there/2")

        assert lease.lost.wait(20)
        with pytest.raises(SourceBusy, match="took it over"):
            lease.require()


def test_a_block_that_breaks_off_gives_its_lease_back(store: Store) -> None:
    with pytest.raises(KeyError), leased(store, "shop", worker="here/1", clock=lambda: NOON):
        raise KeyError

    assert take(store, "there/2")


def test_what_could_not_be_given_back_is_its_workers_again_at_once(store: Store) -> None:
    def lose(*_: object) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("away"))

    with leased(store, "shop", worker="here/1", clock=lambda: NOON):
        event.listen(store.engine, "begin", lose)
    event.remove(store.engine, "begin", lose)

    taken = [take(store, "there/2"), take(store, "here/1"), take(store, "here/1")]
    assert taken == [False, True, False]


class Watched(Connector):
    """A source of two pages that counts how often it was asked."""

    kind: ClassVar[str] = "watched"
    asked: list[str]

    def fetch(self, since: str | None) -> Iterator[Page]:
        self.asked.append("asked")
        for number in ("1", "2"):
            message = Feedback(
                source=self.name, native_id=number, text="خوب", created_at=NOON, channel=Channel.CHAT
            )
            yield Page((message,), bookmark=number)


def test_a_pull_leaves_alone_what_another_process_pulls(store: Store) -> None:
    source = Watched(name="shop", now=lambda: NOON, asked=[])
    take(store, "there/2")

    with pytest.raises(SourceBusy, match=r"the process there/2 \(lease until 12:01:00 UTC\) pulls it now"):
        pull(source, store, identity_key=KEY, clock=lambda: NOON)

    assert source.asked == []
    assert store.sources() == ()


def test_a_pull_that_lost_its_source_breaks_off_without_an_error_on_record(store: Store) -> None:
    source = Watched(name="shop", now=lambda: NOON, asked=[])

    with pytest.raises(SourceBusy):
        pull(
            source, store, identity_key=KEY, clock=lambda: NOON, worker="here/1", lease_s=0.15,
            on_page=lambda page, counts: rob(store),
        )  # fmt: skip

    (state,) = store.sources()
    assert (state.n_stored, state.failing, state.last_success_at) == (1, False, None)


def rob(store: Store) -> None:
    give_back_leases(store, "here/1")
    take(store, "there/2")
    threading.Event().wait(0.5)


def test_pulling_all_names_the_busy_source_and_pulls_the_others(store: Store) -> None:
    busy, free = (Watched(name=name, now=lambda: NOON, asked=[]) for name in ("shop", "forum"))
    take_lease(store, "shop", "there/2", lease_s=10**9, now=NOON)

    brought, failed = pull_all([busy, free], store, identity_key=KEY)

    assert (brought["shop"].n_rows, brought["forum"].n_new) == (0, 2)
    assert list(failed) == ["shop"]
