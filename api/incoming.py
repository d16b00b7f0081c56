"""The shape of feedback that is pushed here, and of the answer to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from api.analyze_schemas import LONE_SURROGATE
from pipeline.connectors.base import bury
from pipeline.dates import parse_date
from pipeline.errors import BazkhordError, SkipRecord
from pipeline.records import (
    Author,
    Channel,
    DeadLetter,
    Feedback,
    Rating,
    Reply,
    Role,
    SaveCounts,
    TextFormat,
)

MAX_ERRORS = 100
WRITTEN = "ISO 8601 with its zone (2026-11-21T10:00:00+03:30), Jalali with its zone, or epoch seconds"


def _without_lone_surrogates(value: str) -> str:
    return LONE_SURROGATE.sub("\ufffd", value)


Text = Annotated[str, AfterValidator(_without_lone_surrogates)]
Id = Annotated[Text | StrictInt, AfterValidator(str)]
Moment = Annotated[str | int | float, Field(description=WRITTEN, examples=["2026-11-21T10:00:00+03:30"])]


class In(BaseModel):
    """Something that is sent here: a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AuthorIn(In):
    """Who wrote. None of it is stored: a keyed digest of it tells that two messages are of one customer."""

    id: Id | None = None
    phone: str | None = None
    email: str | None = None
    crm_id: Id | None = None


class RatingIn(In):
    """A score with the ends of its scale."""

    value: float
    lowest: float = 1
    highest: float = 5

    @model_validator(mode="after")
    def _lies_within(self) -> Self:
        if not self.lowest <= self.value <= self.highest:
            raise ValueError("value must lie from lowest to highest")
        return self


class ReplyIn(In):
    """That the company answered, and when."""

    role: Role = Role.AGENT
    at: Moment


class FeedbackIn(In):
    """One message of a customer. Sent again with the same ``id`` it changes that message, or nothing."""

    id: Id = Field(description="Identifier of the message where it comes from", examples=["ticket-17"])
    text: Text = Field(
        description="The customer's words; empty for a rating without words",
        examples=["بسته دیر رسید ولی پشتیبانی عالی بود"],
    )
    created_at: Moment | None = Field(None, description=f"{WRITTEN}. Default: the time of arrival.")
    edited_at: Moment | None = None
    channel: Channel = Channel.OTHER
    text_format: TextFormat = TextFormat.PLAIN
    author: AuthorIn | None = None
    conversation_id: Id | None = None
    brand: str | None = None
    product: str | None = None
    touchpoint: str | None = None
    segment: str | None = None
    queue: str | None = None
    status: str | None = None
    rating: RatingIn | None = None
    nps: int | None = Field(None, ge=0, le=10)
    csat: float | None = None
    ces: float | None = None
    permalink: str | None = None
    replies: list[ReplyIn] = []
    attributes: dict[str, str] = {}

    def feedback(self, source: str, *, now: datetime) -> Feedback:
        """Return the record.

        Args:
            source: Name that its messages are found under.
            now: The present; later times are refused.

        Raises:
            BazkhordError: A time cannot be read; the message names its field.
        """
        replies = [Reply(reply.role, _moment("replies.at", reply.at, now)) for reply in self.replies]
        author = self.author
        plain = self.model_dump(
            include={
                "text", "channel", "text_format", "brand", "product", "touchpoint", "segment", "queue", "status",
                "nps", "csat", "ces", "permalink", "attributes",
            }
        )  # fmt: skip
        return Feedback(
            source=source,
            native_id=str(self.id),
            created_at=None if self.created_at is None else _moment("created_at", self.created_at, now),
            edited_at=None if self.edited_at is None else _moment("edited_at", self.edited_at, now),
            author=Author(_id(author.id), author.phone, author.email, _id(author.crm_id)) if author else None,
            conversation_id=_id(self.conversation_id),
            rating=Rating(**self.rating.model_dump()) if self.rating else None,
            replies=tuple(sorted(replies, key=lambda reply: reply.at)),
            **plain,
        )


class UnreadOut(BaseModel):
    """One message that was not taken, and why; never its text."""

    position: str = Field(examples=["item 3"])
    id: str | None
    error: str


class PushedOut(BaseModel):
    """What became of the messages. They wait to be classified; ``n_without_text`` are among the others."""

    source: str
    n_new: int
    n_updated: int
    n_duplicate: int
    n_without_text: int
    n_dead: int = Field(description="Not taken")
    errors: list[UnreadOut] = Field(description=f"The first {MAX_ERRORS} that were not taken")

    @classmethod
    def of(cls, source: str, counts: SaveCounts, letters: Iterable[DeadLetter]) -> PushedOut:
        """Return what is told of the messages."""
        errors = [
            UnreadOut(position=letter.position, id=letter.native_id, error=letter.error) for letter in letters
        ]
        return cls(
            source=source,
            n_new=counts.n_new,
            n_updated=counts.n_updated,
            n_duplicate=counts.n_duplicate,
            n_without_text=counts.n_without_text,
            n_dead=counts.n_dead,
            errors=errors[:MAX_ERRORS],
        )


def read_item(raw: object, *, source: str, position: str, now: datetime) -> Feedback | DeadLetter:
    """Return the record of one item, or what is kept of one that cannot be read."""
    given = raw.get("id") if isinstance(raw, Mapping) else None
    native_id = _without_lone_surrogates(str(given)[:500]) if isinstance(given, str | int) else None
    try:
        return FeedbackIn.model_validate(raw).feedback(source, now=now)
    except ValidationError as error:
        return bury(source, position, _explain(error), raw, native_id=native_id)
    except BazkhordError as error:
        return bury(source, position, str(error), raw, native_id=native_id)


def _explain(error: ValidationError) -> str:
    known = ", ".join(FeedbackIn.model_fields)
    found: dict[str, None] = {}
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        where = ".".join(str(part) for part in fault["loc"]) or "item"
        if fault["type"] == "extra_forbidden":
            where, words = "item", f"has a key that nobody knows; known are {known}"
        else:
            words = "is needed" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        found[f"{where}: {words[:1].lower()}{words[1:]}"] = None
    return "; ".join(found)


def _moment(field: str, value: str | float, now: datetime) -> datetime:
    try:
        return parse_date(value, zone=None, now=now)
    except BazkhordError as error:
        raise SkipRecord(f"{field}: {error}") from error


def _id(value: str | int | None) -> str | None:
    return None if value is None else str(value)
