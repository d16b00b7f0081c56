"""Secrets in a chain: one customer stays one over rotations, and is known again by every earlier key."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.identity import customer_key, known_as, load_identity_key
from pipeline.key_ring import KeyRing, find_stage, id_of, key_id, ring_of, wrap, wrap_all, write_ring
from pipeline.prepare import masked_id
from pipeline.records import Author

FIRST, SECOND, THIRD = bytes(range(32)), b"2" * 32, b"3" * 32
ROTATED = write_ring(KeyRing(((FIRST, SECOND),)))
BROKEN = write_ring(KeyRing(((FIRST, SECOND), (THIRD,))))
ALI = Author(phone="09121234567", email="ali@example.com")


def key_of(author: Author, key: bytes) -> str | None:
    return customer_key(author, source="shop", key=key)


def test_a_key_after_a_rotation_is_the_one_before_wrapped_in_the_new_secret() -> None:
    before = key_of(ALI, FIRST)

    assert before is not None
    assert key_of(ALI, ROTATED) == wrap(before, SECOND) == wrap_all(before, (SECOND,))
    by_hand = hmac.new(SECOND, b'["bazkhord wrapped key 1", "ab"]', hashlib.sha256).hexdigest()
    assert wrap("ab", SECOND) == by_hand


def test_a_customer_is_known_by_every_identity_under_every_secret() -> None:
    phone, email = Author(phone=ALI.phone), Author(email=ALI.email)

    found = known_as(ALI, source="shop", key=BROKEN)

    assert set(found) == {key_of(one, secret) for one in (phone, email) for secret in (FIRST, ROTATED, THIRD)}


def test_after_a_break_customers_are_others() -> None:
    assert key_of(ALI, BROKEN) == key_of(ALI, THIRD) != key_of(ALI, ROTATED)


def test_two_customers_never_fall_together() -> None:
    authors = [Author(phone=f"0912{number:07}") for number in range(5_000)]

    assert len({key_of(author, ROTATED) for author in authors}) == 5_000


def test_a_ring_comes_back_from_its_file_and_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "identity.key"
    file.write_bytes(BROKEN + b"\n")
    file.chmod(0o600)

    assert load_identity_key(file) == BROKEN
    assert load_identity_key(tmp_path / "none", ROTATED.decode()) == ROTATED
    assert ring_of(BROKEN) == KeyRing(((FIRST, SECOND), (THIRD,)))


@pytest.mark.parametrize("content", ["ring:", "ring:12+34", "ring:" + "a" * 65, "ring:" + "g" * 64])
def test_a_damaged_ring_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "identity.key"
    file.write_text(content)
    file.chmod(0o600)

    with pytest.raises(SettingsError, match="put back the file"):
        load_identity_key(file)


def test_every_stage_of_a_chain_is_found_by_its_identifier() -> None:
    ids = id_of((FIRST,)), id_of((FIRST, SECOND)), id_of((THIRD,))

    assert len(set(ids)) == 3
    assert (key_id(FIRST), key_id(ROTATED), key_id(BROKEN)) == ids
    assert find_stage(BROKEN, ids[0]) == ((FIRST,), (SECOND,))
    assert find_stage(BROKEN, ids[2]) == ((THIRD,), ())
    assert find_stage(THIRD, ids[0]) is None


def test_a_message_is_known_again_by_its_identifier_after_a_rotation() -> None:
    assert masked_id("989121234567", ROTATED) == masked_id("989121234567", FIRST)
    assert masked_id("989121234567", BROKEN) != masked_id("989121234567", FIRST)
