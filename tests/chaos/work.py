"""A source, a classifier and the steps that processes are killed in: what they write is the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from models.labels import Aspect, Flag, Intent, Prediction, Sentiment, Stage
from models.levels import Levels
from pipeline.claims import worker_name
from pipeline.connectors.base import Connector
from pipeline.reclassifying import Labeller, label
from pipeline.records import Author, Channel, Feedback, Page
from pipeline.run import classify_pending, pull, utc_now
from pipeline.staging import ask
from pipeline.store import open_store
from tests.builders import mention, prediction
from tests.conftest import TEHRAN

BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = b"k" * 32
N_PAGES, PAGE_ROWS = 24, 50
SOURCE = "shop"


class Shop(Connector):
    """Pages with copies of one text, with messages that came before and were edited since, and without text."""

    kind: ClassVar[str] = "shop"

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield the pages after the bookmark."""
        for number in range(int(since or 0), N_PAGES):
            yield Page(messages_of(number), bookmark=str(number + 1))


def messages_of(page: int) -> tuple[Feedback, ...]:
    """Return what stands on a page."""
    return tuple(_message(page, place) for place in range(PAGE_ROWS))


def _message(number: int, place: int) -> Feedback:
    is_edited = number % 4 == 3 and place < 5
    native_id = f"{number - is_edited}-{place}"
    texts = {0: "", 1: "همه بخوانید این پیام را لطفا که مهم است", 2: f"دیر رسید {number % 5}"}
    return Feedback(
        source=SOURCE,
        native_id=native_id,
        text=f"ویرایش شد {native_id}" if is_edited else texts.get(place % 10, f"پیام {native_id}"),
        created_at=BEGIN + timedelta(hours=3 * number, minutes=place),
        edited_at=NOW if is_edited else None,
        channel=Channel.CHAT,
        author=Author(native_id=f"u{place % 7}"),
        brand="الف" if place % 2 else "ب",
    )


class Drawn:
    """A classifier that draws its labels from a hash of text and version: the same text, the same labels.

    Args:
        version: Another version says something else of the same text.
    """

    levels = Levels()
    confusion: ClassVar[dict[str, dict[str, list[list[int]]]]] = {}

    def __init__(self, version: str) -> None:
        self.version = version

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return none to three mentions for each text."""
        return [self._judge(text) for text in texts]

    def _judge(self, text: str) -> Prediction:
        drawn = hashlib.sha256(f"{self.version}/{text}".encode()).digest()
        mentions = [
            mention(
                stage=tuple(Stage)[drawn[4 * place] % len(Stage)],
                intent=tuple(Intent)[drawn[4 * place + 1] % len(Intent)],
                aspect=tuple(Aspect)[drawn[4 * place + 2] % len(Aspect)],
                sentiment=(Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE)[
                    drawn[4 * place + 3] % 3
                ],
                text=text,
            )
            for place in range(drawn[-1] % 4)
        ]
        sentiment = tuple(Sentiment)[drawn[-2] % 4]
        flags = (Flag.SPAM,) if drawn[-3] % 9 == 0 else ()
        return prediction(*mentions, sentiment=sentiment, flags=flags, model_version=self.version)


def pull_all(url: str) -> None:
    """The source is pulled to its end."""
    with open_store(url, zone=TEHRAN) as store:
        pull(Shop(name=SOURCE, now=lambda: NOW), store, identity_key=KEY)


def classify_all(url: str, version: str = "v1") -> None:
    """All that waits is classified, forty messages to a batch."""
    with open_store(url, zone=TEHRAN) as store:
        classify_pending(store, Drawn(version), worker=worker_name(), batch_messages=40)


def reclassify_all(url: str) -> None:
    """Another version's labels are staged for every message, forty to a batch, and take the place of the old."""
    with open_store(url, zone=TEHRAN) as store:
        newer = Drawn("v2")
        ask(store, newer.version, now=utc_now())
        label(Labeller(store=store, classifier=newer, worker=worker_name(), batch_messages=40))


def migrate(url: str) -> None:
    """The schema is brought up to date."""
    open_store(url, zone=TEHRAN).close()
