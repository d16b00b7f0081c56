"""What the company answered to which message of a conversation: the times, never the words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

from pipeline.connectors.json_row import JsonRow
from pipeline.errors import SkipRecord
from pipeline.records import Reply, Role


def replies_between(
    by_customer: Sequence[bool], answers: Sequence[Reply | None], number: int
) -> tuple[Reply, ...]:
    """Return the company's answers between one message of the customer and the customer's next.

    Args:
        by_customer: For each message of a conversation, oldest first: whether the customer speaks.
        answers: For each message: the answer it is; ``None`` where it is none, or its time cannot be read.
        number: Place of the customer's message.
    """
    following: list[Reply] = []
    for spoken, answer in zip(by_customer[number + 1 :], answers[number + 1 :], strict=True):
        if spoken:
            break
        following += [answer] if answer else []
    return tuple(following)


def read_answer(row: JsonRow, role: Role, *, at: str, zone: ZoneInfo | None = None) -> Reply | None:
    """Return when the company answered; ``None`` where the time cannot be read, which costs no customer's words."""
    try:
        return Reply(role, row.time(at, zone=zone))
    except SkipRecord:
        return None


def customers_turns(
    said: Sequence[JsonRow],
    *,
    by_customer: Callable[[JsonRow], bool],
    at: str,
    role: Callable[[JsonRow], Role] = lambda _: Role.AGENT,
    zone: ZoneInfo | None = None,
) -> Iterator[tuple[JsonRow, tuple[Reply, ...]]]:
    """Yield each message of the customer with the company's answers to it.

    Args:
        said: What was said in a conversation, oldest first, without private notes.
        by_customer: Whether the customer wrote a message.
        at: Path of the time a message was written.
        role: Who answered, of a message that is not the customer's.
        zone: Zone of times that name none.
    """
    spoken = [by_customer(one) for one in said]
    answers = [
        None if own else read_answer(one, role(one), at=at, zone=zone)
        for one, own in zip(said, spoken, strict=True)
    ]
    for number, one in enumerate(said):
        if spoken[number]:
            yield one, replies_between(spoken, answers, number)
