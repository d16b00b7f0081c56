"""Tables of SQLite and of PostgreSQL: the battery of files where it means something for rows, and what only rows know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.checking import check_source
from pipeline.connectors.base import Connector
from pipeline.connectors.sql_values import read_values, write_values
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.records import Author, Channel, Feedback, Rating, TextFormat
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import NOW, SECRET, Case, Sample, errors_of, items_of, samples
from tests.conftest import create_database
from tests.fixtures.sql_tables import BATTERY, VARIABLE, SqlCase, sql_case
from tests.http_checks import last_bookmark, read_until_error

numbers = count(1)


@pytest.fixture(params=["sqlite", "postgres"])
def case(request: pytest.FixtureRequest) -> SqlCase:
    """A table of either data base."""
    if request.param == "sqlite":
        return sql_case("sqlite")
    server = request.getfixturevalue("postgres")
    return sql_case("postgres", create_database(server, f"shop_{next(numbers)}"))


@pytest.mark.parametrize("check", BATTERY, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_battery(check: Callable[[Case, Path], None], case: SqlCase, tmp_path: Path) -> None:
    check(case, tmp_path)


def timed(case: SqlCase, folder: Path, moments: list[datetime | None], **arguments: object) -> Connector:
    """Return the connector of rows that were changed at these moments, in PostgreSQL with their zone."""
    kind = "TEXT" if case.name == "sqlite" else "TIMESTAMPTZ"
    case.run(
        folder, "DROP TABLE IF EXISTS reviews", f"CREATE TABLE reviews (number INT, message TEXT, at {kind})"
    )
    change(case, folder, dict(enumerate(moments, 1)))
    fields = {"id": "number", "text": "message"}
    return case.build(folder, watermark="at", fields=fields, page_size_rows=3, **arguments)


def change(case: SqlCase, folder: Path, moments: dict[int, datetime | None]) -> None:
    for number, moment in moments.items():
        at = f"'{moment.isoformat(' ')}'" if moment else "NULL"
        case.run(folder, f"INSERT INTO reviews VALUES ({number}, 'پیام {number}', {at})")


def numbers_of(connector: Connector, since: str | None = None) -> list[str]:
    return [item.native_id for item in items_of(list(connector.fetch(since)))]


def test_rows_of_one_moment_are_all_read_wherever_a_page_ends(case: SqlCase, tmp_path: Path) -> None:
    moment = datetime(2026, 3, 2, 8, 10, 0, 123456, tzinfo=UTC)
    connector = timed(case, tmp_path, [moment] * 8)
    pages = list(connector.fetch(None))

    rests = [numbers_of(connector, page.bookmark) for page in pages]

    assert [len(page.items) for page in pages] == [3, 3, 2]
    assert rests == [["4", "5", "6", "7", "8"], ["7", "8"], []]


def test_what_is_new_or_edited_comes_and_nothing_else(case: SqlCase, tmp_path: Path) -> None:
    connector = case.prepare(tmp_path, samples())
    bookmark = last_bookmark(list(connector.fetch(None)))

    case.add(tmp_path, Sample(26, "پیام تازه"), Sample(4, "ویرایش شد"))

    later = items_of(list(connector.fetch(bookmark)))
    assert [(item.native_id, item.text) for item in later] == [("26", "پیام تازه"), ("4", "ویرایش شد")]


def test_a_row_whose_transaction_ends_late_is_not_lost(case: SqlCase, tmp_path: Path) -> None:
    ages_s = (900, 600, 301, 200, 10)
    connector = timed(case, tmp_path, [NOW - timedelta(seconds=age) for age in ages_s])
    bookmark = last_bookmark(list(connector.fetch(None)))

    change(case, tmp_path, {6: NOW - timedelta(seconds=250), 7: NOW - timedelta(seconds=700)})

    assert numbers_of(connector, bookmark) == ["6", "4", "5"]


def test_a_row_of_the_future_does_not_hide_those_before_it(case: SqlCase, tmp_path: Path) -> None:
    far = datetime(9999, 12, 31, 23, 0, tzinfo=UTC)
    connector = timed(case, tmp_path, [datetime(2026, 3, 2, tzinfo=UTC), far])
    bookmark = last_bookmark(list(connector.fetch(None)))

    change(case, tmp_path, {3: datetime(2026, 3, 3, tzinfo=UTC)})

    assert numbers_of(connector, bookmark) == ["3", "2"]


def test_a_row_without_a_watermark_is_a_dead_letter(case: SqlCase, tmp_path: Path) -> None:
    connector = timed(case, tmp_path, [None, datetime(2026, 3, 2, tzinfo=UTC)])

    pages = list(connector.fetch(None))

    assert [item.native_id for item in items_of(pages)] == ["2"]
    assert errors_of(pages) == [("row 1", None)]
    assert "at: no value" in pages[0].dead_letters[0].error


def test_a_query_is_a_source_too(case: SqlCase, tmp_path: Path) -> None:
    case.prepare(tmp_path, samples(5))
    query = "SELECT number, message, '12 :x % بد' AS sort, changed FROM reviews WHERE number > 2; -- ours\n"
    fields = {"id": "number", "text": "message", "attributes": ["sort"]}

    items = items_of(
        list(case.build(tmp_path, query=query.replace("; -- ours", " -- ours"), fields=fields).fetch(None))
    )

    assert [(item.native_id, item.attributes["sort"]) for item in items] == [
        ("3", "12 :x % بد"),
        ("4", "12 :x % بد"),
        ("5", "12 :x % بد"),
    ]


@pytest.mark.parametrize(
    "query", ["DELETE FROM reviews", "SELECT 1; DELETE FROM reviews", "UPDATE reviews SET message = ''"]
)
def test_a_query_that_would_write_is_refused(query: str, case: SqlCase, tmp_path: Path) -> None:
    connector = case.prepare(tmp_path, samples(2))

    with pytest.raises(StopSource, match=r"refuses .*: check query, table and watermark"):
        list(case.build(tmp_path, query=query).fetch(None))

    assert len(numbers_of(connector)) == 2


def test_nothing_can_be_written_by_what_a_query_calls(tmp_path: Path, postgres: Any) -> None:
    case = sql_case("postgres", create_database(postgres, f"shop_{next(numbers)}"))
    case.prepare(tmp_path, samples(2))
    case.run(tmp_path, "CREATE SEQUENCE seen")

    with pytest.raises(StopSource, match=r"refuses \(ReadOnlySqlTransaction\)"):
        list(case.build(tmp_path, query="SELECT *, nextval('seen') AS n FROM reviews").fetch(None))


def test_a_key_of_several_columns_keeps_its_order(case: SqlCase, tmp_path: Path) -> None:
    case.run(tmp_path, "CREATE TABLE notes (day INT, ticket TEXT, number NUMERIC, body TEXT)")
    rows = [(day, ticket, number) for day in (1, 2) for ticket in ("a", "b/c") for number in (1, 2, 10)]
    for day, ticket, number in rows:
        case.run(tmp_path, f"INSERT INTO notes VALUES ({day}, '{ticket}', {number}, 'خوب')")
    connector = case.build(
        tmp_path,
        table="notes",
        watermark="day",
        fields={"id": ["ticket", "number"], "text": "body"},
        page_size_rows=5,
    )
    pages = list(connector.fetch(None))

    rests = [len(numbers_of(connector, page.bookmark)) for page in pages]

    assert rests == [7, 2, 0]
    assert [item.native_id for item in pages[0].items] == ["a/1", "a/2", "a/10", "b%2Fc/1", "b%2Fc/2"]


def test_a_row_of_postgres_fills_what_is_mapped(tmp_path: Path, postgres: Any) -> None:
    case = sql_case("postgres", create_database(postgres, f"shop_{next(numbers)}"))
    case.run(
        tmp_path,
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.reviews (id UUID, body TEXT, stars NUMERIC(3,1), day DATE, at TIMESTAMP, who TEXT)",
        "INSERT INTO shop.reviews VALUES ('6f1d9d1e-5b0e-4c7e-9a53-0c6a3f0f2f11', 'دیر رسید', 4.5, '2026-03-01',"
        " '2026-03-02 11:40:00.5', 'u7')",
    )
    rating = {"column": "stars", "lowest": 1, "highest": 5}
    fields = {
        "id": "id",
        "text": "body",
        "created_at": "at",
        "author_id": "who",
        "rating": rating,
        "attributes": ["day"],
    }
    arguments = {"table": "shop.reviews", "watermark": "day", "zone": "Asia/Tehran", "text_format": "html"}
    connector = case.build(tmp_path, **arguments, fields=fields, constants={"brand": "نیک‌سبد"})

    pages = list(connector.fetch(None))

    assert items_of(pages) == [
        Feedback(
            source="shop",
            native_id="6f1d9d1e-5b0e-4c7e-9a53-0c6a3f0f2f11",
            text="دیر رسید",
            text_format=TextFormat.HTML,
            created_at=datetime(2026, 3, 2, 8, 10, 0, 500_000, tzinfo=UTC),
            channel=Channel.REVIEW,
            author=Author(native_id="u7"),
            brand="نیک‌سبد",
            rating=Rating(4.5, 1.0, 5.0),
            attributes={"day": "2026-03-01"},
        )
    ]
    assert numbers_of(connector, last_bookmark(pages)) == []


def test_rows_come_a_page_at_a_time_and_the_connection_closes_when_the_pull_stops(
    tmp_path: Path, postgres: Any
) -> None:
    case = sql_case("postgres", create_database(postgres, f"shop_{next(numbers)}"))
    case.prepare(tmp_path, samples(1))
    case.run(tmp_path, "INSERT INTO reviews SELECT n, 'خوب', NULL, n FROM generate_series(2, 200000) AS n")
    pages = case.build(tmp_path, page_size_rows=100).fetch(None)

    first = list(islice(pages, 3))
    pages.close()  # type: ignore[attr-defined]

    assert [len(page.items) for page in first] == [100, 100, 100]
    case.run(tmp_path, "DROP TABLE reviews")


def test_another_data_base_is_read_from_its_beginning(tmp_path: Path) -> None:
    case = sql_case("sqlite")
    bookmark = last_bookmark(list(case.prepare(tmp_path, samples(3)).fetch(None)))
    (tmp_path / "other").mkdir()

    other = case.prepare(tmp_path / "other", samples(2))

    assert numbers_of(other, bookmark) == ["1", "2"]


def test_settings_of_the_way_keep_the_bookmark(case: SqlCase, tmp_path: Path) -> None:
    bookmark = last_bookmark(list(case.prepare(tmp_path, samples()).fetch(None)))

    slower = case.build(tmp_path, page_size_rows=7, overlap_s=9)

    assert numbers_of(slower, bookmark) == []


def test_an_edited_row_is_stored_once(case: SqlCase, tmp_path: Path) -> None:
    connector = case.prepare(tmp_path, samples())

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(connector, store, identity_key=b"k" * 32)
        case.add(tmp_path, Sample(4, "ویرایش شد"), Sample(26, "پیام تازه"))
        second = pull(connector, store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, second.n_new, second.n_updated, state.n_stored) == (25, 1, 1, 26)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[SqlCase]:
    """A table that another process is changing."""
    import sqlite3

    case = sql_case("sqlite")
    case.prepare(tmp_path, samples(2))
    connection = sqlite3.connect(tmp_path / case.file_name, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    yield case
    connection.close()


def test_a_data_base_that_is_locked_is_asked_again_later(locked: SqlCase, tmp_path: Path) -> None:
    url = f"{locked.address(tmp_path)}?timeout=0.1"

    with pytest.raises(RetryLater, match="database is locked"):
        list(locked.build(tmp_path, environment={VARIABLE: url}).fetch(None))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "",
            f"url_env names the environment variable {VARIABLE}, which is not set: set it, or {VARIABLE}_FILE",
        ),
        ("shop.example", f"{VARIABLE}: it holds no URL of SQLAlchemy: write it like postgresql+psycopg://"),
        ("oracel://u:geheim@h/n", f"{VARIABLE}: SQLAlchemy knows no data base 'oracel'"),
        (
            "mysql+pymysql://u:geheim@h/n",
            "the driver of mysql+pymysql is missing: install the package pymysql",
        ),
        ("sqlite:////no/such.db", "sqlite:////no/such.db is no file: check that it exists"),
        ("postgresql+psycopg://u:geheim@127.0.0.1:1/n", "postgresql+psycopg://127.0.0.1:1/n does not answer"),
        ("postgresql+psycopg://u:geheim@127.0.0.1:x/n", f"{VARIABLE}: it holds no URL"),
    ],
    ids=["unset", "no_url", "dialect", "driver", "file", "closed", "port"],
)
def test_what_is_missing_is_said_without_the_password(url: str, words: str, tmp_path: Path) -> None:
    case = sql_case("sqlite")

    checked = check_source(case.build(tmp_path, environment={VARIABLE: url}))

    assert words in checked.found
    assert (checked.can_be_read, "geheim" in checked.found) == (False, False)


def test_a_table_that_is_not_there_is_named(case: SqlCase, tmp_path: Path) -> None:
    case.prepare(tmp_path, [])

    with pytest.raises(
        StopSource, match=r"source shop: .* refuses \(.*revews.*\): check query, table and watermark"
    ):
        list(case.build(tmp_path, table="revews").fetch(None))


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 999, b"SQLite format 3\x00" * 400])
def test_a_file_that_is_no_data_base_ends_in_our_own_errors(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_bytes(data)

    with pytest.raises(StopSource, match="refuses"):
        list(sql_case("sqlite").build(tmp_path).fetch(None))


def test_no_error_shows_a_row_or_the_password(
    case: SqlCase, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shy = [Sample(number, SECRET, SECRET if number % 2 else 1_700_000_000) for number in range(1, 9)]
    case.prepare(tmp_path, shy)
    told: list[str] = []
    for arguments in (
        {},
        {"query": "SELECT * FROM nothing"},
        {"query": "SELECT *, CAST(message AS INT) FROM reviews"},
    ):
        connector = case.build(tmp_path, **arguments)
        pages, complaint = read_until_error(connector)
        told += [
            complaint,
            repr(connector),
            connector.model_dump_json(),
            *(str(page.bookmark) for page in pages),
        ]
        told += [letter.error + letter.position for page in pages for letter in page.dead_letters]

    whole = caplog.text + " ".join(told) + "".join(capfd.readouterr())
    assert [secret for secret in SECRET.split() if secret in whole] == []
    assert "known formats" in whole


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"watermrk": "x"}, "no argument 'watermrk' (nearest: 'watermark')"),
        ({"table": None}, "expected either table or query"),
        ({"fields": {"text": "message"}}, "expected fields.id"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(arguments: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        sql_case("sqlite").build(tmp_path, **arguments)

    assert words in str(refused.value)


def test_a_bookmark_that_cannot_be_read_is_none() -> None:
    assert write_values([1, None]) is None
    assert [read_values(text) for text in (None, "x", [["int", "x"]], [["set", "1"]], [5])] == [()] * 5
