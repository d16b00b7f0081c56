"""Telegram Bot API, and Bale's, which is the same at another address: what customers write to a bot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import httpx
from pydantic import Field, SecretStr

from pipeline.connectors.auth import Auth, Send
from pipeline.connectors.bookmarks import State
from pipeline.connectors.files import Row
from pipeline.connectors.http_answers import Advice
from pipeline.connectors.http_client import HttpClient
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.json_source import JsonSource
from pipeline.connectors.pagers import Load, Pager, Step, known_number, known_text, value_at
from pipeline.errors import RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback

TELEGRAM = "https://api.telegram.org"
NUMBERS_LAST = timedelta(days=6)
KINDS = ("message", "edited_message", "business_message", "edited_business_message")
# what stands in any message; whatever else is an object or a list makes it media, or news about the chat
AROUND = frozenset({
    "from", "chat", "sender_chat", "reply_to_message", "reply_to_story", "external_reply", "quote", "entities",
    "forward_origin", "forward_from", "forward_from_chat", "via_bot", "reply_markup", "link_preview_options",
    "sender_business_bot", "direct_messages_topic", "suggested_post_info",
})  # fmt: skip
NEWS = frozenset({
    "new_chat_title", "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
    "channel_chat_created", "migrate_to_chat_id", "migrate_from_chat_id", "connected_website",
})  # fmt: skip
_COMMAND = re.compile(r"/\w+(?:@\w+)?\s*")


@dataclass(frozen=True, slots=True)
class TokenInPath(Auth):
    """A token before the last part of the path, which no error, log or redirect shows."""

    token: SecretStr

    def sign(self, request: httpx.Request, send: Send) -> httpx.Response:
        """Return the answer to the request with the token."""
        part = f"/bot{self.token.get_secret_value()}"
        place, _, method = request.url.path.rpartition("/")
        request.url = request.url.copy_with(path=f"{place}{part}/{method}")
        response = send(request)
        if "location" in response.headers:
            response.headers["location"] = response.headers["location"].replace(part, "")
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """A pager: what happened after the updates that were stored.

    The server forgets all updates below the offset that it is asked with. So a page is asked for when the
    one before it was stored, and the offset is never a negative one, which would forget unread updates.
    After a week without updates the server begins their numbers anew, perhaps lower: an offset of six days
    ago is not sent any more. Nothing comes twice by that, as the last page was confirmed in its time.

    Args:
        now: The present.
        size: Updates per page.
    """

    now: datetime
    size: int = 100

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the updates from the offset in the state on."""
        day = known_text(state, "day") or ""
        # dates in ISO 8601 have the order of their letters
        is_fresh = day > (self.now - NUMBERS_LAST).date().isoformat()
        offset = max(0, known_number(state, "offset", 0)) if is_fresh else 0
        while True:
            listed = load({"limit": self.size, "timeout": 0, **({"offset": offset} if offset else {})})
            numbers = [value_at(row, "update_id") for row in listed.rows]
            found = [one for one in numbers if isinstance(one, int) and not isinstance(one, bool)]
            if len(found) < len(numbers) or any(one < offset for one in found):
                raise StopSource(
                    "the service sent updates without an update_id, or old ones again: check base_url; "
                    "if that is right, the service changed and this connector has to follow"
                )
            offset = max([offset, *(one + 1 for one in found)])
            day = self.now.date().isoformat() if found else day
            yield Step(listed.rows, {"offset": offset, "day": day} if offset else {})
            if not listed.rows:
                return


