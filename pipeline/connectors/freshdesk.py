"""Freshdesk: customers' messages in tickets, or the ratings that they give afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import partial
from html import escape
from typing import ClassVar

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import LinkHeader, PageNumber, Pager
from pipeline.connectors.scans import Watermark
from pipeline.connectors.threads import customers_turns
from pipeline.connectors.windows import Window
from pipeline.records import Author, Channel, Feedback, Reply, TextFormat

PHONE, OUTBOUND, SURVEY = 3, 10, 6
STATUSES = {"2": "open", "3": "pending", "4": "resolved", "5": "closed"}
PRIORITIES = {"1": "low", "2": "medium", "3": "high", "4": "urgent"}
SAID = InnerList(way=LinkHeader(params={"per_page": 100}), what="conversations of a ticket")


class Freshdesk(JsonSource):
    """Customers' messages in the tickets of Freshdesk, or their satisfaction ratings.

    Documentation: https://developers.freshdesk.com/api/#list_all_tickets, #list_all_ticket_notes and
        #view_all_satisfaction_ratings
    Ask for: the API key of an agent (Profile settings); ratings are a source of their own.
    Permissions: an agent sees the tickets of its scope; ratings need surveys in the account's plan.
    Limits: per minute or hour and plan; Retry-After is honoured. A page of 100 tickets costs 3 calls, since it
        holds their descriptions, each ticket one more, a page of ratings one. No list goes past 300 pages: the
        next begins at the last change seen.
    What is fetched: a ticket's description and what customers answer, with group, product, status and priority. What
        agents answer counts as the time of an answer only. Ratings: from -103 to 103 as CSAT from 1 to 7, with what was
        written beside them; those of three faces (1 to 3) are attributes only.
    Not fetched: private notes, descriptions that agents wrote (phone, outbound mail), deleted tickets, attachments.

    Example:
        [sources.freshdesk]
        connector = "freshdesk"
        base_url = "https://example.freshdesk.com"
        key_env = "FRESHDESK_KEY"
        start = 2025-01-01

    Args:
        key_env: Environment variable with the API key.
        ratings: Read satisfaction ratings in place of tickets.
        start: Tickets that changed, or ratings that were given, before this day are left out.
    """

    kind: ClassVar[str] = "freshdesk"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the key's agent has to see the tickets; ratings need surveys in the plan"

    key_env: str = Field(exclude=True)
    ratings: bool = False
    start: date = date(2010, 1, 1)

    def auth(self) -> Auth:
        """Return the key, whose password is any letter."""
        return Basic(self.secret("key_env"), SecretStr("X"))

    def address(self) -> str:
        """Return the list of tickets, or of ratings."""
        return "/api/v2/surveys/satisfaction_ratings" if self.ratings else "/api/v2/tickets"

    def params(self) -> Params:
        """Ask for tickets with their descriptions, in the order of their changes."""
        ordered = {"include": "description", "order_by": "updated_at", "order_type": "asc"}
        return {} if self.ratings else ordered

    def pager(self) -> Pager:
        """Return the way through what changed; ratings come in an order that nobody promises."""
        now, start = self.now(), datetime.combine(self.start, time(), UTC)
        if self.ratings:
            pages = PageNumber()
            return Window(inner=pages, since_param="created_since", at="created_at", now=now, start=start)
        return Watermark(since_param="updated_since", at="updated_at", now=now, start=start)

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return a rating, or what the customer said in a ticket."""
        if self.ratings:
            yield self.message(row, partial(self.read, row))
            return
        said = SAID.read(client, f"/api/v2/tickets/{row.id()}/conversations", now=row.now)
        public = [one for one in said if not one.flag("private") and one.maybe("source") != str(SURVEY)]
        requester = row.id("requester_id")
        turns = customers_turns(
            [row, *sorted(public, key=lambda one: one.maybe("created_at") or "")],
            by_customer=lambda one: (
                row.number("source") not in (PHONE, OUTBOUND)
                if one is row
                else one.flag("incoming") or one.maybe("user_id") == requester
            ),
            at="created_at",
        )
        for one, replies in turns:
            yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> Feedback:
        """Return a rating."""
        given = int(row.number("ratings.default_question"))
        faces = (abs(given) - 100) * (1 if given > 0 else -1)
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("feedback", null_is_empty=True),
            created_at=row.time("created_at"),
            channel=Channel.SURVEY,
            author=Author(native_id=row.id("user_id")),
            conversation_id=row.id("ticket_id"),
            queue=row.maybe("group_id"),
            permalink=self._link(row.id("ticket_id")),
            csat=4.0 + faces if 100 <= abs(given) <= 103 else None,
            attributes={"rating": str(given)},
        )

    def _read_message(self, row: JsonRow, ticket: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        is_first = row is ticket
        subject = ticket.maybe("subject") if is_first else None
        body = row.text("description" if is_first else "body")
        status, priority = ticket.maybe("status") or "", ticket.maybe("priority") or ""
        return Feedback(
            source=self.name,
            native_id=f"{row.id()}/description" if is_first else row.id(),
            text=f"<p>{escape(subject)}</p>{body}" if subject else body,
            text_format=TextFormat.HTML,
            created_at=row.time("created_at"),
            channel=Channel.TICKET,
            author=Author(native_id=ticket.id("requester_id") if is_first else row.id("user_id")),
            conversation_id=ticket.id(),
            product=ticket.maybe("product_id"),
            queue=ticket.maybe("group_id"),
            status=STATUSES.get(status, status) or None,
            permalink=self._link(ticket.id()),
            replies=replies,
            attributes={"priority": PRIORITIES.get(priority, priority)} if priority else {},
        )

    def _link(self, ticket: str) -> str:
        return f"{self.base_url}/a/tickets/{ticket}"
