"""What other tools read of an export: the figures of the page, no word that was not asked for, all or nothing."""

from __future__ import annotations

import json
import stat
from collections import Counter
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.dataset
import pytest
from typer.testing import CliRunner

from models.labels import Flag
from pipeline.__main__ import app
from pipeline.audit import read_audit_log
from pipeline.errors import StoreError
from pipeline.export_tables import Shown
from pipeline.exporting import Exported, export
from pipeline.generations import new_generation
from pipeline.records import Period
from pipeline.store import Store, open_store
from tests.api_feedback import SMALL, Said, fill, november
from tests.builders import mention, prediction
from tests.conftest import TEHRAN

NOW = november(21)
BY = "user root@here"


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, SMALL)
    fill(store, [Said(november(1) - timedelta(days=12), prediction(mention()), source="old", brand="نیک‌سبد")])
    return store


def write(store: Store, folder: Path, *, text: bool = False, customers: bool = False) -> Exported:
    shown = Shown(text=text, customers=customers)
    return export(store.engine, folder, zone=TEHRAN, shown=shown, by=BY, now=NOW)


def asked(folder: Path, table: str, question: str) -> list[tuple[object, ...]]:
    """What DuckDB answers about a table, whose months are those of its folders."""
    found = f"read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = true)"
    return duckdb.sql(question.format(table=found)).fetchall()


def test_duckdb_counts_the_mentions_that_the_tallies_count(filled: Store, tmp_path: Path) -> None:
    write(filled, tmp_path / "lake")

    counted = asked(
        tmp_path / "lake",
        "mentions",
        "SELECT month, sentiment, count(*) FROM {table} WHERE counted AND NOT spam GROUP BY ALL ORDER BY ALL",
    )
    summed = asked(
        tmp_path / "lake",
        "sentiment_tallies",
        "SELECT month, sentiment, sum(n)::BIGINT FROM {table} GROUP BY ALL ORDER BY ALL",
    )

    assert counted == summed
    assert counted == [
        ("2026-10", "negative", 1),
        ("2026-11", "negative", 3),
        ("2026-11", "neutral", 1),
        ("2026-11", "positive", 2),
    ]


def test_every_cell_of_the_days_is_there(filled: Store, tmp_path: Path) -> None:
    write(filled, tmp_path / "lake")

    known = Counter[str]()
    for cell in filled.tallies():
        if cell.period == Period.DAY:
            known[cell.cube] += cell.n
    for cube in ("sentiment", "intent", "aspect", "message"):
        assert asked(tmp_path / "lake", f"{cube}_tallies", "SELECT sum(n)::BIGINT FROM {table}") == [
            (known[cube],)
        ]


def test_pyarrow_reads_the_months_as_a_column(filled: Store, tmp_path: Path) -> None:
    done = write(filled, tmp_path / "lake")

    table = pyarrow.dataset.dataset(tmp_path / "lake" / "messages", partitioning="hive").to_table()

    assert Counter(table["month"].to_pylist()) == {"2026-10": 1, "2026-11": 6}
    assert Counter(table["jalali_month"].to_pylist()) == {"1405-07": 1, "1405-08": 6}
    assert table["created_at"][1].as_py() == november(16)
    assert (done.n_messages, done.n_mentions) == (7, 9)


def test_a_message_has_its_cuts_and_a_column_for_each_flag(filled: Store, tmp_path: Path) -> None:
    write(filled, tmp_path / "lake")

    flags = ", ".join(flag.value for flag in Flag)
    rows = asked(
        tmp_path / "lake",
        "messages",
        f"SELECT source, channel, product, rating, {flags} FROM {{table}} WHERE urgent OR spam OR rating = 2 "
        "ORDER BY day, created_at",
    )

    assert rows == [
        ("shop", "review", "کیف", None, True, False, False, False, False),
        ("shop", "review", None, 2.0, False, False, False, False, False),
        ("talk", "chat", None, None, False, False, False, True, False),
    ]


