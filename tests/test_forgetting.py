"""Somebody who is forgotten leaves no trace, the figures are exact, and they do not come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from models.labels import Stage
from pipeline import staging
from pipeline.__main__ import app
from pipeline.alert_evidence import Evidence, Finding
from pipeline.alerts import Wanted, list_alerts, raise_alert
from pipeline.audit import read_audit_log
from pipeline.corrections import Address, Verdict, correct, corrections
from pipeline.forgetting import Person, find_person, forget, identify
from pipeline.forgotten_list import read_marks
from pipeline.identity import load_identity_key
from pipeline.key_ring import KeyRing, key_id, write_ring
from pipeline.push import save_pushed
from pipeline.records import Author, Channel, DeadLetter, Feedback, SaveCounts
from pipeline.sentences import Words
from pipeline.store import Store, open_store
from tests.builders import NOON, mention, prediction
from tests.conftest import TEHRAN

KEY = bytes(range(32))
COPY = "بسته‌ام سه روز دیر رسید و هیچ‌کس پاسخ تلفن پشتیبانی را نداد، واقعاً ناامید شدم"
ALI, SARA = Author(phone="0912 123 4567"), Author(email="sara@example.com")
BY = "user root@here"


def said(native_id: str, author: Author | None, words: str = "بسته دیر رسید", **more: object) -> Feedback:
    fields = {"source": "shop", "created_at": NOON, "channel": Channel.REVIEW} | more
    return Feedback(native_id=native_id, text=words, author=author, **fields)  # type: ignore[arg-type]


def save(store: Store, *items: Feedback, source: str = "shop", key: bytes = KEY) -> SaveCounts:
    return save_pushed(store, source, "push", items, identity_key=key, now=NOON)


def classify(store: Store) -> None:
    pending = store.claim_pending("test", limit=1_000, lease_s=60, now=NOON)
    results = [(one, prediction(mention())) for one in pending]
    store.save_predictions(results, worker="test", touchpoint_stages={}, now=NOON)


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with four messages of Ali in two sources, one of which is a copy of one of Sara's."""
    save(store, said("1", ALI), said("2", ALI, COPY), said("3", SARA, COPY), said("4", None))
    save(store, said("5", ALI, source="chat"), said("6", Author("@ali"), source="chat"), source="chat")
    classify(store)
    return store


def person(*identities: str, sources: tuple[str, ...] = (), key: bytes = KEY) -> Person:
    return identify(identities, sources=sources, identity_key=key)


def n_messages(store: Store) -> int:
    (n,) = {cell.n for cell in store.tallies() if cell.cube == "message" and cell.period == "m"} or {0}
    return n


def test_all_that_somebody_said_goes_and_the_tallies_equal_a_recount(filled: Store, tmp_path: Path) -> None:
    done = forget(filled.engine, person("+98 912 123 45 67"), remember_in=tmp_path / "f", by=BY, now=NOON)

    assert done.by_source == {"chat": 1, "shop": 2}
    assert filled.n_feedback() == 3
    assert filled.check_tallies() == frozenset()
    with filled.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM mentions")) == 3
        assert connection.scalar(text("SELECT counted FROM feedback WHERE native_id = '3'")) in (1, True)


def test_what_comes_again_of_the_forgotten_is_not_stored(filled: Store, tmp_path: Path) -> None:
    forget(filled.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)

    counts = save(
        filled, said("1", ALI), said("9", ALI), said("10", Author("7", "+989121234567")), said("11", SARA)
    )

    assert counts == SaveCounts(n_new=1, n_left_out=3)


def test_who_is_forgotten_by_e_mail_is_known_also_where_the_phone_comes_first(
    store: Store, tmp_path: Path
) -> None:
    forget(store.engine, person("Ali@Example.com"), remember_in=tmp_path / "f", by=BY, now=NOON)

    counts = save(store, said("1", Author(phone="09121234567", email="ali@example.com")))

    assert counts == SaveCounts(n_left_out=1)


