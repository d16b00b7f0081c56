"""Words are found in any spelling, through an index where there is one: always what a reading of all texts finds."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import ColumnElement, select, text

from pipeline import search_pages
from pipeline.aggregate_feedback import find_feedback
from pipeline.database import MIGRATIONS, connect, reading, writing
from pipeline.search_index import has_index, index_arrivals, purge_index, search_for
from pipeline.selection import Selection
from pipeline.store import Store, open_store
from pipeline.tables import FeedbackRow
from pipeline.text_search import FOLDED, fold, text_holds
from tests.api_feedback import SMALL, fill
from tests.builders import NOON, clean_feedback, prediction
from tests.conftest import TEHRAN

TEXTS = ("کد ۶٫۴۰۱۵۷۷۶۶۶۷۶۵۷۰۹", "کد 1234567890 رسید", "أكي يك‌ه\u0640و٠١٢", "چیز دیگر")
LETTERS = "پیيكکهةاأآ‌ـو۱1١ aA%_/\"«»سفر😀İ'"
NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
MANY = """
    INSERT INTO feedback (source, native_id, fingerprint, text, created_at, created_at_is_arrival, received_at, day,
                          channel, replies, attributes, state, counted, flags, model_version, sentiment, p_negative,
                          p_neutral, p_positive, p_mixed, emotion, emotion_confidence)
    SELECT 'many', native_id || '-' || n, fingerprint, 'پیام رسید', created_at, created_at_is_arrival, received_at, day,
           channel, replies, attributes, state, TRUE, flags, model_version, sentiment, p_negative,
           p_neutral, p_positive, p_mixed, emotion, emotion_confidence
    FROM feedback, (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2100)
                    SELECT n FROM numbers) AS numbered
    WHERE source IN ('shop', 'talk')
