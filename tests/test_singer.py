from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.records import Author, Channel, Feedback, Rating, TextFormat
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import N_SAMPLES, NOW, SECRET, errors_of, items_of
from tests.http_checks import ids_of, last_bookmark, read_until_error

FAKE_TAP = Path(__file__).parent / "fixtures" / "fake_tap.py"
COMMAND = (sys.executable, "-S", "-E", str(FAKE_TAP))
TOKEN = "geheim-XYZ-777"
FIELDS = {"text": "text", "created_at": "at"}
STREAMS = {"comments": {"channel": "review", "fields": FIELDS}}
ALL = {f"comments/{number}" for number in range(1, N_SAMPLES + 1)}
Row = Mapping[str, object]


@dataclass(frozen=True)
class Source:
    """A service behind the fake tap: rows in the order in which they were written or edited."""

    folder: Path

    def write(self, rows: Sequence[object], **config: object) -> None:
        (self.folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        given = {"rows": str(self.folder / "rows.json"), "token": "${SHOP_TOKEN}", **config}
        (self.folder / "config.json").write_text(json.dumps(given), encoding="utf-8")

    def connect(self, *, environment: Mapping[str, str] | None = None, **arguments: object) -> Connector:
        network = Network(environment={"SHOP_TOKEN": TOKEN} if environment is None else environment)
        given = {"command": COMMAND, "config": "config.json", "streams": STREAMS, **arguments}
        return build_connector("shop", "singer", given, now=lambda: NOW, root=self.folder, network=network)

    @property
    def call(self) -> dict[str, Any]:
        """What the tap was given at its last call."""
        return dict(json.loads((self.folder / "rows.call").read_text(encoding="utf-8")))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


def row(number: int, text: object = None, at: object = None, **more: object) -> Row:
    moment = datetime.fromtimestamp(1_700_000_000 + 60 * number, UTC).isoformat()
    return {
        "id": number,
        "text": f"پیام شمارهٔ {number}" if text is None else text,
        "at": at or moment,
        **more,
    }


def rows(n: int = N_SAMPLES) -> list[Row]:
    return [row(number) for number in range(1, n + 1)]


def test_every_record_is_read_whole(source: Source) -> None:
    source.write(rows(3))

    pages = list(source.connect().fetch(None))

    assert [(item.source, item.native_id, item.text, item.created_at) for item in items_of(pages)] == [
        ("shop", "comments/1", "پیام شمارهٔ 1", datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)),
        ("shop", "comments/2", "پیام شمارهٔ 2", datetime(2023, 11, 14, 22, 15, 20, tzinfo=UTC)),
        ("shop", "comments/3", "پیام شمارهٔ 3", datetime(2023, 11, 14, 22, 16, 20, tzinfo=UTC)),
    ]
    assert errors_of(pages) == []


def test_items_are_frozen_and_times_are_utc(source: Source) -> None:
    source.write([row(1, at="2026-03-02T11:40:00+03:30")])

    (item,) = items_of(list(source.connect().fetch(None)))

    with pytest.raises(FrozenInstanceError):
        item.text = "x"  # type: ignore[misc]
    assert (item.created_at, item.created_at and item.created_at.tzinfo) == (
        datetime(2026, 3, 2, 8, 10, tzinfo=UTC),
        UTC,
    )


def test_fields_inside_a_record_are_mapped_as_for_json(source: Source) -> None:
    given = {"id": 7, "brand": "نیک‌سبد", "body": {"html": "<p>دیر رسید</p>"}, "who": {"id": 5}, "stars": 2}
    source.write(
        [{**given, "shop.name": "تهران", "at": "1402/12/09 13:05"}],
        properties=["id", *given, "at", "shop.name"],
    )
    stream = {
        "channel": "ticket",
        "text_format": "html",
        "zone": "Asia/Tehran",
        "constants": {"product": "چای"},
        "fields": {
            "id": ["id", "who.id"],
            "text": "body.html",
            "created_at": "at",
            "author_id": "who.id",
            "brand": "brand",
            "queue": r"shop\.name",
            "rating": {"path": "stars", "lowest": 1, "highest": 5},
        },
    }

    (item,) = items_of(list(source.connect(streams={"comments": stream}).fetch(None)))

    assert item == Feedback(
        source="shop",
        native_id="comments/7/5",
        text="<p>دیر رسید</p>",
        text_format=TextFormat.HTML,
        created_at=datetime(2024, 2, 28, 9, 35, tzinfo=UTC),
        channel=Channel.TICKET,
        author=Author(native_id="5"),
        brand="نیک‌سبد",
        product="چای",
        queue="تهران",
        rating=Rating(2.0, 1.0, 5.0),
    )