def test_somebody_may_be_allowed_to_come_back(filled: Store) -> None:
    forget(filled.engine, person("09121234567"), remember_in=None, by=BY, now=NOON)

    assert save(filled, said("1", ALI)) == SaveCounts(n_new=1)


def test_a_user_name_is_looked_for_in_the_sources_that_are_named(filled: Store) -> None:
    nowhere, there = person("ali"), person("ali", sources=("chat",))

    assert find_person(filled.engine, nowhere).by_source == {}
    assert find_person(filled.engine, there).by_source == {"chat": 1}


def test_messages_whose_identifier_is_the_phone_go_too(store: Store, tmp_path: Path) -> None:
    save(store, said("989121234567", None), said("2", None, conversation_id="09121234567"), said("3", None))

    sought = person("0912 123 4567")
    assert find_person(store.engine, sought).by_source == {"shop": 2}

    forget(store.engine, sought, remember_in=tmp_path / "f", by=BY, now=NOON)
    again = save(store, said("989121234567", None), said("4", None, conversation_id="09121234567"))
    assert again == SaveCounts(n_left_out=2)


def test_dead_letters_corrections_and_alerts_let_go_of_the_messages(filled: Store, tmp_path: Path) -> None:
    letters = [
        DeadLetter("shop", "message 1", "1", "a date was expected", "a"),
        DeadLetter("shop", "message 09121234567", "09121234567", "a date was expected", "b"),
        DeadLetter("shop", "row 8", None, "a date was expected", "c"),
        DeadLetter("chat", "message 1", "1", "a date was expected", "d"),
    ]
    filled.save_page("shop", "push", [], letters[:3], None, now=NOON)
    filled.save_page("chat", "push", [], letters[3:], None, now=NOON)
    correct(filled.engine, Address(1, 0, 13), Verdict(stage=Stage.USE), seen=None, by="sara", now=NOON)
    evidence = Evidence(
        figure="waiting", value=2, n=2, unit="messages", from_="", to="", method="", message_ids=(1, 4)
    )
    finding = Finding(rule="urgent", kind="urgent", occasion="1", evidence=evidence)
    raise_alert(filled.engine, finding, Words("الف", "a"), send_to=(), now=NOON)

    done = forget(filled.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)

    assert (done.n_corrections, done.n_dead_letters) == (1, 2)
    assert {letter.sha256 for letter in filled.dead_letters()} == {"c", "d"}
    assert list_alerts(filled.engine, Wanted(), limit=9)[0][0].evidence.message_ids == (4,)
    with filled.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(corrections)) == 0


def test_labels_that_wait_for_a_new_model_go_too(filled: Store, tmp_path: Path) -> None:
    staging.ask(filled, "v2", now=NOON)

    forget(filled.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)

    waiting = staging.progress(filled)
    assert waiting is not None
    assert (waiting.n_messages, waiting.n_staged) == (3, 0)


def test_the_log_tells_numbers_and_never_whom(filled: Store, tmp_path: Path) -> None:
    forget(filled.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)

    (entry,) = read_audit_log(filled.engine)

    assert (entry.actor, entry.action, entry.outcome) == (BY, "forget", "done")
    assert entry.details == {"n_messages": 3, "n_dead_letters": 0, "remembered": True}


def test_the_list_beside_the_key_holds_keys_that_only_the_owner_may_read(
    store: Store, tmp_path: Path
) -> None:
    forget(store.engine, person("ali@example.com"), remember_in=tmp_path / "f", by=BY, now=NOON)
    forget(store.engine, person("ali@example.com"), remember_in=tmp_path / "f", by=BY, now=NOON)

    assert len((tmp_path / "f").read_text().splitlines()) == len(read_marks(tmp_path / "f")) == 4
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert {mark.keyed_by for mark in read_marks(tmp_path / "f")} == {key_id(KEY)}


