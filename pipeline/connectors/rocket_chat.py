"""Rocket.Chat: what visitors write in the omnichannel's rooms."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from pipeline.connectors.auth import Auth, Header, WithHeaders
from pipeline.connectors.conversations import About, ConversationSource
from pipeline.connectors.http_client import Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.pagers import Offset
from pipeline.connectors.shape import Shape
from pipeline.records import Channel, Feedback, Reply

PAGES = Offset(size_param="count", total_at="total")


class RocketChat(ConversationSource):
    """What visitors write in the omnichannel (Livechat) of Rocket.Chat.

    Documentation: https://developer.rocket.chat/apidocs/get-livechat-rooms; the messages of a room as the server's
        source answers them (apps/meteor/app/livechat/server/api/v1/visitor.ts, livechat/:rid/messages)
    Ask for: a personal access token and the id of its user (My Account, Personal Access Tokens).
    Permissions: view-livechat-rooms and view-l-room, as managers of the omnichannel have.
    Limits: those that the workspace sets, 10 requests a minute unless changed, hence delay_s. Rooms by their last
        message, 100 a request, until two pages hold nothing new, then the messages of each, 100 a request.
    What is fetched: messages of visitors with room, department and whether it is open. What agents and bots write
        counts as the time of an answer only. What is edited later is found by the deep scan.
    Not fetched: messages about what happened, deleted messages, attachments; names of departments: their ids come.

    Example:
        [sources.rocket_chat]
        connector = "rocket_chat"
        base_url = "https://chat.example.com"
        user = "aobEdbYhXfu5hkeqG"
        token_env = "ROCKET_CHAT_TOKEN"

    Args:
        user: Id of the token's user.
        token_env: Environment variable with the token.
    """

    kind = "rocket_chat"
    endpoint = "/api/v1/livechat/rooms"
    items_at = "rooms"
    noun = "message"
    always = (("sort", '{"lm": -1}'),)
    way = PAGES
    newest_first = True
    newest_at = "lm"
    permission = "the token's user needs view-livechat-rooms and view-l-room"
    said = InnerList(way=PAGES, items_at="messages", what="messages of a room")
    shape = Shape(
        channel=Channel.CHAT,
        id="_id",
        text="msg",
        created_at="ts",
        edited_at="editedAt",
        author_id="u._id",
        optional=("editedAt",),
    )
    about = About(
        id="_id", queue="departmentId", page=("/live/", "_id"), attributes=(("via", "source.type"),)
    )

    user: str = Field(min_length=1, exclude=True)
    token_env: str = Field(exclude=True)
    delay_s: float = Field(default=6.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return the token and whose it is."""
        token = Header(self.secret("token_env"), name="X-Auth-Token", prefix="")
        return WithHeaders(token, {"X-User-Id": self.user})

    def place(self, conversation: JsonRow) -> tuple[str, Params]:
        """Return the messages of a room."""
        return f"/api/v1/livechat/{conversation.id('_id')}/messages", {"sort": '{"ts": 1}'}

    def is_spoken(self, message: JsonRow) -> bool:
        """Whether somebody wrote it: ``t`` says what happened, a deletion for one."""
        return not message.has("t")

    def is_customer(self, message: JsonRow, conversation: JsonRow) -> bool:
        """Whether the visitor wrote it, whose messages carry a token."""
        return message.has("token") or message.maybe("u._id") == conversation.id("v._id")

    def read_message(self, row: JsonRow, conversation: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        """Return the feedback of a message; a room is open or it is not."""
        status = "open" if conversation.maybe("open") == "true" else "closed"
        return replace(super().read_message(row, conversation, replies), status=status)