"""


def held(store: Store, condition: ColumnElement[bool]) -> list[str]:
    with reading(store.engine) as connection:
        found = select(FeedbackRow.native_id).where(condition).order_by(FeedbackRow.id)
        return list(connection.scalars(found))


def found(store: Store, q: str, *, max_ids: int = 100) -> list[str]:
    with reading(store.engine) as connection:
        condition = search_for(connection, q, max_ids=max_ids).condition
    return held(store, condition)


def save(store: Store, *texts: str, first: int = 0) -> None:
    items = [clean_feedback(str(number), text=one) for number, one in enumerate(texts, first)]
    store.save_page("shop", "x", items, [], None, now=NOON)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("1234567890", ["1"]),
        ("۱۲۳۴۵۶۷۸۹۰", ["1"]),
        ("١٢٣٤٥٦٧٨٩٠ کد", ["1"]),
        ("اکی یکهو012", ["2"]),
        ("6.401577666765709e+226", []),
        (" ".join(["1234567890"] * 18), ["1"]),
        ("کد", ["0", "1"]),
    ],
)
def test_a_word_of_many_spellings_is_found(store: Store, q: str, expected: list[str]) -> None:
    save(store, *TEXTS)

    assert held(store, text_holds(FeedbackRow.text, q)) == expected
    assert found(store, q) == expected


def test_the_index_finds_what_a_reading_of_all_texts_finds(store: Store) -> None:
    dice = random.Random(14)
    texts = ["".join(dice.choices(LETTERS, k=dice.randint(0, 40))) for _ in range(200)]
    save(store, *texts)
    parts = [dice.choice(texts) for _ in range(50)]
    questions = [part[dice.randint(0, 9) :][: dice.randint(1, 6)] for part in parts]

    rare = [found(store, q) for q in questions]
    frequent = [found(store, q, max_ids=0) for q in questions]

    read = [held(store, text_holds(FeedbackRow.text, q)) for q in questions]
    assert rare == read
    assert frequent == read
    assert sum(map(bool, read)) > 20


def test_postgres_folds_as_the_code_does(shared_postgres_url: str) -> None:
    letters = "".join(map(chr, FOLDED)) + "abc ÀİẞΣ 😀"
    with open_store(shared_postgres_url, zone=TEHRAN) as store:
        save(store, letters)
        with reading(store.engine) as connection:
            kept = text(
                "SELECT folded FROM search_texts JOIN feedback ON id = feedback_id WHERE text = :text"
            )
            folded = connection.scalar(kept, {"text": letters})

    assert folded == fold(letters)


def test_an_edited_text_is_found_by_its_new_words_alone(store: Store) -> None:
    save(store, "بسته دیر رسید")
    save(store, "پیک مهربان بود")

    assert (found(store, "بسته"), found(store, "مهربان")) == ([], ["0"])


def test_what_was_deleted_has_left_the_index(store: Store) -> None:
    save(store, "شماره‌ام گلابدره", "گلاب خوب")
    store.delete("shop", "0")

    assert (found(store, "گلابدره"), found(store, "گلاب")) == ([], ["1"])
    with reading(store.engine) as connection:
        candidates = "SELECT feedback_id FROM search_texts WHERE folded LIKE '%گلا%'"
        if connection.dialect.name == "sqlite":
            candidates = "SELECT rowid FROM search_index WHERE search_index MATCH '\"گلا\"'"
        assert connection.scalars(text(candidates)).all() == [2]


def test_purged_sqlite_keeps_no_part_of_a_deleted_text(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        for number in range(40):
            save(store, f"پیام {number}", "ژرفناسنج" if number == 20 else "سلام", first=2 * number)
        store.delete("shop", "41")
        with writing(store.engine) as connection:
            purge_index(connection)

    file = sqlite3.connect(tmp_path / "bazkhord.db")
    kept = b"".join(block for (block,) in file.execute("SELECT block FROM search_index_data"))
    file.close()
    # A word of the index is written without what it shares with the word before.
    assert ("سلا".encode()[-4:] in kept, "رفن".encode() in kept, "سنج".encode() in kept) == (
        True,
        False,
        False,
    )


def test_the_index_of_sqlite_is_whole_after_saves_edits_and_deletes(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, *TEXTS)
        save(store, "متنی دیگر", TEXTS[1])
        store.delete("shop", "2")
        with writing(store.engine) as connection:
            check = "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"
            connection.exec_driver_sql(check)


def test_messages_of_an_older_schema_are_found(empty_url: str) -> None:
    engine = connect(empty_url)
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0004")
        connection.execute(
            text(
                "INSERT INTO feedback (source, native_id, fingerprint, text, created_at, created_at_is_arrival, "
                "received_at, day, channel, replies, attributes, state, counted, flags) VALUES ('shop', '7', 'f', "
                "'پيك دير كرد', :now, FALSE, :now, '2026-11-21', 'chat', '[]', '{}', 'pending', FALSE, 0)"
            ),
            {"now": "2026-11-21 12:00:00.000000"},
        )
    engine.dispose()

    with open_store(empty_url, zone=TEHRAN) as store:
        assert found(store, "پیک دیر") == ["7"]


def test_without_an_index_all_texts_are_read(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        with writing(store.engine) as connection:
            for trigger in ("changes", "leaves"):
                connection.exec_driver_sql(f"DROP TRIGGER search_text_{trigger}")
            connection.exec_driver_sql("DROP TABLE search_index")
            assert not has_index(connection)
        save(store, *TEXTS)

        assert found(store, "۱۲۳۴۵۶۷۸۹۰") == ["1"]


def test_messages_with_a_very_frequent_word_are_listed_and_not_counted(store: Store) -> None:
    fill(store, SMALL)
    with writing(store.engine) as connection:
        connection.execute(text(MANY))
        index_arrivals(connection)

    frequent = find_feedback(store.engine, replace(NOVEMBER, q="رسيد"), zone=TEHRAN, limit=3)
    rare = find_feedback(store.engine, replace(NOVEMBER, q="پیک کرد"), zone=TEHRAN, limit=3)
    both = find_feedback(store.engine, replace(NOVEMBER, q="رسید دیر"), zone=TEHRAN, limit=1)
    following = find_feedback(
        store.engine, replace(NOVEMBER, q="رسید"), zone=TEHRAN, limit=3, after=frequent.next
    )

    newest = held(store, (FeedbackRow.source == "many") & text_holds(FeedbackRow.text, "رسید"))
    assert (frequent.n, rare.n, both.n) == (None, 1, 3)
    assert [item.native_id for item in rare.items] == ["1"]
    assert len(newest) == 12_600
    first, second = ([item.created_at for item in page.items] for page in (frequent, following))
    assert first + second == sorted(first + second, reverse=True)
    assert {item.id for item in frequent.items}.isdisjoint(item.id for item in following.items)


@pytest.mark.parametrize(
    "small",
    [
        {"MANY": 0, "MAX_IDS": 5, "N_RECENT": 16},
        {"MANY": 0, "MAX_IDS": 5, "N_RECENT": 4, "MOST_RECENT": 6},
        {},
    ],
    ids=["large", "large, newest others", "small"],
)
def test_pages_are_in_order_however_many_hold_the_words(
    store: Store, monkeypatch: pytest.MonkeyPatch, small: dict[str, int]
) -> None:
    for name, value in small.items():
        monkeypatch.setattr(search_pages, name, value)
    dice = random.Random(3)
    # The first is in all, the second in half, the third in the oldest alone.
    texts = [
        f"رسید {'دیر' if dice.random() < 0.5 else 'زود'} {'نارنج' if n < 30 else 'سیب'}" for n in range(90)
    ]
    moments = [NOON - timedelta(minutes=90 - n) for n in range(90)]
    items = [
        clean_feedback(str(n), text=one, created_at=at)
        for n, (one, at) in enumerate(zip(texts, moments, strict=True))
    ]
    store.save_page("shop", "x", items, [], None, now=NOON)
    claimed = store.claim_pending("w", limit=90, lease_s=60, now=NOON)
    said = [(one, prediction()) for one in claimed]
    store.save_predictions(said, worker="w", touchpoint_stages={}, now=NOON)

    for q in ("رسید", "دیر", "نارنج", "نارنج زود", "پرتقال"):
        expected = [str(n) for n in reversed(range(90)) if all(word in texts[n] for word in q.split())]
        seen: list[str] = []
        page = find_feedback(store.engine, replace(NOVEMBER, q=q), zone=TEHRAN, limit=7)
        n = page.n
        while True:
            seen += [item.native_id for item in page.items]
            if page.next is None:
                break
            page = find_feedback(store.engine, replace(NOVEMBER, q=q), zone=TEHRAN, limit=7, after=page.next)

        assert seen == expected
        assert n in (None, len(expected))
