from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pipeline.errors import BadRequest
from pipeline.keys import Scope, add_key, any_key, find_key, keys, list_keys, revoke_key
from pipeline.store import Store
from tests.builders import NOON


def test_a_key_opens_what_its_scope_allows(store: Store) -> None:
    key = add_key(store, "dashboard", "write", now=NOON)

    found = find_key(store, key, now=NOON)

    assert found is not None
    assert (found.name, found.scope) == ("dashboard", Scope.WRITE)
    assert [found.allows(scope) for scope in ("read", "write", "admin")] == [True, True, False]


def test_a_key_is_long_random_and_marked(store: Store) -> None:
    first, second = add_key(store, "a", "read"), add_key(store, "b", "read")

    assert first.startswith("bzk_")
    assert len(first) == len("bzk_") + 43
    assert first != second


def test_the_data_base_holds_no_key(store: Store) -> None:
    key = add_key(store, "dashboard", "read")

    with store.engine.connect() as connection:
        row = connection.execute(select(keys)).one()

    assert row.prefix == key[:12]
    assert all(key not in str(value) for value in row)
    assert len(row.sha256) == 64


@pytest.mark.parametrize("presented", ["", "bzk_", "bzk_" + "A" * 43, "Bearer", "bzk_\udcff", "bzk_\0"])
def test_what_is_no_key_opens_nothing(store: Store, presented: str) -> None:
    add_key(store, "dashboard", "read")

    assert find_key(store, presented) is None


def test_a_revoked_key_opens_nothing_but_stays_on_the_list(store: Store) -> None:
    key = add_key(store, "dashboard", "admin", now=NOON)

    assert revoke_key(store, "dashboard", now=NOON + timedelta(days=1)) is True

    assert find_key(store, key) is None
    assert [(info.name, info.revoked_at) for info in list_keys(store)] == [
        ("dashboard", NOON + timedelta(days=1))
    ]
    assert not list_keys(store)[0].allows("read")


def test_revoking_what_is_not_there_says_so(store: Store) -> None:
    add_key(store, "dashboard", "admin")
    revoke_key(store, "dashboard")

    assert [revoke_key(store, "dashboard"), revoke_key(store, "nobody")] == [False, False]


def test_without_the_last_key_the_door_stays_shut(store: Store) -> None:
    assert any_key(store) is False

    add_key(store, "dashboard", "read")
    revoke_key(store, "dashboard")

    assert any_key(store) is True


def test_the_last_use_is_noted_once_an_hour(store: Store) -> None:
    key = add_key(store, "dashboard", "read", now=NOON)

    uses = []
    for minutes in (0, 59, 60):
        find_key(store, key, now=NOON + timedelta(minutes=minutes))
        uses.append(list_keys(store)[0].last_used_at)

    assert uses == [NOON, NOON, NOON + timedelta(minutes=60)]


@pytest.mark.parametrize(
    ("name", "scope", "parameter"),
    [("", "read", "name"), ("x" * 101, "read", "name"), ("taken", "read", "name"), ("new", "root", "scope")],
)
def test_a_wrong_key_is_refused_with_the_parameter_named(
    store: Store, name: str, scope: str, parameter: str
) -> None:
    add_key(store, "taken", "read")

    with pytest.raises(BadRequest) as caught:
        add_key(store, name, scope)

    assert caught.value.parameter == parameter
    assert [info.name for info in list_keys(store)] == ["taken"]


def test_a_key_may_be_limited_to_brands(store: Store) -> None:
    key = add_key(store, "agency", "read", brands=["الف", "ب", "الف"], now=NOON)
    add_key(store, "dashboard", "read", now=NOON)

    found = find_key(store, key, now=NOON)

    assert found is not None
    assert found.brands == ("الف", "ب")
    assert [info.brands for info in list_keys(store)] == [("الف", "ب"), None]


@pytest.mark.parametrize("brands", [[""], [" "], ["الف", "ب\0"], ["x" * 201], list(map(str, range(101)))])
def test_a_brand_that_no_message_can_have_is_refused(store: Store, brands: list[str]) -> None:
    with pytest.raises(BadRequest) as caught:
        add_key(store, "agency", "read", brands=brands)

    assert caught.value.parameter == "brand"
    assert list_keys(store) == ()
