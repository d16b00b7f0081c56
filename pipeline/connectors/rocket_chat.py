"""Rocket.Chat: what visitors write in the omnichannel's rooms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from pydantic import Field

from pipeline.connectors.auth import Auth, Header, WithHeaders
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient, Params
from pipeline.connectors.inner_lists import InnerList
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Offset, Pager
from pipeline.connectors.scans import NewestFirst
from pipeline.connectors.threads import customers_turns
from pipeline.records import Author, Channel, Feedback, Reply

PAGES = Offset(size_param="count", total_at="total")
SAID = InnerList(way=PAGES, items_at="messages", what="messages of a room")


class RocketChat(JsonSource):
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

    kind: ClassVar[str] = "rocket_chat"
    endpoint: ClassVar[str] = "/api/v1/livechat/rooms"
    items_at: ClassVar[str] = "rooms"
    noun: ClassVar[str] = "message"
    id_at: ClassVar[str] = "_id"
    permission: ClassVar[str] = "the token's user needs view-livechat-rooms and view-l-room"

    user: str = Field(min_length=1, exclude=True)
    token_env: str = Field(exclude=True)
    delay_s: float = Field(default=6.0, ge=0, le=3600, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def auth(self) -> Auth:
        """Return the token and whose it is."""
        token = Header(self.secret("token_env"), name="X-Auth-Token", prefix="")
        return WithHeaders(token, {"X-User-Id": self.user})

    def params(self) -> Params:
        """Ask for the rooms with the latest message first."""
        return {"sort": '{"lm": -1}'}

    def pager(self) -> Pager:
        """Return the way from the latest message back to what is known."""
        return NewestFirst(inner=PAGES, at="lm", id_at="_id", now=self.now())

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return what the visitor wrote in a room; a message with ``t`` tells what happened."""
        address, visitor = f"/api/v1/livechat/{row.id('_id')}/messages", row.id("v._id")
        said = SAID.read(client, address, now=row.now, always={"sort": '{"ts": 1}'})
        turns = customers_turns(
            sorted((one for one in said if not one.has("t")), key=lambda one: one.maybe("ts") or ""),
            by_customer=lambda one: one.has("token") or one.maybe("u._id") == visitor,
            at="ts",
        )
        for one, replies in turns:
            yield self.message(one, partial(self._read_message, one, row, replies))

    def read(self, row: JsonRow) -> None:
        """Return nothing: a room without its messages says nothing."""
        del row

    def _read_message(self, row: JsonRow, room: JsonRow, replies: tuple[Reply, ...]) -> Feedback:
        via = room.maybe("source.type")
        return Feedback(
            source=self.name,
            native_id=row.id("_id"),
            text=row.text("msg"),
            created_at=row.time("ts"),
            edited_at=row.time("editedAt") if row.has("editedAt") else None,
            channel=Channel.CHAT,
            author=Author(native_id=row.id("u._id")),
            conversation_id=room.id("_id"),
            queue=room.maybe("departmentId"),
            status="open" if room.maybe("open") == "true" else "closed",
            permalink=f"{self.base_url}/live/{room.id('_id')}",
            replies=replies,
            attributes={"via": via} if via else {},
        )