def test_reading_goes_on_from_every_bookmark(source: Source) -> None:
    source.write(rows(), state_every=4)
    connector = source.connect(page_size_rows=10)
    pages = list(connector.fetch(None))

    found = [
        ids_of(pages[:n]) | ids_of(list(connector.fetch(page.bookmark)))
        for n, page in enumerate(pages, 1)
        if page.bookmark
    ]

    assert found == [ALL] * len(found)
    assert len(found) >= 3


def test_a_state_is_kept_only_with_what_came_before_it(source: Source) -> None:
    source.write(rows(), state_every=10)

    pages = list(source.connect(page_size_rows=15).fetch(None))

    reached = [json.loads(page.bookmark or "{}").get("state", {}).get("state") for page in pages]
    assert [len(page.items) for page in pages] == [10, 10, 5, 0]
    assert reached == [{"reached": 10}, {"reached": 20}, {"reached": 25}, {"reached": 25}]


def test_a_tap_that_tells_no_state_is_read_from_its_beginning_each_time(source: Source) -> None:
    source.write(rows(), state_every=1000)
    connector = source.connect(page_size_rows=10)

    pages = list(connector.fetch(None))

    assert [page.bookmark for page in pages] == [None, None, None]
    assert ids_of(list(connector.fetch(None))) == ids_of(pages) == ALL


@pytest.mark.parametrize("died_after", [0, 1, 9, 10, 11, 24, 25])
def test_a_tap_that_dies_anywhere_loses_nothing_and_says_so(died_after: int, source: Source) -> None:
    source.write(rows(), state_every=4, die_after=died_after)

    before, complaint = read_until_error(source.connect(page_size_rows=10))
    source.write(rows(), state_every=4)
    after = list(source.connect(page_size_rows=10).fetch(last_bookmark(before)))

    assert f"the tap {sys.executable} failed (exit status 3): run it by hand" in complaint
    assert ids_of(before) | ids_of(after) == ALL
    assert len(items_of([*before, *after])) - N_SAMPLES in range(4)


def test_reading_twice_gives_the_same(source: Source) -> None:
    source.write(rows())
    connector = source.connect(page_size_rows=10)

    assert list(connector.fetch(None)) == list(connector.fetch(None))


def test_what_was_read_is_not_read_again_and_what_is_new_or_edited_comes(source: Source) -> None:
    source.write(rows())
    connector = source.connect()
    bookmark = last_bookmark(list(connector.fetch(None)))

    nothing = items_of(list(connector.fetch(bookmark)))
    source.write([*rows(), row(26), row(4, "ویرایش شد")])
    later = items_of(list(connector.fetch(bookmark)))

    assert nothing == []
    assert [(item.native_id, item.text) for item in later] == [
        ("comments/26", "پیام شمارهٔ 26"),
        ("comments/4", "ویرایش شد"),
    ]


def test_an_empty_stream_gives_nothing(source: Source) -> None:
    source.write([])

    pages = list(source.connect().fetch(None))

    assert (items_of(pages), errors_of(pages)) == ([], [])


def test_changed_arguments_or_a_foreign_bookmark_read_all(source: Source) -> None:
    source.write(rows(2))
    bookmark = last_bookmark(list(source.connect().fetch(None)))
    branded = {"comments": {**STREAMS["comments"], "constants": {"brand": "نیک‌سبد"}}}

    moved = items_of(list(source.connect(streams=branded).fetch(bookmark)))

    assert [item.brand for item in moved] == ["نیک‌سبد", "نیک‌سبد"]
    for foreign in ('{"reached": 17}', "17", "[]", "no json"):
        assert len(items_of(list(source.connect().fetch(foreign)))) == 2


def test_settings_of_the_way_keep_the_bookmark(source: Source) -> None:
    source.write(rows(2))
    bookmark = last_bookmark(list(source.connect().fetch(None)))

    slower = source.connect(page_size_rows=7, silence_s=9)

    assert items_of(list(slower.fetch(bookmark))) == []


