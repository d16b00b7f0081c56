"""The Singer connector against a real tap, which reads files of JSON Lines: nothing is lost, nothing doubled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import RetryLater
from pipeline.records import Author, Channel, Feedback, Page, Rating, Reply, Role, SaveCounts
from pipeline.run import pull
from pipeline.store import open_store
from tests.live.held import Held

TAP = Path(__file__).parents[2] / ".live" / "taps" / "bin" / "tap-jsonfile"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not TAP.exists(), reason="needs a Singer tap: run tests/live/install_taps.sh"),
]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STREAM = {
    "channel": "review",
    "constants": {"brand": "نیک‌سبد"},
    "fields": {
        "id": "id",
        "text": "text",
        "created_at": "at",
        "author_id": "who.id",
        "rating": {"path": "stars", "lowest": 1, "highest": 5},
        "replies": [{"at": "replied"}],
        "attributes": {"tags": "tags[]"},
    },
}


@dataclass(frozen=True)
class Shop:
    """A folder of files that the tap reads."""

    folder: Path

    def write(self, name: str, numbers: range, *, text: str = "پیام «{}» 😔") -> None:
        """A file holds these reviews."""
        lines = "".join(self.line(number, text) for number in numbers)
        (self.folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")

    def line(self, number: int, text: str) -> str:
        review = {
            "id": number,
            "text": text.format(number),
            "at": f"2026-03-02T08:{number:02}:00+03:30",
            "who": {"id": f"u{number}"},
            "stars": 1 + number % 5,
            "replied": "2026-03-02T09:00:00+03:30",
            "tags": ["ارسال", "قیمت"],
        }
        return json.dumps(review, ensure_ascii=False) + "\n"

    def connect(self, **arguments: object) -> Connector:
        config = {"paths": ["${REVIEWS_FOLDER}/*.jsonl"], "stream_name": "reviews"}
        (self.folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        given = {"command": [str(TAP)], "config": "config.json", "streams": {"reviews": STREAM}, **arguments}
        network = Network(environment={"REVIEWS_FOLDER": str(self.folder)})
        return build_connector("shop", "singer", given, now=lambda: NOW, root=self.folder, network=network)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def names(*numbers: int) -> list[str]:
    return [f"reviews/{number}" for number in numbers]


def test_every_field_of_persian_reviews_is_read(shop: Shop) -> None:
    shop.write("a", range(1, 2))
    held = Held()

    held.pull(shop.connect())

    assert list(held.items.values()) == [
        Feedback(
            source="shop",
            native_id="reviews/1",
            text="پیام «1» 😔",
            created_at=datetime(2026, 3, 2, 4, 31, tzinfo=UTC),
            channel=Channel.REVIEW,
            author=Author(native_id="u1"),
            brand="نیک‌سبد",
            rating=Rating(2.0, 1.0, 5.0),
            replies=(Reply(Role.AGENT, datetime(2026, 3, 2, 5, 30, tzinfo=UTC)),),
            attributes={"tags": "ارسال, قیمت"},
        )
    ]
    assert held.dead_letters == []


def test_a_later_run_reads_what_is_new_or_edited_and_only_that(shop: Shop) -> None:
    held, connector = Held(), shop.connect(page_size_rows=2)
    shop.write("a", range(1, 4))
    shop.write("b", range(4, 6))

    first = held.pull(connector)
    nothing = held.pull(connector)
    shop.write("b", range(4, 6), text="ویرایش شد {}")
    shop.write("c", range(6, 7))
    second = held.pull(connector)

    assert (first, nothing, second) == (names(1, 2, 3, 4, 5), [], names(4, 5, 6))
    assert held.items["reviews/4"].text == "ویرایش شد 4"
    assert len(held.items) == 6


def test_a_crash_after_any_page_loses_nothing(shop: Shop) -> None:
    for number, name in enumerate("abcd"):
        shop.write(name, range(3 * number + 1, 3 * number + 4))
    connector = shop.connect(page_size_rows=2)
    whole = Held()
    whole.pull(connector)

    for n_pages in range(1, 6):
        held = Held()
        held.pull(connector, n_pages)
        held.pull(connector)

        assert held.items == whole.items
    assert sorted(whole.items) == sorted(names(*range(1, 13)))


def test_a_pull_that_is_killed_is_taken_up_and_doubles_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.write("a", range(1, 7))
    connector = shop.connect(page_size_rows=2)

    def die(page: Page, counts: SaveCounts) -> None:
        raise KeyboardInterrupt

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        with pytest.raises(KeyboardInterrupt):
            pull(connector, store, identity_key=b"k" * 32, on_page=die)
        pull(connector, store, identity_key=b"k" * 32)
        again = pull(connector, store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (again.n_rows, state.n_stored) == (0, 6)


def test_a_tap_that_fails_says_how_and_the_next_run_goes_on(shop: Shop) -> None:
    held, connector = Held(), shop.connect(page_size_rows=2)
    shop.write("a", range(1, 4))
    held.pull(connector)
    shop.write("b", range(4, 6))
    (shop.folder / "config.json").write_text('{"paths": 5}', encoding="utf-8")

    with pytest.raises(RetryLater, match=r"tap-jsonfile failed \(exit status 1\): run it by hand"):
        held.pull(connector)
    rest = held.pull(shop.connect(page_size_rows=2))

    assert rest == names(4, 5)
