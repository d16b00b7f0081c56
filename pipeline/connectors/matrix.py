"""Matrix: what customers write in rooms, over the client-server API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Annotated, ClassVar
from urllib.parse import quote

from pydantic import Field

from pipeline.connectors.auth import Auth, Header
from pipeline.connectors.files import Row
from pipeline.connectors.http_client import HttpClient
from pipeline.connectors.json_row import FieldMissing, JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.matrix_events import (
    ENCRYPTED,
    MESSAGE,
    SPOKEN,
    Draft,
    Event,
    Reading,
    Timeline,
    dig,
    page_params,
)
from pipeline.connectors.pagers import Pager, value_at
from pipeline.connectors.threads import read_answer
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Author, Channel, Feedback, Page, Reply, Role

API = "/_matrix/client/v3"
N_PAGES_BEHIND = 10
_QUOTED = re.compile(r"\A> (?:\* )?<@[^\n]*\n(?:>[^\n]*\n)*\n?")
RoomName = Annotated[str, Field(pattern=r"^[!#]\S+$")]


class Matrix(JsonSource):
    """Customers' messages in rooms of Matrix.

    Documentation: https://spec.matrix.org/latest/client-server-api/ (GET /rooms/{roomId}/messages)
    Ask for: an access token of an account that has joined the rooms (Element: Settings, Help & About).
    Permissions: the account reads what the room's history visibility shows to it; it never writes.
    Limits: those of the server, which asks for patience with HTTP 429; 100 events a request.
    What is fetched: texts of users who are not the company, with thread and a permalink. An edited message
        comes again with its new words, one that is taken back comes again without any. Messages of agents
        count as the time of an answer only, notices among them as a bot's.
    Not fetched: pictures, files, reactions, notices of other bots. Messages that are encrypted end to end
        become dead letters that say so. What other servers deliver late is found by the deep scan.

    Example:
        [sources.matrix]
        connector = "matrix"
        base_url = "https://matrix.example.com"
        token_env = "MATRIX_TOKEN"
        rooms = ["#support:example.com"]
        agents = ["@help:example.com"]

    Args:
        base_url: Address of the account's own server (homeserver).
        token_env: Environment variable with the access token.
        rooms: Rooms, by id (``!abc:example.com``) or alias (``#support:example.com``).
        agents: The company's users (``@help:example.com``), or servers all of whose users are (``example.com``).
        channel: How these customers spoke.
        page_size_events: Events per page.
    """

    kind: ClassVar[str] = "matrix"
    items_at: ClassVar[str] = "chunk"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the token's account has to join the room"

    token_env: str = Field(exclude=True)
    rooms: tuple[RoomName, ...] = Field(min_length=1, exclude=True)
    agents: tuple[str, ...] = ()
    channel: Channel = Channel.CHAT
    page_size_events: int = Field(default=100, ge=1, le=1000, exclude=True)
    deep_scan_days: int = Field(default=30, ge=0, le=3650, exclude=True)

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield what was said in the rooms since the bookmark."""
        resolved = self.model_copy(update={"rooms": tuple(dict.fromkeys(self._find_rooms()))})
        yield from super(Matrix, resolved).fetch(since)

    def auth(self) -> Auth:
        """Return the token."""
        return Header(self.secret("token_env"))

    def lists(self) -> Mapping[str, str]:
        """Return the events of each room."""
        return {room: f"{_address(room)}/messages" for room in self.rooms}

    def pager(self) -> Pager:
        """Return the way forward from the last event seen."""
        return Timeline(is_company=self._is_company, size=self.page_size_events)

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the message, or the present state of one that was read before."""
        if row.has("reason"):
            yield from self._find_again(row, client)
        else:
            yield self.message(row, partial(self.read, row))

    def read(self, row: JsonRow) -> Feedback | None:
        """Return what a customer wrote."""
        native_id = row.id("event_id")
        sender = row.text("sender")
        if row.text("type") == ENCRYPTED:
            raise SkipRecord(
                "the message is encrypted end to end, which this connector cannot undo: "
                "let customers write in a room without encryption"
            )
        content = row.inner("content")
        if content.text("msgtype") not in SPOKEN:
            return None
        body = content.text("body")
        return Feedback(
            source=self.name,
            native_id=native_id,
            text=_QUOTED.sub("", body) if row.flag("quotes") else body,
            created_at=row.time("origin_server_ts"),
            edited_at=row.time("edited_at") if row.has("edited_at") else None,
            channel=self.channel,
            author=Author(native_id=sender),
            conversation_id=row.maybe("thread") or row.list_name,
            permalink=_permalink(row.list_name, native_id, sender),
            replies=self._replies(row),
        )

    def _find_rooms(self) -> Iterator[str]:
        yield from (room for room in self.rooms if room.startswith("!"))
        aliases = [room for room in self.rooms if room.startswith("#")]
        if not aliases:
            return
        with self.open_client() as client:
            for alias in aliases:
                answer = client.ask(f"{API}/directory/room/{quote(alias, safe='')}", may_be_missing=True)
                found = value_at(answer.content, "room_id")
                if not isinstance(found, str) or not found.startswith("!"):
                    raise StopSource(
                        f"source {self.name}: the server knows no room {alias}: correct rooms, or name its id"
                    )
                yield found

    def _is_company(self, sender: str) -> bool:
        return sender in self.agents or sender.partition(":")[2] in self.agents

    def _find_again(self, row: JsonRow, client: HttpClient) -> Iterator[Row]:
        """Return a message read before as it is now, with all its answers; nothing where it is no customer's."""
        answer = client.ask(
            f"{_address(row.list_name)}/event/{quote(row.id(), safe='')}", may_be_missing=True
        )
        event = Event(answer.content if isinstance(answer.content, Mapping) else {})
        is_message = event.text("type") in (MESSAGE, ENCRYPTED) and not event.replaced
        if event.id != row.id() or not is_message or self._is_company(event.text("sender")):
            return
        if row.text("reason") == "deletion":
            gone = JsonRow({**event.raw, "id": event.id}, row.now, row.list_name)
            yield self.message(gone, partial(self._read_deleted, gone, row))
        elif event.is_spoken and not event.is_redacted:
            draft = self._complete(Draft(event), Event(row.inner("until").content), row, client)
            found = JsonRow(draft.row(), row.now, row.list_name)
            yield self.message(found, partial(self.read, found))

    def _complete(self, draft: Draft, until: Event, row: JsonRow, client: HttpClient) -> Draft:
        """Walk from a message to what happened to it, and note every answer on the way."""
        event = draft.event
        room = _address(row.list_name)
        reading = Reading(self._is_company, None if event.thread else event.id, {event.id: draft})
        place = client.ask(f"{room}/context/{quote(event.id, safe='')}", {"limit": 0}, may_be_missing=True)
        token, seen = value_at(place.content, "end"), False
        for _ in range(N_PAGES_BEHIND):
            if seen or not isinstance(token, str):
                break
            page = client.ask(f"{room}/messages", page_params(token, self.page_size_events))
            for raw in _listed(page.content):
                reading.take(raw)
                if seen := dig(raw, "event_id") == until.id:
                    break
            token = value_at(page.content, "end")
        if not seen:
            reading.take(until.raw)
        return draft

    def _read_deleted(self, row: JsonRow, cause: JsonRow) -> Feedback:
        sender, native_id = row.text("sender"), row.id()
        return Feedback(
            source=self.name,
            native_id=native_id,
            text="",
            created_at=row.time("origin_server_ts"),
            edited_at=cause.time("until.origin_server_ts"),
            channel=self.channel,
            author=Author(native_id=sender),
            conversation_id=row.list_name,
            permalink=_permalink(row.list_name, native_id, sender),
            attributes={"deleted": "true"},
        )

    def _replies(self, row: JsonRow) -> tuple[Reply, ...]:
        answers = row.content.get("answers")
        found: list[Reply] = []
        for one in answers if isinstance(answers, tuple) else ():
            role = Role.BOT if one["bot"] else Role.AGENT
            reply = read_answer(JsonRow(one, row.now), role, at="at")
            found += [reply] if reply else []
        return tuple(sorted(found, key=lambda reply: reply.at))


def _address(room: str) -> str:
    return f"{API}/rooms/{quote(room, safe='')}"


def _permalink(room: str, event: str, sender: str) -> str:
    server = quote(sender.partition(":")[2], safe="")
    return f"https://matrix.to/#/{quote(room, safe='!')}/{quote(event, safe='')}?via={server}"


def _listed(content: object) -> list[object]:
    chunk = value_at(content, "chunk")
    if not isinstance(chunk, list):
        raise FieldMissing(
            "the events of a room have no list at chunk: the service changed its answer, "
            "this connector has to follow",
            field="chunk",
        )
    return chunk
