"""What the company answered to which message of a conversation: the times, never the words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

from pipeline.connectors.json_row import JsonRow
from pipeline.errors import SkipRecord
from pipeline.records import Reply, Role


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
    """Yield each message of the customer with the company's answers between it and the customer's next.

    Args:
        said: What was said in a conversation, oldest first, without private notes.
        by_customer: Whether the customer wrote a message.
        at: Path of the time a message was written.
        role: Who answered, of a message that is not the customer's.
        zone: Zone of times that name none.
    """
    spoken = [by_customer(one) for one in said]
    turn: JsonRow | None = None
    replies: list[Reply] = []
    for one, own in zip(said, spoken, strict=True):
        if own:
            if turn is not None:
                yield turn, tuple(replies)
            turn, replies = one, []
        elif turn is not None:
            answer = read_answer(one, role(one), at=at, zone=zone)
            replies += [answer] if answer else []
    if turn is not None:
        yield turn, tuple(replies)