def test_who_was_forgotten_before_a_rotation_stays_so_after_it_and_after_a_break(
    store: Store, tmp_path: Path
) -> None:
    forget(store.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)
    rotated = write_ring(KeyRing(((KEY, b"2" * 32),)))
    broken = write_ring(KeyRing(((KEY, b"2" * 32), (b"3" * 32,))))

    counts = [save(store, said("1", ALI), said("2", SARA), key=key) for key in (rotated, broken)]

    assert [count.n_left_out for count in counts] == [1, 1]


def test_a_message_saved_while_somebody_is_forgotten_does_not_slip_in(store_url: str, tmp_path: Path) -> None:
    from threading import Thread

    with open_store(store_url, zone=TEHRAN) as store:
        counts: list[SaveCounts] = []
        pages = [[said(f"{n}-{m}", ALI) for m in range(5)] for n in range(20)]
        saver = Thread(target=lambda: counts.extend(save(store, *page) for page in pages))
        saver.start()
        forget(store.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)
        saver.join()

        assert sum(counts, SaveCounts()).n_rows == 100
        assert store.n_feedback() == 0


def test_an_embedded_data_base_does_not_keep_the_words_in_its_file(tmp_path: Path) -> None:
    secret = "هیچ کس این جمله را جز علی ننوشته است"
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, *(said(str(n), SARA, f"{n} روز گذشت") for n in range(200)), said("x", ALI, secret))
        classify(store)
        forget(store.engine, person("09121234567"), remember_in=tmp_path / "f", by=BY, now=NOON)
        content = b"".join(path.read_bytes() for path in tmp_path.glob("bazkhord.db*"))

    assert secret.encode() not in content
    assert "روز گذشت".encode() in content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key = load_identity_key(tmp_path / "identity.key")
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as store:
        save(store, said("1", ALI), said("2", SARA), key=key)
        classify(store)
    (tmp_path / "bazkhord-2026-11-14.html").write_text("<p>بسته دیر رسید</p>", encoding="utf-8")
    (tmp_path / "mine.csv").write_text("id,text\n1,بسته دیر رسید\n", encoding="utf-8")
    return tmp_path


def call(folder: Path, *words: str, given: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(
        app, words, input=given, env={"BAZKHORD_DATA_DIR": str(folder), "COLUMNS": "200"}
    )
    return done.exit_code, done.output


def test_the_command_asks_whom_and_once_more_before_it_removes(folder: Path) -> None:
    refused = call(folder, "forget", given="09121234567\n\nn\n")
    done = call(folder, "forget", given="09121234567\n\ny\n")

    assert refused[0] == 1
    assert done[0] == 0
    assert "1 messages of shop" in done[1]
    assert "1 messages removed. What comes again of this customer is not stored." in done[1]
    assert not (folder / "bazkhord-2026-11-14.html").exists()
    assert f"{folder}/mine.csv holds some too and stays" in done[1]
    assert "9121234567" not in (folder / "forgotten.keys").read_text()


def test_the_command_reads_identities_from_standard_input(folder: Path) -> None:
    code, told = call(folder, "forget", "-", "--yes", given="sara@example.com\n09121234567\n")

    assert (code, "2 messages removed" in told) == (0, True)


def test_an_identity_as_an_argument_is_refused_without_being_told(folder: Path) -> None:
    done = CliRunner().invoke(app, ["forget", "09121234567"], env={"BAZKHORD_DATA_DIR": str(folder)})

    assert done.exit_code != 0
    assert "would stay in the shell's history" in str(done.exception)
    assert "0912" not in f"{done.output}{done.exception}"


def test_a_source_that_does_not_exist_is_named(folder: Path) -> None:
    done = CliRunner().invoke(
        app, ["forget", "-", "--source", "chta"], input="ali\n", env={"BAZKHORD_DATA_DIR": str(folder)}
    )

    assert str(done.exception) == "there is no source chta; there are: shop"
