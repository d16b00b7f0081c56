"""Feedback in an export of Telegram Desktop (``result.json``): one chat, or a whole account.

Format: Telegram/SourceFiles/export/output/export_output_json.cpp of telegramdesktop/tdesktop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

from pipeline.connectors.files import FileConnector, Row, open_bytes, unreadable
from pipeline.connectors.mapping import Constants
from pipeline.connectors.telegram_messages import Chat, Entry, find_entries, read_text
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource
from pipeline.records import Author, Channel, Feedback, Reply, Role

NOT_CUSTOMERS = ("saved_messages", "replies")


@dataclass(frozen=True, slots=True)
class Threads:
    """By chat and message number: the message that began its thread, and the times of the company's answers."""

    roots: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    replies: dict[str, dict[str, list[datetime]]] = field(default_factory=lambda: defaultdict(dict))

    def find_root(self, chat_id: str, number: str) -> str:
        """Return the message that began the thread of another; itself where it answers none."""
        return self.roots.get(chat_id, {}).get(number, number)


class TelegramExport(FileConnector):
    """Customers' messages of an export; what the company says counts as the time of an answer only.

    The company speaks where the sender is among ``agents``, or is the channel or group itself (posts of
    a channel, anonymous administrators). Service messages and the account's own notes are passed over.

    Documentation: https://github.com/telegramdesktop/tdesktop (export/output/export_output_json.cpp)
    Ask for: Export chat history in Telegram Desktop, format "machine-readable JSON".
    What is fetched: messages of customers with chat, thread and times of the answers.
    Not fetched: pictures and files, service messages, messages of the company.

    Example:
        [sources.telegram]
        connector = "telegram_export"
        path = "telegram/result.json"
        agents = ["user1111111", "پشتیبانی نیک‌سبد"]

    Args:
        agents: The company's senders, by ``from_id`` (``user123456``) or by the name they show.
        chats: Numbers or titles of the chats to read; empty: all of the export.
        channel: How these customers spoke; ``None``: chat in direct chats, social in groups.
        constants: What holds for every message.
    """

    kind: ClassVar[str] = "telegram_export"

    agents: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    channel: Channel | None = None
    constants: Constants = Constants()

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every message; the file is read twice, first for the answers.

        Raises:
            StopSource: The file is no export of Telegram Desktop, or has none of ``chats``.
        """
        threads = self._read_threads(file)
        last = "the beginning"
        with closing(open_bytes(file)) as stream:
            for entry in find_entries(stream):
                if isinstance(entry, Chat):
                    last = f"the beginning of chat {entry.id}"
                elif entry.problem:
                    yield unreadable(f"after {last}", entry.problem, f"break after {last}")
                elif self._is_wanted(entry.chat):
                    last = f"message {entry.content.get('id')} of chat {entry.chat.id}"
                    yield Row(last, entry.content, partial(self._read, entry, threads))

    def _read_threads(self, file: Path) -> Threads:
        threads = Threads()
        n_chats = n_wanted = 0
        with closing(open_bytes(file)) as stream:
            for entry in find_entries(stream):
                if isinstance(entry, Chat):
                    n_chats += 1
                    n_wanted += self._is_wanted(entry)
                elif entry.content:
                    self._note_reply(entry, threads)
        if not n_chats:
            raise StopSource(
                f"source {self.name}: {file} holds no messages of Telegram Desktop: "
                "export the chat there as machine-readable JSON and name its result.json"
            )
        if self.chats and not n_wanted:
            raise StopSource(
                f"source {self.name}: none of the {n_chats} chats of {file} is among chats: correct them"
            )
        return threads

    def _note_reply(self, entry: Entry, threads: Threads) -> None:
        content, chat_id = entry.content, entry.chat.id
        target = content.get("reply_to_message_id")
        if target is None or "reply_to_peer_id" in content:
            return
        # a message stands after the one it answers, so that the root of that one is known
        threads.roots[chat_id][str(content.get("id"))] = threads.find_root(chat_id, str(target))
        if not self._is_company(entry):
            return
        try:
            moment = parse_date(content.get("date_unixtime"), zone=None, now=self.now())
        except SkipRecord:
            return
        threads.replies[chat_id].setdefault(str(target), []).append(moment)

    def _is_wanted(self, chat: Chat) -> bool:
        if chat.type in NOT_CUSTOMERS:
            return False
        return not self.chats or chat.id in self.chats or chat.name in self.chats

    def _is_company(self, entry: Entry) -> bool:
        sender = entry.content.get("from_id")
        if sender in (f"channel{entry.chat.id}", f"chat{entry.chat.id}"):
            return True
        if sender is None and entry.chat.type.endswith("_channel"):
            return True
        return sender in self.agents or entry.content.get("from") in self.agents

    def _read(self, entry: Entry, threads: Threads) -> Feedback | None:
        content, chat = entry.content, entry.chat
        kind = content.get("type")
        if kind in ("service", "unsupported"):
            return None
        number = content.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise SkipRecord("a message has no number under id: export again")
        native_id = f"{chat.id}/{number}"
        if kind != "message":
            raise SkipRecord("type is none of message, service, unsupported", native_id=native_id)
        if self._is_company(entry):
            return None
        text = read_text(content.get("text"))
        if text is None:
            raise SkipRecord(
                "text is neither a string nor a list of parts: export again", native_id=native_id
            )
        return self._to_feedback(entry, threads, native_id, text)

    def _to_feedback(self, entry: Entry, threads: Threads, native_id: str, text: str) -> Feedback:
        content, chat = entry.content, entry.chat
        number = str(content["id"])
        sender = content.get("from_id")
        replies = sorted(threads.replies.get(chat.id, {}).get(number, []))
        root = threads.find_root(chat.id, number)
        return Feedback(
            source=self.name,
            native_id=native_id,
            text=text,
            created_at=self._moment(content, "date_unixtime", native_id),
            edited_at=self._moment(content, "edited_unixtime", native_id)
            if "edited_unixtime" in content
            else None,
            channel=self.channel or (Channel.CHAT if chat.is_direct else Channel.SOCIAL),
            author=Author(native_id=sender) if isinstance(sender, str) else None,
            conversation_id=chat.id if chat.is_direct else f"{chat.id}/{root}",
            brand=self.constants.brand,
            product=self.constants.product,
            touchpoint=self.constants.touchpoint,
            segment=self.constants.segment,
            queue=self.constants.queue,
            status=self.constants.status,
            replies=tuple(Reply(Role.AGENT, at) for at in replies),
            attributes={"forwarded": "true"} if "forwarded_from" in content else {},
        )

    def _moment(self, content: Mapping[str, object], key: str, native_id: str) -> datetime:
        # "date" is the local time of whoever exported and names no zone
        if content.get(key) is None:
            raise SkipRecord(
                f"{key} is missing: export again with a Telegram Desktop that writes it (2021 or newer)",
                native_id=native_id,
            )
        try:
            return parse_date(content[key], zone=None, now=self.now())
        except SkipRecord as error:
            raise SkipRecord(f"{key}: {error}", native_id=native_id) from error
