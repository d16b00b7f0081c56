"""The code before goes on, and starts again, on a data base that newer code has migrated.

``fixtures/old_code`` holds every statement that the code of revision 0004 sent to either data base while it stored,
classified, deleted, corrected and answered; they are sent again, on the newest schema.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.types.json import Json
from sqlalchemy import Engine, inspect, text
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.compatibility import FIRST, oldest_code
from pipeline.database import MIGRATIONS, connect, writing
from pipeline.errors import StoreError
from pipeline.store import open_store
from tests.conftest import TEHRAN

RECORDED = Path(__file__).parent / "fixtures" / "old_code"
OLD_REVISION = "0004"
# Of each table its columns, and whether a row has to name them. Indexes may go or be made anew.
Shape = dict[str, dict[str, bool]]


def given(value: Any) -> Any:
    """The value that was recorded: times, days and JSON of PostgreSQL are marked."""
    if isinstance(value, list):
        return [given(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"time"}:
        return datetime.fromisoformat(value["time"])
    if value.keys() == {"day"}:
        return date.fromisoformat(value["day"])
    if value.keys() == {"json"}:
        return Json(value["json"])
    return {name: given(one) for name, one in value.items()}


def test_what_the_code_before_sends_works_on_the_newest_schema(empty_url: str) -> None:
    open_store(empty_url, zone=TEHRAN).close()
    engine = connect(empty_url)
    lines = (
        (RECORDED / f"{OLD_REVISION}.{engine.dialect.name}.jsonl").read_text(encoding="utf-8").splitlines()
    )

    for line in lines:
        sent = json.loads(line)
        with engine.begin() as connection:
            values = given(sent["values"])
            if isinstance(values, list):
                values = [tuple(one) if isinstance(one, list) else one for one in values]
                values = values if sent["many"] else tuple(values)
            connection.exec_driver_sql(sent["sql"], values)
    engine.dispose()

    assert len(lines) > 150
    with open_store(empty_url, zone=TEHRAN) as store:
        assert store.n_feedback() == 5
        assert store.check_tallies() == frozenset()


def test_migrations_only_add(empty_url: str) -> None:
    engine = connect(empty_url)
    scripts = ScriptDirectory(str(MIGRATIONS))
    shapes: list[tuple[str, Shape]] = []
    for script in reversed(list(scripts.walk_revisions())):
        upgrade(engine, script.revision)
        shapes.append((script.revision, shape_of(engine)))
    engine.dispose()

    broken = [
        f"{revision}: {what}"
        for (_, old), (revision, new) in pairwise(shapes)
        if revision > OLD_REVISION and not breaks(scripts, revision)
        for what in taken_away(old, new)
    ]
    assert broken == []


def test_a_newer_data_base_that_allows_it_is_used_by_the_code_before(empty_url: str) -> None:
    with open_store(empty_url, zone=TEHRAN) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with open_store(empty_url, zone=TEHRAN) as old, open_store(empty_url, zone=TEHRAN, migrate=False):
        assert old.n_feedback() == 0


def test_a_newer_data_base_that_breaks_older_code_is_refused_by_it(empty_url: str) -> None:
    with open_store(empty_url, zone=TEHRAN) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_compat SET oldest_code = '9999'"))

    with pytest.raises(StoreError, match="update bazkhord"):
        open_store(empty_url, zone=TEHRAN)


def test_a_migration_that_breaks_older_code_is_the_oldest_that_works() -> None:
    additive, breaking = (
        SimpleNamespace(revision=revision, module=SimpleNamespace(**marks))
        for revision, marks in (("0012", {}), ("0011", {"breaks_older_code": True}))
    )
    first = SimpleNamespace(revision=FIRST, module=SimpleNamespace())

    found = [
        oldest_code(SimpleNamespace(walk_revisions=lambda chain=chain: iter(chain)))  # type: ignore[arg-type]
        for chain in ([additive, breaking, first], [additive, first])
    ]

    assert found == ["0011", FIRST]


def test_migrate_says_what_it_will_do_and_does_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    engine = connect(url)
    upgrade(engine, OLD_REVISION)
    engine.dispose()
    environment = {"BAZKHORD_DATABASE_URL": url, "BAZKHORD_DATA_DIR": str(tmp_path)}

    told = [
        CliRunner().invoke(app, ["migrate", *options], env=environment)
        for options in (["--check"], [], ["--check"])
    ]

    assert [one.exit_code for one in told] == [1, 0, 0]
    assert "0008" in told[0].output
    assert "The data base says which code works on it" in told[0].output
    assert "is at 0004" in told[0].output
    assert "nothing to do" in told[2].output


def upgrade(engine: Engine, revision: str) -> None:
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, revision)


def breaks(scripts: ScriptDirectory, revision: str) -> bool:
    return bool(getattr(scripts.get_revision(revision).module, "breaks_older_code", False))


def shape_of(engine: Engine) -> Shape:
    """For each table its columns, and whether a row that does not name one is refused."""
    found = inspect(engine)
    return {
        table: {
            column["name"]: not column["nullable"]
            and column["default"] is None
            and column.get("autoincrement", False) is not True
            for column in found.get_columns(table)
        }
        for table in found.get_table_names()
    }


def taken_away(old: Shape, new: Shape) -> list[str]:
    """What code that knows only the old shape would miss."""
    gone = [f"table {table} is gone" for table in old.keys() - new.keys()]
    for table in old.keys() & new.keys():
        gone += [f"{table}.{column} is gone" for column in old[table].keys() - new[table].keys()]
        gone += [
            f"{table}.{column} is needed, and older code does not give it"
            for column, needed in new[table].items()
            if needed and not old[table].get(column, False)
        ]
    return gone
