"""Freshdesk: customers' messages in tickets."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.freshdesk_account import FreshdeskAccount
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import LinkHeader, Pager
from pipeline.connectors.scans import Watermark, first_moment
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, TextFormat

PHONE, OUTBOUND, SURVEY = 3, 10, 6
STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed"}
PRIORITIES = {"1": "low", "2": "medium", "3": "high", "4": "urgent"}
PAGES = LinkHeader(params={"per_page": 100})


class Freshdesk(ConversationSource, FreshdeskAccount):
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

    kind = "freshdesk"
    endpoint = "/api/v2/tickets"
    noun = "message"
    permission = "the key's agent has to see the tickets"
    always = (("include", "description"), ("order_by", "updated_at"), ("order_type", "asc"))
    said = InnerList(way=PAGES, what="conversations of a ticket")
    shape = Shape(
        channel=Channel.TICKET,
        text="body",
        text_format=TextFormat.HTML,
        created_at="created_at",
        author_id="user_id",
    )
    about = About(
        title="subject",
        product="product_id",
        queue="group_id",
        status="status",
        page=("/a/tickets/", "id"),
        attributes=(("priority", "priority"),),
        words={"status": STATUSES, "priority": PRIORITIES},
    )

    def pager(self) -> Pager:
        """Return the way through the tickets that changed."""
        start = first_moment(self.start)
        return Watermark(since_param="updated_since", at="updated_at", now=self.now(), start=start)

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the conversations of a ticket."""
        return f"/api/v2/tickets/{conversation.id()}/conversations", {}

    def opening(self, conversation: JsonRow) -> Mapping[str, object]:
        """Return the ticket's own words."""
        by_customer = conversation.number("source") not in (PHONE, OUTBOUND)
        return {
            "id": f"{conversation.id()}/description",
            "body": conversation.text("description", null_is_empty=True),
            "created_at": conversation.content.get("created_at"),
            "user_id": conversation.content.get("requester_id") if by_customer else None,
            "private": False,
            "incoming": by_customer,
        }

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether customers can read it; what they wrote beside a rating comes with the ratings."""
        return not message.flag("private") and message.maybe("source") != str(SURVEY)

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether it came in from outside, or the one who asked wrote it in the portal."""
        return message.flag("incoming") or message.maybe("user_id") == conversation.id("requester_id")
