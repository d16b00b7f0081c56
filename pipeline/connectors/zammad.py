"""Zammad: customers' articles in tickets."""

from __future__ import annotations

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import LinkHeader, PageNumber, Pager
from pipeline.connectors.scans import ChangedSince
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Role

ANSWERS = {"Agent": Role.AGENT, "System": Role.SYSTEM}


class Zammad(ConversationSource):
    """Customers' articles in the tickets of Zammad.

    Documentation: https://docs.zammad.org/en/latest/api/ticket/index.html and .../api/ticket/articles.html
    Ask for: an access token of an agent (profile, Token Access).
    Permissions: ticket.agent, and read access to the groups whose tickets are wanted.
    Limits: The list of tickets is gone through each time, 100 a request; the articles are asked for only
        where a ticket changed since the last complete pass.
    What is fetched: articles that customers wrote, with ticket, group, state and priority. Articles of
        agents and of the system count as the time of an answer only. The title stands before the first.
    Not fetched: internal articles, attachments. The search for changed tickets is not used: it needs
        Elasticsearch beside Zammad.

    Example:
        [sources.zammad]
        connector = "zammad"
        base_url = "https://tickets.example.com"
        token_env = "ZAMMAD_TOKEN"

    Args:
        token_env: Environment variable with the access token.
    """

    kind = "zammad"
    endpoint = "/api/v1/tickets"
    noun = "article"
    always = (("expand", "true"),)
    permission = "the token needs ticket.agent and read access to the groups of the tickets"
    said = InnerList(way=LinkHeader(), what="articles of a ticket")
    shape = Shape(
        channel=Channel.TICKET,
        text="body",
        html_where=("content_type", "text/html"),
        created_at="created_at",
        optional_attributes=(("via", "type"),),
    )
    about = About(
        author_id="customer_id",
        title="title",
        queue="group",
        status="state",
        page=("/#ticket/zoom/", "id"),
        attributes=(("priority", "priority"),),
        needed=("customer_id", "updated_at"),
    )

    token_env: str = Field(exclude=True)

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"), prefix="Token token=")

    def pager(self) -> Pager:
        """Return the way through all tickets, of which those that changed are handed on."""
        return ChangedSince(inner=PageNumber(), at="updated_at", now=self.now())

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the articles of a ticket."""
        return f"/api/v1/ticket_articles/by_ticket/{conversation.id()}", {"expand": "true"}

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether customers can read it."""
        return not message.flag("internal")

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether neither an agent nor the system wrote it."""
        del conversation
        return message.text("sender") not in ANSWERS

    def role(self, message: JsonRow) -> Role:
        """Return who answered."""
        return ANSWERS[message.text("sender")]
