"""Sources that are lists of conversations (tickets, chats, rooms), each with the messages that were written in it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.shape import put_title
from pipeline.connectors.threads import customers_turns
from pipeline.records import Author, Feedback, Reply, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Paths inside a conversation of what goes with each of its messages; the service may leave all but ``id`` out.

    Args:
        author_id: Of the customer, where messages do not say it; without a value the conversation's own id counts.
        title: Of the first message that somebody can read, before which it comes.
        page: How its page for people begins under ``base_url``, and the path of the identifier that ends it.
        attributes: Names of what else is kept, with their paths.
        words: Words for values at one of these paths; a value without one stays as it is.
        needed: Paths that the service may not leave out either.
    """

    id: str = "id"
    title: str = ""
    author_id: str = ""
    author_email: str = ""
    author_phone: str = ""
    product: str = ""
    queue: str = ""
    status: str = ""
    page: tuple[str, str] = ("", "")
    attributes: tuple[tuple[str, str], ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    def complete(
        self, message: Feedback, conversation: JsonRow, *, replies: tuple[Reply, ...], permalink: str | None
    ) -> Feedback:
        """Return a message with what its conversation says of it."""
        told = {name: self._word(conversation, path) for name, path in self.attributes}
        kept = {name: value for name, value in told.items() if value is not None}
        return replace(
            message,
            author=self._author(conversation) if self.author_id else message.author,
            conversation_id=conversation.id(self.id),
            product=self._word(conversation, self.product),
            queue=self._word(conversation, self.queue),
            status=self._word(conversation, self.status),
            permalink=permalink,
            replies=replies,
            attributes={**kept, **message.attributes},
        )

    def require_needed(self, conversation: JsonRow) -> None:
        """A conversation has all that the service may not leave out.

        Raises:
            FieldMissing: It has not.
        """
        for path in self.needed:
            conversation.id(path)

    def _word(self, conversation: JsonRow, path: str) -> str | None:
        value = conversation.maybe(path)
        return None if value is None else self.words.get(path, {}).get(value, value)

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

    def listed_id_at(self) -> str:
        """Return the path of the identifier of a conversation."""
        return self.about.id

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

    def opening(self, conversation: JsonRow) -> Mapping[str, object] | None:
        """Return the message that a conversation itself is, by the paths of ``shape``; ``None``: it is none."""
        del conversation
        return None

    def messages_of(self, conversation: JsonRow, client: HttpClient) -> Sequence[JsonRow]:
        """Return the messages of a conversation, oldest first."""
        opening = self.opening(conversation)
        first = [] if opening is None else [replace(conversation, content=opening)]
        address, params = self.place(conversation)
        said = self.said.read(client, address, now=conversation.now, always=params)
        return first + sorted(said, key=lambda one: one.maybe(self.shape.created_at) or "")

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the customer wrote in a conversation, with the times of the answers to it."""
        self.about.require_needed(row)
        said = [one for one in self.messages_of(row, client) if self.is_spoken(one)]
        turns = customers_turns(
            said,
            by_customer=partial(self.is_customer, conversation=row),
            at=self.shape.created_at,
            role=self.role,
            zone=self.shape.zone,
        )
        for one, replies in turns:
            title = row.maybe(self.about.title) if one is said[0] else None
            yield self.message(one, partial(self._read_titled, one, row, replies, title))

    def read(self, row: JsonRow) -> Feedback | None:
        """Return nothing: a conversation without its messages says nothing."""
        del row
        return None

    def _read_titled(
        self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...], title: str | None
    ) -> Feedback:
        message = self.read_message(row, conversation, replies)
        return replace(message, text=put_title(title, message.text, message.text_format))

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of a message."""
        message = self.shape.read(row, source=self.name)
        return self.about.complete(
            message, conversation, replies=replies, permalink=self.permalink(conversation)
        )
