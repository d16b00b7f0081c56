"""A new model judges what an older one has judged: old answers stay until the new ones are whole."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from typer.testing import CliRunner

from models.labels import Aspect, Prediction
from pipeline.__main__ import app
from pipeline.corrections import Address, Verdict, correct, find_mention
from pipeline.database import mark_of
from pipeline.listener import Lag
from pipeline.reclassifying import Labelled, Labeller, label
from pipeline.staging import ask, claim_staged, progress, release_staged, stage, staged_mentions, withdraw
from pipeline.store import Store, open_store
from pipeline.switching import Outcome, switch
from pipeline.tallies import feedback, mentions
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.chaos.work import Drawn
from tests.conftest import TEHRAN
from tests.service import serving, settings_of
from tests.test_crash import contents

ASKED = ("/v1/trend", "/v1/breakdown?by=aspect", "/v1/journey", "/v1/feedback", "/v1/export?format=csv")
NOVEMBER = "from=2026-11-01&to=2026-12-01"


def save(store: Store, *numbers: int, words: str = "پیام") -> None:
    items = [
        clean_feedback(
            str(n), text=f"{words} {n}", group_key=str(n % 7), created_at=NOON - timedelta(hours=n)
        )
        for n in numbers
    ]
    store.save_page("shop", "table_file", items, [], None, now=NOON)


class Counting(Drawn):
    """A classifier that keeps what it was given to read."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.read: list[str] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.read.extend(texts)
        return super().predict(texts)


def work(store: Store, version: str, *, classifier: Drawn | None = None, worker: str = "w") -> Labelled:
    labeller = Labeller(
        store=store,
        classifier=classifier or Drawn(version),
        worker=worker,
        batch_messages=10,
        clock=lambda: NOON,
    )
    return label(labeller)


def versions(store: Store) -> list[str | None]:
    with store.engine.connect() as connection:
        return list(connection.scalars(select(feedback.c.model_version).order_by(feedback.c.id)))


def n_staged_mentions(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(staged_mentions)) or 0


def stage_some(store: Store, version: str, *, limit: int) -> None:
    claimed = claim_staged(store, "w", version, limit=limit, lease_s=60, now=NOON)
    said = Drawn(version).predict([one.text for one in claimed])
    stage(store, list(zip(claimed, said, strict=True)), worker="w", touchpoint_stages={}, now=NOON)


def test_all_is_as_though_the_new_model_had_judged_it_from_the_beginning(store: Store) -> None:
    save(store, *range(60))
    work(store, "v1")

    n_messages = ask(store, "v2", now=NOON)
    done = work(store, "v2")

    assert (n_messages, done) == (60, Labelled(n_classified=0, n_staged=60, outcome=Outcome.SWITCHED))
    assert set(versions(store)) == {"v2"}
    assert (progress(store), n_staged_mentions(store)) == (None, 0)
    assert store.check_tallies() == frozenset()
    after = contents(store.engine)
    with store.engine.begin() as connection:
        for table in (mentions, feedback):
            connection.execute(table.delete())
    store.rebuild_tallies()
    save(store, *range(60))
    work(store, "v2")
    assert contents(store.engine) == after


def test_until_all_is_staged_answers_are_the_old_ones_to_the_byte(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url, zone=TEHRAN) as store, serving(settings_of(store_url, tmp_path)) as client:
        save(store, *range(30))
        work(store, "v1")

        def answers() -> list[bytes]:
            return [client.get(f"{one}{'&' if '?' in one else '?'}{NOVEMBER}").content for one in ASKED]

        before, mark = answers(), mark_of(store.engine)
        ask(store, "v2", now=NOON)
        seen = []
        for _ in range(3):
            stage_some(store, "v2", limit=9)
            seen += [answers() == before, switch(store), mark_of(store.engine) == mark]
        stage_some(store, "v2", limit=9)
        outcome, after = switch(store), client.get(f"/v1/trend?{NOVEMBER}").json()

    assert seen == [True, Outcome.NOT_YET, True] * 3
    assert outcome is Outcome.SWITCHED
    assert after["model_versions"] == ["v2"]


class Dying(Drawn):
    """A classifier whose process is killed as it begins with its third batch."""

    n_batches = 0

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.n_batches += 1
        if self.n_batches == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(texts)


def work_and_die(url: str) -> None:
    with open_store(url, zone=TEHRAN) as store:
        work(store, "v2", classifier=Dying("v2"))


