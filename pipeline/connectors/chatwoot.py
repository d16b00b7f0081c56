"""Chatwoot: customers' messages in conversations."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.authors import known_author
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import AfterId, PageNumber
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback, Reply

INCOMING, OUTGOING = 0, 1


class Chatwoot(ConversationSource):
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

    kind = "chatwoot"
    items_at = "data.payload"
    noun = "message"
    always = (("status", "all"), ("assignee_type", "all"), ("sort_by", "last_activity_at_desc"))
    way = PageNumber(size_param="")
    newest_first = True
    newest_at = "last_activity_at"
    permission = "the token's agent has to belong to the account and its inboxes"
    said = InnerList(
        way=AfterId(param="after", size_param=""), items_at="payload", what="messages of a conversation"
    )
    shape = Shape(channel=Channel.CHAT, text="content", created_at="created_at", optional=("content",))
    about = About(queue="inbox_id", status="status")
    customer = ("message_type", str(INCOMING))
    bot = ("sender_type", "AgentBot")

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

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the messages of a conversation."""
        return f"{self.address()}/{conversation.id()}/messages", {}

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether it is a message, and no private note."""
        return not message.flag("private") and message.number("message_type") in (INCOMING, OUTGOING)

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of a message, whose sender is named in one way or the other."""
        sender = row.maybe("sender_id") or row.maybe("sender.id")
        message = super().read_message(row, conversation, replies)
        return replace(message, channel=self.channel, author=known_author(sender))
