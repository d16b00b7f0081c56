"""A mail as feedback: who wrote it, when, in which thread, and the text before quotes are cut off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from html import escape
from typing import Self
from zoneinfo import ZoneInfo

from pipeline.connectors.authors import known_author
from pipeline.connectors.base import Clock, hash_raw
from pipeline.connectors.mail_headers import decode_bytes, find_address, find_ids, read_header
from pipeline.connectors.mapping import Constants
from pipeline.dates import parse_date
from pipeline.errors import SkipRecord
from pipeline.records import Channel, Feedback, Reply, Role, TextFormat

KNOWN_DATES = "known formats: those of RFC 5322, as in Wed, 28 Feb 2024 13:05:22 +0330"
# nothing but what was sent between two machines of 1990 or later is a mail of a customer
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)

# a part in a part in a part takes time with each line, and each part some kilobytes of memory
MAX_BOUNDARIES = 50
MAX_DASHED_LINES = 5000

_SERVERS = re.compile(r"(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r"[\s<>,;:\"()]+")
_ANSWERING = re.compile(
    r"\A\s*(?:(?:re|fwd?|aw|پاسخ|جواب|ارجاع|هدایت)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
_FORWARDING = re.compile(r"\A\s*(?:fwd?|ارجاع|هدایت)\s*:", re.IGNORECASE)
_FORWARDED = re.compile(
    r"(?:^|>)[ \t]*(?:-{3,}[ \t]*(?:forwarded message|پیام (?:هدایت|ارجاع|فوروارد)[ \u200c]?شده)"
    r"|begin forwarded message:)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS_OF_ANOTHER = re.compile(
    r"(?:\A\s*|\n\s*\n)[*_]*(?:from|از|فرستنده):[^\n]*\n|<div[^<>]*\bid=[\"'](?:divRplyFwdMsg|appendonsend)\b",
    re.IGNORECASE,
)


def parse_mail(raw: bytes) -> Message:
    """Return the parts of a mail; defects are survived.

    Raises:
        SkipRecord: Its parts are nested too deep to be read.
    """
    if raw.lower().count(b"boundary=") > MAX_BOUNDARIES or raw.count(b"\n--") > MAX_DASHED_LINES:
        raise SkipRecord(
            "the parts of the mail are nested too deep or too many to be read: look at it by hand"
        )
    try:
        return BytesParser(policy=compat32).parsebytes(raw)
    except RecursionError as error:
        raise SkipRecord(
            "the parts of the mail are nested too deep to be read: look at it by hand"
        ) from error


def parse_headers(raw: bytes) -> Message:
    """Return the headers of a mail, without its parts."""
    return BytesHeaderParser(policy=compat32).parsebytes(raw)


@dataclass(frozen=True, slots=True)
class MailReader:
    """Turns the mails of one source into feedback; what the company writes counts as an answer's time only.

    Args:
        agents: The company's addresses (``help@shop.ir``) and domains (``shop.ir``), in lower case.
        recipients: Addresses of which one has to be among the recipients; empty: any mail counts.
    """

    source: str
    agents: frozenset[str]
    recipients: frozenset[str]
    constants: Constants
    now: Clock

    @classmethod
    def of(
        cls,
        source: str,
        agents: Iterable[str],
        recipients: Iterable[str],
        constants: Constants,
        now: Clock,
    ) -> Self:
        """Return the reader of a source, whose addresses stand as people write them."""
        return cls(source, normalize_agents(agents), normalize_agents(recipients), constants, now)

    def is_wanted(self, message: Message) -> bool:
        """Say whether a mail went to one of ``recipients``."""
        if not self.recipients:
            return True
        names = ("to", "cc", "delivered-to", "x-original-to")
        told = [str(value).lower() for name in names for value in message.get_all(name, [])]
        return any(self.recipients.intersection(_BETWEEN_ADDRESSES.split(value)) for value in told)

    def read(
        self,
        message: Message,
        answers: Mapping[str, Iterable[Reply]],
        *,
        received_at: datetime | None = None,
    ) -> Feedback | None:
        """Return the feedback that a mail holds.

        Args:
            answers: By Message-ID of the mail that was answered.
            received_at: When the server took it in, where that is known; stands in for a useless Date.

        Returns:
            ``None`` for mails of the company, automatic ones, and those to somebody else.

        Raises:
            SkipRecord: Its date is none, lies in the future, and nothing stands in for it.
        """
        sender = find_address(message)
        if self.is_company(sender) or is_automatic(message) or not self.is_wanted(message):
            return None
        native_id = identify(message)
        parents = find_ids(message, "references") + find_ids(message, "in-reply-to")
        return Feedback(
            source=self.source,
            native_id=native_id,
            text=read_text(message),
            created_at=self._when(message, native_id, received_at),
            channel=Channel.EMAIL,
            text_format=TextFormat.EMAIL,
            author=known_author(email=sender),
            conversation_id=parents[0] if parents else native_id,
            brand=self.constants.brand,
            product=self.constants.product,
            touchpoint=self.constants.touchpoint,
            segment=self.constants.segment,
            queue=self.constants.queue,
            status=self.constants.status,
            replies=tuple(sorted(answers.get(native_id, ()), key=lambda reply: reply.at)),
        )

    def is_company(self, address: str | None) -> bool:
        """Say whether an address is the company's own."""
        return address is not None and bool({address, address.rpartition("@")[2]} & self.agents)

    def read_answer(self, message: Message) -> tuple[str, Reply] | None:
        """Return which mail the company answered and when; ``None`` where this is no such answer."""
        parents = find_ids(message, "in-reply-to")[:1] or find_ids(message, "references")[-1:]
        if not parents or not self.is_company(find_address(message)):
            return None
        try:
            moment = self._when(message, parents[0], None)
        except SkipRecord:
            return None
        role = Role.BOT if is_automatic(message) else Role.AGENT
        return (parents[0], Reply(role, moment)) if moment else None

    def _when(self, message: Message, native_id: str, received_at: datetime | None) -> datetime | None:
        # the topmost Received is the one that the last server wrote
        received = read_header(message, "received").rpartition(";")[2]
        told = read_header(message, "date")
        problem = ""
        for value in (_read_date(told), _read_date(received), received_at):
            if value is None:
                continue
            try:
                return parse_date(value, zone=ZoneInfo("UTC"), now=self.now())
            except SkipRecord as error:
                problem = problem or str(error)
        if told:
            raise SkipRecord(
                f"Date: {problem or f'no date that can be read; {KNOWN_DATES}'}", native_id=native_id
            )
        return None


