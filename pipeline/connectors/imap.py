"""Feedback in a mailbox: customers' mails of one or several IMAP folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from pipeline.connectors.base import Connector, bury
from pipeline.connectors.bookmarks import read_bookmark, write_bookmark
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.http_client import Network
from pipeline.connectors.imap_answers import Answers, Reached, find_answered, look_up_answers, scan_answers
from pipeline.connectors.imap_mailbox import FoundMail, Mailbox, Server, Tls, open_mailbox
from pipeline.connectors.mail import MailReader, parse_headers, parse_mail
from pipeline.connectors.mail_headers import find_ids
from pipeline.connectors.mapping import Constants
from pipeline.errors import RetryLater, SkipRecord
from pipeline.records import DeadLetter, Feedback, Page

PORTS: Mapping[Tls, int] = {"implicit": 993, "starttls": 143, "none": 143}


class Imap(Connector):
    """Customers' mails of a mailbox.

    Documentation: RFC 3501 (IMAP4rev1)
    Ask for: host, user and, with many services, a password made for this application.
    Permissions: reading the folders; they are opened read-only and nothing is marked as read.
    Limits: Of each mail the first 256 KiB are read, which hold its text.
    What is fetched: mails of customers, by Message-ID, so that one which is moved or copied stays one. What
        the company writes counts as the time of an answer only: name the folder of sent mails too.
    Not fetched: automatic replies, mass mail, undelivered mail, attachments, forwarded mails inside a mail.

    Example:
        [sources.mailbox]
        connector = "imap"
        host = "imap.example.com"
        user = "help@example.com"
        password_env = "HELP_MAIL_PASSWORD"
        folders = ["INBOX", "Sent"]
        agents = ["example.com"]
        since_days = 90

    Args:
        host: Name of the server.
        port: None: 993, or 143 without implicit TLS.
        tls: implicit, starttls, or none, which only a server on this machine may be asked with.
        ca_file: Certificate of your own authority; certificates are always verified.
        user: Name of the account.
        password_env: Environment variable with its password.
        folders: Folders to read.
        since_days: Age of the oldest mails that a first run reads; none: all.
        agents: The company's addresses (``help@shop.ir``) and domains (``shop.ir``, without subdomains).
        recipients: Addresses of which one has to be among a mail's recipients; empty: any mail counts.
        constants: What holds for every mail.
        page_size_mails: Mails per page.
        timeout_s: For connecting, and for each piece of an answer.
    """

    kind: ClassVar[str] = "imap"

    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535, exclude=True)
    tls: Tls = Field(default="implicit", exclude=True)
    ca_file: Path | None = Field(default=None, exclude=True)
    user: str = Field(min_length=1)
    password_env: str = Field(exclude=True)
    folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, exclude=True)
    since_days: int | None = Field(default=None, ge=0, le=36_500)
    agents: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    constants: Constants = Constants()
    page_size_mails: int = Field(default=200, ge=1, le=200, exclude=True)
    timeout_s: float = Field(default=30.0, gt=0, le=600, exclude=True)
    network: Network = Field(default_factory=Network, exclude=True, repr=False)

    @field_validator("tls")
    @classmethod
    def _stay_on_this_machine(cls, tls: Tls, info: ValidationInfo) -> Tls:
        host = str(info.data.get("host", ""))
        if tls == "none" and not _is_loopback(host):
            raise ValueError(
                "expected implicit or starttls: without TLS the password could be read on its way to another machine"
            )
        return tls

    def fetch(self, since: str | None) -> Iterator[Page]:
        """Yield the mails that came into the folders since the bookmark, and those answered since then."""
        told = self._read_told(since)
        reader = MailReader.of(self.name, self.agents, self.recipients, self.constants, self.now)
        with open_mailbox(self._server()) as mailbox:
            reached = {folder: self._begin(mailbox, folder, told.get(folder)) for folder in self.folders}
            kept = {
                folder: one
                for folder, one in reached.items()
                if folder in told and told[folder].validity == one.validity
            }
            yield from self._read_answered(mailbox, reader, kept)
            # a first reading knows all answers beforehand, a later one looks up those to its few mails
            answers = scan_answers(mailbox, reader, reached, whole=True) if len(kept) < len(reached) else None
            for folder in self.folders:
                yield from self._read_folder(mailbox, reader, folder, reached, answers)

    def _server(self) -> Server:
        password = read_secret(
            self.password_env, self.network.environment, source=self.name, key="password_env"
        )
        ca_file = self.root / self.ca_file if self.ca_file else None
        port = self.port or PORTS[self.tls]
        return Server(self.name, self.host, port, self.tls, ca_file, self.user, password, self.timeout_s)

    def _read_told(self, since: str | None) -> dict[str, Reached]:
        folders = read_bookmark(self, since).get("folders")
        return {name: Reached(*one) for name, one in folders.items()} if isinstance(folders, dict) else {}

    def _begin(self, mailbox: Mailbox, folder: str, told: Reached | None) -> Reached:
        validity, _ = mailbox.examine(folder)
        if told is not None:
            return told if told.validity == validity else Reached(validity, 0, told.since)
        if self.since_days is None:
            return Reached(validity, 0, None)
        return Reached(validity, 0, f"{self.now() - timedelta(days=self.since_days):%Y-%m-%d}")

    def _read_answered(
        self, mailbox: Mailbox, reader: MailReader, kept: Mapping[str, Reached]
    ) -> Iterator[Page]:
        """Yield the mails read before that were answered since; the bookmark moves only with the answers."""
        answered = iter(sorted(scan_answers(mailbox, reader, kept, whole=False)))
        while ids := list(islice(answered, self.page_size_mails)):
            mails = list(find_answered(mailbox, kept, ids))
            complete = look_up_answers(mailbox, reader, self.folders, ids)
            for folder, mail in mails:
                yield Page(*self._read_mails(reader, folder, [mail], complete))

    def _read_folder(
        self,
        mailbox: Mailbox,
        reader: MailReader,
        folder: str,
        reached: dict[str, Reached],
        answers: Answers | None,
    ) -> Iterator[Page]:
        begun = reached[folder]
        validity, next_uid = mailbox.examine(folder)
        if validity != begun.validity:
            raise RetryLater(
                f"source {self.name}: folder {folder!r} was replaced while it was read: run again"
            )
        uids = mailbox.find_uids(begun.last_uid + 1, next_uid, since=begun.first_day)
        while batch := list(islice(uids, self.page_size_mails)):
            mails = mailbox.fetch(batch)
            known = answers
            if known is None:
                known = look_up_answers(mailbox, reader, self.folders, _identify(mails))
                mailbox.examine(folder)
            items, dead_letters = self._read_mails(reader, folder, mails, known)
            reached[folder] = begun._replace(last_uid=batch[-1])
            yield Page(items, dead_letters, self._bookmark(reached))
        reached[folder] = begun._replace(last_uid=next_uid - 1)
        yield Page((), (), self._bookmark(reached))

    def _read_mails(
        self, reader: MailReader, folder: str, mails: Iterable[FoundMail], answers: Answers
    ) -> tuple[tuple[Feedback, ...], tuple[DeadLetter, ...]]:
        items: list[Feedback] = []
        dead_letters: list[DeadLetter] = []
        for mail in mails:
            try:
                item = reader.read(parse_mail(mail.raw), answers, received_at=mail.received_at)
            except SkipRecord as error:
                position = f"mail {mail.uid} of folder {folder}"
                dead_letters.append(
                    bury(self.name, position, str(error), mail.raw, native_id=error.native_id)
                )
            else:
                items += [item] if item else []
        return tuple(items), tuple(dead_letters)

    def _bookmark(self, reached: Mapping[str, Reached]) -> str:
        return write_bookmark(self, {"folders": dict(reached)})


def _identify(mails: Iterable[FoundMail]) -> list[str]:
    """Return the Message-IDs of mails that have one; nobody can answer another."""
    return [one for mail in mails for one in find_ids(parse_headers(mail.raw), "message-id")[:1]]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
