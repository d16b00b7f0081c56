"""Goftino: what visitors write in chats."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.scans import ChangedSince
from pipeline.connectors.threads import customers_turns
from pipeline.errors import StopSource
from pipeline.records import Author, Channel, Feedback, Reply

WORDS = ("text", "answer")
PAGES = PageNumber(size_param="limit", size=50)
SAID = InnerList(way=PAGES, items_at="data.messages", what="messages of a chat")


class Goftino(JsonSource):
    """What visitors write in the chats of Goftino.

    Documentation: https://api.goftino.com/ (chats and chat_data); the fields of a message as in the client
        sajadsalimzadeh/Dorbit.Goftino.Net
    Ask for: an API key (panel, settings, API).
    Permissions: none beside the key.
    Limits: no figure is published, hence delay_s. The list of chats is gone through each time, 50 a request, since
        its order is not documented; the messages are asked for only where the last one is new, 50 a request.
    What is fetched: what visitors type, also their answers to polls, with chat and status. What operators write
        counts as the time of an answer only.
    Not fetched: files, voice messages and forms; ratings and closed chats' reasons, which webhooks alone tell;
        edits of messages, unless deep_scan_days is set.

    Example:
        [sources.goftino]
        connector = "goftino"
        key_env = "GOFTINO_KEY"

    Args:
        base_url: Address of the service.
        key_env: Environment variable with the API key.
        zone: Zone of the times, which name none.
    """

    kind: ClassVar[str] = "goftino"
    endpoint: ClassVar[str] = "/chats"
    items_at: ClassVar[str] = "data.chats"
    noun: ClassVar[str] = "message"
    id_at: ClassVar[str] = "message_id"
    permission: ClassVar[str] = "the key has to be that of the account"

    base_url: str = "https://api.goftino.com/v1"
    key_env: str = Field(exclude=True)
    zone: ZoneInfo = ZoneInfo("Asia/Tehran")
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)

    def auth(self) -> Auth:
        """Return the key."""
        return Header(self.secret("key_env"), name="goftino-key", prefix="")

    def pager(self) -> Pager:
        """Return the way through all chats, of which those with a new message are handed on."""
        return ChangedSince(inner=PAGES, at="last_message.date", now=self.now(), zone=self.zone)

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        if value_at(content, "status") == "error":
            code = str(value_at(content, "code"))[:3]
            raise StopSource(f"source {self.name}: it answered with error {code} inside: check the key")

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the visitor wrote in a chat."""
        said = SAID.read(client, "/chat_data", now=row.now, always={"chat_id": row.id("chat_id")})
        said = sorted((one for one in said if _is_spoken(one)), key=lambda one: one.maybe("date") or "")
        turns = customers_turns(said, by_customer=_is_visitor, at="date", zone=self.zone)
        for one, replies in turns:
            yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a chat without its messages says nothing."""
        del row

    def _read_message(self, row: JsonRow, chat: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        return Feedback(
            source=self.name,
            native_id=row.id("message_id"),
            text=row.text("content"),
            created_at=row.time("date", zone=self.zone),
            channel=Channel.CHAT,
            author=Author(native_id=chat.id("user_id")),
            conversation_id=chat.id("chat_id"),
            status=chat.maybe("chat_status"),
            replies=replies,
        )


def _is_visitor(message: JsonRow) -> bool:
    return message.text("sender.from") == "user"


def _is_spoken(message: JsonRow) -> bool:
    return not _is_visitor(message) or message.text("type") in WORDS
