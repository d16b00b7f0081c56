"""Google Play: public reviews of any app, as its page shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain, repeat
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.base import Connector, bury
from pipeline.connectors.bookmarks import State, read_bookmark, write_bookmark
from pipeline.connectors.http_client import Network
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.mapping import Constants
from pipeline.connectors.play_library import Ask, Found, ask_for_page, load_ask
from pipeline.connectors.shape import LIST_NAME, Shape
from pipeline.connectors.unsure_list import UnsureList
from pipeline.errors import RetryLater, SkipRecord, StopSource
from pipeline.records import Channel, DeadLetter, Feedback, Page

SHAPE = Shape(
    channel=Channel.REVIEW,
    id="reviewId",
    text="content",
    created_at="at",
    answered_at="repliedAt",
    product=LIST_NAME,
    stars="score",
    attributes=(("version", "appVersion"), ("likes", "thumbsUpCount")),
)


class GooglePlayScraper(Connector):
    """Public reviews of apps in Google Play, of your own and of others.

    Documentation: https://github.com/JoMingyu/google-play-scraper (a library, which reads what Google does not
        document; it may cease to work any day). For apps of your own, google_play is the better way.
    Ask for: nothing; no account is needed. The library is not part of bazkhord: install google-play-scraper==1.2.7,
        or the extra google-play.
    Permissions: none.
    Limits: none that are known; a second between two requests, newest first, until two pages hold nothing new. The
        library hides every failure: a short list is the end, or a machine that Google refuses. So none is ever
        taken for the end: the oldest place is asked at again in each run, and a list that breaks off above what
        is known, or is empty, ends the run with an error. Requests of the library have no time limit.
    What is fetched: reviews in one language with app, stars, version and likes. An answer counts as its time only.
        All are read once more every deep_scan_days, for edits and answers.
    Not fetched: names of the writers, which tell nobody apart.

    Example:
        [sources.play_public]
        connector = "google_play_scraper"
        packages = ["com.example.shop"]

    Args:
        packages: Names of the apps' packages.
        lang: Language of the reviews, two letters.
        country: Country of the store, two letters.
        page_size_reviews: Reviews per request.
        delay_s: Pause before each request but the first.
        deep_scan_days: After so many days all is read once more; 0: never.
        constants: What holds for every review.
        library: The library's function; ``None``: that of the one that is installed.
    """

    kind: ClassVar[str] = "google_play_scraper"

    packages: tuple[str, ...] = Field(min_length=1, exclude=True)
    lang: str = Field(default="fa", min_length=2, max_length=5)
    country: str = Field(default="ir", min_length=2, max_length=2)
    page_size_reviews: int = Field(default=200, ge=5, le=1000, exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)
    constants: Constants = Constants()
    network: Network = Field(default_factory=Network, exclude=True, repr=False)
    library: Ask | None = Field(default=None, exclude=True, repr=False)

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what the store shows since the bookmark.

        Raises:
            StopSource: The library is not installed, or the store changed what it shows.
            RetryLater: A list broke off too early; what came before is safe.
        """
        states, deep_day = self._begin(read_bookmark(self, since))
        pauses = chain((0.0,), repeat(self.delay_s))
        ask = partial(self._ask, self.library or load_ask(self.name), pauses)
        doubts: list[str] = []
        for package in self.packages:
            found = UnsureList(partial(ask, package), "at", "reviewId")
            for rows, state in found.steps(states.get(package, {})):
                states[package] = state
                yield self._page(rows, package, write_bookmark(self, {"deep": deep_day, "at": states}))
            doubts += [f"{package}: {found.doubt}"] if found.doubt else []
        if doubts:
            raise RetryLater(
                f"source {self.name}: {'; '.join(doubts)}. The name of a package may be wrong, or Google may "
                "refuse this machine for now: check packages, raise delay_s; run again later, nothing is lost"
            )

    def _begin(self, told: State) -> tuple[dict[str, State], str]:
        """Where to begin with each app, and the day the last reading of all began: today where one is due."""
        today = self.now().date()
        states, last = told.get("at"), told.get("deep")
        if not isinstance(states, dict) or not isinstance(last, str):
            return {}, today.isoformat()
        due = self.deep_scan_days and last <= (today - timedelta(self.deep_scan_days)).isoformat()
        return ({}, today.isoformat()) if due else (states, last)

    def _ask(self, ask: Ask, pauses: Iterator[float], package: str, place: State | None) -> Found:
        self.network.sleep(next(pauses))
        return ask_for_page(
            ask, package, place, lang=self.lang, country=self.country, n_reviews=self.page_size_reviews
        )

    def _page(self, rows: tuple[Mapping[str, object], ...], package: str, bookmark: str) -> Page:
        items: list[Feedback] = []
        dead: list[DeadLetter] = []
        missing: set[str | None] = set()
        # a review may have stars alone, a full page of such has lost its words
        wordless = len(rows) >= self.page_size_reviews and not any(one.get("content") for one in rows)
        for number, content in enumerate(rows, 1):
            row = JsonRow(content, self.now(), package)
            try:
                items.append(self._read(row, needs_words=wordless))
            except SkipRecord as error:
                missing.add(error.field if isinstance(error, FieldMissing) else None)
                native_id = row.maybe(SHAPE.id)
                position = f"review {native_id or number}"
                dead.append(bury(self.name, position, str(error), content, native_id=native_id))
        if not items and len(missing) == 1 and None not in missing:
            raise StopSource(
                f"source {self.name}: no review of a whole page has the field {missing.pop()}: Google changed "
                "its page: look for a newer google-play-scraper; nothing of the page was taken"
            )
        return Page(tuple(items), tuple(dead), bookmark)

    def _read(self, row: JsonRow, *, needs_words: bool) -> Feedback:
        if needs_words:
            row.text(SHAPE.text)
        return replace(
            SHAPE.read(row, source=self.name),
            brand=self.constants.brand,
            touchpoint=self.constants.touchpoint,
            segment=self.constants.segment,
            queue=self.constants.queue,
            status=self.constants.status,
        )
