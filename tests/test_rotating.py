"""The identity key is replaced: customers stay one, none fall together, and a kill in the middle is finished."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.audit import read_audit_log
from pipeline.errors import SettingsError
from pipeline.forgetting import find_person, forget, identify
from pipeline.identity import load_identity_key
from pipeline.key_ring import key_id, ring_of
from pipeline.push import save_pushed
from pipeline.records import Author, Channel, Feedback, SaveCounts
from pipeline.rotating import following, rotate, take_place
from pipeline.store import Store, open_store
from pipeline.tallies import feedback
from tests.builders import NOON
from tests.conftest import TEHRAN

KEY = bytes(range(32))
BY = "user root@here"


def save(store: Store, *authors: Author | None, key: bytes = KEY, first: int = 0) -> SaveCounts:
    items = [
        Feedback(
            source="shop",
            native_id=str(first + n),
            text="دیر رسید",
            created_at=NOON,
            channel=Channel.CHAT,
            author=author,
        )
        for n, author in enumerate(authors)
    ]
    return save_pushed(store, "shop", "push", items, identity_key=key, now=NOON)


def phone(number: int) -> Author:
    return Author(phone=f"0912{number:07}")


def keys_of(store: Store) -> list[str | None]:
    with store.engine.connect() as connection:
        return list(connection.scalars(select(feedback.c.customer_key).order_by(feedback.c.id)))


def turn(store: Store, folder: Path, *, key: bytes = KEY, break_links: bool = False) -> bytes:
    rotate(store.engine, key, folder / "next", break_links=break_links, by=BY, now=NOON)
    return load_identity_key(folder / "next")


def test_one_customer_stays_one_over_two_rotations(store: Store, tmp_path: Path) -> None:
    save(store, phone(1), phone(2), phone(1), None)
    before = keys_of(store)

    second = turn(store, tmp_path)
    (tmp_path / "next").unlink()
    third = turn(store, tmp_path, key=second)
    save(store, phone(2), key=third, first=10)

    first, other, same, nobody, later = keys_of(store)
    assert (first == same, first == other, nobody, later == other) == (True, False, None, True)
    assert set(before) & {first, other, later} == set()
    assert [len(chain) for chain in ring_of(third).chains] == [3]


def test_no_two_customers_fall_together_and_none_is_parted(store: Store, tmp_path: Path) -> None:
    authors = [phone(n % 500) for n in range(1_000)]
    save(store, *authors)
    before = keys_of(store)

    for n, break_links in enumerate((False, True)):
        folder = tmp_path / str(n)
        folder.mkdir()
        turn(
            store,
            folder,
            key=KEY if n == 0 else load_identity_key(tmp_path / "0" / "next"),
            break_links=break_links,
        )
        after = keys_of(store)
        assert len(set(after)) == len(set(zip(before, after, strict=True))) == 500
        assert Counter(Counter(after).values()) == {2: 500}


def test_a_process_with_the_old_key_stores_nothing(store: Store, tmp_path: Path) -> None:
    turn(store, tmp_path)

    with pytest.raises(SettingsError, match="the identity key was rotated"):
        save(store, phone(1))

    assert store.n_feedback() == 0


def test_a_broken_link_leads_nowhere_but_the_past_stays_one_customer(store: Store, tmp_path: Path) -> None:
    save(store, phone(1), phone(1), phone(2))

    new = turn(store, tmp_path, break_links=True)
    save(store, phone(1), key=new, first=10)

    one, same, other, later = keys_of(store)
    assert (one == same, one == other, one == later) == (True, False, False)
    person = identify(["09120000001"], identity_key=new)
    assert find_person(store.engine, person).by_source == {"shop": 1}
    assert KEY.hex().encode() not in new


def test_the_forgotten_stay_so_when_links_are_broken(store: Store, tmp_path: Path) -> None:
    forget(
        store.engine,
        identify(["09120000001"], identity_key=KEY),
        remember_in=tmp_path / "forgotten.keys",
        by=BY,
        now=NOON,
    )

    new = turn(store, tmp_path, break_links=True)

    assert save(store, phone(1), phone(2), key=new) == SaveCounts(n_new=1, n_left_out=1)
    assert len(ring_of(new).chains) == 2


def test_broken_off_before_the_data_base_changed_it_is_done_again_with_the_same_key(
    store: Store, tmp_path: Path
) -> None:
    save(store, phone(1))
    made = following(KEY, break_links=False, keep_past=False)
    (tmp_path / "next").write_bytes(made)
    (tmp_path / "next").chmod(0o600)

    rotated = rotate(store.engine, KEY, tmp_path / "next", by=BY, now=NOON)

    assert rotated.n_customers == 1
    assert load_identity_key(tmp_path / "next") == made


def test_broken_off_after_the_data_base_changed_it_only_moves_the_key(store: Store, tmp_path: Path) -> None:
    save(store, phone(1))
    turn(store, tmp_path)
    once = keys_of(store)

    again = rotate(store.engine, KEY, tmp_path / "next", by=BY, now=NOON)
    take_place(tmp_path / "next", tmp_path / "identity.key")

    assert (again.n_customers, keys_of(store)) == (0, once)
    assert save(store, phone(1), key=load_identity_key(tmp_path / "identity.key"), first=9) == SaveCounts(
        n_new=1
    )
    assert len(set(keys_of(store))) == 1
    assert len(read_audit_log(store.engine)) == 1


def rotate_and_die(url: str, next_file: Path) -> None:
    with open_store(url, zone=TEHRAN) as store:
        rotate(store.engine, KEY, next_file, by=BY, now=NOON, on_keys=lambda n: os.kill(os.getpid(), SIGKILL))


def test_killed_in_the_middle_it_has_changed_nothing_and_is_finished_by_doing_it_again(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    save(store, phone(1), phone(2))
    before = keys_of(store)
    victim = multiprocessing.get_context("spawn").Process(
        target=rotate_and_die, args=(store_url, tmp_path / "next")
    )

    victim.start()
    victim.join(60)

    made = load_identity_key(tmp_path / "next")
    assert (victim.exitcode, keys_of(store)) == (-SIGKILL, before)
    assert save(store, phone(1), first=5) == SaveCounts(n_new=1)
    assert turn(store, tmp_path) == made
    assert save(store, phone(1), key=made, first=9) == SaveCounts(n_new=1)
    assert len(set(keys_of(store))) == 2
    assert len(read_audit_log(store.engine)) == 1


def test_one_kind_of_rotation_is_not_finished_as_the_other(store: Store, tmp_path: Path) -> None:
    turn(store, tmp_path)

    with pytest.raises(SettingsError, match="without --break-links was begun"):
        turn(store, tmp_path, break_links=True)


def test_the_log_tells_how_many_and_no_key(store: Store, tmp_path: Path) -> None:
    save(store, phone(1))
    new = turn(store, tmp_path)

    (entry,) = read_audit_log(store.engine)

    assert entry.action == "rotate identity key"
    assert entry.details == {"n_customers": 1, "links_broken": False}
    assert key_id(new) not in str(entry)


def test_the_command_replaces_the_file_and_asks_before_it_breaks_links(tmp_path: Path) -> None:
    key = load_identity_key(tmp_path / "identity.key")
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, phone(1), key=key)
    here = {"BAZKHORD_DATA_DIR": str(tmp_path)}

    rotated = CliRunner().invoke(app, ["keys", "rotate-identity"], env=here)
    refused = CliRunner().invoke(app, ["keys", "rotate-identity", "--break-links"], input="n\n", env=here)

    ring = ring_of(load_identity_key(tmp_path / "identity.key"))
    assert "1 customers have new keys" in rotated.output
    assert (rotated.exit_code, refused.exit_code) == (0, 1)
    assert (ring.present[0], len(ring.present)) == (key, 2)
    assert (tmp_path / "identity.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "identity.key.next").exists()


def test_a_key_of_the_environment_is_replaced_by_its_owner(tmp_path: Path) -> None:
    here = {"BAZKHORD_DATA_DIR": str(tmp_path), "BAZKHORD_IDENTITY_KEY": KEY.hex()}
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, phone(1))

    told = CliRunner().invoke(app, ["keys", "rotate-identity"], env=here)
    line = (tmp_path / "identity.key.next").read_text().strip()
    finished = CliRunner().invoke(
        app, ["keys", "rotate-identity"], env=here | {"BAZKHORD_IDENTITY_KEY": line}
    )

    assert "identity.key.next" in told.output
    assert line not in told.output
    assert "the rotation is finished" in finished.output
    assert list(tmp_path.glob("identity.key*")) == []
