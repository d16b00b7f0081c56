"""What holds for every source, asked of the one that a library reads, and what the library leaves unsaid."""

from __future__ import annotations

import json
import logging
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.google_play_scraper import GooglePlayScraper
from pipeline.connectors.http_client import Network
from pipeline.connectors.play_library import PLACE, load_ask
from pipeline.errors import RetryLater, SettingsError, StopSource
from pipeline.records import Channel, Feedback, Page, Rating, Reply, Role
from pipeline.run import pull
from pipeline.store import open_store
from tests.checks import N_SAMPLES, NOW, SECRET, errors_of, items_of
from tests.http_checks import ids_of, last_bookmark, read_until_error

ALL = {f"r{number}" for number in range(1, N_SAMPLES + 1)}
Row = Mapping[str, Any]


@dataclass
class Play:
    """The library's ``reviews`` over a store of its own: newest first, and silent about every failure.

    Args:
        short_from: The call from which on nothing comes any more, as where Google refuses a machine.
        n_last: How many reviews still come at that call.
        renamed: A field that Google's page has no more: the library then says ``None``.
    """

    rows: list[Row] = field(default_factory=list)
    short_from: int = 10**9
    n_last: int = 0
    renamed: str = ""
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, app_id: str, **asked: Any) -> tuple[Sequence[Row], object]:
        self.asked.append({"app_id": app_id, **asked})
        place = asked.get("continuation_token")
        start = int(place.token) if place else 0
        count = place.count if place else asked["count"]
        chosen = sorted(self.rows, key=lambda one: (str(one["at"]), one["reviewId"]))[::-1][
            start : start + count
        ]
        fails = len(self.asked) >= self.short_from
        chosen = chosen[: self.n_last] if fails else chosen
        following = str(start + count) if len(chosen) == count and not fails else None
        token = SimpleNamespace(**dict.fromkeys(PLACE) | {"token": following, "count": count, "lang": "fa"})
        return [{**one, self.renamed: None} if self.renamed else one for one in chosen], token

    def connect(self, *, now: datetime = NOW, naps: list[float] | None = None, **arguments: Any) -> Any:
        slept: list[float] = [] if naps is None else naps
        given = {"packages": ["com.example.shop"], "page_size_reviews": 5, **arguments}
        network = Network(sleep=slept.append)
        return GooglePlayScraper(name="shop", now=lambda: now, library=self, network=network, **given)

    def pages(self, since: str | None = None, **arguments: Any) -> list[Page]:
        return list(self.connect(**arguments).fetch(since))


def local(moment: datetime) -> datetime:
    """Return a moment as the library gives it: in the zone of this machine, without saying so."""
    return moment.astimezone().replace(tzinfo=None)


def row(number: int, content: object = None, at: object = None, **more: object) -> Row:
    moment = datetime.fromtimestamp(1_700_000_000 + 60 * number, UTC)
    return {
        "reviewId": f"r{number}",
        "userName": "شیوا",
        "content": f"پیام شمارهٔ {number}" if content is None else content,
        "score": 4,
        "thumbsUpCount": 2,
        "appVersion": "5.4.1",
        "at": local(moment) if at is None else at,
        "replyContent": None,
        "repliedAt": None,
        **more,
    }


def rows(n: int = N_SAMPLES) -> list[Row]:
    return [row(number) for number in range(1, n + 1)]


def test_every_review_is_read_whole() -> None:
    answered = local(datetime(2023, 11, 15, 8, 0, tzinfo=UTC))
    play = Play([row(1, "کد نمی‌رسد", score=1, replyContent="سلام", repliedAt=answered), row(2, score=0)])

    second, first = items_of(play.pages())

    assert first == Feedback(
        source="shop",
        native_id="r1",
        text="کد نمی‌رسد",
        created_at=datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC),
        channel=Channel.REVIEW,
        product="com.example.shop",
        rating=Rating(1.0, 1.0, 5.0),
        replies=(Reply(Role.AGENT, datetime(2023, 11, 15, 8, 0, tzinfo=UTC)),),
        attributes={"version": "5.4.1", "likes": "2"},
    )
    assert (second.rating, second.replies) == (None, ())


def test_items_are_frozen_and_times_are_utc() -> None:
    (item,) = items_of(Play(rows(1)).pages())

    with pytest.raises(FrozenInstanceError):
        item.text = "x"  # type: ignore[misc]
    assert item.created_at is not None
    assert item.created_at.tzinfo is UTC


def test_the_store_is_asked_for_the_newest_of_each_app_in_its_language() -> None:
    play = Play(rows(7))

    play.pages(packages=["com.a", "com.b"])

    first = {"count": 5, "lang": "fa", "country": "ir"}
    assert [{**asked, "continuation_token": None} for asked in play.asked if "lang" in asked] == [
        {"app_id": "com.a", **first, "continuation_token": None},
        {"app_id": "com.b", **first, "continuation_token": None},
    ]
    assert [asked["continuation_token"].token for asked in play.asked if "lang" not in asked] == ["5", "5"]