def test_a_record_that_cannot_be_read_costs_no_other(source: Source) -> None:
    soon, late = ((NOW + timedelta(minutes=minutes)).isoformat() for minutes in (4, 6))
    no_text = {"id": 3, "at": "2026-03-02T08:10:00Z"}
    source.write(
        [
            row(1),
            17,
            no_text,
            row(4, at="چند روز پیش"),
            {"text": "x", "at": soon},
            row(6, at=late),
            row(7, at=soon),
        ]
    )

    pages = list(source.connect().fetch(None))

    assert ids_of(pages) == {"comments/1", "comments/7"}
    assert errors_of(pages) == [
        ("record 2 of stream comments", None),
        ("record 3 of stream comments", "comments/3"),
        ("record 4 of stream comments", "comments/4"),
        ("record 5 of stream comments", None),
        ("record 6 of stream comments", "comments/6"),
    ]
    told = [letter.error for page in pages for letter in page.dead_letters]
    words = ["int, where an object", "the field text is missing", "known formats", "id: no value", "future"]
    assert [word in error for word, error in zip(words, told, strict=True)] == [True] * 5


def test_texts_are_read_as_they_are(source: Source) -> None:
    texts = ["خط\nدوم", "😀 👩🏽‍🚀", "a\x01b", "x\ud83dy", "خیلی دیر رسید " * 50_000 + "."]
    source.write([row(number, text) for number, text in enumerate([*texts, ""], 1)])

    assert [item.text for item in items_of(list(source.connect().fetch(None)))] == [*texts, ""]


def test_a_field_that_no_record_has_stops_and_is_named(source: Source) -> None:
    source.write([{"id": number, "at": "2026-03-02T08:10:00Z"} for number in range(1, 4)])

    with pytest.raises(StopSource, match="no record of a whole page has the field text"):
        list(source.connect().fetch(None))

    optional = {"comments": {**STREAMS["comments"], "optional": ["text"]}}
    assert len(items_of(list(source.connect(streams=optional).fetch(None)))) == 3


def test_a_mapping_that_the_schema_has_not_says_what_exists(source: Source) -> None:
    source.write(rows(2), properties=["id", "texts", "at"])

    with pytest.raises(
        StopSource,
        match=r"stream comments has no property 'text' \(nearest: 'texts'\); there are: id, texts, at",
    ):
        list(source.connect().fetch(None))


def test_a_stream_that_does_not_come_says_what_does(source: Source) -> None:
    source.write(rows(2))

    with pytest.raises(
        StopSource, match=r"has no stream 'reviews'; there are: comments, users: correct streams"
    ):
        list(source.connect(streams={"reviews": STREAMS["comments"]}).fetch(None))


def test_rubbish_between_messages_stops_and_names_the_line(source: Source) -> None:
    source.write(rows(3), rubbish_after=2)

    pages, complaint = read_until_error(source.connect())

    assert f"line 6 of what the tap {sys.executable} writes is no Singer message (exit status 0)" in complaint
    assert items_of(pages) == []


@pytest.mark.parametrize(
    "line", [b"", b"\x00\xff\n", b"[1]\n", b'{"type": 5}\n', b"[" * 9_000, b'{"type": "RECORD"}\n']
)
def test_any_output_ends_in_our_own_errors(line: bytes, source: Source) -> None:
    source.write([])
    (source.folder / "raw").write_bytes(line)

    pages, complaint = read_until_error(source.connect(command=["sh", "-c", f"cat {source.folder / 'raw'}"]))

    assert items_of(pages) == []
    assert bool(complaint) == (line != b"")


def test_batches_of_files_are_refused(source: Source) -> None:
    source.write([])

    with pytest.raises(StopSource, match="take batch_config out"):
        list(source.connect(command=["sh", "-c", """echo '{"type": "BATCH"}'"""]).fetch(None))


def test_a_tap_that_falls_silent_is_ended(source: Source) -> None:
    source.write(rows(3), hang_after=2)

    with pytest.raises(RetryLater, match="wrote nothing for 3 seconds"):
        list(source.connect(silence_s=3).fetch(None))

    assert not is_running(source.call["pid"])


