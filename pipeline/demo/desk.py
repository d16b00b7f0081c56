"""Tickets as the rows of a help desk's table, chats as the lines of a live chat's export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.demo.clock import DemoClock
from pipeline.demo.material import Conversation, Turn
from pipeline.jalali import PERSIAN_DIGITS, to_jalali

Row = dict[str, object]


def ticket_rows(ticket: Conversation, clock: DemoClock) -> Iterator[Row]:
    """Yield one row per message of the customer; dates are Jalali, scores stand on the last row."""
    start = _start(ticket, clock)
    said = ticket.customer_turns
    for number, turn in enumerate(said, 1):
        last = number == len(said)
        yield {
            "شماره تیکت": ticket.id,
            "شماره پیام": number,
            "زمان ثبت": format_jalali(start + timedelta(minutes=turn.minute)),
            "صف": ticket.queue,
            "وضعیت": ticket.outcome,
            "اولویت": ticket.priority,
            "موضوع": ticket.subject if number == 1 else "",
            "متن": turn.text,
            "ایمیل": _email(ticket.customer),
            "تلفن": _phone(ticket.customer),
            "کالا": ticket.product or "",
            "زمان نخستین پاسخ": format_jalali(clock.after(start, _answered(ticket, turn))),
            "زمان حل": format_jalali(clock.after(start, ticket.resolved_min)) if last else "",
            "csat": ticket.csat if last else None,
            "nps": ticket.nps if last else None,
            "in_sample": str(ticket.in_sample).lower(),
        }


def chat_rows(chat: Conversation, clock: DemoClock) -> Iterator[Row]:
    """Yield one line per turn of the customer; times are ISO 8601 with their offset, scores on the last."""
    start = _start(chat, clock)
    said = chat.customer_turns
    for number, turn in enumerate(said, 1):
        answered_at = clock.after(start, _answered(chat, turn))
        last = number == len(said)
        yield {
            "chat_id": chat.id,
            "turn": number,
            "at": (start + timedelta(minutes=turn.minute)).isoformat(),
            "text": turn.text,
            "customer": {"email": _email(chat.customer), "phone": _phone(chat.customer)},
            "product": chat.product,
            "outcome": chat.outcome,
            "replies": [{"role": "agent", "at": answered_at.isoformat()}] if answered_at else [],
            "survey": {"csat": chat.csat if last else None, "nps": chat.nps if last else None},
            "in_sample": chat.in_sample,
        }


def format_jalali(moment: datetime | None) -> str:
    """Return a local time in Jalali, in Persian digits; nothing for ``None``.

    >>> format_jalali(datetime(2024, 2, 28, 13, 5))
    '۱۴۰۲/۱۲/۰۹ ۱۳:۰۵'
    """
    if moment is None:
        return ""
    year, month, day = to_jalali(moment.date())
    return f"{year}/{month:02}/{day:02} {moment:%H:%M}".translate(PERSIAN_DIGITS)


def _start(one: Conversation, clock: DemoClock) -> datetime:
    return clock.start(one.day, one.hour, one.id, lasts_min=one.customer_turns[-1].minute)


def _answered(one: Conversation, turn: Turn) -> int | None:
    later = [other.minute for other in one.turns if not other.by_customer and other.minute >= turn.minute]
    return min(later, default=None)


def _email(customer: str) -> str:
    return f"{customer}@example.com"


def _phone(customer: str) -> str | None:
    number = int(customer[1:])
    return f"0912000{number:04}" if customer[0] == "c" else None
