"""The times of the company's answers, wherever in a mailbox they are kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from pipeline.connectors.imap_mailbox import FoundMail, Mailbox
from pipeline.connectors.mail import MailReader, parse_headers
from pipeline.records import Reply

BATCH_HEADERS = 500
# what else an id may hold would have to be quoted in a command
_SEARCHABLE_ID = re.compile(r"[\w.@+=$!#&'/?^`|~-]{1,500}", re.ASCII)
Answers = Mapping[str, Iterable[Reply]]


class Reached(NamedTuple):
    """How far a folder was read.

    Args:
        validity: Its UIDVALIDITY; where that changes, UIDs mean other mails.
        last_uid: Every mail up to this one was read; 0: none yet.
        since: Day from which on mails count, as ``"2024-02-28"``; ``None``: all.
    """

    validity: int
    last_uid: int
    since: str | None

    @property
    def first_day(self) -> date | None:
        """The day from which on mails count."""
        return date.fromisoformat(self.since) if self.since else None


def scan_answers(
    mailbox: Mailbox, reader: MailReader, folders: Mapping[str, Reached], *, whole: bool
) -> dict[str, set[Reply]]:
    """Return the company's answers, by Message-ID of the mail that was answered.

    Args:
        whole: In all mails that count, not only in those that were not read yet.
    """
    found: defaultdict[str, set[Reply]] = defaultdict(set)
    for folder, reached in folders.items() if reader.agents else ():
        _, next_uid = mailbox.examine(folder)
        first = 1 if whole else reached.last_uid + 1
        for agent in sorted(reader.agents):
            uids = list(mailbox.find_uids(first, next_uid, since=reached.first_day, sender=agent))
            for begin in range(0, len(uids), BATCH_HEADERS):
                _note_answers(mailbox, reader, uids[begin : begin + BATCH_HEADERS], found)
    return found


def look_up_answers(
    mailbox: Mailbox, reader: MailReader, folders: Iterable[str], ids: Iterable[str]
) -> dict[str, set[Reply]]:
    """Return all answers to some mails; another folder may be open then."""
    found: defaultdict[str, set[Reply]] = defaultdict(set)
    wanted = [one for one in ids if _SEARCHABLE_ID.fullmatch(one)]
    for folder in folders if reader.agents and wanted else ():
        mailbox.examine(folder)
        uids = {uid for one in wanted for uid in mailbox.find_header("IN-REPLY-TO", one)}
        _note_answers(mailbox, reader, sorted(uids), found)
    return found


def find_answered(
    mailbox: Mailbox, folders: Mapping[str, Reached], ids: Iterable[str]
) -> Iterator[tuple[str, FoundMail]]:
    """Yield the mails of these Message-IDs that were read before, each with its folder."""
    wanted = [one for one in ids if _SEARCHABLE_ID.fullmatch(one)]
    for folder, reached in folders.items() if wanted else ():
        mailbox.examine(folder)
        uids = {uid for one in wanted for uid in mailbox.find_header("MESSAGE-ID", one)}
        for mail in mailbox.fetch(sorted(uid for uid in uids if uid <= reached.last_uid)):
            first_day = reached.first_day
            if first_day is None or mail.received_at is None or mail.received_at.date() >= first_day:
                yield folder, mail


def _note_answers(
    mailbox: Mailbox, reader: MailReader, uids: list[int], found: defaultdict[str, set[Reply]]
) -> None:
    for raw in mailbox.fetch_headers(uids):
        if answer := reader.read_answer(parse_headers(raw)):
            found[answer[0]].add(answer[1])
