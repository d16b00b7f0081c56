"""The packaged words of the demo, read into records: comments on Telegram, tickets and chats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from typing import Any

N_DAYS = 120


@dataclass(frozen=True, slots=True)
class Comment:
    """One message in the shop's Telegram group.

    Args:
        day: Days since the first day of the demo, 0 to 119.
        reply_after_min: Minutes until the shop answered; ``None``: it did not.
    """

    id: str
    day: int
    hour: int
    author: str
    text: str
    reply_after_min: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said in a conversation, ``minute`` minutes after its start; of an agent only when."""

    by_customer: bool
    minute: int
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A ticket or a chat, with what the help desk knows of it.

    Args:
        resolved_min: Minutes from its start until it was settled; ``None``: it is not, or nobody noted when.
        in_sample: The shipped model was trained on its texts.
    """

    id: str
    kind: str
    day: int
    hour: int
    customer: str
    turns: tuple[Turn, ...]
    product: str | None
    outcome: str
    csat: int | None
    nps: int | None
    subject: str
    queue: str
    priority: str
    resolved_min: int | None
    in_sample: bool

    @property
    def customer_turns(self) -> tuple[Turn, ...]:
        """What the customer said, in order."""
        return tuple(turn for turn in self.turns if turn.by_customer)


def read_comments() -> list[Comment]:
    """Return the comments of the Telegram group, oldest first."""
    rows = _read_lines("social.jsonl")
    return [Comment(**{name: row[name] for name in Comment.__slots__}) for row in rows]


def read_conversations() -> list[Conversation]:
    """Return the tickets and chats, those that the shipped model was trained on among them."""
    tickets = [_conversation(_as_turns(row), "ticket") for row in _read_lines("tickets.jsonl")]
    chats = [_conversation(row, "chat") for row in _read_lines("chats.jsonl")]
    authored = [_conversation(row, row["kind"], in_sample=True) for row in _read_lines("authored.jsonl")]
    return sorted(tickets + chats + authored, key=lambda one: (one.day, one.hour, one.id))


def _read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (files(__package__) / name).read_text("utf-8").splitlines()]


def _as_turns(ticket: dict[str, Any]) -> dict[str, Any]:
    answer = {"role": "agent", "after_min": ticket["first_reply_min"]}
    turns = [{"role": "customer", "after_min": 0, "text": ticket["text"]}, answer]
    return {**ticket, "turns": turns[: 1 if answer["after_min"] is None else 2], "outcome": ticket["status"]}


def _conversation(row: dict[str, Any], kind: str, *, in_sample: bool = False) -> Conversation:
    minutes = accumulate(turn["after_min"] for turn in row["turns"])
    turns = [
        Turn(turn["role"] == "customer", minute, turn.get("text", ""))
        for turn, minute in zip(row["turns"], minutes, strict=True)
    ]
    same = {
        name: row[name] for name in ("id", "day", "hour", "customer", "product", "outcome", "csat", "nps")
    }
    return Conversation(
        **same,
        kind=kind,
        turns=tuple(turns),
        subject=row.get("subject", ""),
        queue=row.get("queue", "عمومی"),
        priority=row.get("priority", "normal"),
        resolved_min=row.get("resolved_min"),
        in_sample=in_sample,
    )
