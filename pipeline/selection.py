"""Which feedback a question is about: a stretch of time, filters, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from pipeline.errors import BadRequest
from pipeline.jalali import day_start
from pipeline.records import Channel

ATTRIBUTE = "attribute:"
MAX_ATTRIBUTE = 100


class Unit(StrEnum):
    """What is counted."""

    MENTIONS = "mentions"
    MESSAGES = "messages"


class Dimension(StrEnum):
    """By what a breakdown can be cut: one of these, or ``attribute:NAME`` for what a source says beside."""

    STAGE = "stage"
    INTENT = "intent"
    ASPECT = "aspect"
    SENTIMENT = "sentiment"
    EMOTION = "emotion"
    CHANNEL = "channel"
    BRAND = "brand"
    SOURCE = "source"
    PRODUCT = "product"
    SEGMENT = "segment"

    @classmethod
    def _missing_(cls, value: object) -> Dimension | None:
        name = value.removeprefix(ATTRIBUTE) if isinstance(value, str) else ""
        if not is_attribute(name) or name == value:
            return None
        found = str.__new__(cls, value)
        found._name_ = found._value_ = str(value)
        return found

    @property
    def attribute(self) -> str | None:
        """Name of the attribute that it stands for, if it stands for one.

        >>> Dimension("attribute:plan").attribute, Dimension("stage").attribute
        ('plan', None)
        """
        return self.value.removeprefix(ATTRIBUTE) if self.value.startswith(ATTRIBUTE) else None


def is_attribute(name: str) -> bool:
    """Return whether messages can be cut by an attribute of this name: data bases cannot look for all names."""
    return bool(name) and len(name) <= MAX_ATTRIBUTE and not set(name) & set('"\\\0')


def read_segment(value: str) -> tuple[str | None, str]:
    """Return the attribute that a ``segment`` filter names (``None``: the segment itself) and its value.

    A value that begins with a colon is a segment as it stands behind the colon, whatever it holds.

    >>> read_segment("plan:gold"), read_segment("vip"), read_segment(":a:b"), read_segment("plan:")
    (('plan', 'gold'), (None, 'vip'), (None, 'a:b'), ('plan', ''))

    Raises:
        BadRequest: No attribute can have this name.
    """
    name, colon, wanted = value.partition(":")
    if not colon:
        return None, value
    if name and not is_attribute(name):
        raise BadRequest(
            f"an attribute's name has 1 to {MAX_ATTRIBUTE} characters and neither quotation marks nor backslashes; "
            "a segment that holds a colon is written with one more before it",
            parameter="segment",
        )
    return name or None, wanted


MENTION_DIMENSIONS = (Dimension.STAGE, Dimension.INTENT, Dimension.ASPECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A period and filters; an empty filter lets everything pass, several values of one mean "any of".

    Stage, intent, aspect and sentiment speak of a mention, all four of the same one. Spam is left out
    unless ``flag`` asks for it; of copies of one text only the counted one is taken.

    Args:
        from_: First day, or first moment (aware), inclusive.
        to: Day or moment (aware) at which the period has ended, exclusive.
        brand: Brands; ``""`` stands for messages without one. So for ``product`` and ``segment``.
        segment: Segments, or ``attribute:value`` (``plan:gold``) of what the source says beside; see
            ``read_segment``.
        flag: Messages with any of these flags.
        q: Words that the text must hold, all of them; ``"two words"`` in quotes must stand together.
    """

    from_: date
    to: date
    source: tuple[str, ...] = ()
    channel: tuple[Channel, ...] = ()
    brand: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    intent: tuple[Intent, ...] = ()
    aspect: tuple[Aspect, ...] = ()
    sentiment: tuple[Sentiment, ...] = ()
    emotion: tuple[Emotion, ...] = ()
    flag: tuple[Flag, ...] = ()
    q: str | None = None

    @property
    def asks_for_spam(self) -> bool:
        """Whether spam is wanted."""
        return Flag.SPAM in self.flag

    def unit(self, by: tuple[Dimension, ...] = ()) -> Unit:
        """Return what an answer cut in this way counts.

        Messages where the emotion is asked for and nothing that only a mention has; else mentions. In a
        count of messages the sentiment is that of the whole message, so that ``mixed`` occurs.
        """
        of_mentions = self.stage or self.intent or self.aspect or any(one in MENTION_DIMENSIONS for one in by)
        return Unit.MENTIONS if of_mentions or Dimension.EMOTION not in by else Unit.MESSAGES

    def check_sentiment(self, unit: Unit) -> None:
        """Whole messages may be mixed; a mention never is.

        Raises:
            BadRequest: Mentions that are ``mixed`` are asked for.
        """
        if unit == Unit.MENTIONS and Sentiment.MIXED in self.sentiment:
            raise BadRequest(
                "sentiment=mixed is said of whole messages only and mentions are counted here; ask for negative, "
                "neutral or positive, for a breakdown by emotion, or for feedback with unit=messages",
                parameter="sentiment",
            )


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: ``start`` inclusive, ``end`` exclusive, both aware UTC, and the zone of its days."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def days(self) -> tuple[date, date] | None:
        """First day and the day after the last, where the stretch is made of whole days; else ``None``."""
        ends = self.start.astimezone(self.zone).date(), self.end.astimezone(self.zone).date()
        whole = moment(ends[0], self.zone) == self.start and moment(ends[1], self.zone) == self.end
        return ends if whole else None

    def before(self) -> Span:
        """Return the stretch of equal length that ends where this one starts."""
        if self.days is None:
            return Span(self.start - (self.end - self.start), self.start, self.zone)
        first, end = self.days
        return Span(moment(first - (end - first), self.zone), self.start, self.zone)


def moment(value: date, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which a day begins in a zone, or that an aware time names.

    A midnight that a change of the clocks leaves out is the moment of the change.

    Raises:
        ValueError: The value is a time without a zone.
    """
    if not isinstance(value, datetime):
        return day_start(value, zone)
    if value.tzinfo is None:
        raise ValueError("a time must be aware; give it tzinfo")
    return value.astimezone(UTC)


def span_of(selection: Selection, zone: ZoneInfo) -> Span:
    """Return the stretch of time that a selection names.

    Raises:
        BadRequest: It ends before or where it starts.
    """
    span = Span(moment(selection.from_, zone), moment(selection.to, zone), zone)
    if span.start >= span.end:
        raise BadRequest(
            f"to ({selection.to.isoformat()}) must be later than from ({selection.from_.isoformat()}); "
            "to is the first day or moment that no longer belongs to the period",
            parameter="to",
        )
    return span


def last_days(n_days: int, zone: ZoneInfo, now: datetime) -> tuple[date, date]:
    """Return first day and end (exclusive) of the last ``n_days`` days, the present one included."""
    end = now.astimezone(zone).date() + timedelta(days=1)
    return end - timedelta(days=n_days), end
