"""A data base of made-up feedback, as large as one likes: written straight into the tables, seeded.

Three years until 2026-11-22, ten sources, five brands, mentions with skewed labels; four messages of five came in
the order of time, one of five later. Texts are clauses of the demo's messages in new company, so that their words are
as frequent as words are. What no bench here asks for is left out: corrections, alerts; tallies only where asked for.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine

from models.labels import Aspect, Emotion, Intent, Stage
from pipeline.database import lock_tallies, writing
from pipeline.records import Channel, CleanFeedback
from pipeline.search_index import index_arrivals
from pipeline.tallies import feedback, kept_up, mentions

END = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 3 * 365
N_AT_ONCE = 10_000
BRANDS = ("نیک‌سبد", "مارکت", "دیجی", "بازار", "خانه")
ANSWERED = '[{"role":"agent","at":"2026-11-22T00:00:00+00:00"}]'
SENTIMENTS = ("negative", "neutral", "positive")
Line = tuple[Any, ...]
MESSAGE = (
    "id", "source", "native_id", "fingerprint", "text", "group_key", "customer_key", "created_at",
    "created_at_is_arrival", "received_at", "day", "channel", "brand", "product", "segment", "nps", "conversation_id",
    "replies", "attributes", "state", "counted", "sentiment", "p_negative", "p_neutral", "p_positive", "p_mixed",
    "emotion", "emotion_confidence", "flags", "model_version", "classified_at", "status",
)  # fmt: skip
MENTION = tuple(column.name for column in mentions.columns if column.name != "id")


def clauses() -> list[str]:
    """Return the clauses of the demo's messages."""
    found: list[str] = []
    for name in ("authored", "chats", "social", "tickets"):
        lines = (files("pipeline.demo") / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for line in map(json.loads, lines):
            said = [line.get("text"), *(turn.get("text") for turn in line.get("turns", ()))]
            found += [part.strip() for one in said if one for part in one.replace("؟", ".").split(".")]
    return sorted({one for one in found if len(one) > 5})


def messages(n: int, *, first: int = 1, seed: int = 7) -> Iterator[tuple[Line, list[Line]]]:
    """Yield ``n`` messages as they are stored, each with its mentions, numbered from ``first``."""
    dice, said = random.Random(seed + first), clauses()
    stages, intents, aspects, emotions = (
        [one.value for one in labels] for labels in (Stage, Intent, Aspect, Emotion)
    )
    for number in range(first, first + n):
        place = (number - first) / n if dice.random() < 0.8 else dice.random()
        at = END - timedelta(days=DAYS * (1 - place)) + timedelta(seconds=dice.randrange(3600))
        parts = dice.choices(said, k=dice.choice((1, 1, 1, 2, 3)))
        group = f"g{dice.randrange(number)}" if dice.random() < 0.05 else None
        sentiment = dice.choices(SENTIMENTS, (5, 3, 2))[0]
        yield (
            number, f"source{min(9, int(dice.expovariate(0.4)))}", str(number), f"{number:064x}", "، ".join(parts),
            group, f"{int(50_000 * dice.random() ** 3):064x}", at, False, at, at.date(), "review",
            BRANDS[min(4, int(dice.expovariate(0.7)))], f"p{int(dice.paretovariate(1)) % 5_000}",
            "vip" if dice.random() < 0.05 else None, dice.randrange(11) if dice.random() < 0.05 else None,
            f"c{number // 4}" if dice.random() < 0.3 else None, ANSWERED if dice.random() < 0.2 else "[]", "{}", "classified", group is None, sentiment,
            0.4, 0.3, 0.2, 0.1, dice.choice(emotions), 0.8, 8 if dice.random() < 0.03 else 0, "v1", at,
            dice.choices((None, "open", "solved"), (6, 1, 3))[0],
        ), [
            (
                number, 0, 10, dice.choices(stages, range(len(stages), 0, -1))[0],
                dice.choices(intents, range(len(intents), 0, -1))[0],
                dice.choices(aspects, range(len(aspects), 0, -1))[0], dice.choices(SENTIMENTS, (5, 3, 2))[0],
                0.9, 0.9, 0.9, 0.9, False, False,
            )
            for _ in range(dice.choice((1, 1, 2, 2, 3)))
        ]  # fmt: skip


def clean_items(n: int, *, first: int) -> Iterator[CleanFeedback]:
    """Yield ``n`` messages as a connector's cleaned rows, that wait to be stored and classified."""
    empty = dict.fromkeys(CleanFeedback.__dataclass_fields__)
    for row, _ in messages(n, first=first):
        plain = {"source": "bench", "native_id": row[2], "text": row[4], "created_at": row[7]}
        rest = {"channel": Channel.REVIEW, "replies": (), "attributes": {}}
        yield CleanFeedback(**(empty | plain | rest))  # type: ignore[arg-type]


def fill(
    engine: Engine, n: int, *, first: int = 1, seed: int = 7, analyzed: bool = True, tallied: bool = False
) -> int:
    """There are ``n`` more messages; return how many mentions they have.

    Args:
        first: The number of the first of them.
        analyzed: Whether the data base learns how its columns are spread.
        tallied: Whether the tallies hold them too.
    """
    rows, n_mentions = messages(n, first=first, seed=seed), 0
    while part := list(islice(rows, N_AT_ONCE)):
        with writing(engine) as connection:
            said = [mention for _, of_message in part for mention in of_message]
            _write(connection, feedback.name, MESSAGE, [message for message, _ in part])
            _write(connection, mentions.name, MENTION, said)
            index_arrivals(connection)
            if tallied:
                _tally(connection, [message[0] for message, _ in part])
            n_mentions += len(said)
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('feedback', 'id'), max(id)) FROM feedback"
            )
    if analyzed:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return n_mentions


def _tally(connection: Connection, ids: list[int]) -> None:
    lock_tallies(connection)
    with kept_up(connection, ()) as touched:
        touched.update(ids)


def _write(connection: Connection, table: str, names: tuple[str, ...], rows: list[Line]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        plain = [tuple(map(_plain, row)) for row in rows]
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", plain)
        return
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if hasattr(value, "isoformat") else value
