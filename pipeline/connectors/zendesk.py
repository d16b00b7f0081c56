"""Zendesk Support: customers' public comments on tickets, through the incremental export of tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import partial
from html import escape

from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Basic, Header
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Cursor, Pager, value_at
from pipeline.connectors.threads import customers_turns
from pipeline.records import Author, Channel, Feedback, Reply, TextFormat


class Zendesk(JsonSource):
    """Customers' public comments on the tickets of Zendesk Support, and what they say when rating them.

    Documentation: https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api
        and https://developer.zendesk.com/rest_api/docs/support/ticket_comments/
    Ask for: an API token and the e-mail address of the administrator it belongs to, or an OAuth access token.
    Permissions: the export of tickets is for administrators only.
    Limits: 10 requests for tickets a minute, each up to a thousand tickets, then one request for the
        comments of each, four of them at the same time; Retry-After is honoured. What changed within the last minute comes next time.
    What is fetched: public comments of end users, with ticket, status, group and priority; what they wrote
        with a satisfaction rating, and the rating. Comments of agents count as the time of an answer only.
        The subject stands before the first comment. A ticket that changes is read again in whole.
    Not fetched: private notes, deleted tickets, attachments. Names of groups and brands: their numbers come.

    Example:
        [sources.zendesk]
        connector = "zendesk"
        base_url = "https://example.zendesk.com"
        email = "admin@example.com"
        token_env = "ZENDESK_TOKEN"
        start = 2025-01-01

    Args:
        token_env: Environment variable with the token.
        email: Whose API token it is; ``None``: it is an OAuth access token.
        start: Tickets that changed before this day are left out.
        at_once: Tickets whose comments are asked for at the same time.
    """

    kind = "zendesk"
    endpoint = "/api/v2/incremental/tickets/cursor.json"
    items_at = "tickets"
    noun = "comment"
    permission = "the token has to belong to an administrator"

    token_env: str = Field(exclude=True)
    email: str | None = Field(default=None, exclude=True)
    start: date = date(2010, 1, 1)
    at_once: int = Field(default=4, ge=1, le=16, exclude=True)

    def auth(self) -> Auth:
        """Return the token with its owner, or alone."""
        token = self.secret("token_env")
        return Basic(SecretStr(f"{self.email}/token"), token) if self.email else Header(token)

    def pager(self) -> Pager:
        """Return the way through the export; its last cursor is where the next run goes on."""
        start = int(datetime.combine(self.start, time(), UTC).timestamp())
        return Cursor(param="cursor", at="after_cursor", first={"start_time": start}, end_at="end_of_stream")

    def n_at_once(self) -> int:
        """Return how many tickets are asked for at the same time."""
        return self.at_once

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the public comments of a ticket and the words that came with its rating."""
        if row.maybe("status") == "deleted":
            return
        roles: dict[str, str | None] = {}
        public: list[JsonRow] = []
        for comments, users in self._comment_pages(row.id(), client):
            roles |= {user.id(): user.maybe("role") for user in users}
            public += [comment for comment in comments if comment.flag("public")]
        known, subject = self._about(row), row.maybe("subject")
        is_customer = partial(_is_customer, ticket=row, roles=roles)
        for comment, replies in customers_turns(public, by_customer=is_customer, at="created_at"):
            first = subject if comment is public[0] else None
            yield self.message(comment, partial(_read_comment, comment, known, replies, subject=first))
        if row.maybe("satisfaction_rating.comment"):
            yield self.message(row, partial(self.read, row))

    def read(self, row: JsonRow) -> Feedback:
        """Return what a customer wrote when rating a ticket."""
        return self._about(row)(
            native_id=f"{row.id()}/satisfaction",
            text=row.text("satisfaction_rating.comment"),
            created_at=row.time("updated_at"),
            channel=Channel.SURVEY,
            author=Author(native_id=row.id("requester_id")),
        )

    def _about(self, ticket: JsonRow) -> Callable[..., Feedback]:
        """Return what makes a feedback that knows its ticket."""
        told = {
            "priority": ticket.maybe("priority"),
            "via": ticket.maybe("via.channel"),
            "satisfaction": ticket.maybe("satisfaction_rating.score"),
        }
        return partial(
            Feedback,
            source=self.name,
            conversation_id=ticket.id(),
            queue=ticket.maybe("group_id"),
            status=ticket.maybe("status"),
            permalink=f"{self.base_url}/agent/tickets/{ticket.id()}",
            attributes={name: value for name, value in told.items() if value},
        )

    def _comment_pages(
        self, ticket: str, client: HttpClient
    ) -> Iterator[tuple[tuple[JsonRow, ...], tuple[JsonRow, ...]]]:
        """Yield comments with the users who wrote them; nothing where the ticket was deleted meanwhile."""
        address: str | None = f"/api/v2/tickets/{ticket}/comments.json"
        params: dict[str, str | int] | None = {"include": "users", "page[size]": 100}
        while address:
            answer = client.ask(address, params, may_be_missing=True)
            if answer.missing:
                return
            comments = value_at(answer.content, "comments")
            if not isinstance(comments, list):
                raise FieldMissing(
                    "the comments of a ticket have no list at comments: the service changed its answer, "
                    "this connector has to follow",
                    field="comments",
                )
            yield self._rows(comments), self._rows(value_at(answer.content, "users"))
            following = value_at(answer.content, "links.next")
            more = value_at(answer.content, "meta.has_more") is True and isinstance(following, str)
            address, params = (str(following), None) if more else (None, None)

    def _rows(self, values: object) -> tuple[JsonRow, ...]:
        listed = values if isinstance(values, list) else []
        now = self.now()
        return tuple(JsonRow(one, now) for one in listed if isinstance(one, Mapping))


def _is_customer(comment: JsonRow, ticket: JsonRow, roles: Mapping[str, str | None]) -> bool:
    author = comment.id("author_id")
    role = roles.get(author)
    return role == "end-user" if role else author == ticket.id("requester_id")


def _read_comment(
    row: JsonRow, known: Callable[..., Feedback], replies: tuple[Reply, ...], *, subject: str | None
) -> Feedback:
    body = row.text("html_body")
    return known(
        native_id=row.id(),
        text=f"<p>{escape(subject)}</p>{body}" if subject else body,
        text_format=TextFormat.HTML,
        created_at=row.time("created_at"),
        channel=Channel.TICKET,
        author=Author(native_id=row.id("author_id")),
        replies=replies,
    )
