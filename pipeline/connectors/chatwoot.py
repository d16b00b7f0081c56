"""Chatwoot: customers' messages in conversations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.scans import NewestFirst
from pipeline.connectors.threads import read_answer, replies_between
from pipeline.records import Author, Channel, Feedback, Reply, Role

INCOMING, OUTGOING = 0, 1


class Chatwoot(JsonSource):
    """Customers' messages in the conversations of Chatwoot.

    Documentation: https://developers.chatwoot.com/api-reference/conversations/conversations-list
    Ask for: an access token of an agent (Profile Settings, Access Token) and the number of the account.
    Permissions: an agent sees the conversations of the inboxes that it belongs to.
    Limits: none of its own; conversations by their last activity, until two pages hold nothing new, and
        the messages of each in steps of 100.
    What is fetched: messages of contacts, with conversation, inbox and status. Messages of agents and bots count
        as the time of an answer only. What is edited later is found by the deep scan.
    Not fetched: private notes, messages about what happened, attachments; names of inboxes: their numbers come.

    Example:
        [sources.chatwoot]
        connector = "chatwoot"
        base_url = "https://chat.example.com"
        account = 1
        token_env = "CHATWOOT_TOKEN"

    Args:
        account: Number of the account, as in the address of its pages.
        token_env: Environment variable with the access token.
        channel: How these customers spoke.
    """

    kind: ClassVar[str] = "chatwoot"
    items_at: ClassVar[str] = "data.payload"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the token's agent has to belong to the account and its inboxes"

    account: int = Field(ge=1)
    token_env: str = Field(exclude=True)
    channel: Channel = Channel.CHAT
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"), name="api_access_token", prefix="")

    def address(self) -> str:
        """Return the list of conversations."""
        return f"/api/v1/accounts/{self.account}/conversations"

    def params(self) -> Params:
        """Ask for the conversations of everybody, the most lively first."""
        return {"status": "all", "assignee_type": "all", "sort_by": "last_activity_at_desc"}

    def pager(self) -> Pager:
        """Return the way from the last activity back to what is known."""
        return NewestFirst(inner=PageNumber(size_param=""), at="last_activity_at", now=self.now())

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the customers' messages of a conversation."""
        said = [one for one in self._messages_of(row.id(), client) if not one.flag("private")]
        said = [one for one in said if one.number("message_type") in (INCOMING, OUTGOING)]
        spoken = [one.number("message_type") == INCOMING for one in said]
        answers = [
            None if by_customer else read_answer(one, _role(one), at="created_at")
            for one, by_customer in zip(said, spoken, strict=True)
        ]
        for number, one in enumerate(said):
            if spoken[number]:
                replies = replies_between(spoken, answers, number)
                yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a conversation without its messages says nothing."""
        del row

    def _messages_of(self, conversation: str, client: HttpClient) -> Iterable[JsonRow]:
        after = "0"
        while True:
            address = f"{self.address()}/{conversation}/messages"
            answer = client.ask(address, {"after": after}, may_be_missing=True)
            listed = [] if answer.missing else value_at(answer.content, "payload")
            if not isinstance(listed, list):
                raise FieldMissing(
                    "the messages of a conversation have no list at payload: the service changed its answer, "
                    "this connector has to follow",
                    field="payload",
                )
            rows = [JsonRow(one, self.now()) for one in listed if isinstance(one, Mapping)]
            yield from rows
            highest = max([after, *(one.id() for one in rows)], key=int)
            if highest == after:
                return
            after = highest

    def _read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        sender = row.maybe("sender_id") or row.maybe("sender.id")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("content", null_is_empty=True),
            created_at=row.time("created_at"),
            channel=self.channel,
            author=Author(native_id=sender) if sender else None,
            conversation_id=conversation.id(),
            queue=conversation.maybe("inbox_id"),
            status=conversation.maybe("status"),
            replies=replies,
        )


def _role(message: JsonRow) -> Role:
    return Role.BOT if message.maybe("sender_type") == "AgentBot" else Role.AGENT