def test_what_was_staged_before_a_kill_is_not_done_again(store_url: str) -> None:
    with open_store(store_url, zone=TEHRAN) as store:
        save(store, *range(60))
        work(store, "v1")
        ask(store, "v2", now=NOON)
        before = store.tallies()
        died = multiprocessing.get_context("fork").Process(target=work_and_die, args=(store_url,))
        died.start()
        died.join(60)
        told = progress(store)
        between = store.tallies()
        release_staged(store, "w")

        reader = Counting("v2")
        done = work(store, "v2", classifier=reader, worker="next")

        assert died.exitcode == -signal.SIGKILL
        assert told is not None
        assert (told.model_version, told.n_staged, told.n_messages) == ("v2", 20, 60)
        assert between == before
        assert (len(reader.read), done.outcome) == (40, Outcome.SWITCHED)
        assert set(versions(store)) == {"v2"}
        assert store.check_tallies() == frozenset()


def test_what_is_edited_deleted_or_comes_meanwhile_is_as_it_is_by_then(store: Store) -> None:
    save(store, 0, 1, 2, 3)
    work(store, "v1")
    ask(store, "v2", now=NOON)
    stage_some(store, "v2", limit=4)

    save(store, 0, words="ویرایش")
    store.delete("shop", "1")
    save(store, 9)
    while_open = switch(store)
    done = work(store, "v2")

    assert while_open is Outcome.SWITCHED
    assert (done.n_classified, versions(store)) == (2, ["v2"] * 4)
    assert store.check_tallies() == frozenset()


def test_what_a_worker_with_the_old_model_labels_meanwhile_is_judged_too_before_anything_changes(
    store: Store,
) -> None:
    save(store, 0, 1)
    work(store, "v1")
    ask(store, "v2", now=NOON)
    stage_some(store, "v2", limit=2)
    save(store, 0, words="ویرایش")
    save(store, 2)
    work(store, "v1")

    first = switch(store)
    told = progress(store)
    second = work(store, "v2")

    assert (first, versions(store)) == (Outcome.NOT_YET, ["v2"] * 3)
    assert told is not None
    assert (told.n_staged, told.n_messages) == (1, 3)
    assert (second.n_staged, second.outcome) == (2, Outcome.SWITCHED)


def test_a_worker_with_another_model_leaves_it_to_others(store: Store) -> None:
    save(store, 0)
    work(store, "v1")
    ask(store, "v2", now=NOON)

    assert work(store, "v1") == Labelled(n_classified=0, n_staged=0, outcome=Outcome.NOT_ASKED)
    assert claim_staged(store, "w", "v1", limit=9, lease_s=60, now=NOON) == ()


def test_new_messages_go_before_old_ones(store: Store) -> None:
    save(store, *range(30))
    work(store, "v1")
    ask(store, "v2", now=NOON)

    class Interrupted(Counting):
        def predict(self, texts: Sequence[str]) -> list[Prediction]:
            if not self.read:
                save(store, 99, words="تازه")
            return super().predict(texts)

    reader = Interrupted("v2")
    done = work(store, "v2", classifier=reader)

    assert reader.read.index("تازه 99") == 10
    assert (done.n_classified, done.n_staged, done.outcome) == (1, 30, Outcome.SWITCHED)


def test_workers_share_it_and_switch_once(store_url: str) -> None:
    with open_store(store_url, zone=TEHRAN) as store:
        save(store, *range(120))
        work(store, "v1")
        ask(store, "v2", now=NOON)

    fork = multiprocessing.get_context("fork")
    found = fork.SimpleQueue()
    workers = [fork.Process(target=share, args=(store_url, number, found)) for number in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)

    done = [found.get() for _ in workers]
    with open_store(store_url, zone=TEHRAN) as store:
        outcomes = [outcome for _, outcome in done]
        if Outcome.SWITCHED not in outcomes:
            assert switch(store) is Outcome.SWITCHED
        assert sum(n_staged for n_staged, _ in done) == 120
        assert outcomes.count(Outcome.SWITCHED) <= 1
        assert set(versions(store)) == {"v2"}
        assert store.check_tallies() == frozenset()


def share(url: str, number: int, found: multiprocessing.SimpleQueue[tuple[int, Outcome]]) -> None:
    with open_store(url, zone=TEHRAN) as store:
        done = work(store, "v2", worker=f"w{number}")
        found.put((done.n_staged, done.outcome))


def test_a_claim_that_ran_out_goes_to_another_and_is_staged_once(store: Store) -> None:
    save(store, 0)
    work(store, "v1")
    ask(store, "v2", now=NOON)
    said = prediction(mention(), model_version="v2")
    (slow,) = claim_staged(store, "slow", "v2", limit=1, lease_s=60, now=NOON)
    held = claim_staged(store, "other", "v2", limit=1, lease_s=60, now=NOON + timedelta(seconds=59))
    (taken,) = claim_staged(store, "other", "v2", limit=1, lease_s=60, now=NOON + timedelta(seconds=60))

    staged = [
        stage(store, [(one, said)], worker=worker, touchpoint_stages={}, now=NOON)
        for one, worker in ((taken, "other"), (slow, "slow"))
    ]

    assert (held, staged, n_staged_mentions(store)) == ((), [1, 0], 1)


