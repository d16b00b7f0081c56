from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.claims import worker_name
from pipeline.records import Channel, CleanFeedback, DeadLetter, Pending, Rating, Reply, Role, SaveCounts
from pipeline.store import Store, open_store
from pipeline.tables import FeedbackRow, MentionRow
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.conftest import TEHRAN

feedback, mentions = FeedbackRow.__table__, MentionRow.__table__


def save(
    store: Store, *items: CleanFeedback, now: datetime = NOON, bookmark: str | None = None
) -> SaveCounts:
    return store.save_page("shop", "table_file", items, [], bookmark, now=now)


def claim(store: Store, worker: str = "w", *, limit: int = 100, now: datetime = NOON) -> tuple[Pending, ...]:
    return store.claim_pending(worker, limit=limit, lease_s=60, now=now)


def classify(store: Store, *found: object, model_version: str = "v1") -> int:
    results = [(pending, prediction(mention(), model_version=model_version)) for pending in claim(store)]
    return store.save_predictions(results, worker="w", touchpoint_stages={}, now=NOON)


def column(store: Store, name: str) -> list[object]:
    with store.engine.connect() as connection:
        return list(connection.scalars(select(feedback.c[name]).order_by(feedback.c.id)))


def test_everything_a_source_says_is_stored(store: Store) -> None:
    save(
        store,
        clean_feedback(
            "17",
            text="سلام",
            customer_key="k" * 64,
            group_key="g" * 64,
            edited_at=NOON + timedelta(hours=1),
            conversation_id="c-1",
            brand="نیک‌سبد",
            rating=Rating(4.0, 1.0, 5.0),
            nps=9,
            csat=4.5,
            replies=(Reply(Role.AGENT, NOON.astimezone(TEHRAN)),),
            attributes={"city": "یزد"},
        ),
    )

    with store.engine.connect() as connection:
        row = connection.execute(select(feedback)).one()._asdict()
    fingerprint = row.pop("fingerprint")

    assert len(fingerprint) == 64
    assert {name: value for name, value in row.items() if value is not None} == {
        "id": 1,
        "source": "shop",
        "native_id": "17",
        "text": "سلام",
        "group_key": "g" * 64,
        "customer_key": "k" * 64,
        "created_at": NOON,
        "created_at_is_arrival": False,
        "edited_at": NOON + timedelta(hours=1),
        "received_at": NOON,
        "day": date(2026, 11, 21),
        "channel": "review",
        "brand": "نیک‌سبد",
        "rating": 4.0,
        "rating_lowest": 1.0,
        "rating_highest": 5.0,
        "nps": 9,
        "csat": 4.5,
        "conversation_id": "c-1",
        "replies": [{"role": "agent", "at": "2026-11-21T12:00:00+00:00"}],
        "attributes": {"city": "یزد"},
        "state": "pending",
        "counted": False,
        "flags": 0,
    }


def test_every_row_of_a_page_is_accounted_for(store: Store) -> None:
    save(store, clean_feedback("1"), clean_feedback("2"))

    counts = save(
        store,
        clean_feedback("1"),
        clean_feedback("2", text="خوب شد"),
        clean_feedback("3", text="اول"),
        clean_feedback("3", text="دوم"),
        clean_feedback("4", text=" "),
        clean_feedback("5", brand="x" * 201),
    )

    assert counts == SaveCounts(n_new=2, n_updated=1, n_duplicate=2, n_without_text=1, n_dead=1)
    assert counts.n_rows == 6
    assert column(store, "text") == ["بسته دیر رسید", "خوب شد", "دوم", " "]
    assert column(store, "state") == ["pending", "pending", "pending", "no_text"]


def test_the_same_page_again_changes_nothing(store: Store) -> None:
    page = [clean_feedback("1"), clean_feedback("2", created_at=None), clean_feedback("3", text="")]
    save(store, *page)
    before = [column(store, name) for name in ("created_at", "received_at", "day", "fingerprint", "state")]

    counts = save(store, *page, now=NOON + timedelta(days=3))

    assert counts == SaveCounts(n_duplicate=3, n_without_text=1)
    assert [
        column(store, name) for name in ("created_at", "received_at", "day", "fingerprint", "state")
    ] == before


