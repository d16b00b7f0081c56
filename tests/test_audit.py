"""What administrators did is on record, and stays."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.audit import Entry, note, noting_failure, read_audit_log, this_user
from pipeline.database import writing
from pipeline.errors import BadRequest, StoreError
from pipeline.keys import add_key, revoke_key
from pipeline.store import Store, open_store
from tests.builders import NOON
from tests.conftest import TEHRAN


def test_what_was_done_is_listed_the_latest_first(store: Store) -> None:
    later = NOON + timedelta(hours=1)
    with writing(store.engine) as connection:
        note(connection, "keys add", {"name": "dashboard"}, by="key admin", now=NOON)
        note(connection, "forget", {"n_messages": 3}, by="user root@here", now=later)

    done = read_audit_log(store.engine)

    assert done == (
        Entry(id=2, at=later, actor="user root@here", action="forget", outcome="done", details={"n_messages": 3}),
        Entry(id=1, at=NOON, actor="key admin", action="keys add", outcome="done", details={"name": "dashboard"}),
    )  # fmt: skip
    assert read_audit_log(store.engine, action="keys add") == done[1:]
    assert read_audit_log(store.engine, since=later) == read_audit_log(store.engine, limit=1) == done[:1]


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"])
def test_nobody_changes_what_is_on_record(store: Store, statement: str) -> None:
    with writing(store.engine) as connection:
        note(connection, "forget", {}, by="user root@here", now=NOON)

    refused = pytest.raises((StoreError, IntegrityError), match="the audit log is only added to")
    with refused, writing(store.engine) as connection:
        connection.execute(text(statement))

    assert len(read_audit_log(store.engine)) == 1


def test_a_failure_is_on_record_without_its_words(store: Store) -> None:
    with pytest.raises(BadRequest), noting_failure(store.engine, "forget", by="user root@here"):
        raise BadRequest("09121234567 is nobody", parameter="who")

    (failed,) = read_audit_log(store.engine)
    assert (failed.action, failed.outcome, failed.details) == ("forget", "failed", {"error": "BadRequest"})


def test_who_works_at_the_command_line_has_a_name() -> None:
    assert this_user().startswith("user ")
    assert "@" in this_user()


def test_making_and_revoking_a_key_is_on_record_without_the_key(store: Store) -> None:
    key = add_key(store, "agency", "read", brands=["نیک"], now=NOON, by="key admin")
    revoke_key(store, "agency", now=NOON)
    revoke_key(store, "agency", now=NOON)

    revoked, added = read_audit_log(store.engine)
    assert (added.actor, added.action) == ("key admin", "keys add")
    assert added.details == {"name": "agency", "scope": "read", "brands": ["نیک"]}
    assert (revoked.actor, revoked.details) == (this_user(), {"name": "agency"})
    assert key[4:] not in str(read_audit_log(store.engine))


def test_the_command_shows_the_log_as_a_table_and_as_json(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        add_key(store, "dashboard", "read", now=NOON, by="key admin")
    here = {"BAZKHORD_DATA_DIR": str(tmp_path), "COLUMNS": "200"}

    table = CliRunner().invoke(app, ["audit"], env=here)
    lines = CliRunner().invoke(app, ["audit", "--json", "--action", "keys add"], env=here)

    assert "2026-11-21 15:30:00" in table.output
    assert json.loads(lines.output) == {
        "id": 1,
        "at": "2026-11-21T12:00:00+00:00",
        "actor": "key admin",
        "action": "keys add",
        "outcome": "done",
        "details": {"name": "dashboard", "scope": "read", "brands": None},
    }
