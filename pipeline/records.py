"""What travels through the pipeline: frozen, typed records without any input or output.

Times are aware UTC everywhere. What a source does not give stays ``None``; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Channel(StrEnum):
    """How the customer spoke."""

    SOCIAL = "social"
    CHAT = "chat"
    TICKET = "ticket"
    REVIEW = "review"
    EMAIL = "email"
    SURVEY = "survey"
    OTHER = "other"


class TextFormat(StrEnum):
    """What ``Feedback.text`` is made of, so that cleaning knows what to take off."""

    PLAIN = "plain"
    HTML = "html"
    EMAIL = "email"


class Role(StrEnum):
    """Who wrote a reply."""

    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Rating:
    """A score the customer gave, with the ends of its scale (a star rating is 1 to 5)."""

    value: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Reply:
    """That somebody of the company answered, and when; never what they said."""

    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, as the source tells it. Never stored: identity.py turns it into a key."""

    native_id: str | None = None
    phone: str | None = None
    email: str | None = None
    crm_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One message of a customer as a connector read it, before cleaning and redaction.

    Args:
        source: Name of the source in ``sources.toml``.
        native_id: Identifier that the source gives the message; unique within the source.
        text: The customer's words, still raw; empty for a rating without words.
        created_at: When it was written; ``None`` where the source has no date (arrival counts then).
        text_format: What ``text`` is made of.
        rating: A score with its scale. NPS (0 to 10), CSAT and CES are fields of their own.
        replies: Times of the company's answers, oldest first.
        attributes: Whatever else the source says and somebody may want to see.
    """

    source: str
    native_id: str
    text: str
    created_at: datetime | None
    channel: Channel
    text_format: TextFormat = TextFormat.PLAIN
    author: Author | None = None
    edited_at: datetime | None = None
    conversation_id: str | None = None
    brand: str | None = None
    product: str | None = None
    touchpoint: str | None = None
    segment: str | None = None
    queue: str | None = None
    status: str | None = None
    rating: Rating | None = None
    nps: int | None = None
    csat: float | None = None
    ces: float | None = None
    permalink: str | None = None
    replies: tuple[Reply, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row that could not be read: where it is and why, never its text.

    Args:
        position: Where a person finds it: ``"row 17"``, ``"message 4211"``, ``"byte 9120"``.
        native_id: Its identifier, where that much could be read.
        error: What was given, what was expected, what to do; without the row's contents.
        sha256: Of the raw row, to tell two of them apart.
    """

    source: str
    position: str
    native_id: str | None
    error: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of a connector brought.

    Args:
        items: Messages that were read.
        dead_letters: Rows that were not.
        bookmark: Where to go on after this page is stored; ``None``: not yet safe to resume from here.
        n_total: Messages that the source is known to hold in all, for the progress bar.
    """

    items: tuple[Feedback, ...]
    dead_letters: tuple[DeadLetter, ...] = ()
    bookmark: str | None = None
    n_total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanFeedback:
    """A message as it is stored: the customer's own words, personal data masked, author as a key.

    ``created_at`` is ``None`` only where the source has no date; the store then sets the arrival.
    ``customer_key`` is an HMAC (see identity.py), ``known_as`` are all those that the author may have, now or
    under earlier secrets; they are not stored. ``group_key`` is equal for copies of one text and
    ``None`` for texts too short to be told apart from chance. ``text`` may be empty.
    """

    source: str
    native_id: str
    text: str
    created_at: datetime | None
    channel: Channel
    customer_key: str | None
    group_key: str | None
    edited_at: datetime | None
    conversation_id: str | None
    brand: str | None
    product: str | None
    touchpoint: str | None
    segment: str | None
    queue: str | None
    status: str | None
    rating: Rating | None
    nps: int | None
    csat: float | None
    ces: float | None
    permalink: str | None
    replies: tuple[Reply, ...]
    attributes: Mapping[str, str]
    known_as: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """What became of the rows of a page or of a whole pull.

    ``n_left_out`` were not stored: their customers were forgotten, or they are older than is kept.
    """

    n_new: int = 0
    n_updated: int = 0
    n_duplicate: int = 0
    n_without_text: int = 0
    n_dead: int = 0
    n_left_out: int = 0

    def __add__(self, other: SaveCounts) -> SaveCounts:
        """Both counts together."""
        return SaveCounts(
            self.n_new + other.n_new,
            self.n_updated + other.n_updated,
            self.n_duplicate + other.n_duplicate,
            self.n_without_text + other.n_without_text,
            self.n_dead + other.n_dead,
            self.n_left_out + other.n_left_out,
        )

    @property
    def n_rows(self) -> int:
        """Every row that was seen. Rows without text are among the new, updated or duplicate ones."""
        return self.n_new + self.n_updated + self.n_duplicate + self.n_dead + self.n_left_out


@dataclass(frozen=True, slots=True)
class Pending:
    """A stored message that waits to be classified, as a worker claimed it.

    ``fingerprint`` says which version was claimed: a message edited meanwhile is left pending.
    """

    id: int
    fingerprint: str
    text: str
    touchpoint: str | None


class Period(StrEnum):
    """The lengths of time for which tallies are kept."""

    DAY = "d"
    GREGORIAN_MONTH = "m"
    JALALI_MONTH = "j"


@dataclass(frozen=True, slots=True)
class Cell:
    """One number that feedback adds up to: ``n`` mentions or messages with these labels on this day."""

    cube: str
    period: Period
    start: date
    key: tuple[str | int, ...]
    n: int