def test_a_message_without_a_date_keeps_its_arrival_when_edited(store: Store) -> None:
    save(store, clean_feedback("1", created_at=None))

    counts = save(store, clean_feedback("1", created_at=None, text="ویرایش"), now=NOON + timedelta(days=3))

    assert counts == SaveCounts(n_updated=1)
    assert column(store, "created_at") == [NOON]
    assert column(store, "created_at_is_arrival") == [True]


def test_a_date_that_a_source_gives_later_replaces_the_arrival(store: Store) -> None:
    save(store, clean_feedback("1", created_at=None))

    save(store, clean_feedback("1", created_at=NOON - timedelta(days=9)), now=NOON + timedelta(days=3))

    assert column(store, "created_at") == [NOON - timedelta(days=9)]
    assert column(store, "created_at_is_arrival") == [False]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (datetime(2026, 11, 21, 20, 29, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 20, 30, tzinfo=UTC), date(2026, 11, 22)),
    ],
)
def test_the_day_is_one_of_tehran(store: Store, written: datetime, day: date) -> None:
    save(store, clean_feedback("1", created_at=written))

    assert column(store, "day") == [day]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"brand": "x" * 201}, "brand has 201 characters, at most 200 fit"),
        ({"native_id": "x" * 501}, "native_id has 501 characters"),
        ({"text": "a\0b"}, "NUL"),
        ({"attributes": {"a": "\0"}}, "NUL"),
        ({"text": "\ud83d"}, "no valid Unicode"),
        ({"rating": Rating(float("nan"), 1, 5)}, "Out of range float"),
        ({"nps": 100_000}, "nps is far outside"),
        ({"edited_at": datetime(2026, 11, 21)}, "a time without a zone"),  # noqa: DTZ001
    ],
)
def test_a_row_that_does_not_fit_is_a_dead_letter_and_the_others_are_stored(
    store: Store, values: dict[str, object], told: str
) -> None:
    odd = clean_feedback(**({"native_id": "odd"} | values))  # type: ignore[arg-type]

    counts = save(store, clean_feedback("1"), odd, clean_feedback("2"), bookmark="b")

    assert counts == SaveCounts(n_new=2, n_dead=1)
    assert column(store, "native_id") == ["1", "2"]
    assert told in store.dead_letters("shop")[0].error
    assert store.bookmark("shop") == "b"


def test_the_six_letters_of_an_escaped_nul_are_no_nul(store: Store) -> None:
    assert save(store, clean_feedback("1", text="\\u0000")) == SaveCounts(n_new=1)


def test_a_page_that_cannot_be_saved_leaves_neither_messages_nor_bookmark(store: Store) -> None:
    save(store, clean_feedback("1"), bookmark="b1")
    nameless = DeadLetter("shop", "row 2", None, None, "0" * 64)  # type: ignore[arg-type]

    with pytest.raises(IntegrityError):
        store.save_page("shop", "table_file", [clean_feedback("2")], [nameless], "b2", now=NOON)

    assert column(store, "native_id") == ["1"]
    assert store.bookmark("shop") == "b1"


def test_a_page_without_a_bookmark_leaves_the_old_one(store: Store) -> None:
    assert store.bookmark("shop") is None

    save(store, clean_feedback("1"), bookmark="b1")
    save(store, clean_feedback("2"), bookmark=None)

    assert store.bookmark("shop") == "b1"


def test_the_same_id_in_two_sources_is_two_messages(store: Store) -> None:
    save(store, clean_feedback("1"))

    store.save_page("bank", "table_file", [clean_feedback("1", source="bank")], [], None, now=NOON)

    assert column(store, "source") == ["shop", "bank"]


def test_a_page_larger_than_a_statement_can_take_is_stored(tmp_path: Path) -> None:
    page = [clean_feedback(str(number)) for number in range(33_000)]

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        assert save(store, *page) == SaveCounts(n_new=33_000)
        assert save(store, *page) == SaveCounts(n_duplicate=33_000)


