"""Goftino: what visitors write in chats."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import PageNumber, Pager, value_at
from pipeline.connectors.scans import ChangedSince
from pipeline.connectors.shape import Shape
from pipeline.errors import StopSource
from pipeline.records import Channel

TEHRAN = ZoneInfo("Asia/Tehran")
PAGES = PageNumber(size_param="limit", size=50)


class Goftino(ConversationSource):
    """What visitors write in the chats of Goftino.

    Documentation: https://api.goftino.com/ (chats and chat_data); the fields of a message as in the client
        sajadsalimzadeh/Dorbit.Goftino.Net
    Ask for: an API key (panel, settings, API).
    Permissions: none beside the key.
    Limits: no figure is published, hence delay_s. The list of chats is gone through each time, 50 a request, since
        its order is not documented; the messages are asked for only where the last one is new, 50 a request.
    What is fetched: what visitors type, also their answers to polls, with chat and status. What operators write
        counts as the time of an answer only. Times name no zone and are taken for those of Tehran.
    Not fetched: files, voice messages and forms; ratings and closed chats' reasons, which webhooks alone tell;
        edits of messages, unless deep_scan_days is set.

    Example:
        [sources.goftino]
        connector = "goftino"
        key_env = "GOFTINO_KEY"

    Args:
        base_url: Address of the service.
        key_env: Environment variable with the API key.
    """

    kind = "goftino"
    endpoint = "/chats"
    items_at = "data.chats"
    noun = "message"
    permission = "the key has to be that of the account"
    said = InnerList(way=PAGES, items_at="data.messages", what="messages of a chat")
    shape = Shape(channel=Channel.CHAT, id="message_id", text="content", created_at="date", zone=TEHRAN)
    about = About(id="chat_id", author_id="user_id", status="chat_status")
    customer = ("sender.from", "user")

    base_url: str = "https://api.goftino.com/v1"
    key_env: str = Field(exclude=True)
    delay_s: float = Field(default=1.0, ge=0, le=3600, exclude=True)

    def auth(self) -> Auth:
        """Return the key."""
        return Header(self.secret("key_env"), name="goftino-key", prefix="")

    def pager(self) -> Pager:
        """Return the way through all chats, of which those with a new message are handed on."""
        return ChangedSince(inner=PAGES, at="last_message.date", now=self.now(), zone=TEHRAN)

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        if value_at(content, "status") == "error":
            code = str(value_at(content, "code"))[:3]
            raise StopSource(f"source {self.name}: it answered with error {code} inside: check the key")

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the messages of a chat."""
        return "/chat_data", {"chat_id": conversation.id("chat_id")}

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether it is made of words; of an operator all counts."""
        return message.text("sender.from") != "user" or message.text("type") in ("text", "answer")
