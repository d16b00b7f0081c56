"""The entries of a Telegram Desktop export one by one, each with the chat it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

import ijson

from pipeline.connectors.json_objects import describe_break
from pipeline.connectors.json_stream import MendedJson

# an export of one chat is that chat; one of an account has its chats in two lists
CHATS = ("", "chats.list.item", "left_chats.list.item")
LISTS = {f"{chat}.messages".lstrip(".") for chat in CHATS}
ENTRIES = {f"{chat}.messages.item".lstrip(".") for chat in CHATS}
KEYS = {f"{chat}.{key}".lstrip("."): key for chat in CHATS for key in ("id", "type", "name")}


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat of an export: its number, its type in Telegram's words, its title."""

    id: str = ""
    type: str = ""
    name: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether one customer talks with one account here."""
        return self.type in ("personal_chat", "bot_chat")


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one place of ``messages``.

    Args:
        content: The entry; empty where there is a problem.
        problem: Why it cannot be read, or why nothing after it can.
    """

    chat: Chat
    content: Mapping[str, object]
    problem: str = ""


def find_entries(stream: IO[bytes]) -> Iterator[Entry | Chat]:
    """Yield each chat when its messages begin, then its entries; the file is never held in memory."""
    known: dict[str, str] = {}
    chat = Chat()
    try:
        mended = MendedJson(stream)
        events = ijson.parse(mended, use_float=True)
        for prefix, event, value in events:
            mended.start_item()
            if prefix in ENTRIES:
                if event == "start_map":
                    yield Entry(chat, _build(events, prefix))
                elif event != "end_array":
                    yield Entry(chat, {}, "an entry of messages is no object: export again")
            elif prefix in LISTS and event == "start_array":
                chat = Chat(**known)
                yield chat
            elif prefix in CHATS and event == "start_map":
                known = {}
            elif prefix in KEYS and event in ("string", "number"):
                known[KEYS[prefix]] = str(value)
    except (ijson.JSONError, ValueError) as error:
        yield Entry(chat, {}, describe_break(error))


def _build(events: Iterator[tuple[str, str, object]], end: str) -> Mapping[str, object]:
    """Take the events of one object, whose start was taken already, and put it together."""
    builder = ijson.ObjectBuilder()
    builder.event("start_map", None)
    for prefix, event, value in events:
        builder.event(event, value)
        if event == "end_map" and prefix == end:
            break
    entry: Mapping[str, object] = builder.value
    return entry


def read_text(text: object) -> str | None:
    """Return the words of a message, which are a string or a list of strings and marked-up parts.

    >>> read_text(["سلام ", {"type": "bold", "text": "نیک‌سبد"}])
    'سلام نیک‌سبد'

    Returns:
        ``None`` where the value is neither.
    """
    if isinstance(text, str):
        return text
    if not isinstance(text, list):
        return None
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in text]
    words = [part for part in parts if isinstance(part, str)]
    return "".join(words) if len(words) == len(parts) else None