def test_a_source_tells_how_it_is_doing(store: Store) -> None:
    letter = DeadLetter("shop", "row 3", None, "no date; give one", "a" * 64)
    store.note_start("shop", "table_file", now=NOON)
    for _ in range(2):
        store.save_page(
            "shop", "table_file", [clean_feedback("1"), clean_feedback("2", text="")], [letter], "b", now=NOON
        )
    store.note_error("shop", "table_file", "the file is gone; name another", now=NOON + timedelta(hours=1))

    (state,) = store.sources()

    assert (state.name, state.connector, state.bookmark) == ("shop", "table_file", "b")
    assert (state.n_new, state.n_updated, state.n_duplicate, state.n_without_text) == (2, 0, 2, 2)
    assert (state.n_stored, state.n_pending, state.n_dead_letters) == (2, 1, 1)
    assert (state.last_started_at, state.last_success_at) == (NOON, None)
    assert (state.last_error, state.failing) == ("the file is gone; name another", True)
    assert store.dead_letters("shop", limit=5) == (letter,)
    assert store.dead_letters("bank") == ()


def test_a_source_that_ran_again_does_not_fail_any_more(store: Store) -> None:
    store.note_error("shop", "table_file", "the file is gone; name another", now=NOON)
    store.note_success("shop", "table_file", now=NOON + timedelta(hours=1))

    assert [(state.last_error, state.failing) for state in store.sources()] == [
        ("the file is gone; name another", False)
    ]


def test_a_source_that_only_ever_worked_does_not_fail(store: Store) -> None:
    store.note_success("shop", "table_file", now=NOON)

    assert [(state.last_success_at, state.failing) for state in store.sources()] == [(NOON, False)]


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="a stored time must be aware"):
        store.note_start("shop", "table_file", now=datetime(2026, 11, 21))  # noqa: DTZ001


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(store: Store) -> None:
    save(store, *(clean_feedback(str(number), text=str(number)) for number in range(5)))

    first = claim(store, "a", limit=3)
    second = claim(store, "b", limit=3, now=NOON + timedelta(seconds=59))
    third = claim(store, "c", limit=9, now=NOON + timedelta(seconds=60))

    assert [[pending.text for pending in claimed] for claimed in (first, second, third)] == [
        ["2", "3", "4"],
        ["0", "1"],
        ["2", "3", "4"],
    ]


def test_what_has_no_text_is_not_claimed(store: Store) -> None:
    save(store, clean_feedback("1", text=""))

    assert claim(store) == ()
    assert (store.n_pending(), store.n_feedback()) == (0, 1)


def test_claims_given_back_are_free_at_once(store: Store) -> None:
    save(store, clean_feedback("1"), clean_feedback("2"))
    claim(store, "a", limit=1)
    claim(store, "b", limit=1)

    assert store.release("a") == 1

    assert [pending.id for pending in claim(store, "c")] == [2]


def test_claims_of_a_process_that_died_are_free_and_those_of_the_living_are_not(store: Store) -> None:
    save(store, clean_feedback("1"), clean_feedback("2"), clean_feedback("3"))
    died = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    died.start()
    died.join()
    claim(store, worker_name().rpartition("/")[0] + f"/{died.pid}", limit=1)
    claim(store, worker_name(), limit=1)
    claim(store, "another machine/1", limit=1)

    assert store.release_dead() == 1

    assert [pending.id for pending in claim(store, "c")] == [3]


def test_workers_that_claim_at_once_share_the_messages(store: Store) -> None:
    save(store, *(clean_feedback(str(number)) for number in range(60)))
    claimed: list[int] = []

    def work(worker: str) -> None:
        while mine := claim(store, worker, limit=7):
            claimed.extend(pending.id for pending in mine)

    in_threads(work, "a", "b", "c")

    assert sorted(claimed) == list(range(1, 61))


