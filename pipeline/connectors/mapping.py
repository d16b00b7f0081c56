"""Which column or path of a row becomes which field of a feedback, as ``sources.toml`` says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from pipeline.connectors.base import Arguments
from pipeline.records import Role

TEXTS = ("conversation_id", "brand", "product", "touchpoint", "segment", "queue", "status", "permalink")
TIMES = ("created_at", "edited_at")
AUTHOR = ("author_id", "author_phone", "author_email", "author_crm_id")
SCORES = ("nps", "csat", "ces")


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _named(value: object) -> object:
    return {name: name for name in value} if isinstance(value, list | tuple) else value


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)]
Attributes = Annotated[dict[str, Name], BeforeValidator(_named)]
NamedColumn = Field(validation_alias=AliasChoices("column", "path"), min_length=1)


class RatingField(Arguments):
    """Where a score stands, the ends of its scale, and values that mean that none was given."""

    column: str = NamedColumn
    lowest: float
    highest: float
    unrated: tuple[float, ...] = ()


class ReplyField(Arguments):
    """Where the time of the company's answer stands, and who it is that answers there."""

    at: Name
    role: Role = Role.AGENT


class Fields(Arguments):
    """The columns (of a table) or paths (of JSON) that a row's fields come from.

    Args:
        text: One or several, joined by a line break; equal parts stand once.
        id: One or several, joined by ``/``; none: the hash of the whole row, so that rows which are
            equal in everything are one message.
        attributes: Names, or a table of name = column, of what else should be kept.
    """

    text: Annotated[Names, Field(min_length=1)]
    id: Names = ()
    created_at: Name | None = None
    edited_at: Name | None = None
    author_id: Name | None = None
    author_phone: Name | None = None
    author_email: Name | None = None
    author_crm_id: Name | None = None
    conversation_id: Name | None = None
    brand: Name | None = None
    product: Name | None = None
    touchpoint: Name | None = None
    segment: Name | None = None
    queue: Name | None = None
    status: Name | None = None
    permalink: Name | None = None
    rating: RatingField | None = None
    nps: Name | None = None
    csat: Name | None = None
    ces: Name | None = None
    replies: tuple[ReplyField, ...] = ()
    attributes: Attributes = Field(default={})

    def columns(self) -> tuple[str, ...]:
        """Return every column or path that is named anywhere."""
        plain = (getattr(self, name) for name in (*TEXTS, *TIMES, *AUTHOR, *SCORES))
        named = [name for name in plain if name is not None]
        rating = [self.rating.column] if self.rating else []
        replies = [reply.at for reply in self.replies]
        return tuple(
            dict.fromkeys([*self.text, *self.id, *named, *rating, *replies, *self.attributes.values()])
        )


class Constants(Arguments):
    """Values that hold for every row of a source."""

    brand: str | None = None
    product: str | None = None
    touchpoint: str | None = None
    segment: str | None = None
    queue: str | None = None
    status: str | None = None