def test_the_tap_ends_and_its_files_go_when_the_pull_stops(source: Source) -> None:
    source.write(rows(), hang_after=12)
    pages = source.connect(page_size_rows=5).fetch(None)
    first = list(islice(pages, 2))
    call = source.call
    was_running = is_running(call["pid"])

    pages.close()  # type: ignore[attr-defined]

    assert len(items_of(first)) == 10
    assert (was_running, is_running(call["pid"])) == (True, False)
    assert not Path(call["path"]).parent.exists()


def is_running(pid: int) -> bool:
    """Say whether anybody of a process group is left; what was killed may take a moment to go."""
    for _ in range(50):
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return False
        if Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.1)
    return True


def test_the_tap_gets_its_secrets_in_a_file_of_its_own_and_no_others(source: Source) -> None:
    source.write([], nested={"list": ["Bearer ${SHOP_TOKEN}", 5]})
    environment = {"SHOP_TOKEN": TOKEN, "OTHER_TOKEN": "x", "AWS_PROFILE": "shop", "PATH": os.environ["PATH"]}

    list(source.connect(environment=environment, passed_env=["AWS_PROFILE"]).fetch(None))

    call = source.call
    assert (call["config"]["token"], call["config"]["nested"]) == (TOKEN, {"list": [f"Bearer {TOKEN}", 5]})
    assert call["mode"] == "0o100600"
    assert call["environment"] | {"LC_CTYPE": ""} == {
        "AWS_PROFILE": "shop",
        "LANG": "C.UTF-8",
        "LC_CTYPE": "",
        "PATH": os.environ["PATH"],
    }


def test_a_catalog_is_handed_on(source: Source) -> None:
    source.write([])

    list(source.connect(catalog="catalog.json").fetch(None))

    assert source.call["catalog"] == str(source.folder / "catalog.json")


def test_nothing_that_is_said_or_kept_shows_a_secret_or_text(
    source: Source, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    for config in ({}, {"die_after": 3}, {"rubbish_after": 3}, {"hang_after": 3}):
        source.write(
            [row(number, SECRET, SECRET if number % 2 else None) for number in range(1, 9)], **config
        )
        connector = source.connect(silence_s=3)
        pages, complaint = read_until_error(connector)
        told += [
            complaint,
            repr(connector),
            connector.model_dump_json(),
            *(str(page.bookmark) for page in pages),
        ]
        told += [letter.error + letter.position for page in pages for letter in page.dead_letters]

    whole = caplog.text + " ".join(told) + "".join(capfd.readouterr())
    assert [secret for secret in (TOKEN, *SECRET.split()) if secret in whole] == []
    assert "known formats" in whole


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"command": ["no-such-tap"]},
            "the tap no-such-tap cannot be started (FileNotFoundError): install it",
        ),
        ({"config": "no.json"}, "no.json cannot be read (FileNotFoundError): check that it exists"),
        ({"environment": {}}, "config names the environment variable SHOP_TOKEN, which is not set"),
    ],
    ids=["command", "config", "secret"],
)
def test_what_a_person_has_to_mend_is_said(arguments: dict[str, Any], words: str, source: Source) -> None:
    source.write([])

    with pytest.raises(StopSource) as stopped:
        list(source.connect(**arguments).fetch(None))

    assert "source shop" in str(stopped.value)
    assert words in str(stopped.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"commnd": ["x"]}, "commnd: no argument 'commnd' (nearest: 'command')"),
        ({"streams": {}}, "streams: got a dict"),
        (
            {"streams": {"comments": {"channel": "review", "fields": {"text": "a..b"}}}},
            "the path 'a..b' cannot be read",
        ),
        (
            {"streams": {"comments": {"channel": "review", "field": FIELDS}}},
            "no argument 'field' (nearest: 'fields')",
        ),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(arguments: dict[str, Any], words: str, source: Source) -> None:
    with pytest.raises(SettingsError) as refused:
        source.connect(**arguments)

    assert words in str(refused.value)


def test_an_edited_record_is_stored_once(source: Source, tmp_path: Path) -> None:
    source.write(rows())

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(source.connect(), store, identity_key=b"k" * 32)
        source.write([*rows(), row(4, "ویرایش شد"), row(26)])
        second = pull(source.connect(), store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, second.n_new, second.n_updated, state.n_stored) == (25, 1, 1, 26)