def test_requests_are_a_polite_delay_apart() -> None:
    naps: list[float] = []

    Play(rows(12)).pages(naps=naps)

    assert naps == [0.0, 1.0, 1.0]


def test_reading_goes_on_from_every_bookmark() -> None:
    play = Play(rows())
    pages = play.pages()

    found = [ids_of(pages[:n]) | ids_of(play.pages(page.bookmark)) for n, page in enumerate(pages, 1)]

    assert found == [ALL] * 6


def test_a_bookmark_is_small_json() -> None:
    bookmarks = [page.bookmark or "" for page in Play(rows()).pages()]

    assert [one for one in bookmarks if len(one) > 1000 or not isinstance(json.loads(one), dict)] == []


def test_reading_twice_gives_the_same() -> None:
    play = Play(rows())

    assert play.pages() == play.pages()


def test_what_was_read_is_not_all_read_again_and_what_is_new_or_edited_comes() -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())
    edited = local(datetime(2023, 12, 1, tzinfo=UTC))
    play.rows[3] = row(4, "ویرایش شد", edited)
    play.rows.append(row(26, "پیام تازه"))
    play.asked.clear()

    items = items_of(play.pages(bookmark))

    assert {item.native_id: item.text for item in items[:2]} == {"r4": "ویرایش شد", "r26": "پیام تازه"}
    assert len(items) < N_SAMPLES
    assert len(play.asked) == 4


def test_an_edit_that_moves_nothing_is_found_after_deep_scan_days() -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())
    play.rows[3] = row(4, "ویرایش شد")

    soon = {item.text for item in items_of(play.pages(bookmark, now=NOW + timedelta(days=29)))}
    later = {item.text for item in items_of(play.pages(bookmark, now=NOW + timedelta(days=30)))}

    assert ("ویرایش شد" in soon, "ویرایش شد" in later) == (False, True)


@pytest.mark.parametrize("n_last", [0, 2])
@pytest.mark.parametrize("broken_at", [2, 3, 4, 5])
def test_a_list_that_is_cut_off_anywhere_is_never_taken_for_whole(broken_at: int, n_last: int) -> None:
    play = Play(rows(), short_from=broken_at, n_last=n_last)
    before = play.pages()
    play.short_from = 10**9

    after = play.pages(last_bookmark(before))

    assert len(ids_of(before)) == 5 * (broken_at - 1) + n_last
    assert ids_of(before) | ids_of(after) == ALL


def test_a_first_page_that_is_cut_off_is_asked_for_again() -> None:
    play = Play(rows(), short_from=1, n_last=3)
    before = play.pages()
    play.short_from = 10**9

    assert len(ids_of(before)) == 3
    assert ids_of(play.pages(last_bookmark(before))) == ALL


def test_the_oldest_place_is_asked_at_again_in_each_run() -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())
    older = [row(-number) for number in range(1, 8)]
    play.rows += older

    found = ids_of(play.pages(bookmark))

    assert {one["reviewId"] for one in older} <= found


@pytest.mark.parametrize("n_last", [0, 3])
def test_a_list_that_breaks_off_above_what_is_known_says_so_and_loses_nothing(n_last: int) -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())
    play.rows += [row(number) for number in range(26, 46)]
    play.short_from, play.n_last = len(play.asked) + 2, n_last

    before, complaint = read_until_error(play.connect(), bookmark)
    play.short_from = 10**9
    after = play.pages(last_bookmark(before))

    assert "com.example.shop: the list broke off above what was read last time" in complaint
    assert "run again later, nothing is lost" in complaint
    assert ids_of(before) | ids_of(after) >= {f"r{number}" for number in range(26, 46)}


def test_an_empty_list_is_said_and_costs_no_other_app() -> None:
    play = Play()
    refused = Play(rows(3))

    def ask(app_id: str, **asked: Any) -> Any:
        return (play if app_id == "com.a" else refused)(app_id, **asked)

    connector = GooglePlayScraper(
        name="shop", now=lambda: NOW, packages=("com.a", "com.b"), library=ask, network=Network(sleep=print)
    )
    pages, complaint = read_until_error(connector)

    assert "source shop: com.a: no reviews came. The name of a package may be wrong" in complaint
    assert ids_of(pages) == {"r1", "r2", "r3"}


def test_an_app_with_few_reviews_is_read_without_complaint() -> None:
    play = Play(rows(3))
    bookmark = last_bookmark(play.pages())
    play.rows.append(row(4))

    assert ids_of(play.pages(bookmark)) == {"r1", "r2", "r3", "r4"}


def test_changed_arguments_or_a_foreign_bookmark_read_all() -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())

    assert ids_of(play.pages(bookmark, constants={"brand": "نیک‌سبد"})) == ALL
    assert ids_of(play.pages(bookmark, lang="en")) == ALL
    for foreign in ('{"offset": 17}', "17", "[]", "no json", (bookmark or "").replace("scraper", "x")):
        assert ids_of(play.pages(foreign)) == ALL


