"""Sources that are lists of conversations (tickets, chats, rooms), each with the messages that were written in it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.threads import customers_turns
from pipeline.records import Author, Feedback, Reply, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Paths inside a conversation of what goes with each of its messages; the service may leave all but ``id`` out.

    Args:
        author_id: Of the customer, where messages do not say it; without a value the conversation's own id counts.
        page: How its page for people begins under ``base_url``, and the path of the identifier that ends it.
        attributes: Names of what else is kept, with their paths.
    """

    id: str = "id"
    author_id: str = ""
    author_email: str = ""
    author_phone: str = ""
    product: str = ""
    queue: str = ""
    status: str = ""
    page: tuple[str, str] = ("", "")
    attributes: tuple[tuple[str, str], ...] = ()

    def complete(
        self, message: Feedback, conversation: JsonRow, *, replies: tuple[Reply, ...], permalink: str | None
    ) -> Feedback:
        """Return a message with what its conversation says of it."""
        told = {name: conversation.maybe(path) for name, path in self.attributes}
        kept = {name: value for name, value in told.items() if value is not None}
        return replace(
            message,
            author=self._author(conversation) if self.author_id else message.author,
            conversation_id=conversation.id(self.id),
            product=conversation.maybe(self.product),
            queue=conversation.maybe(self.queue),
            status=conversation.maybe(self.status),
            permalink=permalink,
            replies=replies,
            attributes={**kept, **message.attributes},
        )

    def _author(self, conversation: JsonRow) -> Author:
        return Author(
            native_id=conversation.maybe(self.author_id) or conversation.id(self.id),
            email=conversation.maybe(self.author_email),
            phone=conversation.maybe(self.author_phone),
        )


class ConversationSource(JsonSource):
    """A list of conversations, each of which is asked for its messages.

    ``said`` is the list of the messages of one, ``shape`` says what the fields of a message mean, ``about`` what
    the conversation says of all of them. ``customer`` is a path inside a message and what stands there where the
    customer wrote it, ``bot`` where no person answered.
    """

    said: ClassVar[InnerList]
    about: ClassVar[About]
    customer: ClassVar[tuple[str, str]]
    bot: ClassVar[tuple[str, str]] = ("", "")

    @abstractmethod
    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return path and parameters of the messages of a conversation."""

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether the customer wrote a message."""
        del conversation
        path, value = self.customer
        return message.id(path) == value

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether somebody wrote a message for the other side to read; a private note is none."""
        del message
        return True

    def role(self, message: JsonRow) -> Role:
        """Return who answered by a message that is not the customer's."""
        path, value = self.bot
        return Role.BOT if message.maybe(path) == value else Role.AGENT

    def permalink(self, conversation: JsonRow) -> str | None:
        """Return the address of a conversation for people; ``None``: it is not known."""
        start, path = self.about.page
        return f"{self.base_url}{start}{conversation.id(path)}" if start else None

    def messages_of(self, conversation: JsonRow, client: HttpClient) -> Sequence[JsonRow]:
        """Return the messages of a conversation, oldest first."""
        address, params = self.place(conversation)
        said = self.said.read(client, address, now=conversation.now, always=params)
        return sorted(said, key=lambda one: one.maybe(self.shape.created_at) or "")

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the customer wrote in a conversation, with the times of the answers to it."""
        turns = customers_turns(
            [one for one in self.messages_of(row, client) if self.is_spoken(one)],
            by_customer=partial(self.is_customer, conversation=row),
            at=self.shape.created_at,
            role=self.role,
            zone=self.shape.zone,
        )
        for one, replies in turns:
            yield self.message(one, partial(self.read_message, one, row, replies))

    def read(self, row: JsonRow) -> Feedback | None:
        """Return nothing: a conversation without its messages says nothing."""
        del row
        return None

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of a message."""
        message = self.shape.read(row, source=self.name)
        return self.about.complete(
            message, conversation, replies=replies, permalink=self.permalink(conversation)
        )