def test_a_correction_holds_under_the_new_model(store: Store) -> None:
    item = clean_feedback("1", text="بسته دیر رسید")
    store.save_page("shop", "table_file", [item], [], None, now=NOON)
    (pending,) = store.claim_pending("w", limit=1, lease_s=60, now=NOON)
    store.save_predictions([(pending, prediction(mention()))], worker="w", touchpoint_stages={}, now=NOON)
    place = Address(1, 0, 13)
    ask(store, "v2", now=NOON)
    (claimed,) = claim_staged(store, "w", "v2", limit=1, lease_s=60, now=NOON)
    said = prediction(replace(mention(), aspect=Aspect.APP), model_version="v2")
    stage(store, [(claimed, said)], worker="w", touchpoint_stages={}, now=NOON)

    correct(store.engine, place, Verdict(aspect=Aspect.PACKAGING), seen=None, by="sara", now=NOON)
    switch(store)

    judged = find_mention(store.engine, place)
    assert (judged.labels.aspect, judged.model_version) == (Aspect.PACKAGING, "v2")
    assert judged.correction is not None
    assert judged.correction.predicted.aspect == Aspect.APP
    assert store.check_tallies() == frozenset()


def test_a_touchpoint_fixes_the_stage_of_new_labels_too(store: Store) -> None:
    item = clean_feedback("1", touchpoint="form")
    store.save_page("shop", "table_file", [item], [], None, now=NOON)
    (pending,) = store.claim_pending("w", limit=1, lease_s=60, now=NOON)
    store.save_predictions([(pending, prediction(mention()))], worker="w", touchpoint_stages={}, now=NOON)
    ask(store, "v2", now=NOON)
    (claimed,) = claim_staged(store, "w", "v2", limit=1, lease_s=60, now=NOON)
    said = prediction(mention(), model_version="v2")

    stage(store, [(claimed, said)], worker="w", touchpoint_stages={"form": "support"}, now=NOON)
    switch(store)

    assert {cell.key[4] for cell in store.tallies() if cell.cube == "intent"} == {"support"}


def test_asking_again_goes_on_and_asking_for_another_version_begins_anew(store: Store) -> None:
    save(store, 0, 1, 2)
    work(store, "v1")
    ask(store, "v2", now=NOON)
    stage_some(store, "v2", limit=2)

    ask(store, "v2", now=NOON + timedelta(days=1))
    again = progress(store)
    ask(store, "v3", now=NOON)
    other = progress(store)

    assert again is not None
    assert other is not None
    assert (again.model_version, again.asked_at, again.n_staged) == ("v2", NOON, 2)
    assert (other.model_version, other.n_staged, n_staged_mentions(store)) == ("v3", 0, 0)


def test_taken_back_nothing_is_staged_and_nothing_has_changed(store: Store) -> None:
    save(store, 0, 1)
    work(store, "v1")
    before = contents(store.engine)
    ask(store, "v2", now=NOON)
    stage_some(store, "v2", limit=2)

    assert [withdraw(store), withdraw(store)] == [True, False]
    assert (progress(store), n_staged_mentions(store), switch(store)) == (None, 0, Outcome.NOT_ASKED)
    assert contents(store.engine) == before


def test_with_every_label_of_the_version_nothing_is_asked_for(store: Store) -> None:
    save(store, 0)
    work(store, "v1")

    assert (ask(store, "v1", now=NOON), progress(store)) == (0, None)


def test_the_command_asks_shows_takes_back_and_does(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, 0, 1)
        work(store, "v1")
    environment = {"BAZKHORD_DATA_DIR": str(tmp_path), "COLUMNS": "200"}

    said = [
        CliRunner().invoke(app, ["reclassify", *words], env=environment)
        for words in (
            ["--background"],
            ["--status"],
            ["--cancel"],
            ["--status"],
            [],
            [],
            ["--status", "--cancel"],
        )
    ]

    asked, shown, cancelled, nothing, done, again, both = said
    assert asked.stdout.startswith("2 messages will be judged again by model ")
    assert "0 of 2 messages have their new labels" in shown.stdout
    assert "asked for no more" in cancelled.stdout
    assert "No re-classification is under way" in nothing.stdout
    assert done.stdout.startswith("Every label is of model ")
    assert "there is nothing to do" in again.stdout
    assert both.exit_code != 0
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        assert "v1" not in versions(store)
        assert store.check_tallies() == frozenset()


def test_how_many_messages_are_left_is_among_the_figures_of_service_and_worker(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    save(store, *range(30))
    work(store, "v1")
    ask(store, "v2", now=NOON)
    stage_some(store, "v2", limit=10)

    with serving(settings_of(store_url, tmp_path)) as client:
        told = client.get("/metrics").text
    figures = {one.name: one.samples[0].value for one in Lag(store, lambda: NOON).collect()}

    assert "bazkhord_reclassify_messages_left 20.0" in told
    assert figures["bazkhord_reclassify_messages_left"] == 20
