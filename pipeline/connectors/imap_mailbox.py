"""A mailbox over IMAP: what a connector asks of it, and its failures in words that say what to do.

IMAPClient does the talking: it is kept, knows UIDs, folder names in any script and the forms of answers,
and stays thin over imaplib. imap-tools parses mails itself, which the mbox connector shares here.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError
from pydantic import SecretStr

from pipeline.errors import RetryLater, StopSource

Tls = Literal["implicit", "starttls", "none"]
# texts stand first, attachments after them
MAX_MAIL_BYTES = 256 * 1024
# imaplib takes no longer line than 1,000,000 bytes, and an answer to SEARCH is one line
SEARCH_WINDOW_UIDS = 50_000
# how TLS says that the other side is gone; what else goes wrong in it stays wrong
LOST = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_BODY = f"BODY.PEEK[]<0.{MAX_MAIL_BYTES}>"

# IMAPClient writes whole mails at level DEBUG
logging.getLogger("imapclient").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mailbox is and how to get in."""

    source: str
    host: str
    port: int
    tls: Tls
    ca_file: Path | None
    user: str
    password: SecretStr
    timeout_s: float


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail of a folder: its UID, its first 256 KiB, when the server took it in."""

    uid: int
    raw: bytes
    received_at: datetime | None


class Mailbox:
    """The folders of an account, opened for reading only; nothing is marked as read."""

    def __init__(self, client: IMAPClient, source: str) -> None:
        self._client = client
        self._source = source

    def examine(self, folder: str) -> tuple[int, int]:
        """A folder is open; return its UIDVALIDITY and the UID that its next mail will have.

        Raises:
            StopSource: There is no such folder.
        """
        try:
            next_uid = self._client.folder_status(folder, ["UIDNEXT"])[b"UIDNEXT"]
            return int(self._client.select_folder(folder, readonly=True)[b"UIDVALIDITY"]), int(next_uid)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            names = ", ".join(str(name) for _, _, name in self._client.list_folders()[:60])
            raise StopSource(
                f"source {self._source}: no folder {folder!r} can be opened; there are: {names}: correct folders"
            ) from error

    def find_uids(
        self, first: int, end: int, *, since: date | None = None, sender: str | None = None
    ) -> Iterator[int]:
        """Yield the UIDs in the open folder from ``first`` up to but not including ``end``, in order.

        Args:
            since: Only mails that the server took in on this day or later.
            sender: Only mails whose From holds this.
        """
        limits: list[object] = ["SINCE", since] if since else []
        limits += ["FROM", sender] if sender else []
        for low in range(first, end, SEARCH_WINDOW_UIDS):
            high = min(low + SEARCH_WINDOW_UIDS, end) - 1
            # a range whose end is "*" would give the last mail even where that is older than the range
            yield from sorted(self._client.search(["UID", f"{low}:{high}", *limits]))

    def find_header(self, name: str, message_id: str) -> list[int]:
        """Return the UIDs in the open folder of the mails that name another one in a header."""
        return sorted(self._client.search(["HEADER", name, f"<{message_id}>"]))

    def fetch(self, uids: Sequence[int]) -> list[FoundMail]:
        """Return those of the mails that are still in the open folder."""
        answers = self._client.fetch(uids, ["INTERNALDATE", _BODY]) if uids else {}
        return [
            FoundMail(uid, answers[uid][b"BODY[]<0>"], answers[uid].get(b"INTERNALDATE"))
            for uid in uids
            if uid in answers and answers[uid].get(b"BODY[]<0>") is not None
        ]

    def fetch_headers(self, uids: Sequence[int]) -> list[bytes]:
        """Return the headers of those of the mails that are still in the open folder."""
        answers = self._client.fetch(uids, ["BODY.PEEK[HEADER]"]) if uids else {}
        return [answer[b"BODY[HEADER]"] for answer in answers.values() if answer.get(b"BODY[HEADER]")]


@contextmanager
def open_mailbox(server: Server) -> Iterator[Mailbox]:
    """The account is logged in to until the block ends; all that fails inside is told in words.

    Raises:
        StopSource: The server does not let this user in, or cannot be trusted.
        RetryLater: It is away, or the connection was lost.
    """
    where = f"source {server.source}: {server.host}, port {server.port}"
    try:
        with _connect(server) as client:
            _log_in(client, server, where)
            yield Mailbox(client, server.source)
    except ssl.SSLCertVerificationError as error:
        raise StopSource(
            f"{where}: its certificate is not to be trusted ({error.verify_message}): "
            "check host, or name the certificate of your own authority as ca_file"
        ) from error
    except LOST as error:
        raise _lost(where, error) from error
    except ssl.SSLError as error:
        raise StopSource(
            f"{where}: TLS fails ({error.reason}): check port and tls, then run again"
        ) from error
    except CapabilityError as error:
        raise StopSource(f'{where}: it offers no STARTTLS: set tls = "implicit"') from error
    except (IMAPClientError, OSError, EOFError) as error:
        raise _lost(where, error) from error


def _lost(where: str, error: Exception) -> RetryLater:
    return RetryLater(
        f"{where}: the connection failed or was lost ({type(error).__name__}): "
        "the next run goes on from there; check host and port if it lasts"
    )


def _connect(server: Server) -> IMAPClient:
    context = _trust(server)
    client = IMAPClient(
        server.host,
        server.port,
        ssl=server.tls == "implicit",
        ssl_context=context,
        timeout=server.timeout_s,
    )
    client.normalise_times = False
    if server.tls == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            client.shutdown()
            raise
    return client


def _trust(server: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise StopSource(
            f"source {server.source}: ca_file {server.ca_file} cannot be used ({type(error).__name__}): correct it"
        ) from error


def _log_in(client: IMAPClient, server: Server, where: str) -> None:
    password = server.password.get_secret_value()
    if not (password + server.user).isascii():
        raise StopSource(
            f"{where}: user and password of IMAP are of ASCII characters only: change them there"
        )
    try:
        client.login(server.user, password)
    except LoginError as error:
        # the library makes one error of a refusal and of a connection that was lost; RFC 5530, section 3
        if isinstance(error.__context__, IMAPClientAbortError) or "[UNAVAILABLE]" in str(error):
            raise RetryLater(f"{where}: it cannot check the password now: run again later") from None
        raise StopSource(
            f"{where}: it does not let this user in: check user, the password behind password_env, "
            "and that IMAP is allowed for the account (many services want a password of its own for it)"
        ) from None