def in_threads(work: object, *names: str) -> None:
    threads = [threading.Thread(target=work, args=(name,)) for name in names]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_pulls_of_one_source_at_once_store_every_message_once(store: Store) -> None:
    counts: list[SaveCounts] = []

    def pull(name: str) -> None:
        counts.extend(
            save(store, *(clean_feedback(str(number)) for number in range(part, part + 20)))
            for part in (0, 20)
        )

    in_threads(pull, "a", "b", "c")

    assert sum(counts, SaveCounts()) == SaveCounts(n_new=40, n_duplicate=80)
    assert store.n_feedback() == 40


def test_what_the_model_said_is_stored(store: Store) -> None:
    save(store, clean_feedback("1", text="خوب بود ولی دیر"))
    (pending,) = claim(store)
    good = mention(
        text="خوب بود",
        sentiment=Sentiment.POSITIVE,
        intent=Intent.PRAISE,
        aspect=Aspect.PRODUCT,
        stage=Stage.USE,
    )
    said = prediction(
        good, sentiment=Sentiment.MIXED, emotion=Emotion.SURPRISE, flags=(Flag.EFFORT, Flag.URGENT)
    )

    n_written = store.save_predictions([(pending, said)], worker="w", touchpoint_stages={}, now=NOON)

    assert n_written == 1
    labels = (
        "state",
        "sentiment",
        "p_negative",
        "p_mixed",
        "emotion",
        "flags",
        "model_version",
        "classified_at",
        "counted",
        "lease_owner",
    )
    assert [column(store, name)[0] for name in labels] == [
        "classified", "mixed", 0.1, 0.7, "surprise", 3, "v1", NOON, True, None,
    ]  # fmt: skip
    with store.engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(select(mentions))] == [
            (1, 1, 0, 7, "use", "praise", "product", "positive", 0.9, 0.9, 0.9, 0.9, False, False)
        ]


def test_a_touchpoint_that_fixes_the_stage_wins_over_the_model(store: Store) -> None:
    save(store, clean_feedback("1", touchpoint="delivery_form"), clean_feedback("2", touchpoint="home"))
    results = [(pending, prediction(mention(stage=Stage.USE))) for pending in claim(store)]

    store.save_predictions(results, worker="w", touchpoint_stages={"delivery_form": "delivery"}, now=NOON)

    with store.engine.connect() as connection:
        rows = connection.execute(
            select(mentions.c.stage, mentions.c.stage_confidence, mentions.c.stage_from_touchpoint).order_by(
                mentions.c.id
            )
        )
        assert [tuple(row) for row in rows] == [("delivery", 1.0, True), ("use", 0.9, False)]


def test_a_message_edited_or_deleted_since_it_was_claimed_is_passed_over(store: Store) -> None:
    save(store, clean_feedback("1"), clean_feedback("2"), clean_feedback("3"))
    claimed = claim(store)
    save(store, clean_feedback("1", text="ویرایش"))
    store.delete("shop", "2")

    results = [(pending, prediction(mention())) for pending in claimed]
    n_written = store.save_predictions(results, worker="w", touchpoint_stages={}, now=NOON)

    assert n_written == 1
    assert column(store, "state") == ["pending", "classified"]
    assert [pending.text for pending in claim(store, "b")] == ["ویرایش"]


def test_a_worker_that_lost_its_lease_passes_over_what_another_holds(store: Store) -> None:
    save(store, clean_feedback("1"))
    late = [(pending, prediction(mention())) for pending in claim(store, "slow")]
    claim(store, "other", now=NOON + timedelta(seconds=61))

    assert store.save_predictions(late, worker="slow", touchpoint_stages={}, now=NOON) == 0
    assert store.save_predictions(late, worker="other", touchpoint_stages={}, now=NOON) == 1


def test_an_edited_message_loses_its_labels_and_mentions(store: Store) -> None:
    save(store, clean_feedback("1"))
    classify(store)

    save(store, clean_feedback("1", text="ویرایش"))

    labels = (
        "state",
        "sentiment",
        "p_negative",
        "emotion",
        "flags",
        "model_version",
        "classified_at",
        "counted",
    )
    assert [column(store, name)[0] for name in labels] == ["pending", None, None, None, 0, None, None, False]
    with store.engine.connect() as connection:
        assert connection.execute(select(mentions)).all() == []


