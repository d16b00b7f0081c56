"""Request Tracker: requestors' mails and web messages in tickets, over its REST2 interface."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from html import escape
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.base import Arguments
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.mail import is_automatic, parse_headers
from pipeline.connectors.mail_headers import decode_bytes
from pipeline.connectors.mapping import Attributes
from pipeline.connectors.pagers import Pager, value_at
from pipeline.connectors.seconds_ago import ChangedAgo
from pipeline.connectors.threads import customers_turns
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role, TextFormat

REST = "/REST/2.0"
SYSTEM = "RT_System"
PAGE_ROWS = 100
SAID = json.dumps(
    [
        {"field": "Type", "value": "Create"},
        {"field": "Type", "value": "Correspond", "entry_aggregator": "OR"},
    ]
)


class CustomFields(Arguments):
    """Names of custom fields of tickets that hold what a feedback has a place for."""

    brand: str | None = None
    product: str | None = None
    touchpoint: str | None = None
    segment: str | None = None
    attributes: Attributes = Field(default={})


class RequestTracker(JsonSource):
    """What requestors write in the tickets of Request Tracker 5, by mail or in the browser.

    Documentation: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html
    Ask for: an authentication token of a user (Logged in as, Settings, Auth Tokens).
    Permissions: ShowTicket and SeeQueue in the queues that are wanted; SeeCustomField for custom_fields.
    Limits: none of its own; 100 tickets a request, those that changed longest ago first, then one
        request for the history of each and two for each message of a requestor.
    What is fetched: what requestors wrote when they opened a ticket and later, with ticket, queue, status,
        priority and custom fields. What others wrote counts as the time of an answer only, unless they
        are in copy. The subject stands before the first message. A ticket that changes is read again.
    Not fetched: comments, deleted tickets, attached files, automatic replies; what somebody wrote who is
        a requestor of the ticket no longer.

    Example:
        [sources.tickets]
        connector = "request_tracker"
        base_url = "https://tickets.example.com/rt"
        token_env = "RT_TOKEN"
        query = "Queue = 'Support'"
        custom_fields = { product = "محصول", attributes = ["شهر"] }

    Args:
        token_env: Environment variable with the authentication token.
        query: TicketSQL that narrows the tickets down; empty: all that the token's user may see.
        staff: Names of users of the company, whose words are no feedback even where they are requestors.
        custom_fields: Names of custom fields by what they hold: brand, product, touchpoint, segment,
            attributes.
        channel: How these customers spoke.
        page_size_tickets: Tickets asked for at once, and read anew where a run breaks off.
    """

    kind: ClassVar[str] = "request_tracker"
    endpoint: ClassVar[str] = f"{REST}/tickets"
    items_at: ClassVar[str] = "items"
    noun: ClassVar[str] = "transaction"
    permission: ClassVar[str] = "the token's user needs ShowTicket and SeeQueue in the queues of the tickets"

    token_env: str = Field(exclude=True)
    query: str = ""
    staff: tuple[str, ...] = ()
    custom_fields: CustomFields = CustomFields()
    channel: Channel = Channel.TICKET
    page_size_tickets: int = Field(default=100, ge=1, le=100, exclude=True)

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"), prefix="token ")

    def pager(self) -> Pager:
        """Return the way through the tickets in the order of their last changes.

        TicketSQL reads moments in the time zone of the token's user, but "so many seconds ago" in none.
        """
        return ChangedAgo(
            query=self._write_query, at="LastUpdated", now=self.now, size=self.page_size_tickets
        )

    def params(self) -> Params:
        """Ask for the oldest changes first, and for all of a ticket that is needed."""
        return {
            "fields": "Subject,Status,Priority,Queue,LastUpdated,Requestor,Cc,CustomFields",
            "fields[Queue]": "Name",
            "fields[Requestor]": "EmailAddress",
            "orderby": "LastUpdated",
            "order": "ASC",
        }

    def require_success(self, content: object) -> None:
        """Nothing, unless tickets may be hidden, so that an empty page is not the last one."""
        if isinstance(content, Mapping) and "total" in content and content["total"] is None:
            raise StopSource(
                f"source {self.name}: Request Tracker does not say how many tickets there are, since it hides "
                "some after counting: set $UseSQLForACLChecks to 1 there, or give the token's user ShowTicket "
                "for all queues"
            )

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the requestors of a ticket wrote."""
        row.text("LastUpdated")
        customers = _names(row, "Requestor") - set(self.staff)
        in_copy = _names(row, "Cc") - customers - set(self.staff)
        said = [one for one in self._transactions(row.id(), client) if one.id("Creator.id") not in in_copy]
        turns = customers_turns(
            said, by_customer=lambda one: one.id("Creator.id") in customers, at="Created", role=_role
        )
        for one, replies in turns:
            yield self.message(one, partial(self._read_said, client, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a ticket without its transactions says nothing."""
        del row

    def _write_query(self, seconds: int | None) -> str:
        changed = "id > 0" if seconds is None else f"LastUpdated >= '{seconds} seconds ago'"
        return f"({self.query}) AND {changed}" if self.query else changed

    def _transactions(self, ticket: str, client: HttpClient) -> Iterator[JsonRow]:
        """Yield what was written to others than the company alone, oldest first."""
        page = 1
        while True:
            rows = self._ask(
                client,
                f"{REST}/ticket/{ticket}/history",
                {"fields": "Type,Creator,Created", "query": SAID, "orderby": "id", "page": page},
            )
            yield from (one for one in rows if one.text("Type") in ("Create", "Correspond"))
            if len(rows) < PAGE_ROWS:
                return
            page += 1

    def _ask(self, client: HttpClient, address: str, params: Params) -> list[JsonRow]:
        answer = client.ask(address, {**params, "per_page": PAGE_ROWS}, may_be_missing=True)
        listed = [] if answer.missing else value_at(answer.content, "items")
        if not isinstance(listed, list):
            raise FieldMissing(
                "a part of a ticket has no list at items: the service changed its answer, "
                "this connector has to follow",
                field="items",
            )
        return [JsonRow(one, self.now()) for one in listed if isinstance(one, Mapping)]

    def _read_said(
        self, client: HttpClient, row: JsonRow, ticket: JsonRow, replies: tuple[Reply, ...]
    ) -> Feedback | None:
        created_at = row.time("Created")
        parts = self._ask(
            client,
            f"{REST}/transaction/{row.id()}/attachments",
            {"fields": "ContentType,Filename,Headers,Subject", "orderby": "id"},
        )
        if parts and is_automatic(parse_headers((parts[0].maybe("Headers") or "").encode())):
            return None
        body, is_html = self._find_body(client, parts)
        # the ticket's own subject may have been written anew by an agent
        subject = (parts[0] if parts else ticket).maybe("Subject") if row.text("Type") == "Create" else None
        author = row.id("Creator.id")
        named = self.custom_fields
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=_join(subject or "", body, is_html=is_html),
            text_format=TextFormat.EMAIL,
            created_at=created_at,
            channel=self.channel,
            author=Author(native_id=author, email=_address(ticket, author)),
            conversation_id=ticket.id(),
            brand=_custom(ticket, named.brand),
            product=_custom(ticket, named.product),
            touchpoint=_custom(ticket, named.touchpoint),
            segment=_custom(ticket, named.segment),
            queue=ticket.maybe("Queue.Name"),
            status=ticket.maybe("Status"),
            permalink=f"{self.base_url}/Ticket/Display.html?id={ticket.id()}#txn-{row.id()}",
            replies=replies,
            attributes=_attributes(ticket, named.attributes),
        )

    def _find_body(self, client: HttpClient, parts: Iterable[JsonRow]) -> tuple[str, bool]:
        """Return the first part that says something, plain text before HTML; files are passed over."""
        bodies = [part for part in parts if not part.maybe("Filename")]
        for kind in ("text/plain", "text/html"):
            for part in bodies:
                if part.maybe("ContentType") != kind:
                    continue
                answer = client.ask(f"{REST}/attachment/{part.id()}", may_be_missing=True)
                content = answer.content if isinstance(answer.content, Mapping) else {}
                text = "" if answer.missing else _decode(JsonRow(content, self.now()))
                if text.strip():
                    return text, kind == "text/html"
        return "", False


def _names(ticket: JsonRow, role: str) -> set[str]:
    """Names of the users with a role; their addresses where nobody gave them another name."""
    return {one.id() for one in _members(ticket, role)}


def _members(ticket: JsonRow, role: str) -> list[JsonRow]:
    listed = ticket.content.get(role)
    if not isinstance(listed, list):
        raise FieldMissing(
            f"the field {role} is no list: the service changed its answer, this connector has to follow",
            field=role,
        )
    return [JsonRow(one, ticket.now) for one in listed if isinstance(one, Mapping)]


def _address(ticket: JsonRow, name: str) -> str | None:
    found = next((one for one in _members(ticket, "Requestor") if one.id() == name), None)
    return found.maybe("EmailAddress") if found else None


def _role(answer: JsonRow) -> Role:
    return Role.SYSTEM if answer.id("Creator.id") == SYSTEM else Role.AGENT


def _decode(attachment: JsonRow) -> str:
    content = attachment.text("Content", null_is_empty=True)
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldMissing(
            "the field Content is no base64: the service changed its answer, this connector has to follow",
            field="Content",
        ) from error
    try:
        # Perl lets half a character through
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = decode_bytes(data, None)
    return text.replace("\r\n", "\n").rstrip("\n")


def _join(subject: str, body: str, *, is_html: bool) -> str:
    if subject.casefold() in " ".join(body.split()).casefold():
        return body
    return f"<div>{escape(subject)}</div>{body}" if is_html else f"{subject}\n{body}".rstrip("\n")


def _custom(ticket: JsonRow, name: str | None) -> str | None:
    """Values of a custom field, joined; ``None`` where the ticket has none of that name."""
    fields = ticket.content.get("CustomFields")
    for one in fields if name and isinstance(fields, list) else ():
        if isinstance(one, Mapping) and one.get("name") == name:
            values = one.get("values")
            return ", ".join(str(value) for value in values) or None if isinstance(values, list) else None
    return None


def _attributes(ticket: JsonRow, named: Mapping[str, str]) -> dict[str, str]:
    told = {"priority": ticket.maybe("Priority")}
    told |= {name: _custom(ticket, field) for name, field in named.items()}
    return {name: value for name, value in told.items() if value}
