from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from models.labels import Prediction
from models.levels import Levels
from pipeline.connectors.base import Connector
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, DeadLetter, Feedback, Page, SaveCounts
from pipeline.run import Arrivals, classify_pending, pull, pull_all
from pipeline.store import Store
from tests.builders import mention, prediction

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = b"k" * 32


class Listed(Connector):
    """A source of given pages that may break off after them."""

    kind: ClassVar[str] = "listed"
    pages: tuple[Page, ...] = ()
    breaks: bool = False
    page_takes_s: float = 0

    def fetch(self, since: str | None) -> Iterator[Page]:
        done = int(since or 0)
        for page in self.pages[done:]:
            time.sleep(self.page_takes_s)
            yield page
        if self.breaks:
            raise StopSource("the source is closed; open it")


class Praising:
    """A classifier that finds one mention in every text."""

    version = "v1"
    levels = Levels()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [prediction(mention(), model_version=self.version) for _ in texts]


class Noting(Praising):
    """A classifier that is as slow as is wanted and keeps what it read together."""

    def __init__(self, takes_s: float) -> None:
        self.takes_s = takes_s
        self.read: list[list[str]] = []

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        time.sleep(self.takes_s)
        self.read.append(list(texts))
        return super().predict(texts)


def listed(name: str, *pages: Page, breaks: bool = False, page_takes_s: float = 0) -> Listed:
    return Listed(name=name, now=lambda: NOON, pages=pages, breaks=breaks, page_takes_s=page_takes_s)


def page(number: int, *texts: str, source: str = "shop") -> Page:
    items = tuple(
        Feedback(
            source=source,
            native_id=f"{number}-{place}",
            text=text,
            created_at=NOON,
            channel=Channel.REVIEW,
            author=Author(native_id="u1"),
        )
        for place, text in enumerate(texts)
    )
    return Page(items, bookmark=str(number))


def test_what_a_source_has_is_stored_masked_and_classified(store: Store) -> None:
    source = listed("shop", page(1, "شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷ است", "<b>خوب</b>"), page(2, ""))

    counts = pull(source, store, identity_key=KEY, clock=lambda: NOON)
    claimed = store.claim_pending("look", limit=10, lease_s=60, now=NOON)
    store.release("look")
    n_classified = classify_pending(store, Praising(), worker="w", batch_messages=1, clock=lambda: NOON)

    assert counts == SaveCounts(n_new=3, n_without_text=1)
    assert [one.text for one in claimed] == ["شماره‌ام <phone> است", "<b>خوب</b>"]
    assert n_classified == 2
    assert store.n_pending() == 0
    assert store.check_tallies() == frozenset()


def test_a_second_pull_goes_on_after_the_bookmark(store: Store) -> None:
    pull(listed("shop", page(1, "یک")), store, identity_key=KEY)
    seen: list[int] = []

    counts = pull(
        listed("shop", page(1, "یک"), page(2, "دو")),
        store,
        identity_key=KEY,
        on_page=lambda page, saved: seen.append(saved.n_new),
    )

    assert counts == SaveCounts(n_new=1)
    assert seen == [1]


def test_a_source_that_stops_keeps_what_it_brought_and_holds_up_no_other(store: Store) -> None:
    broken, healthy = (
        listed("shop", page(1, "یک"), breaks=True),
        listed("forum", page(1, "دو", source="forum")),
    )

    brought, failed = pull_all([broken, healthy], store, identity_key=KEY)

    assert brought == {"shop": SaveCounts(n_new=1), "forum": SaveCounts(n_new=1)}
    assert failed == {"shop": "the source is closed; open it"}
    assert {state.name: state.last_error for state in store.sources()} == {
        "shop": "the source is closed; open it",
        "forum": None,
    }


def test_dead_letters_are_kept_with_the_page(store: Store) -> None:
    letter = DeadLetter("shop", "row 2", None, "no date", hashlib.sha256(b"x").hexdigest())

    counts = pull(listed("shop", Page((), (letter,), bookmark="1")), store, identity_key=KEY)

    assert counts == SaveCounts(n_dead=1)
    assert store.dead_letters("shop") == (letter,)


def test_a_touchpoint_wins_over_the_model(store: Store) -> None:
    rated = Feedback(
        source="shop",
        native_id="1",
        text="دیر بود",
        created_at=NOON,
        channel=Channel.SURVEY,
        touchpoint="form",
    )
    pull(listed("shop", Page((rated,), bookmark="1")), store, identity_key=KEY)

    classify_pending(store, Praising(), worker="w", touchpoint_stages={"form": "support"})

    assert {cell.key[4] for cell in store.tallies() if cell.cube == "intent"} == {"support"}


@pytest.mark.parametrize("n_batches", [1, 3])
def test_the_progress_of_classifying_adds_up(store: Store, n_batches: int) -> None:
    pull(listed("shop", page(1, *(f"پیام {n}" for n in range(6)))), store, identity_key=KEY)
    batches: list[int] = []

    classify_pending(store, Praising(), worker="w", batch_messages=6 // n_batches, on_batch=batches.append)

    assert batches == [6 // n_batches] * n_batches


@pytest.mark.parametrize(("page_takes_s", "judging_takes_s"), [(0.1, 0), (0, 0.1)])
def test_what_is_judged_together_does_not_hang_on_the_speed_of_the_pull(
    store: Store, page_takes_s: float, judging_takes_s: float
) -> None:
    pull(listed("forum", page(1, "قدیم", source="forum")), store, identity_key=KEY)
    pages = (page(number, *(f"{number} {place}" for place in range(3))) for number in range(1, 5))
    source, classifier = listed("shop", *pages, page_takes_s=page_takes_s), Noting(judging_takes_s)
    last = store.last_number()

    with ThreadPoolExecutor(1) as puller:
        pulling = puller.submit(pull, source, store, identity_key=KEY)
        arrivals = Arrivals(after=last, more=lambda: not pulling.done())
        n_classified = classify_pending(
            store, classifier, worker="w", batch_messages=5, at_once=2, arrivals=arrivals
        )

    assert n_classified == 13
    assert sorted(classifier.read) == [
        ["1 0", "1 1", "1 2", "2 0", "2 1"],
        ["2 2", "3 0", "3 1", "3 2", "4 0"],
        ["4 1", "4 2"],
        ["قدیم"],
    ]
    assert store.n_pending() == 0
    assert store.check_tallies() == frozenset()


def test_pulling_breaks_off_after_a_page_and_goes_on_from_there(store: Store) -> None:
    shop, forum = listed("shop", page(1, "یک"), page(2, "دو")), listed("forum", page(1, "سه", source="forum"))
    n_asked = iter(range(9))

    broken_off, _ = pull_all([shop, forum], store, identity_key=KEY, stop=lambda: next(n_asked) > 0)
    rest, _ = pull_all([shop, forum], store, identity_key=KEY)

    assert broken_off["shop"] == SaveCounts(n_new=1)
    assert [rest["shop"].n_new, rest["forum"].n_new] == [1, 1]
