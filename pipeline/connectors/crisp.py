"""Crisp: what visitors write in conversations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from pipeline.connectors.auth import Auth, Basic, WithHeaders
from pipeline.connectors.before_id import BeforeId
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.threads import customers_turns
from pipeline.connectors.windows import Window
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role

PRIVATE = ("note", "event")
SAID = InnerList(
    way=BeforeId(param="timestamp_before", id_at="timestamp"),
    items_at="data",
    what="messages of a conversation",
)


class Crisp(JsonSource):
    """What visitors write in the conversations of Crisp.

    Documentation: https://docs.crisp.chat/references/rest-api/v1/#list-conversations and
        #get-messages-in-conversation; the fields as in the maker's client crisp-im/go-crisp-api
    Ask for: a token, which is an identifier and a key (Settings, Workspace Settings, Advanced configuration), or
        one of a plugin (Crisp Marketplace).
    Permissions: website:conversation:sessions and website:conversation:messages, to read.
    Limits: 10 000 requests a day with the token of a website, 5 000 with that of a plugin. A request for 50
        conversations that changed, then at least two for the messages of each.
    What is fetched: text messages of visitors, with conversation and state, and the visitor's e-mail and phone where
        Crisp knows them. What operators write counts as the time of an answer only.
    Not fetched: notes, events, files and other messages that are no text, ratings.

    Example:
        [sources.crisp]
        connector = "crisp"
        website = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc"
        identifier_env = "CRISP_IDENTIFIER"
        key_env = "CRISP_KEY"
        start = 2025-01-01

    Args:
        base_url: Address of the service.
        website: Id of the website (Settings, Workspace Settings, Setup & Integrations).
        identifier_env: Environment variable with the token's identifier.
        key_env: Environment variable with the token's key.
        tier: Whose token it is: the website's, or a plugin's.
        start: Conversations that changed before this day are left out.
    """

    kind: ClassVar[str] = "crisp"
    items_at: ClassVar[str] = "data"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the token needs to read sessions and messages of conversations"

    base_url: str = "https://api.crisp.chat"
    website: str = Field(pattern=r"^[0-9a-f-]{36}$")
    identifier_env: str = Field(exclude=True)
    key_env: str = Field(exclude=True)
    tier: Literal["website", "plugin"] = Field(default="website", exclude=True)
    start: date = date(2015, 1, 1)

    def auth(self) -> Auth:
        """Return the token, and whose it is."""
        token = Basic(self.secret("identifier_env"), self.secret("key_env"))
        return WithHeaders(token, {"X-Crisp-Tier": self.tier})

    def address(self) -> str:
        """Return the list of conversations; the place of the page's number is left open."""
        return f"/v1/website/{self.website}/conversations/{{}}"

    def locate(self, address: str, params: Params) -> tuple[str, Params]:
        """Put the page's number into the path."""
        return address.format(params["page"]), {name: params[name] for name in params if name != "page"}

    def pager(self) -> Pager:
        """Return the way through the conversations that changed."""
        return Window(
            inner=PageNumber(size=50),
            since_param="filter_date_start",
            at="updated_at",
            now=self.now(),
            write=lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S.000Z}",
            start=datetime.combine(self.start, time(), UTC),
        )

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        if value_at(content, "error") is True:
            raise StopSource(
                f"source {self.name}: it answered with an error inside: check website and the token"
            )

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the visitor wrote in a conversation."""
        session = row.id("session_id")
        address = f"/v1/website/{self.website}/conversation/{session}/messages"
        said = sorted(SAID.read(client, address, now=row.now), key=lambda one: one.maybe("timestamp") or "")
        turns = customers_turns(
            [_name(one, session) for one in said if _is_spoken(one)],
            by_customer=lambda one: one.text("from") == "user",
            at="timestamp",
            role=lambda one: Role.BOT if one.maybe("automated") == "true" else Role.AGENT,
        )
        for one, replies in turns:
            yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a conversation without its messages says nothing."""
        del row

    def _read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        session, via = conversation.id("session_id"), row.maybe("origin")
        return Feedback(
            source=self.name,
            native_id=row.id(),
            text=row.text("content"),
            created_at=row.time("timestamp"),
            channel=Channel.CHAT,
            author=Author(
                native_id=conversation.maybe("people_id") or session,
                email=conversation.maybe("meta.email"),
                phone=conversation.maybe("meta.phone"),
            ),
            conversation_id=session,
            status=conversation.maybe("state"),
            permalink=f"https://app.crisp.chat/website/{self.website}/inbox/{session}/",
            replies=replies,
            attributes={"via": via} if via else {},
        )


def _is_spoken(message: JsonRow) -> bool:
    kind = message.text("type")
    return kind == "text" if message.text("from") == "user" else kind not in PRIVATE


def _name(message: JsonRow, session: str) -> JsonRow:
    """A fingerprint is the message's own within its conversation only."""
    fingerprint = message.maybe("fingerprint")
    named = {"id": f"{session}/{fingerprint}"} if fingerprint else {}
    return replace(message, content={**message.content, **named})
