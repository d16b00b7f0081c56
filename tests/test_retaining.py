"""What is older than is kept goes, source by source, and the tallies equal a recount."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.audit import read_audit_log
from pipeline.commands.alerts import open_watch
from pipeline.commands.working import daily_retention, look_and_retain
from pipeline.records import DeadLetter
from pipeline.retaining import DailyRetention, Due, find_due, retain
from pipeline.retention import Retention
from pipeline.store import Store, open_store
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.conftest import TEHRAN
from tests.service import settings_of

COPY = "g" * 64
BY = "worker 1"
KEPT = Retention(days=30, by_source={"chat": 10, "survey": 0})


def fill(store: Store, ages: dict[str, list[int]], *, now: datetime = NOON) -> None:
    for source, days in ages.items():
        page = [
            clean_feedback(str(n), source=source, created_at=now - timedelta(days=age), group_key=COPY if n < 2 else None)
            for n, age in enumerate(days)
        ]  # fmt: skip
        store.save_page(source, "push", page, [], None, now=now)
    pending = store.claim_pending("test", limit=10_000, lease_s=60, now=now)
    results = [(one, prediction(mention())) for one in pending]
    store.save_predictions(results, worker="test", touchpoint_stages={}, now=now)


def test_each_source_is_kept_as_long_as_is_said_of_it(store: Store) -> None:
    fill(store, {"shop": [40, 31, 30, 1], "chat": [40, 9], "survey": [400]})
    store.retention = KEPT

    removed = retain(store, by=BY, now=NOON)

    assert removed == {"chat": 1, "shop": 2}
    assert store.check_tallies() == frozenset()
    assert find_due(store, now=NOON) == (
        Due(source="chat", days=10, before=NOON - timedelta(days=10), n_messages=0, n_dead_letters=0, oldest_at=None),
        Due(source="shop", days=30, before=NOON - timedelta(days=30), n_messages=0, n_dead_letters=0, oldest_at=None),
    )  # fmt: skip
    with store.engine.connect() as connection:
        left = connection.execute(text("SELECT source, native_id, counted FROM feedback ORDER BY id")).all()
    assert [(source, id_) for source, id_, _ in left] == [
        ("shop", "2"), ("shop", "3"), ("chat", "1"), ("survey", "0"),
    ]  # fmt: skip
    assert [bool(counted) for *_, counted in left] == [True, True, True, False]


def test_as_shipped_everything_is_kept_for_ever(store: Store) -> None:
    fill(store, {"shop": [10_000]})

    assert (find_due(store, now=NOON), retain(store, by=BY, now=NOON)) == ((), {})
    assert read_audit_log(store.engine) == ()


def test_many_messages_go_in_several_transactions_and_are_told(store: Store) -> None:
    fill(store, {"shop": [40] * 2_300})
    store.retention = KEPT
    told: list[int] = []

    retain(store, by=BY, now=NOON, on_removed=told.append)

    assert told == [500, 500, 500, 500, 300]
    assert (store.n_feedback(), store.check_tallies()) == (0, frozenset())
    (entry,) = read_audit_log(store.engine)
    assert entry.details == {"n_messages": 2300, "by_source": {"shop": 2300}, "n_dead_letters": 0}


def test_it_stops_when_it_is_told_to_and_goes_on_later(store: Store) -> None:
    fill(store, {"shop": [40] * 1_200})
    store.retention = KEPT
    stops = iter([False, True])

    first = retain(store, by=BY, now=NOON, stop=lambda: next(stops))

    assert first == {"shop": 500}
    assert retain(store, by=BY, now=NOON) == {"shop": 700}


def test_old_dead_letters_go_too(store: Store) -> None:
    letter = DeadLetter("shop", "row 8", None, "a date was expected", "c")
    store.save_page("shop", "push", [], [letter], None, now=NOON - timedelta(days=31))
    store.save_page("shop", "push", [], [DeadLetter("shop", "row 9", None, "x", "d")], None, now=NOON)
    store.retention = KEPT

    retain(store, by=BY, now=NOON)

    assert [letter.sha256 for letter in store.dead_letters()] == ["d"]


def test_once_a_day_is_enough(store: Store) -> None:
    fill(store, {"shop": [40]})
    store.retention = KEPT
    now = [NOON]
    daily = DailyRetention(store, by=BY, clock=lambda: now[0])

    first = daily()
    store.retention = Retention()
    fill(store, {"forum": [40]})
    store.retention = KEPT
    now.append(NOON)
    same_day = daily()
    now[0] = NOON + timedelta(days=1)

    assert (first, same_day, daily()) == (1, 0, 1)


def test_the_command_shows_what_would_go_and_then_removes_it(tmp_path: Path) -> None:
    now = datetime.now(TEHRAN)
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        fill(store, {"shop": [40, 1], "chat": [40]}, now=now)
    (tmp_path / "mine.toml").write_text("retention_days_by_source = { shop = 30 }\n")
    here = {
        "BAZKHORD_DATA_DIR": str(tmp_path),
        "BAZKHORD_SETTINGS": str(tmp_path / "mine.toml"),
        "COLUMNS": "200",
    }

    shown = CliRunner().invoke(app, ["retain", "--dry-run"], env=here)
    removed = CliRunner().invoke(app, ["retain"], env=here)

    assert "shop" in shown.output
    assert "chat" not in shown.output
    assert "removed" not in shown.output
    assert "1 messages removed" in removed.output
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        assert store.n_feedback() == 2


def test_a_worker_removes_what_is_too_old_and_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(TEHRAN)
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    with open_store(url, zone=TEHRAN, retention=KEPT) as store:
        store.retention = Retention()
        fill(store, {"shop": [40, 1]}, now=now)
        store.retention = KEPT
        retention = daily_retention(store, "w")
        watch = open_watch(settings_of(url, tmp_path), store)

        look_and_retain(settings_of(url, tmp_path), watch, retention, lambda: False)

        assert store.n_feedback() == 1
        assert [entry.actor for entry in read_audit_log(store.engine)] == ["worker w"]
    assert "1 messages removed that were older than is kept" in capfd.readouterr().err
