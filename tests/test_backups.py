"""A backup while others write, and back: equal content, or nothing changed; the forgotten stay away."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from typer.testing import CliRunner

from models.labels import Stage
from pipeline.__main__ import app
from pipeline.audit import read_audit_log
from pipeline.backing_up import back_up
from pipeline.backup_file import Manifest
from pipeline.corrections import Address, Verdict, correct
from pipeline.database import MIGRATIONS, writing
from pipeline.errors import SettingsError, StoreError
from pipeline.forgetting import forget, identify
from pipeline.forgotten_list import read_marks
from pipeline.identity import load_identity_key
from pipeline.key_ring import key_id
from pipeline.keys import add_key, find_key, list_keys, revoke_key
from pipeline.postgres_tools import find_pg_dump
from pipeline.push import save_pushed
from pipeline.records import Author, Channel, Feedback, SaveCounts
from pipeline.restoring import Restored, Restoring, restore
from pipeline.rotating import rotate
from pipeline.sessions import find_session, open_session
from pipeline.store import Store, open_store
from pipeline.tables import Row
from tests.builders import NOON, mention, prediction
from tests.conftest import TEHRAN

KEY = bytes(range(32))
SCHEMA = str(ScriptDirectory(str(MIGRATIONS)).get_current_head())
BY = "user root@here"
LATER = NOON + timedelta(days=1)
ALI, SARA = "09121234567", "09127654321"
ODD = "متن با \t تب، \\ و\nسطر نو، 100% و 'نقل'"


def save(store: Store, *phones: str, key: bytes = KEY, first: int = 0, words: str = ODD) -> SaveCounts:
    items = [
        Feedback(
            source="shop",
            native_id=str(first + n),
            text=words,
            created_at=NOON,
            channel=Channel.CHAT,
            author=Author(phone=phone),
        )
        for n, phone in enumerate(phones)
    ]
    counts = save_pushed(store, "shop", "push", items, identity_key=key, now=NOON)
    pending = store.claim_pending("test", limit=1_000, lease_s=60, now=NOON)
    results = [(one, prediction(mention())) for one in pending]
    store.save_predictions(results, worker="test", touchpoint_stages={}, now=NOON)
    return counts


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is stored, but for what a backup itself notes."""
    tables = [table for table in Row.metadata.sorted_tables if table.name not in ("last_change", "audit_log")]
    with store.engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in tables
        }


def backed_up(store: Store, file: Path, *, key: bytes = KEY) -> Manifest:
    return back_up(store.engine, file, keyed_by=key_id(key), by=BY, now=NOON)


def back(url: str, file: Path, *, key: bytes = KEY, marks: Path | None = None, **how: bool) -> Restored:
    given = Restoring(identity_key=key, marks=read_marks(marks) if marks else (), by=BY, now=LATER, **how)
    return restore(url, file, given)


@pytest.fixture
def filled(store: Store) -> Store:
    save(store, ALI, SARA, ALI)
    correct(store.engine, Address(1, 0, 13), Verdict(stage=Stage.USE), seen=None, by="sara", now=NOON)
    add_key(store, "dashboard", "read", now=NOON, by=BY)
    return store


def test_what_comes_back_is_what_was_there(filled: Store, store_url: str, tmp_path: Path) -> None:
    before = content(filled)
    manifest = backed_up(filled, tmp_path / "b.zip")
    save(filled, SARA, first=50)

    done = back(store_url, tmp_path / "b.zip", replace=True)

    assert (manifest.n_messages, done.n_messages, done.n_forgotten) == (3, 3, 0)
    assert (done.tallies_rebuilt, done.links_broken) == (False, False)
    assert content(filled) == before
    assert filled.check_tallies() == frozenset()
    assert [entry.action for entry in read_audit_log(filled.engine)] == ["restore", "backup", "keys add"]
    assert save(filled, SARA, first=60) == SaveCounts(n_new=1)