def test_settings_of_the_way_keep_the_bookmark() -> None:
    play = Play(rows())
    bookmark = last_bookmark(play.pages())

    again = play.pages(bookmark, delay_s=3, packages=["com.example.shop", "com.b"], deep_scan_days=9)

    of_the_first = [item for item in items_of(again) if item.product == "com.example.shop"]
    assert len(of_the_first) < N_SAMPLES


def test_constants_fill_what_the_store_does_not_say() -> None:
    (item,) = items_of(Play(rows(1)).pages(constants={"brand": "نیک‌سبد", "product": "چای"}))

    assert (item.brand, item.product) == ("نیک‌سبد", "com.example.shop")


def test_a_review_that_cannot_be_read_costs_no_other() -> None:
    tomorrow = local(NOW + timedelta(days=1))
    play = Play([row(1), row(2, at="چند روز پیش"), row(3, 17), row(4, at=tomorrow)])

    pages = play.pages()

    assert ids_of(pages) == {"r1"}
    assert sorted(errors_of(pages)) == [("review r2", "r2"), ("review r3", "r3"), ("review r4", "r4")]


def test_texts_are_read_as_they_are() -> None:
    texts = ["", "خط\nدوم", "😀 👩🏽‍🚀", "a\x01b", "خیلی دیر رسید " * 10_000]

    items = items_of(Play([row(number, text) for number, text in enumerate(texts, 1)]).pages())

    assert {item.native_id: item.text for item in items} == {f"r{n}": text for n, text in enumerate(texts, 1)}


@pytest.mark.parametrize("name", ["reviewId", "at"])
def test_a_field_that_no_review_has_stops_and_is_named(name: str) -> None:
    play = Play(rows(), renamed=name)

    with pytest.raises(StopSource, match=f"no review of a whole page has the field {name}: Google changed"):
        play.pages()


def test_words_that_no_review_of_a_full_page_has_stop_it() -> None:
    with pytest.raises(StopSource, match="no review of a whole page has the field content"):
        Play(rows(), renamed="content").pages()


def test_stars_without_words_are_kept() -> None:
    items = items_of(Play([row(1), {**row(2), "content": None}]).pages())

    assert {item.native_id: item.text for item in items} == {"r1": "پیام شمارهٔ 1", "r2": ""}


def test_nothing_that_is_said_or_kept_shows_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    play = Play([row(number, SECRET, SECRET if number % 2 else None) for number in range(1, 9)])

    pages, complaint = read_until_error(play.connect())

    told = [complaint, repr(play.connect()), *(str(page.bookmark) for page in pages)]
    told += [letter.error + letter.position for page in pages for letter in page.dead_letters]
    whole = caplog.text + " ".join(told)
    assert [word for word in SECRET.split() if word in whole] == []
    assert "known formats" in whole


def test_a_wrong_setting_says_what_is_allowed() -> None:
    def build(**arguments: object) -> object:
        return build_connector("shop", "google_play_scraper", arguments, now=lambda: NOW)

    with pytest.raises(SettingsError, match=r"no argument 'package' \(nearest: 'packages'\)"):
        build(package="com.a")
    with pytest.raises(SettingsError, match="source shop: library cannot be set"):
        build(packages=["com.a"], library="os.system")


def test_a_missing_library_says_what_to_install() -> None:
    def load(name: str) -> ModuleType:
        raise ModuleNotFoundError(name)

    with pytest.raises(StopSource, match=r"source shop: .* is not installed: .*google-play-scraper==1\.2\.7"):
        load_ask("shop", load=load)


def test_the_library_cannot_end_the_checking_of_certificates(tmp_path: Path) -> None:
    library = tmp_path / "google_play_scraper.py"
    spoil = "import ssl\nssl._create_default_https_context = ssl._create_unverified_context\n"
    library.write_text(f"{spoil}def reviews(app_id): return app_id\n", encoding="utf-8")
    program = (
        "import ssl; from pipeline.connectors.play_library import load_ask; ask = load_ask('shop'); "
        "print(ask('com.a'), ssl._create_default_https_context().verify_mode)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["com.a", str(int(ssl.CERT_REQUIRED))]


def test_an_edited_review_is_stored_once(tmp_path: Path) -> None:
    play = Play(rows())

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        first = pull(play.connect(), store, identity_key=b"k" * 32)
        play.rows[3] = row(4, "ویرایش شد", local(datetime(2023, 12, 1, tzinfo=UTC)))
        play.rows.append(row(26))
        second = pull(play.connect(), store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert (first.n_new, first.n_updated) == (25, 0)
    assert (second.n_new, second.n_updated) == (1, 1)
    assert state.n_stored == 26


def test_what_broke_off_is_stored_and_the_next_pull_goes_on(tmp_path: Path) -> None:
    play = Play(rows())

    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=ZoneInfo("Asia/Tehran")) as store:
        pull(play.connect(), store, identity_key=b"k" * 32)
        play.rows += [row(number) for number in range(26, 46)]
        play.short_from = len(play.asked) + 2
        with pytest.raises(RetryLater):
            pull(play.connect(), store, identity_key=b"k" * 32)
        play.short_from = 10**9
        pull(play.connect(), store, identity_key=b"k" * 32)
        (state,) = store.sources()

    assert state.n_stored == 45
