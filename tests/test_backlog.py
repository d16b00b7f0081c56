"""While too much waits to be classified, nothing is pulled and what is posted is sent away."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.backlog import Backlog
from pipeline.push import PUSH
from pipeline.records import SaveCounts
from pipeline.store import Store, open_store
from pipeline.turns import Worker, take_turn
from tests.builders import NOON, clean_feedback
from tests.conftest import TEHRAN
from tests.service import serving, settings_of
from tests.test_keep_running import Clock, stream


def save(store: Store, *names: str) -> None:
    items = [clean_feedback(name, source="app") for name in names]
    store.save_page("app", PUSH, items, [], None, now=NOON)


def worker(backlog: Backlog) -> Worker:
    return Worker(name="here/1", identity_key=b"k" * 32, clock=Clock(), is_full=backlog.is_full)


@pytest.mark.parametrize(("limit", "full"), [(0, False), (2, True), (3, False), (4, False)])
def test_it_is_full_when_more_wait_than_may(store: Store, limit: int, full: bool) -> None:
    save(store, "1", "2", "3")

    assert Backlog(store, limit).is_full() is full


def test_what_was_counted_holds_for_two_seconds(store: Store) -> None:
    seconds = [0.0]
    backlog = Backlog(store, 1, clock=lambda: seconds[0])
    seen = [backlog.is_full()]

    save(store, "1", "2")
    for moment in (1.9, 2.0):
        seconds[0] = moment
        seen.append(backlog.is_full())

    assert seen == [False, False, True]


def test_a_source_is_put_off_for_a_minute_while_too_much_waits(store: Store) -> None:
    save(store, "1", "2")

    turn = take_turn(stream(), store, worker(Backlog(store, 1)))

    assert (turn.pulled, turn.put_off, turn.error, turn.counts) == (False, True, None, SaveCounts())
    assert (turn.next_at - NOON).total_seconds() == 60
    assert store.n_feedback() == 2


def test_a_pull_under_way_breaks_off_after_the_page_that_fills_it_and_goes_on_later(store: Store) -> None:
    backlog = Backlog(store, 1, clock=iter(range(0, 99, 9)).__next__)

    turns = [take_turn(stream(n_pages=4), store, worker(backlog)) for _ in range(2)]

    assert [(turn.pulled, turn.put_off, turn.counts.n_new) for turn in turns] == [
        (True, False, 2),
        (False, True, 0),
    ]
    assert store.bookmark("shop") == "2"


def test_what_is_posted_is_answered_with_when_to_come_again(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url, zone=TEHRAN) as store:
        save(store, "1", "2")

    with serving(settings_of(store_url, tmp_path, pending_limit_messages=1)) as client:
        refused = client.post("/v1/feedback", json={"id": "3", "text": "خوب"})
        streamed = client.post(
            "/v1/feedback", content=b'{"id": "3"}\n', headers={"content-type": "application/x-ndjson"}
        )
    with serving(settings_of(store_url, tmp_path, pending_limit_messages=2)) as client:
        taken = client.post("/v1/feedback", json={"id": "3", "text": "خوب"})

    assert [one.status_code for one in (refused, streamed, taken)] == [503, 503, 202]
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"].startswith("too many messages wait to be classified; send these again")


def test_sources_says_that_pulling_is_put_off(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, "1", "2")
    environment = {"BAZKHORD_DATA_DIR": str(tmp_path), "BAZKHORD_PENDING_LIMIT_MESSAGES": "1"}

    shown = CliRunner().invoke(app, ["sources", "--sources", f"{tmp_path}/none.toml"], env=environment)

    assert (
        "Pulling is put off: more than 1 messages wait to be classified (pending_limit_messages)"
        in shown.stdout
    )


@pytest.mark.parametrize(
    ("explain", "found"),
    [("EXPLAIN QUERY PLAN", "COVERING INDEX ix_feedback_waiting"), ("EXPLAIN", "Index Only Scan")],
    ids=["sqlite", "postgres"],
)
def test_waiting_messages_are_counted_in_the_index_alone(
    request: pytest.FixtureRequest, tmp_path: Path, explain: str, found: str
) -> None:
    counted = "SELECT count(*) FROM (SELECT 1 FROM feedback WHERE state = 'pending' LIMIT 500001) AS waiting"
    is_sqlite = explain == "EXPLAIN QUERY PLAN"
    url = f"sqlite:///{tmp_path}/b.db" if is_sqlite else str(request.getfixturevalue("shared_postgres_url"))

    with open_store(url, zone=TEHRAN) as store, store.engine.begin() as connection:
        if not is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {counted}")))

    assert found in plan
    assert "ix_feedback_waiting" in plan
