from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Index, MetaData, Table, create_engine, insert, text
from sqlalchemy.schema import SchemaItem

from pipeline.database import MIGRATIONS, connect, place, writing
from pipeline.errors import StoreError
from pipeline.store import Store, open_store
from pipeline.tables import FeedbackRow, Row
from pipeline.team_tables import CorrectionRow
from tests.builders import NOON
from tests.conftest import TEHRAN

ONLY_POSTGRES = {"ix_mentions_stage_intent_sentiment", "ix_mentions_aspect_sentiment"}


def test_the_migrated_schema_is_the_one_of_the_tables(empty_url: str) -> None:
    with open_store(empty_url, zone=TEHRAN) as store, store.engine.connect() as connection:
        # The index of texts is another thing on each data base; tests/test_text_search.py looks after it.
        known = {
            "include_name": lambda name, *_: not str(name).startswith("search_"),
            "include_object": is_meant,
        }
        context = MigrationContext.configure(connection, opts=known)
        differences = compare_metadata(context, Row.metadata)

    assert differences == []
    assert CorrectionRow.__tablename__ in Row.metadata.tables


def is_meant(one: SchemaItem, *_: object) -> bool:
    """Return whether an index is one of SQLite too, as those that PostgreSQL alone has are not looked for."""
    return not isinstance(one, Index) or one.name not in ONLY_POSTGRES


def test_messages_of_an_older_schema_are_in_the_tally_that_came_later(empty_url: str) -> None:
    engine = connect(empty_url)
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0002")
        judged = {"counted": True, "model_version": "m", "state": "classified"}
        rows = [message("shop", "1", 7) | judged, message("shop", "2", 8) | judged | {"flags": 8}]
        connection.execute(insert(FeedbackRow.__table__), rows)
        for feedback_id, sentiment in ((1, "positive"), (1, "neutral"), (1, "negative"), (2, "positive")):
            connection.execute(insert(old_mentions(connection)), old_mention(feedback_id, sentiment))
    engine.dispose()

    with open_store(empty_url, zone=TEHRAN) as store:
        clusters = {
            (cell.period.value, cell.key[-1]): cell.n for cell in store.tallies() if cell.cube == "cluster"
        }

    sums = {"messages": 1, "mm": 9, "em": 9, "ee": 9}
    assert clusters == {(period, moment): n for period in "dmj" for moment, n in sums.items()}


def test_processes_that_start_at_once_all_find_the_tables(empty_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    starters = [fork.Process(target=open_and_count, args=(empty_url,)) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(120)

    assert [starter.exitcode for starter in starters] == [0, 0, 0, 0]


def test_sources_of_an_older_schema_are_kept_and_go_on(empty_url: str) -> None:
    engine = connect(empty_url)
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO sources (name, connector, bookmark, n_new, n_updated, n_duplicate, n_without_text) "
                "VALUES ('shop', 'zendesk', 'b', 3, 2, 1, 0), ('export', 'table_file', NULL, 1, 0, 0, 0)"
            )
        )
        rows = [message("shop", "1", 7), message("shop", "2", 59), message("export", "3", 0)]
        connection.execute(insert(FeedbackRow.__table__), rows)
    engine.dispose()

    with open_store(empty_url, zone=TEHRAN) as store:
        export, shop = store.sources()

    assert (shop.bookmark, shop.n_new, shop.last_n_new, shop.n_failures) == ("b", 3, 0, 0)
    assert (shop.enabled, shop.next_run_at) == (True, None)
    assert (shop.active_hours, export.active_hours) == ((NOON,), ())


def message(source: str, native_id: str, minute: int) -> dict[str, object]:
    return {
        "source": source,
        "native_id": native_id,
        "fingerprint": "f",
        "text": "",
        "created_at": NOON + timedelta(minutes=minute),
        "created_at_is_arrival": False,
        "received_at": NOON,
        "day": NOON.date(),
        "channel": "chat",
        "replies": [],
        "attributes": {},
        "state": "no_text",
        "counted": False,
        "flags": 0,
    }


def old_mentions(connection: Connection) -> Table:
    return Table("mentions", MetaData(), autoload_with=connection)


def old_mention(feedback_id: int, sentiment: str) -> dict[str, object]:
    sure = {f"{head}_confidence": 0.9 for head in ("stage", "intent", "aspect", "sentiment")}
    labels = {"stage": "use", "intent": "other", "aspect": "app", "sentiment": sentiment}
    return {"feedback_id": feedback_id, "start": 0, "end": 1, "stage_from_touchpoint": False} | labels | sure


def open_and_count(url: str) -> None:
    with open_store(url, zone=TEHRAN) as store:
        assert store.n_feedback() == 0


def test_a_data_base_of_a_newer_version_is_refused(empty_url: str) -> None:
    with open_store(empty_url, zone=TEHRAN) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DELETE FROM schema_compat"))  # as one that was never told of

    with pytest.raises(StoreError, match="has schema 9999, which this bazkhord does not know"):
        open_store(empty_url, zone=TEHRAN)


def test_without_leave_to_migrate_an_older_data_base_is_left_alone(empty_url: str) -> None:
    with pytest.raises(StoreError, match="is older than this bazkhord"):
        open_store(empty_url, zone=TEHRAN, migrate=False)

    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert not engine.dialect.has_table(connection, "feedback")
    engine.dispose()


def test_what_is_up_to_date_opens_without_leave_to_migrate(store: Store, store_url: str) -> None:
    with open_store(store_url, zone=TEHRAN, migrate=False) as second:
        assert second.n_feedback() == 0


def test_sqlite_keeps_a_journal_beside_which_readers_go_on(tmp_path: Path) -> None:
    with (
        open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store,
        store.engine.connect() as connection,
    ):
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous")
        }

    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}


def test_the_folder_of_an_embedded_data_base_is_made(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/a/b/bazkhord.db", zone=TEHRAN) as store:
        assert store.n_feedback() == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "cannot be read"),
        ("no url: s3cret", "cannot be read"),
        ("postgresql://me:s3cret@localhost:port/x", "cannot be read"),
        ("mysql://me:s3cret@localhost/x", "begins with 'mysql'"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        (
            "postgresql+psycopg://me:s3cret@127.0.0.1:1/x?password=s3cret",
            "postgresql://127.0.0.1/x cannot be used",
        ),
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_keeps_the_password(url: str, told: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, zone=TEHRAN)

    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_data_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no data base, only some text that is long enough\n" * 50)

    with pytest.raises(StoreError, match="file is not a database"):
        open_store(f"sqlite:///{tmp_path}/notes.txt", zone=TEHRAN)


def test_a_folder_where_a_file_should_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        open_store(f"sqlite:///{tmp_path}", zone=TEHRAN)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot create the folder"):
        open_store(f"sqlite:///{tmp_path}/file/below/bazkhord.db", zone=TEHRAN)


def test_the_place_of_a_data_base_is_shown_without_its_user(store: Store) -> None:
    shown = place(store.engine.url.set(username="me"))

    assert shown.startswith(("sqlite:///", "postgresql:///"))
    assert "me" not in shown.partition("//")[2].partition("/")[0]
