"""Zammad: customers' articles in tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import LinkHeader, PageNumber, Pager
from pipeline.connectors.scans import ChangedSince
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback, Reply, Role, TextFormat

ANSWERS = {"Agent": Role.AGENT, "System": Role.SYSTEM}
TITLE = "title of the ticket"


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

    kind: ClassVar[str] = "zammad"
    endpoint: ClassVar[str] = "/api/v1/tickets"
    noun: ClassVar[str] = "article"
    permission: ClassVar[str] = "the token needs ticket.agent and read access to the groups of the tickets"
    said: ClassVar[InnerList] = InnerList(way=LinkHeader(), what="articles of a ticket")
    shape: ClassVar[Shape] = Shape(
        channel=Channel.TICKET,
        text="body",
        created_at="created_at",
        attributes=(("via", "type"),),
        optional=("type",),
    )
    about: ClassVar[About] = About(
        author_id="customer_id",
        queue="group",
        status="state",
        page=("/#ticket/zoom/", "id"),
        attributes=(("priority", "priority"),),
    )

    token_env: str = Field(exclude=True)

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"), prefix="Token token=")

    def pager(self) -> Pager:
        """Return the way through all tickets, of which those that changed are handed on."""
        return ChangedSince(inner=PageNumber(), at="updated_at", now=self.now())

    def params(self) -> Params:
        """Ask for names in place of numbers of groups, states and senders."""
        return {"expand": "true"}

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the articles of a ticket."""
        return f"/api/v1/ticket_articles/by_ticket/{conversation.id()}", {"expand": "true"}

    def messages_of(self, conversation: JsonRow, client: HttpClient) -> Sequence[JsonRow]:
        """Return the articles that customers can read, the ticket's title with the first."""
        conversation.time("updated_at")
        conversation.id("customer_id")
        said = [one for one in super().messages_of(conversation, client) if not one.flag("internal")]
        title = {TITLE: conversation.maybe("title")}
        return [replace(one, content={**one.content, **title}) for one in said[:1]] + said[1:]

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether neither an agent nor the system wrote it."""
        del conversation
        return message.text("sender") not in ANSWERS

    def role(self, message: JsonRow) -> Role:
        """Return who answered."""
        return ANSWERS[message.text("sender")]

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of an article, the title before the first."""
        message = super().read_message(row, conversation, replies)
        title, text = row.maybe(TITLE), message.text
        if row.text("content_type") == "text/html":
            text = f"{escape(title)}<br>{text}" if title else text
            return replace(message, text=text, text_format=TextFormat.HTML)
        return replace(message, text=f"{title}\n{text}" if title else text)
