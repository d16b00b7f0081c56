"""Feedback in an mbox file (RFC 4155): what Thunderbird, Gmail's Takeout and most mail servers export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from pipeline.connectors.files import (
    BROKEN_ARCHIVE,
    FileConnector,
    Row,
    holds_nothing,
    open_bytes,
    unreadable,
)
from pipeline.connectors.mail import MailReader, parse_headers, parse_mail
from pipeline.connectors.mapping import Constants
from pipeline.connectors.mbox import find_mails
from pipeline.errors import StopSource
from pipeline.records import Feedback, Reply


class MboxFile(FileConnector):
    """Customers' mails of a file.

    Documentation: RFC 4155 (mbox)
    Ask for: an export of the mailbox as mbox: Gmail's Takeout, Thunderbird and most mail servers write one.
    Limits: Of each mail the first 4 MiB are read, which hold its text.
    What is fetched: mails of customers, by Message-ID, so that one which is in the file twice is one. What
        the company writes counts as the time of an answer only.
    Not fetched: automatic replies, mass mail, undelivered mail, attachments, forwarded mails inside a mail.

    Example:
        [sources.mails]
        connector = "mbox_file"
        path = "mails/*.mbox"
        agents = ["example.com"]

    Args:
        agents: The company's addresses (``help@shop.ir``) and domains (``shop.ir``, without subdomains).
        recipients: Addresses of which one has to be among a mail's recipients; empty: any mail counts.
        constants: What holds for every mail.
    """

    kind = "mbox_file"

    agents: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    constants: Constants = Constants()

    def rows(self, file: Path) -> Iterator[Row]:
        """Yield every mail; the file is read twice, first for the company's answers.

        Raises:
            StopSource: The file is no mbox, or none of its mails is to one of ``recipients``.
        """
        reader = MailReader.of(self.name, self.agents, self.recipients, self.constants, self.now)
        answers = self._read_answers(file, reader)
        with closing(open_bytes(file)) as stream:
            for mail in find_mails(stream):
                position = f"mail {mail.number}"
                if mail.is_cut:
                    problem = (
                        "the file breaks off inside this mail: copy it again, or end it with a line break"
                    )
                    yield unreadable(position, problem, mail.raw)
                else:
                    yield Row(position, mail.raw, partial(self._read, mail.raw, reader, answers))

    def _read(self, raw: bytes, reader: MailReader, answers: Mapping[str, set[Reply]]) -> Feedback | None:
        return reader.read(parse_mail(raw), answers)

    def _read_answers(self, file: Path, reader: MailReader) -> Mapping[str, set[Reply]]:
        answers: defaultdict[str, set[Reply]] = defaultdict(set)
        n_mails = n_wanted = 0
        # a broken archive is told when the rows are read
        with suppress(*BROKEN_ARCHIVE), closing(open_bytes(file)) as stream:
            for mail in find_mails(stream):
                headers = parse_headers(mail.raw)
                n_mails += 1
                n_wanted += reader.is_wanted(headers)
                if answer := reader.read_answer(headers):
                    answers[answer[0]].add(answer[1])
        if not n_mails and not holds_nothing(file):
            raise StopSource(
                f'source {self.name}: {file} holds no mails: expected an mbox file, which begins with "From "'
            )
        if n_mails and not n_wanted:
            raise StopSource(
                f"source {self.name}: none of the {n_mails} mails of {file} is to one of recipients: correct them"
            )
        return answers
