"""Feedback in chats that WhatsApp exported ("Export chat", without media): one text file for each chat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from pipeline.connectors.base import hash_raw
from pipeline.connectors.files import (
    BROKEN_ARCHIVE,
    FileConnector,
    Row,
    holds_nothing,
    open_bytes,
    unreadable,
)
from pipeline.connectors.mapping import Constants
from pipeline.connectors.whatsapp_messages import DateOrder, Message, Stamp, find_messages, place_stamp
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord, StopSource
from pipeline.identity import normalize_phone
from pipeline.records import Author, Channel, Feedback, Reply, Role

FORMATS = "31/10/19, 16:16 - and [31/10/2019, 4:16:05 PM], with a day that exists, in any digits and order"
BROKEN_OFF = "the file breaks off inside this message: copy it again, or end it with a line break"


class WhatsAppExport(FileConnector):
    """Customers' messages in chats that were exported from WhatsApp.

    Ask for: "Export chat", without media, on the phone that answers customers; unpack what is zipped.
    Limits: Exports hold no numbers of messages. One is known again by its time, sender and words, so that
        it stays one when the chat is exported again; phones with and without seconds give different times.
    What is fetched: what customers wrote. The company's next messages in a chat count as answers to all
        that customers wrote there since its last ones.
    Not fetched: messages of WhatsApp itself, deleted messages, and pictures and the like but for the words
        beneath them.

    Example:
        [sources.whatsapp]
        connector = "whatsapp_export"
        path = "whatsapp/*.txt"
        agents = ["پشتیبانی نیک‌سبد"]
        zone = "Asia/Tehran"

    Args:
        agents: The company's senders, by the names or numbers that the exporting phone shows.
        zone: Zone of the exporting phone, whose clock the times are of.
        day_first: Whether the day stands before the month; needed where a file does not tell.
        channel: How these customers spoke.
        constants: What holds for every message.
    """

    kind: ClassVar[str] = "whatsapp_export"

    agents: tuple[str, ...]
    zone: ZoneInfo
    day_first: bool | None = None
    channel: Channel = Channel.CHAT
    constants: Constants = Constants()

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every message; the file is read twice, first for the order of dates and the answers.

        Raises:
            StopSource: The file is no export of WhatsApp, or leaves open which number is the month.
        """
        day_first, answers = self._survey(file)
        n_equal: Counter[str] = Counter()
        with closing(open_bytes(file)) as stream:
            for message in find_messages(stream):
                position = f"line {message.line}"
                raw = (message.stamp, message.sender, message.text)
                if message.stamp is None:
                    yield unreadable(position, "no message begins here: export the chat again", raw)
                elif message.is_cut:
                    yield unreadable(position, BROKEN_OFF, raw)
                else:
                    written = place_stamp(message.stamp, day_first=day_first)
                    digest = hash_raw(json.dumps([written, message.sender, message.text]).encode())
                    n_equal[digest] += 1
                    native_id = hash_raw(f"{digest}/{n_equal[digest]}".encode())[:32]
                    replies = answers.get(message.line, ())
                    yield Row(position, raw, partial(self._read, message, native_id, written, replies, file))

    def _survey(self, file: Path) -> tuple[bool, dict[int, tuple[Reply, ...]]]:
        order = DateOrder(self.now())
        outline: list[tuple[int, Stamp, bool]] = []
        # a broken archive is told when the rows are read
        with suppress(*BROKEN_ARCHIVE), closing(open_bytes(file)) as stream:
            for message in find_messages(stream):
                if message.stamp:
                    order.add(message.stamp)
                    if message.sender is not None:
                        outline.append((message.line, message.stamp, message.sender in self.agents))
        if not order.n_stamps and not holds_nothing(file):
            raise StopSource(
                f"source {self.name}: {file} holds no messages of WhatsApp: "
                "export the chat there (without media) and name its text file, unpacked"
            )
        day_first = self._decide(order, file)
        return day_first, self._find_answers(outline, day_first=day_first)

    def _decide(self, order: DateOrder, file: Path) -> bool:
        found = order.decide()
        if self.day_first is None:
            if found is None:
                raise StopSource(
                    f"source {self.name}: {file} leaves open whether its dates begin with the day or the month: "
                    "set day_first = true (31/10/2019) or day_first = false (10/31/2019)"
                )
            return found
        if order.n_proofs[not self.day_first] > order.n_proofs[self.day_first]:
            said, shown = ("the day", "months") if self.day_first else ("the month", "days")
            raise StopSource(
                f"source {self.name}: day_first says that dates begin with {said}, but {file} has {shown} there: "
                "correct day_first, or leave it out"
            )
        return self.day_first

    def _find_answers(
        self, outline: list[tuple[int, Stamp, bool]], *, day_first: bool
    ) -> dict[int, tuple[Reply, ...]]:
        answers: dict[int, tuple[Reply, ...]] = {}
        waiting: list[int] = []
        run: list[Reply] = []
        for line, stamp, is_company in outline:
            if is_company:
                run += self._as_reply(place_stamp(stamp, day_first=day_first))
                continue
            if run:
                answers.update(dict.fromkeys(waiting, tuple(run)))
                waiting, run = [], []
            waiting.append(line)
        return answers | dict.fromkeys(waiting, tuple(run))

    def _as_reply(self, written: str) -> list[Reply]:
        try:
            return [Reply(Role.AGENT, parse_date(written, zone=self.zone, now=self.now()))]
        except SkipRecord:
            return []

    def _read(
        self, message: Message, native_id: str, written: str, replies: tuple[Reply, ...], file: Path
    ) -> Feedback | None:
        if message.sender is None or message.sender in self.agents:
            return None
        try:
            created_at = parse_date(written, zone=self.zone, now=self.now())
        except SkipRecord as error:
            told = str(error) if "future" in str(error) else f"known formats: {FORMATS}"
            raise SkipRecord(f"the date before the message: {told}", native_id=native_id) from error
        return Feedback(
            source=self.name,
            native_id=native_id,
            text=message.text,
            created_at=created_at,
            channel=self.channel,
            author=_author(message.sender),
            conversation_id=self._name_conversation(file),
            brand=self.constants.brand,
            product=self.constants.product,
            touchpoint=self.constants.touchpoint,
            segment=self.constants.segment,
            queue=self.constants.queue,
            status=self.constants.status,
            replies=replies,
        )

    def _name_conversation(self, file: Path) -> str:
        # exports are named after the customer, so that the name is not kept
        place = file.relative_to(self.root) if file.is_relative_to(self.root) else file
        return hash_raw(str(place).encode())[:16]


def _author(sender: str) -> Author:
    """Return who wrote: by the number where the phone shows one, which is the same over all channels."""
    return Author(phone=sender) if normalize_phone(sender) else Author(native_id=sender)