def test_an_edit_that_takes_the_words_away_leaves_nothing_to_classify(store: Store) -> None:
    save(store, clean_feedback("1"))
    classify(store)

    counts = save(store, clean_feedback("1", text=""))

    assert counts == SaveCounts(n_updated=1, n_without_text=1)
    assert column(store, "state") == ["no_text"]
    assert store.tallies() == frozenset()


def test_deleting_what_is_not_there_says_so(store: Store) -> None:
    save(store, clean_feedback("1"))

    assert [store.delete("shop", "1"), store.delete("shop", "1")] == [True, False]
    assert store.n_feedback() == 0


def test_saving_no_predictions_changes_nothing(store: Store) -> None:
    assert store.save_predictions([], worker="w", touchpoint_stages={}, now=NOON) == 0


def test_sqlite_finds_pending_messages_and_counted_copies_through_their_indexes(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN).close()
    free = "state = 'pending' AND (lease_until IS NULL OR lease_until <= '2026')"

    with sqlite3.connect(tmp_path / "bazkhord.db") as connection:
        plans = [
            " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
            for query in (
                f"SELECT id FROM feedback WHERE {free} ORDER BY created_at DESC, id DESC LIMIT 9",
                "SELECT group_key FROM feedback WHERE counted AND group_key IN ('a', 'b')",
            )
        ]
    connection.close()

    assert "ix_feedback_waiting" in plans[0]
    assert "TEMP B-TREE" not in plans[0]
    assert "uq_feedback_counted_copy" in plans[1]


def pull_and_classify(url: str, cpu_s: float | None) -> None:
    """Do a small day's work; after ``cpu_s`` seconds of it the kernel ends the process without warning."""
    if cpu_s is not None:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
    store = open_store(url, zone=TEHRAN)
    store.release_dead()
    for page in range(int(store.bookmark("shop") or 0), 15):
        items = [clean_feedback(str(n), text=f"پیام {n % 90}", group_key=str(n % 90), channel=list(Channel)[n % 3])
                 for n in range(page * 10, page * 10 + 12)]  # fmt: skip
        save(store, *items, bookmark=str(page + 1))
    while claimed := store.claim_pending(worker_name(), limit=8, lease_s=3600, now=NOON):
        results = [(pending, prediction(mention(stage=list(Stage)[pending.id % 8]))) for pending in claimed]
        store.save_predictions(results, worker=worker_name(), touchpoint_stages={}, now=NOON)
    store.close()
    os._exit(0)


def test_a_killed_process_loses_and_doubles_nothing(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")

    def run(file: str, cpu_s: float | None) -> int | None:
        process = fork.Process(target=pull_and_classify, args=(f"sqlite:///{tmp_path}/{file}", cpu_s))
        process.start()
        process.join()
        return process.exitcode

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run("calm.db", None)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    needed_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    random = Random(7)
    exits = [run("killed.db", random.uniform(0.05, 0.25) * needed_s) for _ in range(10)]
    exits.append(run("killed.db", None))

    assert exits.count(-signal.SIGPROF) >= 3
    assert exits[-1] == 0
    assert rows_of(tmp_path / "killed.db") == rows_of(tmp_path / "calm.db")
    with open_store(f"sqlite:///{tmp_path}/killed.db", zone=TEHRAN) as store:
        assert store.check_tallies() == frozenset()


def rows_of(file: Path) -> list[str]:
    """Return all that is stored, without the mark of the last change, which is drawn by lot."""
    connection = sqlite3.connect(file)
    rows = [row for row in connection.iterdump() if not row.startswith('INSERT INTO "last_change"')]
    connection.close()
    return rows


def test_an_error_of_the_data_base_does_not_show_what_it_was_given(store: Store) -> None:
    with store.engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT :given FROM no_such_table"), {"given": "پیک دیر رسید"})

    assert "پیک" not in str(caught.value)
