"""Zammad: customers' articles in tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from html import escape
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager
from pipeline.connectors.scans import ChangedSince
from pipeline.connectors.threads import read_answer, replies_between
from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat

ANSWERS = {"Agent": Role.AGENT, "System": Role.SYSTEM}


class Zammad(JsonSource):
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

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the customers' articles of a ticket."""
        row.time("updated_at")
        articles = [one for one in self._articles(row.id(), client) if not one.flag("internal")]
        roles = [ANSWERS.get(article.text("sender")) for article in articles]
        answers = [
            read_answer(article, role, at="created_at") if role else None
            for article, role in zip(articles, roles, strict=True)
        ]
        spoken = [role is None for role in roles]
        for number, article in enumerate(articles):
            if spoken[number]:
                title = row.maybe("title") if number == 0 else None
                replies = replies_between(spoken, answers, number)
                yield self.message(article, partial(self._read_article, article, row, replies, title))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a ticket without its articles says nothing."""
        del row

    def _articles(self, ticket: str, client: HttpClient) -> list[JsonRow]:
        answer = client.ask(
            f"/api/v1/ticket_articles/by_ticket/{ticket}", {"expand": "true"}, may_be_missing=True
        )
        if answer.missing:
            return []
        if not isinstance(answer.content, list):
            raise FieldMissing(
                "the articles of a ticket are no list: the service changed its answer, this connector has to follow",
                field="articles",
            )
        return [JsonRow(one, self.now()) for one in answer.content if isinstance(one, Mapping)]

    def _read_article(
        self, row: JsonRow, ticket: JsonRow, replies: tuple[Reply, ...], title: str | None
    ) -> Feedback:
        html = row.text("content_type") == "text/html"
        body = row.text("body")
        between = "<br>" if html else "\n"
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=f"{escape(title) if html else title}{between}{body}" if title else body,
            text_format=TextFormat.HTML if html else TextFormat.PLAIN,
            created_at=row.time("created_at"),
            channel=Channel.TICKET,
            author=Author(native_id=ticket.id("customer_id")),
            conversation_id=ticket.id(),
            queue=ticket.maybe("group"),
            status=ticket.maybe("state"),
            permalink=f"{self.base_url}/#ticket/zoom/{ticket.id()}",
            replies=replies,
            attributes={
                name: value
                for name, value in {"priority": ticket.maybe("priority"), "via": row.maybe("type")}.items()
                if value
            },
        )