def normalize_agents(agents: Iterable[str]) -> frozenset[str]:
    """Return addresses and domains as they are compared: in lower case, a domain without its ``@``."""
    return frozenset(agent.strip().lower().removeprefix("@") for agent in agents)


def identify(message: Message) -> str:
    """Return the Message-ID without its brackets; for a mail without one a hash of what was written.

    The hash leaves out what servers add, so that a mail that is moved keeps its identifier.
    """
    if ids := find_ids(message, "message-id"):
        return ids[0]
    headers = [read_header(message, name) for name in ("from", "date", "subject")]
    return hash_raw("\n".join([*headers, read_text(message)]))[:32]


def is_automatic(message: Message) -> bool:
    """Say whether a machine wrote it: automatic replies (RFC 3834), mass mail, and undelivered mail (RFC 3464)."""
    told = read_header(message, "auto-submitted").lower()
    if told and not told.startswith("no"):
        return True
    # "list" is no sign: a company's own group address puts it on what customers write
    if read_header(message, "precedence").lower() in ("bulk", "junk", "auto_reply"):
        return True
    marks = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-failed-recipients")
    if any(read_header(message, name).lower() not in ("", "no") for name in marks):
        return True
    bounced = "<>" in read_header(message, "return-path") or _SERVERS.match(find_address(message) or "")
    return bool(bounced) or message.get_content_type() == "multipart/report"


def read_text(message: Message) -> str:
    """Return the subject where it says something new, and the body, as text or HTML, up to a forwarded mail.

    What is quoted, and signatures, are still there: cleaning takes them off.
    """
    body, is_html = _find_body(message)
    body = body[: found.start()] if (found := _FORWARDED.search(body)) else body
    title = read_header(message, "subject")
    if _FORWARDING.match(title) and (found := _HEADERS_OF_ANOTHER.search(body)):
        body = body[: found.start()]
    subject = _new_subject(message, title, body)
    if is_html:
        return f"<div>{escape(subject)}</div>{body}" if body or subject else ""
    return f"{subject}\n{body}" if subject and body else subject or body


def _find_body(message: Message) -> tuple[str, bool]:
    bodies = [(_decode_part(part), part.get_content_subtype() == "html") for part in _text_parts(message)]
    said = [(text, is_html) for text, is_html in bodies if text.strip()]
    return min(said, key=lambda body: body[1], default=("", False))


def _text_parts(message: Message) -> Iterator[Message]:
    if message.get_content_disposition() == "attachment" or message.get_content_maintype() == "message":
        return
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _text_parts(part)
    elif message.get_content_type() in ("text/plain", "text/html"):
        yield message


def _decode_part(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return decode_bytes(data, part.get_content_charset()).replace("\r\n", "\n").rstrip("\n")


def _new_subject(message: Message, title: str, body: str) -> str:
    """Return the subject of a mail that begins a thread and whose body does not say the same."""
    if find_ids(message, "in-reply-to") or _ANSWERING.match(title):
        return ""
    return "" if title.casefold() in " ".join(body.split()).casefold() else title


def _read_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment > OLDEST else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
