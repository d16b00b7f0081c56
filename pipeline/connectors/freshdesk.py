"""Freshdesk: customers' messages in tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from html import escape
from typing import ClassVar

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import LinkHeader, Pager
from pipeline.connectors.scans import Watermark
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback, Reply, TextFormat

PHONE, OUTBOUND, SURVEY = 3, 10, 6
STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed"}
PRIORITIES = {"1": "low", "2": "medium", "3": "high", "4": "urgent"}
PAGES = LinkHeader(params={"per_page": 100})


class Freshdesk(ConversationSource):
    """Customers' messages in the tickets of Freshdesk.

    Documentation: https://developers.freshdesk.com/api/#list_all_tickets and #list_all_ticket_notes
    Ask for: the API key of an agent (Profile settings).
    Permissions: an agent sees the tickets of its scope.
    Limits: per minute or hour and plan; Retry-After is honoured. A page of 100 tickets costs 3 calls, since it
        holds their descriptions, then each ticket that changed one more. No list goes past 300 pages: the next
        begins at the last change seen.
    What is fetched: a ticket's description and what customers answer, with group, product, status and priority. What
        agents answer counts as the time of an answer only. The subject stands before the description.
    Not fetched: private notes, descriptions that agents wrote (phone, outbound mail), deleted tickets, attachments;
        words beside a rating, which freshdesk_ratings reads.

    Example:
        [sources.freshdesk]
        connector = "freshdesk"
        base_url = "https://example.freshdesk.com"
        key_env = "FRESHDESK_KEY"
        start = 2025-01-01

    Args:
        key_env: Environment variable with the API key.
        start: Tickets that changed before this day are left out.
    """

    kind: ClassVar[str] = "freshdesk"
    endpoint: ClassVar[str] = "/api/v2/tickets"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the key's agent has to see the tickets"
    said: ClassVar[InnerList] = InnerList(way=PAGES, what="conversations of a ticket")
    shape: ClassVar[Shape] = Shape(
        channel=Channel.TICKET,
        text="body",
        text_format=TextFormat.HTML,
        created_at="created_at",
        author_id="user_id",
    )
    about: ClassVar[About] = About(product="product_id", queue="group_id", page=("/a/tickets/", "id"))

    key_env: str = Field(exclude=True)
    start: date = date(2010, 1, 1)

    def auth(self) -> Auth:
        """Return the key, whose password is any letter."""
        return Basic(self.secret("key_env"), SecretStr("X"))

    def params(self) -> Params:
        """Ask for tickets with their descriptions, in the order of their changes."""
        return {"include": "description", "order_by": "updated_at", "order_type": "asc"}

    def pager(self) -> Pager:
        """Return the way through the tickets that changed."""
        start = datetime.combine(self.start, time(), UTC)
        return Watermark(since_param="updated_since", at="updated_at", now=self.now(), start=start)

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the conversations of a ticket."""
        return f"/api/v2/tickets/{conversation.id()}/conversations", {}

    def messages_of(self, conversation: JsonRow, client: HttpClient) -> Sequence[JsonRow]:
        """Return the ticket's own words, then its conversations."""
        subject, text = conversation.maybe("subject"), conversation.text("description", null_is_empty=True)
        by_customer = conversation.number("source") not in (PHONE, OUTBOUND)
        own = {
            "id": f"{conversation.id()}/description",
            "body": f"<p>{escape(subject)}</p>{text}" if subject else text,
            "created_at": conversation.content.get("created_at"),
            "user_id": conversation.content.get("requester_id") if by_customer else None,
            "private": False,
            "incoming": by_customer,
        }
        return [replace(conversation, content=own), *super().messages_of(conversation, client)]

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether customers can read it; what they wrote beside a rating comes with the ratings."""
        return not message.flag("private") and message.maybe("source") != str(SURVEY)

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether it came in from outside, or the one who asked wrote it in the portal."""
        return message.flag("incoming") or message.maybe("user_id") == conversation.id("requester_id")

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of a message, with words for the ticket's numbers."""
        status, priority = conversation.maybe("status"), PRIORITIES.get(conversation.maybe("priority") or "")
        return replace(
            super().read_message(row, conversation, replies),
            status=STATUSES.get(status, status) if status else None,
            attributes={"priority": priority} if priority else {},
        )
