"""What became of one conversation: when the first answer came, whether and when it was solved, in how many contacts.

docs/cx.md says what each of these is. A time that is a bare date tells no hours, so it is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pipeline.dates import parse_date
from pipeline.errors import SkipRecord
from pipeline.jalali import day_start
from pipeline.records import Channel, Role
from pipeline.waiting import Wait

SOLVED_AT = ("solved_at", "resolved_at", "closed_at")
SOLVED = frozenset({"solved", "resolved", "closed", "done", "حل شده", "حل‌شده", "بسته", "بسته شده", "بسته‌شده"})
GIVEN_UP = frozenset({"unsolved", "abandoned", "rejected", "حل نشده", "حل‌نشده"})
OPEN = frozenset(
    {"new", "open", "pending", "hold", "on-hold", "stalled", "snoozed", "waiting", "pending reminder"}
    | {"pending close", "in progress", "باز", "جدید", "در حال بررسی", "در انتظار"}
)
LIVE = (Channel.CHAT, Channel.SOCIAL)
QUIET = timedelta(hours=1)
HALF_A_MINUTE_H = 30 / 3600


class Outcome(StrEnum):
    """How a case stands; ``UNKNOWN``: the source does not say, or says something that is no such state."""

    SOLVED = "solved"
    GIVEN_UP = "given_up"
    OPEN = "open"
    UNKNOWN = "unknown"


class LeftOut(StrEnum):
    """Why a time is no figure: a bare date, a moment before the first message, or none at all."""

    DATE_ONLY = "date_only"
    BEFORE = "before"
    NOT_TOLD = "not_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is needed of a customer's message; ``answers`` are the times at which people answered it."""

    id: int
    at: datetime
    is_arrival: bool
    channel: Channel
    status: str | None
    answers: tuple[datetime, ...]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation; each time is a wait, or why there is none."""

    first: Message
    answer: Wait | LeftOut
    solution: Wait | LeftOut
    outcome: Outcome
    n_contacts: int


def read_case(messages: Iterable[Message], *, known_until: datetime, now: datetime, zone: ZoneInfo) -> Case:
    """Return what became of a conversation.

    Args:
        messages: Of the customer, at least one.
        known_until: Up to when the source is known; who was not answered by then was still waiting.
        now: The present moment; nothing was solved after it.
        zone: Of the source's dates that name none; bare dates are midnights there or in UTC.
    """
    said = sorted(messages, key=lambda one: (one.at, one.id))
    first = said[0]
    answers = sorted(at for one in said for at in one.answers)
    outcome = outcome_of(said[-1].status)
    may_be_solved = outcome in {Outcome.SOLVED, Outcome.UNKNOWN}
    until = _solved_at(said, now, zone) if may_be_solved else None
    solution: Wait | LeftOut = LeftOut.NOT_TOLD
    if until is not None or outcome in {Outcome.OPEN, Outcome.GIVEN_UP}:
        solution = _wait(first, until, known_until, zone)
    return Case(
        first=first,
        answer=_wait(first, answers[0] if answers else None, known_until, zone),
        solution=solution,
        outcome=Outcome.SOLVED if until is not None else outcome,
        n_contacts=count_contacts(said, answers),
    )


def outcome_of(status: str | None) -> Outcome:
    """Return what a source's word for the state of a case means.

    >>> outcome_of("Closed").value, outcome_of("hold").value, outcome_of("approved").value
    ('solved', 'open', 'unknown')
    """
    word = (status or "").strip().casefold()
    for outcome, words in ((Outcome.SOLVED, SOLVED), (Outcome.GIVEN_UP, GIVEN_UP), (Outcome.OPEN, OPEN)):
        if word in words:
            return outcome
    return Outcome.UNKNOWN


def count_contacts(messages: Sequence[Message], answers: Sequence[datetime]) -> int:
    """Return how often the customer had to get in touch: 1, and 1 for each time of coming back.

    In a chat or on social media somebody comes back who writes more than an hour after the last word of either
    side; elsewhere whoever writes again after an answer.

    Args:
        messages: In order.
        answers: Times of the company's answers, in order.
    """
    n, began = 1, messages[0].at
    last = began
    for one in messages[1:]:
        since = [at for at in answers if began < at < one.at]
        is_back = one.at - max([last, *since]) > QUIET if one.channel in LIVE else bool(since)
        if is_back:
            n, began = n + 1, one.at
        last = one.at
    return n


def people_answered(replies: Iterable[Mapping[str, str]]) -> tuple[datetime, ...]:
    """Return when people answered, from what is stored of replies; machines are no answer."""
    return tuple(datetime.fromisoformat(one["at"]) for one in replies if one["role"] == Role.AGENT.value)


def is_bare_date(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a moment is the first of a day, in a zone or in UTC, as a date without a time is read."""
    day = moment.astimezone(zone).date()
    return moment == day_start(day, zone) or moment.astimezone(UTC).time() == datetime.min.time()


def _wait(first: Message, until: datetime | None, known_until: datetime, zone: ZoneInfo) -> Wait | LeftOut:
    if first.is_arrival:
        return LeftOut.NOT_TOLD
    if is_bare_date(first.at, zone) or (until is not None and is_bare_date(until, zone)):
        return LeftOut.DATE_ONLY
    if until is None:
        return Wait(max(0.0, (known_until - first.at) / timedelta(hours=1)), is_over=False)
    if until > first.at:
        return Wait((until - first.at) / timedelta(hours=1), is_over=True)
    # A source that tells minutes only has the answer of the same minute at the same moment.
    same_minute = until == first.at and until.second == until.microsecond == 0
    return Wait(HALF_A_MINUTE_H, is_over=True) if same_minute else LeftOut.BEFORE


def _solved_at(messages: Sequence[Message], now: datetime, zone: ZoneInfo) -> datetime | None:
    for one in reversed(messages):
        for name in SOLVED_AT:
            if written := one.attributes.get(name):
                try:
                    return parse_date(written, zone=zone, now=now)
                except SkipRecord:
                    continue
    return None