def test_words_and_customers_are_left_out_unless_asked_for(filled: Store, tmp_path: Path) -> None:
    write(filled, tmp_path / "plain")
    write(filled, tmp_path / "words", text=True, customers=True)

    for table in ("messages", "mentions"):
        columns = [row[0] for row in asked(tmp_path / "plain", table, "DESCRIBE SELECT * FROM {table}")]
        assert not {"text", "customer_key"} & {*columns}
    words = asked(tmp_path / "words", "mentions", "SELECT DISTINCT text FROM {table} WHERE source = 'old'")
    assert words == [("بسته دیر رسید",)]
    assert stat.S_IMODE((tmp_path / "words").stat().st_mode) == 0o700
    content = b"".join(file.read_bytes() for file in (tmp_path / "plain").rglob("*.parquet"))
    assert "بسته".encode() not in content


def test_a_new_export_takes_the_place_of_the_old_at_once(filled: Store, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write(filled, folder)
    reader = folder.resolve()
    fill(filled, [Said(november(19), prediction(mention()), source="late")])

    seen: list[list[tuple[object, ...]]] = []
    export(
        filled.engine,
        folder,
        zone=TEHRAN,
        shown=Shown(),
        by=BY,
        now=NOW,
        on_rows=lambda _n: seen.append(asked(folder, "messages", "SELECT count(*) FROM {table}")),
    )

    assert {one[0][0] for one in seen} == {7}
    assert asked(folder, "messages", "SELECT count(*) FROM {table}") == [(8,)]
    assert asked(reader, "messages", "SELECT count(*) FROM {table}") == [(7,)]


def test_an_export_that_breaks_off_leaves_the_one_before(filled: Store, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    write(filled, folder)

    def break_off(_n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(filled.engine, folder, zone=TEHRAN, shown=Shown(), by=BY, now=NOW, on_rows=break_off)

    assert asked(folder, "messages", "SELECT count(*) FROM {table}") == [(7,)]
    assert len([one for one in tmp_path.iterdir() if one.is_dir() and not one.is_symlink()]) == 1


def test_only_the_state_before_is_kept(filled: Store, tmp_path: Path) -> None:
    for _ in range(4):
        write(filled, tmp_path / "lake")

    assert len([one for one in tmp_path.iterdir() if one.is_dir() and not one.is_symlink()]) == 2


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()

    with (
        pytest.raises(StoreError, match="is no export; name another folder"),
        new_generation(tmp_path / "mine", private=False),
    ):
        pass


def test_two_exports_at_once_do_not_mix(tmp_path: Path) -> None:
    with (
        new_generation(tmp_path / "lake", private=False),
        pytest.raises(StoreError, match="another process writes"),
        new_generation(tmp_path / "lake", private=False),
    ):
        pass


def test_the_command_says_what_it_wrote_and_the_audit_log_that_it_did(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        fill(store, SMALL)
    environment = {"BAZKHORD_DATABASE_URL": url, "BAZKHORD_DATA_DIR": str(tmp_path)}

    done = CliRunner().invoke(app, ["export", "--parquet", str(tmp_path / "lake")], env=environment)

    assert done.exit_code == 0, done.output
    assert "6 messages, 8 mentions" in done.output
    manifest = json.loads((tmp_path / "lake" / "_manifest.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["text"], manifest["n_rows"]["messages"]) == (1, False, 6)
    with open_store(url, zone=TEHRAN) as store:
        noted = read_audit_log(store.engine, action="export")[0]
    assert noted.details == {"n_messages": 6, "text": False, "customers": False}


def test_the_question_of_the_documentation_is_answered(filled: Store, tmp_path: Path) -> None:
    write(filled, tmp_path / "lake")
    written = (Path(__file__).parent.parent / "docs" / "analytics.md").read_text(encoding="utf-8")
    question = written.split("```sql\n-- DuckDB")[1].partition("\n")[2].partition("```")[0]

    found = duckdb.sql(question.replace("lake/bazkhord", str(tmp_path / "lake"))).fetchall()

    assert found == [
        ("1405-07", "delivery", -100.0, 1),
        ("1405-08", "delivery", -40.0, 5),
        ("1405-08", "support", 100.0, 1),
    ]