def test_an_empty_data_base_takes_a_backup_and_a_filled_one_does_not(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    before = content(filled)
    backed_up(filled, tmp_path / "b.zip")

    with pytest.raises(StoreError, match="the data base is not empty \\(feedback, sources, api_keys\\)"):
        back(store_url, tmp_path / "b.zip")
    with writing(filled.engine) as connection:
        for name in ("feedback", "sources", "api_keys"):
            connection.execute(text(f"DELETE FROM {name}"))
    back(store_url, tmp_path / "b.zip")

    assert content(filled) == before


def test_a_backup_is_of_one_moment_while_a_writer_goes_on(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    begun, stop = Event(), Event()

    def write() -> None:
        with open_store(store_url, zone=TEHRAN) as mine:
            n = 100
            while not stop.is_set():
                save(mine, *[SARA] * 20, first=n, words=f"{n} پیام تازه")
                n += 20
                begun.set()

    writer = Thread(target=write)
    writer.start()
    begun.wait(20)
    manifest = backed_up(filled, tmp_path / "b.zip")
    stop.set()
    writer.join()

    done = back(store_url, tmp_path / "b.zip", replace=True)

    assert done.n_messages == manifest.n_messages >= 23
    assert not done.tallies_rebuilt
    assert filled.check_tallies() == frozenset()


def test_only_the_owner_may_read_a_backup_and_none_is_overwritten(filled: Store, tmp_path: Path) -> None:
    backed_up(filled, tmp_path / "b.zip")

    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="is there already"):
        backed_up(filled, tmp_path / "b.zip")
    assert [path.name for path in tmp_path.iterdir() if "zip" in path.name] == ["b.zip"]


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def change_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(bytes(data))


def replace_the_data(file: Path) -> None:
    rebuilt = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(rebuilt, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name == "manifest.json" else b"no data base")
    file.write_bytes(rebuilt.getvalue())


@pytest.mark.parametrize(
    "spoil", [cut_off, change_a_byte, replace_the_data, lambda file: file.write_text("a")]
)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    filled: Store, store_url: str, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    backed_up(filled, tmp_path / "b.zip")
    before = content(filled)
    spoil(tmp_path / "b.zip")

    with pytest.raises(StoreError, match=r"damaged|cut off"):
        back(store_url, tmp_path / "b.zip", replace=True)

    assert content(filled) == before


def test_who_was_forgotten_since_stays_so_by_the_data_base_or_by_the_list(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    backed_up(filled, tmp_path / "b.zip")
    listed = tmp_path / "forgotten.keys"
    forget(filled.engine, identify([ALI], identity_key=KEY), remember_in=listed, by=BY, now=LATER)

    by_data_base = back(store_url, tmp_path / "b.zip", replace=True)
    with writing(filled.engine) as connection:
        connection.execute(text("DELETE FROM forgotten"))
    by_list = back(store_url, tmp_path / "b.zip", marks=listed, replace=True)

    assert [done.n_forgotten for done in (by_data_base, by_list)] == [2, 2]
    assert (filled.n_feedback(), filled.check_tallies()) == (1, frozenset())
    assert save(filled, ALI, first=9) == SaveCounts(n_left_out=1)


def test_a_backup_from_before_a_rotation_gets_the_keys_of_today(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    backed_up(filled, tmp_path / "b.zip")
    rotate(filled.engine, KEY, tmp_path / "next", by=BY, now=NOON)
    new = load_identity_key(tmp_path / "next")
    today = content(filled)
    forget(filled.engine, identify([SARA], identity_key=new), remember_in=tmp_path / "f", by=BY, now=LATER)

    done = back(store_url, tmp_path / "b.zip", key=new, replace=True)

    assert (done.n_forgotten, done.links_broken) == (1, False)
    assert [row[6] for row in content(filled)["feedback"]] == [today["feedback"][n][6] for n in (0, 2)]
    assert save(filled, ALI, key=new, first=9) == SaveCounts(n_new=1)
    assert len({row[6] for row in content(filled)["feedback"]}) == 1


def test_a_backup_from_before_the_links_were_broken_is_linked_to_nobody(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    backed_up(filled, tmp_path / "b.zip")
    old = {row[6] for row in content(filled)["feedback"]}
    rotate(filled.engine, KEY, tmp_path / "next", break_links=True, by=BY, now=NOON)
    new = load_identity_key(tmp_path / "next")

    done = back(store_url, tmp_path / "b.zip", key=new, replace=True)

    keys = [row[6] for row in content(filled)["feedback"]]
    assert done.links_broken
    assert (keys[0] == keys[2], keys[0] == keys[1], old & set(keys)) == (True, False, set())


def test_where_the_key_is_unknown_the_forgotten_are_not_brought_back_unasked(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    backed_up(filled, tmp_path / "b.zip")
    forget(filled.engine, identify([ALI], identity_key=KEY), remember_in=tmp_path / "f", by=BY, now=LATER)

    with pytest.raises(SettingsError, match="identity key that is not known here"):
        back(store_url, tmp_path / "b.zip", key=b"9" * 32, replace=True)

    assert filled.n_feedback() == 1


def test_revoked_keys_stay_revoked_and_everybody_is_signed_out(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    key = add_key(filled, "agency", "read", now=NOON, by=BY)
    info = find_key(filled, key, now=NOON)
    assert info is not None
    secret = open_session(filled, info, lifetime=timedelta(days=9), now=NOON)
    backed_up(filled, tmp_path / "b.zip")
    revoke_key(filled, "agency", now=LATER, by=BY)

    back(store_url, tmp_path / "b.zip", replace=True)

    assert find_key(filled, key) is None
    assert find_session(filled, secret, now=NOON) is None
    assert [(one.name, one.revoked_at) for one in list_keys(filled)] == [
        ("dashboard", None),
        ("agency", LATER),
    ]
    assert [entry.action for entry in read_audit_log(filled.engine)] == [
        "restore", "keys revoke", "backup", "keys add", "keys add",
    ]  # fmt: skip


def test_tallies_that_are_wrong_in_the_backup_are_rebuilt(
    filled: Store, store_url: str, tmp_path: Path
) -> None:
    right = filled.tallies()
    with writing(filled.engine) as connection:
        connection.execute(text("UPDATE sentiment_tallies SET n = n + 1"))
    backed_up(filled, tmp_path / "b.zip")

    done = back(store_url, tmp_path / "b.zip", replace=True)

    assert (done.tallies_rebuilt, filled.tallies() == right) == (True, True)


def test_a_backup_of_the_other_kind_or_a_newer_schema_is_refused(filled: Store, tmp_path: Path) -> None:
    backed_up(filled, tmp_path / "b.zip")
    other = "postgresql+psycopg://nobody@127.0.0.1:1/x"
    if filled.engine.dialect.name == "postgresql":
        other = f"sqlite:///{tmp_path}/other.db"

    with pytest.raises(StoreError, match="put it back into one of its kind"):
        back(other, tmp_path / "b.zip")

    with writing(filled.engine, seen=False) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DELETE FROM schema_compat"))
    try:
        backed_up(filled, tmp_path / "newer.zip")
        with pytest.raises(StoreError, match="has schema 9999, which this bazkhord does not know"):
            back(
                str(filled.engine.url.render_as_string(hide_password=False)),
                tmp_path / "newer.zip",
                replace=True,
            )
    finally:
        with writing(filled.engine, seen=False) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '" + SCHEMA + "'"))


def test_a_server_that_is_newer_than_any_pg_dump_names_the_package() -> None:
    with pytest.raises(StoreError, match="apt install postgresql-client-99"):
        find_pg_dump(99)


def test_the_commands_write_a_backup_and_put_it_back(tmp_path: Path) -> None:
    here = {"BAZKHORD_DATA_DIR": str(tmp_path / "var"), "COLUMNS": "200"}
    key = load_identity_key(tmp_path / "var" / "identity.key")
    with open_store(f"sqlite:///{tmp_path}/var/bazkhord.db", zone=TEHRAN) as store:
        save(store, ALI, SARA, key=key)
    file = str(tmp_path / "b.zip")

    written = CliRunner().invoke(app, ["backup", file], env=here)
    refused = CliRunner().invoke(app, ["restore", file], env=here)
    done = CliRunner().invoke(app, ["restore", file, "--replace"], env=here)

    assert f"{file}: 2 messages" in written.output
    assert f"keep a copy elsewhere: {tmp_path}/var/identity.key" in written.output
    assert key.hex().encode() not in Path(file).read_bytes()
    assert "the data base is not empty" in str(refused.exception)
    assert "2 messages as of 20" in done.output
