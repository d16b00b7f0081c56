"""The views that other tools see: the page's figures under Persian names, and nothing else for who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from config.journey import load_journey
from pipeline.__main__ import app
from pipeline.backing_up import back_up
from pipeline.database import MIGRATIONS, bring_up_to_date, connect, writing
from pipeline.errors import StoreError
from pipeline.restoring import Restoring, restore
from pipeline.store import Store, open_store
from pipeline.views import create_views, drop_views
from tests.api_feedback import NOW, SMALL, fill
from tests.conftest import TEHRAN

NAMES = {
    table: {label: name.fa for label, name in labels.items()}
    for table, labels in load_journey().names.items()
}
FIRST_WITH_ALL_COLUMNS = "0009"


@pytest.fixture
def filled(store_url: str) -> Iterator[Store]:
    with open_store(store_url, zone=TEHRAN) as store:
        fill(store, SMALL)
        yield store
        if store.engine.dialect.name == "postgresql":
            drop_views(store.engine)


on_postgres = pytest.mark.parametrize("store_url", ["postgres"], indirect=True)


def asked(engine: Engine, question: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


@on_postgres
def test_net_sentiment_is_an_average_and_the_tallies_agree(filled: Store) -> None:
    create_views(filled.engine, NAMES, with_text=False)

    one_by_one = asked(
        filled.engine,
        "SELECT روز_هفته, avg(رضایت_خالص)::float, count(*) FROM analytics.نظر GROUP BY 1 ORDER BY 1",
    )
    summed = asked(
        filled.engine,
        "SELECT روز_هفته, (sum(رضایت_خالص * تعداد_نظر) / sum(تعداد_نظر))::float, sum(تعداد_نظر) "
        "FROM analytics.شمار_نظر GROUP BY 1 ORDER BY 1",
    )

    assert one_by_one == summed
    assert one_by_one == [("جمعه", 100 / 3, 3), ("دوشنبه", -100.0, 1), ("چهارشنبه", -50.0, 2)]


@on_postgres
def test_a_mention_has_persian_labels_and_a_jalali_date(filled: Store) -> None:
    create_views(filled.engine, NAMES, with_text=True)

    rows = asked(
        filled.engine,
        "SELECT تاریخ_جلالی, ماه_جلالی, نام_ماه, کانال, مرحله, قصد, جنبه, احساس, برند FROM analytics.نظر "
        "WHERE برند IS NOT NULL",
    )

    assert rows == [
        ("1405-08-25", "1405-08", "آبان", "نظر", "ارسال و تحویل", "شکایت", "ارسال", "منفی", "نیک‌سبد")
    ]


@on_postgres
def test_messages_show_flags_and_words_only_when_asked(filled: Store) -> None:
    create_views(filled.engine, NAMES, with_text=True)
    with_words = asked(filled.engine, "SELECT متن FROM analytics.پیام WHERE فوری")
    create_views(filled.engine, NAMES, with_text=False)

    with pytest.raises(ProgrammingError):
        asked(filled.engine, "SELECT متن FROM analytics.پیام")
    assert with_words == [("بسته دیر رسید",)]
    assert asked(filled.engine, "SELECT count(*) FROM analytics.پیام WHERE هرزنوشت") == [(1,)]
    assert asked(filled.engine, "SELECT sum(تعداد_پیام) FROM analytics.شمار_پیام") == [(5,)]


@on_postgres
def test_a_reader_keeps_its_rights_and_no_more_when_the_views_are_made_anew(filled: Store) -> None:
    create_views(filled.engine, NAMES, with_text=False)
    with writing(filled.engine) as connection:
        connection.execute(text('CREATE ROLE "bi reader"'))
        connection.execute(text('GRANT USAGE ON SCHEMA analytics TO "bi reader"'))
        connection.execute(text('GRANT SELECT ON analytics.شمار_نظر TO "bi reader"'))
    try:
        renamed = NAMES | {"stages": NAMES["stages"] | {"delivery": "رساندن"}}
        create_views(filled.engine, renamed, with_text=True)

        with filled.engine.connect() as connection:
            connection.execute(text('SET ROLE "bi reader"'))
            stages = set(connection.scalars(text("SELECT مرحله FROM analytics.شمار_نظر")))
        refused = [is_refused(filled.engine, table) for table in ("analytics.نظر", "public.feedback")]
    finally:
        drop_views(filled.engine)
        with writing(filled.engine) as connection:
            connection.execute(text('DROP ROLE "bi reader"'))

    assert stages == {"رساندن", "پشتیبانی"}
    assert refused == [True, True]


@on_postgres
def test_a_backup_does_not_hold_the_views_and_goes_back_where_they_are(filled: Store, tmp_path: Path) -> None:
    create_views(filled.engine, NAMES, with_text=False)
    back_up(filled.engine, tmp_path / "backup.zip", keyed_by=None, by="user x", now=NOW)

    url = filled.engine.url.render_as_string(hide_password=False)
    how = Restoring(
        identity_key=bytes(32), marks=frozenset(), by="user x", now=NOW, replace=True, break_links=True
    )
    done = restore(url, tmp_path / "backup.zip", how)

    assert done.n_messages == 6
    create_views(filled.engine, NAMES, with_text=False)
    assert asked(filled.engine, "SELECT count(*) FROM analytics.پیام") == [(6,)]


@pytest.mark.parametrize("empty_url", ["postgres"], indirect=True)
def test_migrations_go_through_where_there_are_views(empty_url: str) -> None:
    engine = connect(empty_url)
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, FIRST_WITH_ALL_COLUMNS)
    create_views(engine, NAMES, with_text=True)

    bring_up_to_date(engine, migrate=True)

    assert asked(engine, "SELECT count(*) FROM analytics.نظر") == [(0,)]
    engine.dispose()


def test_sqlite_has_no_views_and_says_what_to_do_instead(tmp_path: Path) -> None:
    environment = {
        "BAZKHORD_DATABASE_URL": f"sqlite:///{tmp_path}/bazkhord.db",
        "BAZKHORD_DATA_DIR": str(tmp_path),
    }

    refused = CliRunner().invoke(app, ["views"], env=environment)

    assert isinstance(refused.exception, StoreError)
    assert "bazkhord export --parquet FOLDER" in str(refused.exception)


@on_postgres
def test_the_command_makes_and_drops_them(store_url: str, tmp_path: Path) -> None:
    environment = {"BAZKHORD_DATABASE_URL": store_url, "BAZKHORD_DATA_DIR": str(tmp_path)}

    made, gone = (
        CliRunner().invoke(app, ["views", *options], env=environment) for options in ([], ["--drop"])
    )

    assert (made.exit_code, gone.exit_code) == (0, 0)
    assert "analytics: پیام, نظر, شمار_نظر, شمار_جنبه, شمار_پیام" in made.output
    engine = create_engine(store_url)
    assert asked(engine, "SELECT count(*) FROM pg_namespace WHERE nspname = 'analytics'") == [(0,)]
    engine.dispose()


def is_refused(engine: Engine, table: str) -> bool:
    with engine.connect() as connection:
        connection.execute(text('SET ROLE "bi reader"'))
        try:
            connection.execute(text(f"SELECT count(*) FROM {table}"))
        except ProgrammingError as error:
            return "permission denied" in str(error)
    return False