class TelegramBot(JsonSource):
    """What customers write to a bot of Telegram or Bale, and in groups that it is a member of.

    Documentation: https://core.telegram.org/bots/api#getupdates; Bale's is the same at its own address
    Ask for: the bot's token (BotFather). For groups, let it turn off the bot's privacy mode (/setprivacy),
        or the bot hears commands only.
    Permissions: none; in groups the bot has to be a member.
    Limits: the service keeps updates for a day at most, so run this source every few minutes. Whoever reads a bot's
        updates takes them away from all others: no webhook may be set, no other program may ask for them.
    What is fetched: messages and captions of people, also from connected business accounts; what is edited comes
        again under its id. Messages in private are chat, in groups social.
    Not fetched: what bots write, posts of channels, anonymous administrators, commands without further words,
        pictures and files. Times of the company's answers, of which the service tells nothing reliable.

    Example:
        [sources.bot]
        connector = "telegram_bot"
        token_env = "BOT_TOKEN"
        agents = ["niksabad_support", "123456789"]

    Args:
        base_url: Address of the service; for Bale ``https://tapi.bale.ai``.
        token_env: Environment variable with the bot's token.
        agents: The company's people, by username or number; their messages are left out.
        chats: Numbers or usernames of the chats to read; empty: all.
        channel: How these customers spoke; ``None``: chat in private, social in groups.
    """

    kind: ClassVar[str] = "telegram_bot"
    endpoint: ClassVar[str] = "/getUpdates"
    items_at: ClassVar[str] = "result"
    noun: ClassVar[str] = "message"
    permission: ClassVar[str] = "the bot was shut out; ask BotFather whether it is still there"

    base_url: str = TELEGRAM
    token_env: str = Field(exclude=True)
    agents: tuple[str, ...] = Field(default=(), exclude=True)
    chats: tuple[str, ...] = Field(default=(), exclude=True)
    channel: Channel | None = Field(default=None)

    def auth(self) -> Auth:
        """Return the token."""
        return TokenInPath(self.secret("token_env"))

    def advice(self) -> Advice:
        """Return what to mend where the service refuses."""
        return replace(
            super().advice(),
            address=f"check base_url, and the token in {self.token_env} (token_env)",
            conflict="somebody else gets this bot's updates: delete its webhook (deleteWebhook), "
            "and stop any other program that calls getUpdates",
        )

    def pager(self) -> Pager:
        """Return the way through the updates."""
        return Updates(now=self.now())

    def require_success(self, content: object) -> None:
        """The document does not say within that it is an error."""
        if value_at(content, "ok") is True:
            return
        code = value_at(content, "error_code")
        told = (
            f"source {self.name}: it answered with error_code {code if isinstance(code, int) else 'unknown'}"
        )
        if isinstance(code, int) and (code == 429 or code >= 500):
            raise RetryLater(f"{told}: run again later, nothing is lost")
        raise StopSource(f"{told}: check base_url, token_env, and that no webhook is set")

    def find_messages(self, row: JsonRow, client: HttpClient) -> Iterable[Row]:
        """Return the message of an update; other updates have none."""
        del client
        for kind in KINDS:
            if row.has(kind):
                message = row.inner(kind)
                chat, number = message.maybe("chat.id"), message.maybe("message_id")
                native_id = f"{chat}/{number}" if chat and number else None
                found = replace(message, content={**message.content, "id": native_id})
                yield self.message(found, partial(self.read, found))

    def read(self, row: JsonRow) -> Feedback | None:
        """Return what a person wrote who is not the company."""
        chat = row.inner("chat")
        if row.has("sender_chat") or row.has("is_automatic_forward") or not self._is_wanted(chat):
            return None
        person = row.inner("from")
        if person.flag("is_bot") or {person.id(), person.maybe("username")} & set(self.agents):
            return None
        text = _words(row)
        if text is None:
            return None
        is_private = chat.text("type") == "private"
        return Feedback(
            source=self.name,
            native_id=f"{chat.id()}/{row.id('message_id')}",
            text=text,
            created_at=row.time("date"),
            edited_at=row.time("edit_date") if row.has("edit_date") else None,
            channel=self.channel or (Channel.CHAT if is_private else Channel.SOCIAL),
            author=Author(native_id=f"user{person.id()}"),
            conversation_id=chat.id() if is_private else f"{chat.id()}/{_thread(row)}",
            permalink=None if is_private else self._permalink(chat, row),
            attributes={"forwarded": "true"} if row.has("forward_origin") or row.has("forward_date") else {},
        )

    def _is_wanted(self, chat: JsonRow) -> bool:
        return not self.chats or bool({chat.id(), chat.maybe("username")} & set(self.chats))

    def _permalink(self, chat: JsonRow, row: JsonRow) -> str | None:
        if self.base_url != TELEGRAM:
            return None
        number = row.id("message_id")
        if name := chat.maybe("username"):
            return f"https://t.me/{name}/{number}"
        # only supergroups have links; their numbers begin with -100, which the links leave out
        place = chat.id()
        return f"https://t.me/c/{place.removeprefix('-100')}/{number}" if place.startswith("-100") else None


def _words(row: JsonRow) -> str | None:
    """Return what a message says; ``None`` where it is media, news about the chat or a command."""
    if row.has("caption"):
        return row.text("caption")
    if not row.has("text") and any(_is_wordless(key, value) for key, value in row.content.items()):
        return None
    text = row.text("text")
    return None if _COMMAND.fullmatch(text) else text


def _is_wordless(key: str, value: object) -> bool:
    """Say whether a key shows that a message has no words; of kinds that are yet to come too."""
    return key in NEWS or (isinstance(value, Mapping | list) and key not in AROUND)


def _thread(row: JsonRow) -> str:
    """Return the message that began the thread, as far as the service tells."""
    return row.maybe("message_thread_id") or row.maybe("reply_to_message.message_id") or row.id("message_id")
