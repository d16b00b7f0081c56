"""Crisp: what visitors write in conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from pydantic import Field

from pipeline.connectors.auth import Auth, Basic, WithHeaders
from pipeline.connectors.before_id import BeforeId
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.scans import first_moment
from pipeline.connectors.shape import Shape
from pipeline.connectors.windows import Window
from pipeline.errors import StopSource
from pipeline.records import Channel

BACK = BeforeId(param="timestamp_before", id_at="timestamp")


class Crisp(ConversationSource):
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

    kind = "crisp"
    items_at = "data"
    noun = "message"
    permission = "the token needs to read sessions and messages of conversations"
    said = InnerList(way=BACK, items_at="data", what="messages of a conversation")
    shape = Shape(
        channel=Channel.CHAT,
        text="content",
        created_at="timestamp",
        optional_attributes=(("via", "origin"),),
    )
    about = About(
        id="session_id",
        author_id="people_id",
        author_email="meta.email",
        author_phone="meta.phone",
        status="state",
    )
    customer = ("from", "user")
    bot = ("automated", "true")

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
        """Return the list of conversations, in whose path the page's number stands."""
        return f"/v1/website/{self.website}/conversations/{{page}}"

    def pager(self) -> Pager:
        """Return the way through the conversations that changed."""
        return Window(
            inner=PageNumber(size=50),
            since_param="filter_date_start",
            at="updated_at",
            now=self.now(),
            write=lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S.000Z}",
            start=first_moment(self.start),
        )

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        if value_at(content, "error") is True:
            raise StopSource(
                f"source {self.name}: it answered with an error inside: check website and the token"
            )

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the messages of a conversation."""
        return f"/v1/website/{self.website}/conversation/{conversation.id('session_id')}/messages", {}

    def messages_of(self, conversation: JsonRow, client: HttpClient) -> Sequence[JsonRow]:
        """Return the messages, oldest first, by ids of their own: a fingerprint is known within its conversation."""
        session = conversation.id("session_id")
        return [
            replace(one, content={**one.content, "id": f"{session}/{one.id('fingerprint')}"})
            for one in super().messages_of(conversation, client)
        ]

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether it is a visitor's text, or what an operator said to the visitor."""
        kind = message.text("type")
        return kind == "text" if message.text("from") == "user" else kind not in ("note", "event")

    def permalink(self, conversation: JsonRow) -> str:
        """Return the conversation in the inbox."""
        return f"https://app.crisp.chat/website/{self.website}/inbox/{conversation.id('session_id')}/"
