"""One customer has one key over all channels, and the secret behind it is made once."""

from __future__ import annotations

import hashlib
import hmac
import threading
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.identity import customer_key, load_identity_key
from pipeline.records import Author

KEY = bytes(range(32))


def key_of(author: Author | None, source: str = "shop") -> str | None:
    return customer_key(author, source=source, key=KEY)


def test_the_key_is_an_hmac_of_the_normalised_phone() -> None:
    expected = hmac.new(KEY, b'["bazkhord customer 1", "phone", "+989121234567"]', hashlib.sha256).hexdigest()

    assert key_of(Author(phone="0912 123 4567")) == expected


@pytest.mark.parametrize(
    "phone",
    ["09121234567", "+98 912 123 45 67", "0098-912-1234567", "۰۹۱۲۱۲۳۴۵۶۷", "9121234567", "989121234567"],
)
def test_one_phone_is_one_customer_in_every_spelling_and_source(phone: str) -> None:
    assert key_of(Author(phone=phone, native_id="7"), "chat") == key_of(Author(phone="+989121234567"))


def test_one_address_is_one_customer_in_every_spelling() -> None:
    assert key_of(Author(email=" Ali@Example.COM\u200f")) == key_of(Author(email="ali@example.com"), "mail")


def test_the_phone_wins_over_the_address_and_the_address_over_the_crm_id() -> None:
    everything = Author(native_id="1", phone="09121234567", email="a@b.ir", crm_id="C1")

    assert key_of(everything) == key_of(Author(phone="09121234567"))
    assert key_of(Author(email="a@b.ir", crm_id="C1")) == key_of(Author(email="a@b.ir"))
    assert key_of(Author(native_id="1", crm_id="C1")) == key_of(Author(crm_id="C1"), "other")


def test_an_author_id_counts_within_its_source_only() -> None:
    assert key_of(Author(native_id="7"), "a") != key_of(Author(native_id="7"), "b")


def test_equal_values_of_different_kinds_are_different_customers() -> None:
    keys = {
        key_of(Author(crm_id="a@b.ir")),
        key_of(Author(email="a@b.ir")),
        key_of(Author(native_id="a@b.ir")),
        customer_key(Author(email="a@b.ir"), source="shop", key=b"another secret of thirty-two byte"),
    }

    assert len(keys) == 4


def test_what_is_no_phone_or_address_is_passed_over() -> None:
    assert key_of(Author(phone="ندارد", email="-", native_id="7")) == key_of(Author(native_id="7"))


@pytest.mark.parametrize("author", [None, Author(), Author(native_id=" ", phone="", email="x")])
def test_nobody_has_no_key(author: Author | None) -> None:
    assert key_of(author) is None


def test_a_key_from_the_environment_is_used_and_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"

    assert load_identity_key(path, KEY.hex()) == KEY
    assert load_identity_key(path, "گذرواژه‌ای که از سی و دو نویسه بلندتر است") == (
        "گذرواژه‌ای که از سی و دو نویسه بلندتر است".encode()
    )
    assert list(tmp_path.iterdir()) == []


def test_a_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="has 6 characters, expected at least 32") as caught:
        load_identity_key(tmp_path / "identity.key", "s3cret")

    assert "s3cret" not in str(caught.value)


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "identity.key"

    first = load_identity_key(path)

    assert len(first) == 32
    assert load_identity_key(path, "") == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    barrier = threading.Barrier(8)
    keys: list[bytes] = []

    def start() -> None:
        barrier.wait()
        keys.append(load_identity_key(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    load_identity_key(path)
    path.chmod(0o640)

    with pytest.raises(SettingsError, match=f"chmod 600 {path}"):
        load_identity_key(path)


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    path.touch(mode=0o600)

    with pytest.raises(SettingsError, match="does not hold 64 hexadecimal digits"):
        load_identity_key(path)


def test_a_folder_that_cannot_be_made_is_a_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="cannot be read or written"):
        load_identity_key(tmp_path / "file" / "identity.key")
